//! Running the built program `grok` and reading what it leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How a call of the program ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `grok` with the words of a line, inside a directory.
pub(crate) fn grok(dir: &Path, line: &str) -> Finished {
    let output = command(dir, line).output().expect("the program was built with the tests");
    let text = |bytes| String::from_utf8(bytes).expect("messages are UTF-8");
    Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs `grok` and fails unless it ends with code 0.
pub(crate) fn grok_ok(dir: &Path, line: &str) -> Finished {
    let finished = grok(dir, line);
    assert_eq!(finished.code, Some(0), "grok {line}: {finished:?}");
    finished
}

/// Fails unless the line ends with code 2, nothing on standard output and one line on standard error
/// that contains every one of `words`.
pub(crate) fn check_refused(dir: &Path, line: &str, words: &[&str]) {
    let finished = grok(dir, line);
    assert_eq!(finished.code, Some(2), "grok {line}: {finished:?}");
    assert_eq!(finished.stdout, "", "grok {line}: nothing was done");
    let said = &finished.stderr;
    assert_eq!(said.lines().count(), 1, "grok {line}: one line, not {said:?}");
    assert!(said.starts_with("error: ") && said.ends_with('\n'), "grok {line}: {said:?}");
    for word in words {
        assert!(said.contains(word), "grok {line}: {said:?} should contain {word:?}");
    }
}

/// Starts `grok` and does not wait for it.
pub(crate) fn start_grok(dir: &Path, line: &str) -> Child {
    let mut command = command(dir, line);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program was built with the tests")
}

fn command(dir: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grok"));
    command.current_dir(dir).args(line.split_whitespace());
    command
}

/// The text of a file.
pub(crate) fn text_of(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The bytes of a file.
pub(crate) fn bytes_of(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The rows of a CSV file by step, without its header and its first column.
pub(crate) fn rows_by_step(text: &str) -> BTreeMap<usize, Vec<f64>> {
    let row = |line: &str| {
        let (step, rest) = line.split_once(',').expect("a step and numbers");
        let numbers = rest.split(',').map(|x| x.parse().expect("a number")).collect();
        (step.parse().expect("a step"), numbers)
    };
    text.lines().skip(1).map(row).collect()
}

/// A report as JSON without what only the training knew: its own measures, and what its metrics add to the verdict.
pub(crate) fn analysis_in(report: &str) -> serde_json::Value {
    let mut report: serde_json::Value = serde_json::from_str(report).expect("a report is JSON");
    for known in ["collapsed", "verdict"] {
        report.as_object_mut().expect("an object").remove(known);
    }
    report
}
