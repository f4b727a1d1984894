//! Runs and sweeps that are killed at random moments and go on, until they have ended with the bytes of unbroken ones.
//!
//! A few kills in every run of the tests; with `GROK_TORTURE_SECS` (set by `cargo xtask torture`) as many as there is time
//! for. The moments are drawn from a seeded generator, so that a failure can be had again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use temp_dir::TempDir;

use crate::cli::{bytes_of, grok, grok_ok, start_grok};
use crate::cli_resume::results_of;
use crate::sweep::{merged, planned};

/// Kills of each kind if no time is set.
const N_KILLS: usize = 6;

/// Four runs of about a second each, so that a kill finds them at work.
const PLAN: &str = "preset = \"tiny\"\nseeds = [0, 1, 2, 3]\n[set]\nepochs = 20000\neval_every = 500\n";

/// A run of about a second with forty states.
const RUN: &str = "train --preset tiny --epochs 8000 --eval-every 200 --checkpoint-every 200 --threads 1";

/// How long to go on.
struct Budget {
    until: Option<Instant>,
    n_kills: usize,
}

impl Budget {
    fn new() -> Self {
        let secs = std::env::var("GROK_TORTURE_SECS").ok();
        let secs = secs.map(|text| text.parse().expect("GROK_TORTURE_SECS is a number of seconds"));
        // Half for runs, half for sweeps.
        let until = secs.map(|secs: u64| Instant::now() + Duration::from_secs(secs / 2));
        Self { until, n_kills: 0 }
    }

    /// Whether there is time for another kill; counts it.
    fn has_more(&mut self) -> bool {
        let more = self.until.map_or(self.n_kills < N_KILLS, |until| Instant::now() < until);
        self.n_kills += usize::from(more);
        more
    }
}

/// A moment up to `most_ms`, from the splitmix64 generator: half of them early, when a program begins.
fn moment(random: &mut u64, most_ms: u64) -> Duration {
    *random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *random;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let most_ms = if z & 1 == 0 { most_ms } else { most_ms / 10 };
    Duration::from_millis((z >> 1) % most_ms.max(1))
}

/// Starts a program and kills it after a while; whether it had ended before.
fn killed(dir: &Path, line: &str, after: Duration) -> bool {
    let mut child = start_grok(dir, line);
    std::thread::sleep(after);
    let has_ended = child.try_wait().unwrap().is_some();
    // One that has ended cannot be killed.
    let _ = child.kill();
    child.wait().unwrap();
    has_ended
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out whole"));
    let expected = results_of(&dir.child("whole"));
    let (mut budget, mut random, mut n_runs) = (Budget::new(), 1, 0);
    while budget.has_more() {
        let run = dir.child("run");
        let _ = fs::remove_dir_all(&run);
        let mut line = format!("{RUN} --out run");
        // Each run is killed until it ends, or until there is no time left.
        while !killed(dir.path(), &line, moment(&mut random, 600)) && budget.has_more() {
            // As a user would: go on, or, where that is refused, start again. Never by force.
            let probe = grok(dir.path(), "train --resume --epochs 1 --out run");
            let can_resume = !probe.stderr.contains("without --resume");
            line =
                if can_resume { "train --resume --out run".to_owned() } else { format!("{RUN} --out run") };
        }
        let last = grok(dir.path(), "train --resume --out run");
        if last.code != Some(0) {
            assert!(last.stderr.contains("without --resume"), "kill {}: {last:?}", budget.n_kills);
            grok_ok(dir.path(), &format!("{RUN} --out run"));
        }
        assert!(results_of(&run) == expected, "kill {}: the bytes of an unbroken run", budget.n_kills);
        n_runs += 1;
    }
    println!("{} kills of {n_runs} runs, none lost", budget.n_kills);
}

#[test]
fn a_sweep_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let dir = TempDir::new().unwrap();
    planned(dir.path(), PLAN, "whole");
    grok_ok(dir.path(), "sweep run whole");
    let expected = merged(dir.path(), "whole");
    let (mut budget, mut random, mut n_sweeps) = (Budget::new(), 2, 0);
    while budget.has_more() {
        let sweep = dir.child("killed");
        let _ = fs::remove_dir_all(&sweep);
        planned(dir.path(), PLAN, "killed");
        let mut finished = BTreeSet::new();
        while !killed(dir.path(), "sweep run killed --jobs 2", moment(&mut random, 1500)) {
            let now = sweep_results(&sweep);
            assert!(finished.is_subset(&now), "kill {}: a result that was there is gone", budget.n_kills);
            finished = now;
            if !budget.has_more() {
                break;
            }
        }
        grok_ok(dir.path(), "sweep status killed");
        let last = grok_ok(dir.path(), "sweep run killed").stdout;
        assert!(last.contains("4 of 4 runs have results"), "{last}");
        assert_eq!(fs::read_dir(sweep.join("runs")).unwrap().count(), 0, "no folder is left behind");
        assert!(merged(dir.path(), "killed") == expected, "kill {}: the same bytes", budget.n_kills);
        n_sweeps += 1;
    }
    println!("{} kills of {n_sweeps} sweeps, none lost", budget.n_kills);
}

/// The names and contents of all results of a sweep.
fn sweep_results(sweep: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let folders = fs::read_dir(sweep.join("results")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let whole = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "json"));
    whole.map(|file| (file.file_name().to_string_lossy().into_owned(), bytes_of(file.path()))).collect()
}
