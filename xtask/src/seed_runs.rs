//! The seeds of the paper's run that the verdict is checked on: trains what is missing, and keeps of each what the verdict
//! is judged from.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::process::{Result, command, root, run};

/// Reference seeds 0 to 9 and held-out seeds 10 to 19; see docs/verdict.md.
const SEEDS: std::ops::Range<u32> = 0..20;

/// Trains and thins every seed that has no record yet, as many at once as there are cores. A run that was stopped goes on
/// where it was.
///
/// # Errors
/// The first program that fails.
pub fn make_all(runs: &Path) -> Result<()> {
    // The whole workspace, as the tests build it: another selection would build Burn a second time.
    let build = ["build", "--release", "--workspace", "--bin", "grok"];
    run(command("cargo").args(build), "the program must build")?;
    std::fs::create_dir_all(runs).map_err(|error| format!("cannot make {}: {error}", runs.display()))?;
    let next = Mutex::new(SEEDS);
    let n_at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || -> Result<()> {
        let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some(seed) = take() {
            make(seed, runs)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_at_once).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    println!(
        "UPDATE_SNAPSHOTS=1 cargo test --release --workspace --test it verdict_ writes docs/verdict.md and the \
         page's table"
    );
    Ok(())
}

/// The record of one seed, unless it is there.
fn make(seed: u32, runs: &Path) -> Result<()> {
    let record = root().join(format!("tests/reference/seed-records/seed-{seed}.json"));
    if record.exists() {
        println!("seed {seed}: {} is there", record.display());
        return Ok(());
    }
    let dir = runs.join(format!("seed-{seed}"));
    let log = runs.join(format!("seed-{seed}.log"));
    println!("seed {seed}: its log is {}", log.display());
    train(seed, &dir, &log)?;
    logged(&["evidence", text(&dir)?, "--out", text(&record)?], &log)?;
    println!("seed {seed}: {}", record.display());
    Ok(())
}

/// The run in its directory, unless it is there and finished. With one thread, because the number of threads decides the
/// order of sums, and so the bits.
fn train(seed: u32, dir: &Path, log: &Path) -> Result<()> {
    // The last file that a run writes.
    if dir.join("report.json").exists() {
        return Ok(());
    }
    let (seed, split) = (seed.to_string(), format!("python:{seed}"));
    let mut words = vec!["train", "--preset", "paper", "--seed", &seed, "--split", &split];
    words.extend(["--reproducible", "--threads", "1", "--checkpoint-every", "100", "--out", text(dir)?]);
    if dir.join("state.safetensors").exists() {
        words.push("--resume");
    }
    logged(&words, log)
}

/// Runs `grok` with its output in a file, for several runs would write across each other.
fn logged(words: &[&str], log: &Path) -> Result<()> {
    let open = || File::options().create(true).append(true).open(log);
    let pair = open().and_then(|out| Ok((out, open()?)));
    let (out, err) = pair.map_err(|error| format!("cannot write {}: {error}", log.display()))?;
    let advice = format!("{} tells why; call this again: what is done is kept", log.display());
    run(grok().args(words).stdout(out).stderr(err), &advice)
}

fn grok() -> std::process::Command {
    command(root().join(format!("target/release/grok{}", std::env::consts::EXE_SUFFIX)))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| format!("{} is no text", path.display()))
}

/// Where runs are made unless another place is named: 360 MB each.
pub fn default_folder() -> PathBuf {
    root().join("target/seed-runs")
}
