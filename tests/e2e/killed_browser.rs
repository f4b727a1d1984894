//! A browser that is killed while the page trains, as when a machine loses its power or memory, and opened again.
//!
//! Two kills in every run of the tests; with `GROK_TORTURE_SECS` as many as there is time for.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::lab::{Setting, visit_with_profile};

/// About ten seconds of training, with a state every second or two; metrics at few steps, so that they are quickly told.
const RUN: &str = "?preset=tiny&backend=cpu&threads=1&epochs=150000&eval_every=10000&checkpoint_every=10000";

/// Kills if no time is set.
const N_KILLS: u64 = 2;

/// A folder for a browser's profile, removed at the end.
struct Profile(PathBuf);

impl Profile {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("grok-profile-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The rows that are due by the settings: a save in between adds none, but a single step would.
fn due(csv: &str) -> Vec<&str> {
    let is_due = |line: &&str| {
        let step = line.split(',').next().and_then(|step| step.parse::<u64>().ok());
        step.is_some_and(|step| step.is_multiple_of(10_000))
    };
    csv.lines().filter(is_due).collect()
}

#[test]
fn a_browser_that_is_killed_offers_its_run_again_and_it_ends_with_the_same_numbers() {
    let profile = Profile::new();
    let setting = Setting::new(RUN);
    visit_with_profile(&setting, Some(&profile.0), async |lab| {
        lab.reopen_with_saves_in_reach(RUN).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        let whole = lab.saved_text("download-metrics").await;
        assert_eq!(due(&whole).len(), 16, "rows of steps 0 to 150,000: {whole}");

        lab.reload().await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        let secs = std::env::var("GROK_TORTURE_SECS").ok();
        let secs: Option<u64> =
            secs.map(|text| text.parse().expect("GROK_TORTURE_SECS is a number of seconds"));
        let until = secs.map(|secs| Instant::now() + Duration::from_secs(secs));
        let mut n_kills = 0;
        let goes_on = |n_kills| until.map_or(n_kills < N_KILLS, |until| Instant::now() < until);
        while goes_on(n_kills) {
            // Some state is kept, of this run or of what it was before the last kill.
            lab.wait_for_text("status", "kept").await;
            tokio::time::sleep(Duration::from_millis(n_kills * 379 % 1000)).await;
            lab.kill_browser(&setting, &profile.0).await;
            n_kills += 1;
            lab.wait_for_text("resume-kept", "step").await;
            if goes_on(n_kills) {
                lab.click("resume-kept").await;
                lab.wait_for_text("status", "training").await;
            }
        }
        println!("{n_kills} kills of the browser, the run was offered after each");
        lab.reopen_with_saves_in_reach(RUN).await;
        lab.wait_for_text("resume-kept", "step").await;
        lab.click("resume-kept").await;
        lab.wait_for_text("status", "finished").await;
        let resumed = lab.saved_text("download-metrics").await;
        assert_eq!(due(&resumed), due(&whole), "after {n_kills} kills");
    });
}
