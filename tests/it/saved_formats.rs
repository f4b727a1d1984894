//! Files that earlier versions of the lab wrote still open: `tests/fixtures/saved-v1` holds one of each kind,
//! written before the code was renamed and never written again.

use std::fs;
use std::path::{Path, PathBuf};

use grokking_lab::analysis::checkpoint::ModularAnalysis;
use grokking_lab::config::{ExperimentConfig, Preset};
use grokking_lab::engine::state_file::StateFile;
use grokking_lab::model::ModelShape;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::protocol::capsule::Capsule;
use grokking_lab::protocol::recording::Recording;
use grokking_lab::task::modular::ModularTask;
use temp_dir::TempDir;

use crate::cli::{bytes_of, grok, grok_ok, rows_by_step, text_of};

/// Steps of the fixture's checkpoints; the last one is the run's end.
const CHECKPOINT_STEPS: [usize; 4] = [0, 80, 160, 240];

fn saved(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/saved-v1").join(name)
}

fn config() -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    (config.run.epochs, config.run.eval_every, config.run.checkpoint_every) = (240, 20, 80);
    config
}

/// A copy of the saved run folder that a test may change.
fn copy_of_run(dir: &TempDir) -> PathBuf {
    let to = dir.child("run");
    fs::create_dir_all(to.join("checkpoints")).unwrap();
    for name in ["config.json", "metrics.csv", "report.json", "state.safetensors"] {
        fs::copy(saved("run").join(name), to.join(name)).unwrap();
    }
    for step in CHECKPOINT_STEPS {
        let name = format!("checkpoints/step-{step:06}.safetensors");
        fs::copy(saved("run").join(&name), to.join(&name)).unwrap();
    }
    to
}

#[test]
fn a_run_folder_resumes_to_the_numbers_of_an_unbroken_run() {
    let dir = TempDir::new().unwrap();
    let run = copy_of_run(&dir);
    let read: ExperimentConfig = serde_json::from_str(&text_of(run.join("config.json"))).unwrap();
    assert_eq!(read, config(), "the configuration reads as it was meant");
    let old_rows = rows_by_step(&text_of(run.join("metrics.csv")));

    grok_ok(
        dir.path(),
        "train --preset tiny --epochs 300 --out run --eval-every 20 --checkpoint-every 80 --resume",
    );
    let rows = rows_by_step(&text_of(run.join("metrics.csv")));
    assert_eq!(rows.keys().next_back(), Some(&300), "it went on to its new end");
    for (step, row) in &old_rows {
        assert_eq!(&rows[step], row, "the row of step {step} is kept");
    }
    for step in CHECKPOINT_STEPS {
        let name = format!("checkpoints/step-{step:06}.safetensors");
        assert_eq!(bytes_of(run.join(&name)), bytes_of(saved("run").join(&name)), "{name} is untouched");
    }
}

#[test]
fn a_saved_state_and_its_checkpoint_hold_the_same_weights() {
    let shape = ModelShape::new(&config().data, &config().model);
    let state = StateFile::from_bytes(&bytes_of(saved("run/state.safetensors")), &shape).unwrap();
    assert_eq!(state.state.step, 240);
    let last = WeightsFile::from_bytes(&bytes_of(saved("run/checkpoints/step-000240.safetensors"))).unwrap();
    assert_eq!((last.step, last.config.as_ref()), (Some(240), Some(&config())));
    assert_eq!(state.state.weights, last.weights);
}

#[test]
fn a_run_folder_is_analysed_and_recorded() {
    let dir = TempDir::new().unwrap();
    copy_of_run(&dir);
    let finished = grok_ok(dir.path(), "analyse run/checkpoints/step-000240.safetensors --json");
    let report: serde_json::Value = serde_json::from_str(&finished.stdout).expect("a report is JSON");
    let old: serde_json::Value = serde_json::from_str(&text_of(saved("run/report.json"))).unwrap();
    for (key, value) in old.as_object().expect("an object") {
        // Known only to the training.
        if key != "collapsed" {
            assert_eq!(&report[key], value, "{key} of the report");
        }
    }
    grok_ok(dir.path(), "record run --out run.grok");
    let again = Recording::from_bytes(&bytes_of(dir.child("run.grok"))).unwrap();
    let recorded = Recording::from_bytes(&bytes_of(saved("recorded-run.grok"))).unwrap();
    assert_eq!(again.rows, recorded.rows);
    assert_eq!(again.steps(), recorded.steps());
    let refused = grok(dir.path(), "train --preset tiny --out run");
    assert_eq!(refused.code, Some(2), "a new run does not take its place: {refused:?}");
}

#[test]
fn a_recorded_run_holds_what_its_checkpoints_show() {
    let recording = Recording::from_bytes(&bytes_of(saved("recorded-run.grok"))).unwrap();
    assert_eq!(recording.config, config());
    assert_eq!(recording.steps(), CHECKPOINT_STEPS);
    let task = ModularTask::of(&config().data).unwrap();
    let freqs = recording.progress[0].1.key_freqs.clone();
    for (i, step) in CHECKPOINT_STEPS.into_iter().enumerate() {
        let bytes = bytes_of(saved("run").join(format!("checkpoints/step-{step:06}.safetensors")));
        let weights = WeightsFile::from_bytes(&bytes).unwrap().weights;
        let fresh = ModularAnalysis::new(&weights, &task, Some(&freqs)).unwrap();
        let stored = recording.snapshot(i).unwrap().modular.expect("a run of sums");
        assert_eq!(stored.report.key_freqs, fresh.report.key_freqs, "step {step}");
        // The file keeps four significant digits.
        let (stored, fresh) = (stored.report.loss, fresh.report.loss);
        for (what, stored, fresh) in [("train", stored.train, fresh.train), ("test", stored.test, fresh.test)]
        {
            assert!(stored.is_finite() && (stored - fresh).abs() <= 5e-4 * fresh, "{what} loss at {step}");
        }
    }
}

#[test]
fn a_capsule_opens_with_everything_in_it() {
    let capsule = Capsule::from_bytes(&bytes_of(saved("run.capsule.zip"))).unwrap();
    assert_eq!(capsule.config, config());
    assert_eq!(capsule.head.name.as_deref(), Some("a saved run"));
    assert_eq!(capsule.rows.len(), 13, "a row at step 0 and every 20 steps");
    assert_eq!(capsule.measures.iter().map(|(step, _)| *step).collect::<Vec<_>>(), CHECKPOINT_STEPS);
    assert_eq!(capsule.reports.keys().copied().collect::<Vec<_>>(), CHECKPOINT_STEPS);
    assert_eq!(capsule.checkpoints.keys().copied().collect::<Vec<_>>(), CHECKPOINT_STEPS);
    assert_eq!(capsule.state.as_ref().map(|state| state.step), Some(240));
    assert_eq!(capsule.last_weights().unwrap().step, Some(240));
}
