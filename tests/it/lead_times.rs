//! Lead times of kept runs; `grok lead-times` and `grok patch` on saved ones: what they print, and what they refuse.

use grokking_lab::analysis::lead_times::{RunLeads, summaries};
use grokking_lab::analysis::signals::SIGNALS;
use serde_json::Value;
use temp_dir::TempDir;

use crate::cli::{check_refused, grok_ok};
use crate::verdict_models::kept;

/// The leads of a run of `tests/reference`.
fn leads_of(path: &str) -> RunLeads {
    let run = kept(path);
    let p = run.config.data.modular().expect("a run of sums").p;
    RunLeads::new(&run.progress(), p)
}

#[test]
fn in_runs_that_grok_the_nulls_come_where_they_should() {
    let paths = ["seed-records/seed-0", "scales/p53", "scales/p59", "scales/p97", "scales/quick"];
    let runs = paths.map(leads_of);
    for (path, run) in paths.iter().zip(&runs) {
        let crossed = |signal: &str| {
            let found = run.crossings.iter().find(|crossed| crossed.signal == signal);
            found.unwrap_or_else(|| panic!("{path}: no {signal}")).crossed_at
        };
        let reached = run.reached_at.unwrap_or_else(|| panic!("{path} has grokked"));
        let plain = crossed("test_accuracy_10").expect("mirror images alone are a tenth");
        let unmirrored = crossed("test_accuracy_unmirrored_10").expect("it has grokked");
        assert!(plain < unmirrored && unmirrored < reached, "{path}: {plain}, {unmirrored}, {reached}");
        assert_eq!(crossed("restricted_loss_random"), None, "{path}: random frequencies say nothing");
        let excluded = crossed("excluded_loss").expect("circuits have formed");
        assert!(excluded < unmirrored, "{path}: the excluded loss turned at {excluded}, before {unmirrored}");
    }
    let all = summaries(&runs);
    let excluded = all.iter().find(|summary| summary.signal == "excluded_loss").expect("it is watched");
    assert_eq!((excluded.n_runs, excluded.n_before, excluded.n_false_alarms), (5, 5, 0));
    assert_eq!(excluded.leads.expect("five of them").median, -2_200.0, "docs/measures.md says so");
}

#[test]
fn runs_that_only_memorise_raise_false_alarms_where_mirror_images_count() {
    let paths = ["scales/p53-memorised", "scales/quick-memorised", "controls/memorised", "controls/no-decay"];
    let runs = paths.map(leads_of);
    assert!(runs.iter().all(|run| run.reached_at.is_none()), "none has grokked");
    let all = summaries(&runs);
    let alarms = |signal: &str| {
        all.iter().find(|summary| summary.signal == signal).expect("it is watched").n_false_alarms
    };
    assert_eq!(alarms("test_accuracy_10"), 3);
    for quiet in ["test_accuracy_unmirrored_10", "excluded_loss", "restricted_loss_random", "gini_w_l"] {
        assert_eq!(alarms(quiet), 0, "{quiet}");
    }
}

#[test]
fn the_lead_times_of_saved_runs_are_counted_from_their_checkpoints() {
    let dir = TempDir::new().unwrap();
    for seed in [0, 1] {
        let settings = format!("--preset tiny --epochs 40 --checkpoint-every 10 --seed {seed}");
        grok_ok(dir.path(), &format!("train {settings} --out run-{seed}"));
    }
    let finished = grok_ok(dir.path(), "lead-times run-0 run-1 --json");
    let found: Value = serde_json::from_str(&finished.stdout).expect("it is JSON");
    let runs = found["runs"].as_array().expect("a list of runs");
    assert_eq!(runs.len(), 2);
    for run in runs {
        let steps: Vec<u64> =
            run["refinement"].as_array().unwrap().iter().map(|at| at["step"].as_u64().unwrap()).collect();
        assert!(steps.ends_with(&[10, 20, 30, 40]), "a distance for each checkpoint: {steps:?}");
        let last = &run["refinement"][steps.len() - 1];
        // Checkpoints hold 32-bit numbers, the end of a run in double precision does not.
        assert!(last["logits"].as_f64().unwrap() < 1e-5, "the last one is where the run ends: {last}");
        let ids: Vec<&str> =
            run["crossings"].as_array().unwrap().iter().map(|at| at["signal"].as_str().unwrap()).collect();
        assert!(ids.iter().copied().eq(SIGNALS.iter().map(|signal| signal.id)), "{ids:?}");
        for crossed in run["crossings"].as_array().unwrap() {
            assert_eq!(crossed["measured"], true, "{crossed}: all of them can be measured");
            let expected = match (crossed["crossed_at"].as_i64(), run["reached_at"].as_i64()) {
                (Some(crossed), Some(reached)) => Some(crossed - reached),
                _ => None,
            };
            assert_eq!(crossed["lead_steps"].as_i64(), expected, "{crossed}");
        }
    }
    assert_eq!(found["summary"].as_array().map(Vec::len), Some(SIGNALS.len()));

    let text = grok_ok(dir.path(), "lead-times run-0 run-1").stdout;
    for signal in &SIGNALS {
        assert!(text.lines().any(|line| line.starts_with(signal.id)), "{} is not in {text}", signal.id);
    }
    assert!(text.contains("negative is before"), "{text}");
}

#[test]
fn directories_without_a_run_are_refused() {
    let dir = TempDir::new().unwrap();
    check_refused(dir.path(), "lead-times nowhere", &["nowhere"]);
    check_refused(dir.path(), "lead-times", &["RUN_DIR"]);
}

#[test]
fn a_patch_stands_beside_its_controls() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 20 --checkpoint-every 20 --out run");
    let file = "run/checkpoints/step-000020.safetensors";
    let finished = grok_ok(dir.path(), &format!("patch {file} --json"));
    let found: Value = serde_json::from_str(&finished.stdout).expect("it is JSON");
    assert_eq!(found["hook"], "blocks.0.hook_resid_post");
    assert_eq!(found["effects"].as_array().map(Vec::len), Some(7));
    let text = grok_ok(dir.path(), &format!("patch {file} --hook blocks.0.mlp.hook_post")).stdout;
    assert!(text.contains("mean of the right sum") && text.contains("noise"), "{text}");
    check_refused(
        dir.path(),
        &format!("patch {file} --hook hook_embed"),
        &["hook_embed", "blocks.0.hook_resid_mid"],
    );
}
