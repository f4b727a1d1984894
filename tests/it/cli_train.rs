//! A run's files, and that a broken run ends like an unbroken one.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use grokking_lab::config::{ExperimentConfig, Precision, Preset};
use grokking_lab::engine::folded::{FoldedCpu, SequentialCollective};
use grokking_lab::engine::{Engine, TrainState};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::task::Dataset;
use pollster::block_on;
use temp_dir::TempDir;

use crate::cli::{bytes_of, grok, grok_ok, rows_by_step, start_grok, text_of};

#[test]
fn a_run_leaves_all_its_files() {
    let dir = TempDir::new().unwrap();
    for precision in ["f32", "f64"] {
        let line = "train --preset tiny --epochs 22 --eval-every 5 --checkpoint-every 10";
        let finished = grok_ok(dir.path(), &format!("{line} --precision {precision} --out {precision}"));
        assert!(finished.stdout.contains("done at step 22"), "{finished:?}");
        let run = dir.child(precision);

        let config: ExperimentConfig = serde_json::from_str(&text_of(run.join("config.json"))).unwrap();
        let mut expected = Preset::Tiny.config();
        (expected.run.epochs, expected.run.eval_every, expected.run.checkpoint_every) = (22, 5, 10);
        expected.run.precision = if precision == "f64" { Precision::F64 } else { Precision::F32 };
        assert_eq!(config, expected, "the experiment as asked for");

        let report: serde_json::Value = serde_json::from_str(&text_of(run.join("report.json"))).unwrap();
        assert_eq!(report["collapsed"].as_f64(), Some(0.0), "after 22 steps no probability rounds to 1");
        assert_eq!(report["p"].as_u64(), Some(7), "beside what is in the weights");
        let csv = text_of(run.join("metrics.csv"));
        assert!(csv.starts_with("step,train_loss,test_loss,train_accuracy,test_accuracy\n0,"), "{csv}");
        let rows = rows_by_step(&csv);
        assert_eq!(rows.keys().copied().collect::<Vec<_>>(), [0, 5, 10, 15, 20, 22], "cadence and ends");
        assert!(rows.values().all(|row| row.len() == 4 && row.iter().all(|x| x.is_finite())), "{csv}");
        // The chance level of eight outputs.
        assert!((rows[&0][0] - 8_f64.ln()).abs() < 0.5, "the first train loss is {}", rows[&0][0]);
        assert!(rows[&22][0] < rows[&0][0] - 0.01, "the train loss falls: {csv}");

        let checkpoints = run.join("checkpoints");
        let mut names: Vec<_> = std::fs::read_dir(&checkpoints)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = ["000000", "000010", "000020", "000022"].map(|n| format!("step-{n}.safetensors"));
        assert_eq!(names, expected, "cadence and ends");
        let last = WeightsFile::from_bytes(&bytes_of(checkpoints.join(&names[3]))).unwrap();
        assert_eq!((last.step, last.config.as_ref()), (Some(22), Some(&config)), "metadata");
        let state = WeightsFile::from_bytes(&bytes_of(run.join("state.safetensors"))).unwrap();
        let rounded: Vec<f64> = state.weights.flat().iter().map(|&w| f64::from(w as f32)).collect();
        assert_eq!(last.weights.flat(), rounded, "checkpoint and state hold the same weights");
        let is_f32 = state.weights.flat() == rounded;
        assert_eq!(is_f32, precision == "f32", "the state keeps the run's own precision");
    }
    let losses = |name| rows_by_step(&text_of(dir.child(name).join("metrics.csv")))[&22][0];
    let (single, double): (f64, f64) = (losses("f32"), losses("f64"));
    assert!((single - double).abs() < 1e-4 * double && single != double, "{single} and {double}");
}

/// The bits of a link with threads=3: the end-to-end test computes a browser's run in the same way.
#[test]
fn a_reproducible_run_on_threads_is_a_browsers_run_with_as_many_workers() {
    let dir = TempDir::new().unwrap();
    let line = "train --preset tiny --epochs 60 --eval-every 20 --reproducible";
    let said = grok_ok(dir.path(), &format!("{line} --threads 3 --out three")).stdout;
    assert!(said.contains("3 shares in turn"), "{said}");
    grok_ok(dir.path(), &format!("{line} --out one"));
    let last = |run: &str| rows_by_step(&text_of(dir.child(run).join("metrics.csv")))[&60].clone();

    let mut config = Preset::Tiny.config();
    config.run.reproducible = true;
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let peers = SequentialCollective::new(&config, &dataset, &shape, 2).unwrap();
    let mut engine = FoldedCpu::with_collective(&config, &dataset, &start, Box::new(peers)).unwrap();
    block_on(engine.train(60)).unwrap();
    let scores = block_on(engine.evaluate()).unwrap();
    let expected = [scores.train_loss, scores.test_loss, scores.train_accuracy, scores.test_accuracy];
    assert_eq!(last("three"), expected, "to the last digit");
    assert_ne!(last("one"), expected, "one worker gives other bits");

    let said = grok_ok(dir.path(), &format!("{line} --threads 12 --out many")).stdout;
    assert!(said.contains("8 workers instead of 12"), "{said}");
}

/// The files that must not depend on interruptions.
fn assert_same_run(whole: &Path, broken: &Path, last_step: usize) {
    assert_eq!(
        text_of(whole.join("metrics.csv")),
        text_of(broken.join("metrics.csv")),
        "metrics.csv, byte for byte"
    );
    assert_eq!(text_of(whole.join("config.json")), text_of(broken.join("config.json")), "config.json");
    for file in ["state.safetensors".to_owned(), format!("checkpoints/step-{last_step:06}.safetensors")] {
        let is_same = bytes_of(whole.join(&file)) == bytes_of(broken.join(&file));
        assert!(is_same, "{file} differs");
    }
}

#[test]
fn raising_the_epochs_continues_as_if_never_stopped() {
    for precision in ["f32", "f64"] {
        let dir = TempDir::new().unwrap();
        let line =
            format!("train --preset tiny --eval-every 7 --checkpoint-every 20 --precision {precision}");
        grok_ok(dir.path(), &format!("{line} --epochs 60 --out whole"));
        // 33 is no multiple of 7: its row belongs to the first session only.
        grok_ok(dir.path(), &format!("{line} --epochs 33 --out broken"));
        assert!(text_of(dir.child("broken/metrics.csv")).contains("\n33,"), "the last step has a row");
        grok_ok(dir.path(), "train --resume --epochs 50 --out broken");
        grok_ok(dir.path(), &format!("{line} --epochs 60 --resume --out broken"));
        assert_same_run(&dir.child("whole"), &dir.child("broken"), 60);
        let before = bytes_of(dir.child("broken/metrics.csv"));
        grok_ok(dir.path(), "train --resume --out broken");
        assert_eq!(bytes_of(dir.child("broken/metrics.csv")), before, "a complete run stays as it is");
    }
}

/// Long enough to be stopped on the way on any machine.
const LONG_RUN: &str =
    "train --preset tiny --eval-every 10 --checkpoint-every 150 --epochs 1500 --device cpu";

/// Waits until a run has come to its fourth row.
fn wait_for_rows(run: &Path, child: &mut Child) {
    let start = Instant::now();
    let n_rows = || std::fs::read_to_string(run.join("metrics.csv")).map_or(0, |csv| csv.lines().count());
    while n_rows() < 5 {
        assert!(start.elapsed() < Duration::from_secs(120), "the run does not come on");
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_directory_that_resumes_to_the_same_numbers() {
    let dir = TempDir::new().unwrap();
    let mut child = start_grok(dir.path(), &format!("{LONG_RUN} --out broken"));
    wait_for_rows(&dir.child("broken"), &mut child);
    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signal.success(), "the signal is sent");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("grok train --resume --out broken"), "{said}");
    let stopped_at = *rows_by_step(&text_of(dir.child("broken/metrics.csv"))).keys().last().unwrap();
    assert!(stopped_at < 1500, "stopped on the way, at {stopped_at}");

    grok_ok(dir.path(), "train --resume --out broken");
    grok_ok(dir.path(), &format!("{LONG_RUN} --out whole"));
    assert_same_run(&dir.child("whole"), &dir.child("broken"), 1500);
}

#[test]
fn a_killed_run_resumes_from_its_last_saved_state() {
    let dir = TempDir::new().unwrap();
    let mut child = start_grok(dir.path(), &format!("{LONG_RUN} --out broken"));
    wait_for_rows(&dir.child("broken"), &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    // What a power failure may leave: a torn row.
    let csv = dir.child("broken/metrics.csv");
    std::fs::write(&csv, format!("{}99999,0.1", text_of(&csv))).unwrap();

    grok_ok(dir.path(), "train --resume --out broken");
    grok_ok(dir.path(), &format!("{LONG_RUN} --out whole"));
    assert_same_run(&dir.child("whole"), &dir.child("broken"), 1500);
}

#[test]
fn a_run_that_leaves_the_floats_stops_and_keeps_its_last_good_state() {
    let dir = TempDir::new().unwrap();
    // Every update multiplies the weights by about -999.
    let line = "train --preset tiny --lr 1 --weight-decay 1000 --warmup-steps 0 --epochs 100 --eval-every 1";
    let finished = grok(dir.path(), &format!("{line} --out run"));
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("training stopped at step"), "{finished:?}");
    assert!(finished.stderr.contains("--lr"), "what helps: {finished:?}");
    let state = WeightsFile::from_bytes(&bytes_of(dir.child("run/state.safetensors"))).unwrap();
    assert_eq!(state.step, Some(0), "the start is the last state that was saved");
}

#[test]
fn layouts_convert_there_and_back() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 1 --out run");
    let checkpoint = "run/checkpoints/step-000001.safetensors";
    grok_ok(dir.path(), &format!("convert {checkpoint} --layout transformer-lens --out lens.safetensors"));
    grok_ok(dir.path(), "convert lens.safetensors --layout progress-measures --out back.safetensors");
    assert_eq!(bytes_of(dir.child("back.safetensors")), bytes_of(dir.child(checkpoint)), "there and back");
    assert_ne!(bytes_of(dir.child("lens.safetensors")), bytes_of(dir.child(checkpoint)), "two layouts");
    let refused =
        grok(dir.path(), "convert lens.safetensors --layout progress-measures --out back.safetensors");
    assert_eq!(refused.code, Some(2), "nothing is overwritten unasked: {refused:?}");
}

#[test]
fn bench_gives_the_speed_of_each_engine() {
    let dir = TempDir::new().unwrap();
    let line = "bench --seconds 0.05 --preset tiny --device cpu --threads 1 --json";
    let finished = grok_ok(dir.path(), line);
    let timings: Vec<serde_json::Value> = serde_json::from_str(&finished.stdout).unwrap();
    let engines: Vec<_> = timings.iter().filter_map(|timing| timing["engine"].as_str()).collect();
    assert!(engines.contains(&"autodiff") && engines.contains(&"literal"), "{finished:?}");
    for timing in &timings {
        assert_eq!(timing["device"], "cpu", "{timing}");
        assert_eq!((timing["threads"].as_u64(), timing["p"].as_u64()), (Some(1), Some(7)), "{timing}");
        assert!(timing["steps_per_s"].as_f64().is_some_and(|speed| speed > 0.0), "{timing}");
    }
}
