//! A sweep under the schedulers that docs/clusters.md names. They are there only where `cargo xtask test --cluster` has
//! set them up; elsewhere these tests say that they were skipped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use temp_dir::TempDir;

use crate::cli::grok_ok;
use crate::sweep::{merged, planned};

/// Twenty-four runs of about a second: a signal finds one at work.
const PLAN: &str = "preset = \"tiny\"\nseeds = { from = 0, n = 8 }\n[set]\nepochs = 20000\neval_every = 1000\n\
                    [cross]\nweight_decay = [0.3, 1.0, 3.0]\n";

/// How long a cluster of one machine may take over a minute's work.
const PATIENCE: Duration = Duration::from_secs(300);

/// The value of a variable that `cargo xtask test --cluster` sets; says so where it is missing.
fn told(variable: &str, what: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        println!("SKIPPED: {variable} is not set; cargo xtask test --cluster sets {what} up");
    }
    value
}

/// What a sequential run of the same plan gives.
fn sequential(dir: &Path) -> [Vec<u8>; 2] {
    planned(dir, PLAN, "sequential");
    grok_ok(dir, "sweep run sequential --jobs 1");
    merged(dir, "sequential")
}

/// The standard output of a program that must succeed.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("messages are UTF-8")
}

#[test]
fn slurm_carries_out_a_sweep_through_a_requeue() {
    if told("SLURM_CONF", "Slurm").is_none() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let expected = sequential(dir.path());
    planned(dir.path(), PLAN, "slurm");
    let script = dir.child("slurm/slurm.sbatch");
    let job = output(Command::new("sbatch").arg("--parsable").arg(&script)).trim().to_owned();
    let states =
        || output(Command::new("squeue").args(["--noheader", "--array", "--format=%K %T", "--jobs", &job]));
    let until = |what: &str, is_so: &dyn Fn(&str) -> bool| {
        let start = Instant::now();
        loop {
            // A job that is over is forgotten, which squeue calls an error.
            let known = Command::new("squeue").args(["--noheader", "--jobs", &job]).output().unwrap();
            let now = if known.status.success() { states() } else { String::new() };
            if is_so(&now) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "waited for {what}: {now}");
            std::thread::sleep(Duration::from_millis(200));
        }
    };
    until("task 1 to run", &|states| states.lines().any(|line| line == "1 RUNNING"));
    // In the middle of its first run.
    std::thread::sleep(Duration::from_millis(300));
    output(Command::new("scontrol").args(["requeue", &format!("{job}_1")]));
    until("all tasks to end", &|states| states.is_empty());
    let log = fs::read_to_string(dir.child("slurm/slurm-1.log")).unwrap();
    assert_eq!(log.matches("runs, 1 at once").count(), 2, "task 1 was begun twice: {log}");
    assert!(merged(dir.path(), "slurm") == expected, "the same bytes as one process after the other");
}

#[test]
fn gnu_parallel_carries_out_a_sweep() {
    if told("GROK_TEST_PARALLEL", "GNU parallel").is_none() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let expected = sequential(dir.path());
    planned(dir.path(), PLAN, "parallel");
    let line = format!(
        "seq 0 7 | parallel --jobs 2 {} sweep run parallel --task {{}} --of 8 --jobs 1",
        env!("CARGO_BIN_EXE_grok")
    );
    output(Command::new("bash").args(["-c", &line]).current_dir(dir.path()).stdin(Stdio::null()));
    assert!(merged(dir.path(), "parallel") == expected, "the same bytes as one process after the other");
}

/// Asks DuckDB, a reader of Parquet that is not ours, for what the plan says.
#[test]
fn duckdb_reads_the_merged_tables() {
    let Some(python) = told("GROK_TEST_DUCKDB", "DuckDB") else { return };
    let dir = TempDir::new().unwrap();
    let plan = "preset = \"tiny\"\nseeds = [0, 1]\n[cross]\nweight_decay = [0.3, 1.0]\n";
    planned(dir.path(), plan, "s");
    grok_ok(dir.path(), "sweep run s");
    grok_ok(dir.path(), "sweep merge s");
    let ask = "import duckdb
rows = duckdb.sql(\"select weight_decay, count(*), sum(seed), count(loss_test), min(p), bool_and(reproducible), \\
count(distinct id) from 's/runs.parquet' group by 1 order by 1\").fetchall()
print(rows)
print(duckdb.sql(\"select count(distinct c.id), min(step), max(step), count(*) > 20 from 's/curves.parquet' c join \\
's/runs.parquet' r using (id)\").fetchall())";
    let said = output(Command::new(python).args(["-c", ask]).current_dir(dir.path()));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines, ["[(0.3, 2, 1, 2, 7, True, 2), (1.0, 2, 1, 2, 7, True, 2)]", "[(4, 0, 300, True)]"]);
}
