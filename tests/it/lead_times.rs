//! `grok lead-times` on saved runs: what it prints, and what it refuses.

use grokking_lab::analysis::signals::SIGNALS;
use serde_json::Value;
use temp_dir::TempDir;

use crate::cli::{check_refused, grok_ok};

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
