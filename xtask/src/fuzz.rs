//! `cargo xtask fuzz`: feeds everything that reads bytes or text from outside, guided by coverage.

use std::path::PathBuf;

use crate::process::{self, Result, root};

/// The readers: the names in tests/fuzz/src/main.rs and the folders of tests/fuzz/corpus.
pub const READERS: [&str; 9] =
    ["capsule", "config", "kept-run", "link", "metrics", "opened-file", "recording", "sweep-plan", "weights"];

/// A counter at every branch, comparisons traced, and code that knows that it is fuzzed: what cargo-fuzz passes, without
/// the address sanitizer, which would need a nightly compiler.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

/// The most memory of a reader, in MiB: inputs have at most [`MAX_INPUT_BYTES`].
const MAX_MEMORY_MIB: usize = 1024;

/// The largest input: several times the largest file of the corpus.
const MAX_INPUT_BYTES: usize = 65_536;

/// The longest that an input may take, in seconds.
const MAX_SECS: usize = 10;

/// How long each reader is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Seconds.
    Secs(u32),
    /// Inputs.
    Inputs(u64),
}

/// Builds the program and feeds the readers, two at a time; all of them if none is named.
///
/// # Errors
/// The readers that failed, and where the inputs are that made them fail.
pub fn run(budget: Budget, names: &[String]) -> Result<()> {
    let program = build()?;
    let wanted =
        READERS.into_iter().filter(|name| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let wanted: Vec<&str> = wanted.collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    let n_at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        while let Some(name) = wanted.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) {
            if let Err(complaint) = feed(&program, name, budget) {
                failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(complaint);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..n_at_once {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// Compiles for the machine by name: proc macros are then built without counters.
fn build() -> Result<PathBuf> {
    let host = process::command("rustc").arg("--print").arg("host-tuple").output();
    let host = host.map_err(|error| format!("`rustc` could not be started: {error}"))?;
    let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
    let target = root().join("target/fuzz");
    let mut cargo = process::command("cargo");
    cargo
        .args(["build", "--release", "--manifest-path", "tests/fuzz/Cargo.toml", "--target", &host])
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", FLAGS);
    process::run(&mut cargo, "the fuzzer must build; it needs a C++ compiler")?;
    Ok(target.join(host).join("release/grokking-lab-fuzz"))
}

fn feed(program: &PathBuf, name: &str, budget: Budget) -> Result<()> {
    let (found, failures) =
        (root().join("target/fuzz/found").join(name), root().join("target/fuzz/failures"));
    for folder in [&found, &failures] {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    }
    let log = failures.join(format!("{name}.log"));
    let file =
        std::fs::File::create(&log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
    let mut fuzzer = process::command(program);
    fuzzer
        .arg(match budget {
            Budget::Secs(secs) => format!("-max_total_time={secs}"),
            Budget::Inputs(n) => format!("-runs={n}"),
        })
        .arg(format!("-max_len={MAX_INPUT_BYTES}"))
        .arg(format!("-timeout={MAX_SECS}"))
        .arg(format!("-rss_limit_mb={MAX_MEMORY_MIB}"))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/{name}-", failures.display()))
        .arg(found)
        .arg(root().join("tests/fuzz/corpus").join(name))
        .env("GROK_FUZZ", name)
        .stderr(file);
    let ended = process::run(&mut fuzzer, "see its log");
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let n_inputs = text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    println!("{name}: {} inputs", n_inputs.unwrap_or(" unknown").trim());
    ended.map_err(|_| format!("{name}: an input made it fail, see {} and beside it", log.display()))
}

#[cfg(test)]
mod tests {
    use super::READERS;
    use crate::process::root;

    #[test]
    fn every_reader_has_a_corpus_and_is_in_the_program() {
        let program = std::fs::read_to_string(root().join("tests/fuzz/src/main.rs")).unwrap();
        for name in READERS {
            assert!(program.contains(&format!("(\"{name}\", ")), "{name} is not in the program");
            let corpus = root().join("tests/fuzz/corpus").join(name);
            assert!(std::fs::read_dir(corpus).unwrap().count() > 0, "{name} has no corpus");
        }
    }
}
