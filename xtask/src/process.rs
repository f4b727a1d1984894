//! Running other programs, each failure told in one plain line.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// A chore ends well or with one line: what was run, what failed, what to do.
pub type Result<T> = std::result::Result<T, String>;

/// The folder of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in a folder of the checkout")
}

/// Where the pinned tools live, inside the project: nothing on the machine is changed for them.
pub fn tools_dir() -> PathBuf {
    root().join("target").join("tools")
}

/// A program started in the checkout, finding our tools and cargo first.
pub fn command(program: impl Into<OsString>) -> Command {
    let mut command = Command::new(program.into());
    command.current_dir(root()).env("PATH", search_path());
    command
}

/// The PATH of every program we start: our tools, what is there already, then cargo's folders, for
/// a shell in which cargo was called by its full name.
pub fn search_path() -> OsString {
    let mut folders = vec![tools_dir().join("bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    folders.extend(
        cargo_home
            .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
            .map(|home| home.join("bin")),
    );
    if let Some(cargo) = std::env::var_os("CARGO") {
        folders.extend(Path::new(&cargo).parent().map(Path::to_path_buf));
    }
    std::env::join_paths(folders).unwrap_or_else(|_| std::env::var_os("PATH").unwrap_or_default())
}

/// Where `program` is found, if it is.
pub fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&search_path()).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// The first line that `program --version` prints, if it runs at all.
pub fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Runs to the end, output shown as it comes; `advice` tells what to do if it fails.
pub fn run(command: &mut Command, advice: &str) -> Result<()> {
    let status = command.status().map_err(|error| cannot_start(command, &error, advice))?;
    if status.success() { Ok(()) } else { Err(failed(command, status, advice)) }
}

/// Runs to the end and hands each line of standard output to `see`, after showing it; standard
/// error goes where ours goes. Tells how it ended.
pub fn run_watched(command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(command, &error, "install it"))?;
    let mut lines = BufReader::new(child.stdout.take().expect("standard output was piped"));
    let mut line = Vec::new();
    // Bytes, not text: a test may print anything.
    while lines.read_until(b'\n', &mut line).is_ok_and(|n_bytes| n_bytes > 0) {
        let mut stdout = std::io::stdout().lock();
        // Our own reader may be gone (`| head`); the tests still have to end and be counted.
        let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
        see(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    child.wait().map_err(|error| format!("`{}` was lost: {error}", line_of(command)))
}

fn cannot_start(command: &Command, error: &std::io::Error, advice: &str) -> String {
    format!("`{}` could not be started: {error}; {advice}", line_of(command))
}

fn failed(command: &Command, status: ExitStatus, advice: &str) -> String {
    format!("`{}` failed ({status}); {advice}", line_of(command))
}

/// The command as one would type it.
fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{command, find, root, run, run_watched, version};

    #[test]
    fn the_root_is_the_checkout() {
        assert!(root().join("Cargo.lock").is_file(), "{} is not the checkout", root().display());
    }

    #[test]
    fn cargo_is_found_and_tells_its_version() {
        let cargo = find("cargo").expect("cargo runs this test");
        assert!(version(&cargo).is_some_and(|line| line.starts_with("cargo ")), "{}", cargo.display());
        assert_eq!(find("no-such-program-anywhere"), None);
        assert_eq!(version(Path::new("/no/such/program")), None);
    }

    #[test]
    fn a_failure_names_the_program_and_the_advice() {
        let complaint =
            run(&mut command("no-such-program-anywhere"), "do this").expect_err("there is no such program");
        assert!(
            complaint.contains("no-such-program-anywhere") && complaint.contains("do this"),
            "{complaint}"
        );
        let complaint = run(command("cargo").arg("no-such-command"), "do that").expect_err("no such command");
        assert!(complaint.contains("cargo no-such-command") && complaint.contains("do that"), "{complaint}");
    }

    #[test]
    fn watched_lines_arrive_whole() {
        let mut seen = Vec::new();
        let status = run_watched(command("cargo").arg("--version"), |line| seen.push(line.to_owned()))
            .expect("cargo runs this test");
        assert!(status.success());
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert!(seen[0].starts_with("cargo ") && !seen[0].ends_with('\n'), "{seen:?}");
    }
}
