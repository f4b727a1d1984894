//! The recorded run's file: what it keeps, how exactly, and that no bytes can harm its reader.

use grokking_lab::analysis::checkpoint::{GridMaps, ModularAnalysis};
use grokking_lab::analysis::checkpoint_measures::measure;
use grokking_lab::analysis::modular::ablation::Ablator;
use grokking_lab::analysis::phases::Phases;
use grokking_lab::analysis::progress::ProgressMeasures;
use grokking_lab::config::{ExperimentConfig, Preset};
use grokking_lab::engine::{Evaluation, MetricsRow};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::safetensors::{WeightLayout, WeightsFile};
use grokking_lab::model::{ModelShape, Weights};
use grokking_lab::protocol::recording::published_weights::{PUBLISHED_STEPS, file_name};
use grokking_lab::protocol::recording::{Recording, RecordingWriter};
use grokking_lab::task::modular::ModularTask;
use serde_json::Value;

use crate::close::{Tolerance, assert_close};

/// What went into a recording.
struct Run {
    config: ExperimentConfig,
    rows: Vec<MetricsRow>,
    progress: Vec<(usize, ProgressMeasures)>,
    snapshots: Vec<ModularAnalysis>,
    last: WeightsFile,
    file: Vec<u8>,
}

/// Three checkpoints of a run that never was: the initial weights, larger each time.
fn recorded() -> Run {
    let config = Preset::Tiny.config();
    let shape = ModelShape::new(&config.data, &config.model);
    let task = ModularTask::of(&config.data).unwrap();
    let weights = |i: usize| {
        let values = initial_weights(&shape, 3)
            .flat()
            .iter()
            .map(|w| f64::from((w * (i + 1) as f64) as f32))
            .collect();
        Weights::from_flat(shape.clone(), values)
    };
    let steps = [0, 100, 250];
    let freqs = [1, 2];
    let progress: Vec<_> = (0..3).map(|i| (steps[i], measure(&weights(i), &task, &freqs).unwrap())).collect();
    let row = |i: usize| {
        let x = (i as f64 * 0.7).sin();
        let evaluation = Evaluation {
            train_loss: (3.0 * x).exp(),
            test_loss: 1e-9 * (5.0 + x),
            train_accuracy: 1.0,
            test_accuracy: 0.5 + 0.1 * x,
            softmax_collapse_fraction: None,
        };
        MetricsRow { step: 10 * i, evaluation }
    };
    let rows: Vec<_> = (0..26).map(row).collect();
    let mut writer =
        RecordingWriter::new("test 1", &config, &rows, &progress, Phases::find(&progress)).unwrap();
    let mut snapshots = Vec::new();
    for (i, &step) in steps.iter().enumerate().take(3) {
        let ablator = Ablator::with_own_freqs(&weights(i));
        let snapshot = ModularAnalysis::from_ablator(&ablator, &task, Some(&freqs)).unwrap();
        let neurons: Vec<usize> = snapshot.maps.neurons.iter().map(|neuron| neuron.neuron).collect();
        writer.push(step, &snapshot, &ablator.unablated().model.neuron_tables(&neurons).unwrap()).unwrap();
        snapshots.push(snapshot);
    }
    let last = WeightsFile { weights: weights(2), config: Some(config.clone()), step: Some(250) };
    let file = writer.finish(&last).unwrap();
    Run { config, rows, progress, snapshots, last, file }
}

/// All numbers of a value in the order of its names, and how many digits each keeps: three in lists of more
/// than 32.
fn numbers(value: &Value, out: &mut Vec<(f64, f64)>, in_long_list: bool) {
    match value {
        Value::Number(number) => {
            out.push((number.as_f64().unwrap(), if in_long_list { 5.1e-3 } else { 5.1e-4 }));
        }
        Value::Array(items) => items.iter().for_each(|item| numbers(item, out, items.len() > 32)),
        Value::Object(fields) => fields.values().for_each(|field| numbers(field, out, false)),
        _ => {}
    }
}

fn assert_same_to_the_digits(what: &str, got: &Value, expected: &Value) {
    let (mut found, mut wanted) = (Vec::new(), Vec::new());
    numbers(got, &mut found, false);
    numbers(expected, &mut wanted, false);
    assert_eq!(found.len(), wanted.len(), "{what}: how many numbers");
    assert!(!wanted.is_empty(), "{what}: there are numbers");
    for (i, ((got, _), (expected, relative))) in found.iter().zip(&wanted).enumerate() {
        assert!(
            (got - expected).abs() <= relative * expected.abs(),
            "{what}, number {i}: {got}, not {expected}"
        );
    }
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_recording_gives_the_run_back_to_its_digits() {
    let run = recorded();
    let recording = Recording::from_bytes(&run.file).unwrap();
    assert_eq!(recording.build, "test 1");
    assert_eq!(recording.config, run.config);
    assert_eq!(recording.phases, Phases::find(&run.progress));
    assert_eq!(recording.steps(), [0, 100, 250]);
    assert_same_to_the_digits("rows", &json(&recording.rows), &json(&run.rows));
    for ((step, measures), (expected_step, expected)) in recording.progress.iter().zip(&run.progress) {
        assert_eq!(step, expected_step);
        assert_same_to_the_digits("measures", &json(measures), &json(expected));
    }
    for (i, expected) in run.snapshots.iter().enumerate() {
        let snapshot = recording.snapshot(i).unwrap();
        assert_eq!(snapshot.step, recording.steps()[i]);
        let snapshot = snapshot.modular.expect("the recorded run is of sums");
        assert_same_to_the_digits("report", &json(&snapshot.report), &json(&expected.report));
        assert_eq!(snapshot.report.neurons.freq, expected.report.neurons.freq, "integers are exact");
        assert_eq!(snapshot.report.key_freqs, expected.report.key_freqs, "integers are exact");
        assert_fields(&snapshot.maps, &expected.maps);
    }
    assert!(recording.snapshot(3).is_err(), "there are three");
}

fn assert_fields(got: &GridMaps, expected: &GridMaps) {
    let check = |what: &str, got: &[f32], expected: &[f32], share: f64| {
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&value| f64::from(value)).collect() };
        let (low, high) =
            expected.iter().fold((0.0_f32, 0.0_f32), |(low, high), &v| (low.min(v), high.max(v)));
        let tolerance = Tolerance { absolute: share * f64::from(high - low), relative: 1e-3 };
        assert_close(what, &wide(got), &wide(expected), tolerance);
    };
    for (got, expected) in got.attention_scores.iter().zip(&expected.attention_scores) {
        check("scores", got, expected, 1.0 / 255.0);
    }
    // The widest step of a scale of square roots with 7 levels is (7² - 6²) / 7².
    check("margins", &got.margins, &expected.margins, 0.14);
    let right = |margins: &[f32]| -> Vec<bool> { margins.iter().map(|&margin| margin > 0.0).collect() };
    assert_eq!(right(&got.margins), right(&expected.margins), "right and wrong are exact");
    assert!(right(&got.margins).contains(&true), "some are right");
    check("norms", &got.logit_norms[1..], &expected.logit_norms[1..], 0.005);
    check("the constant", &got.logit_norms[..1], &expected.logit_norms[..1], 0.0);
    for (got, expected) in got.circles.iter().zip(&expected.circles) {
        assert_eq!(got.freq, expected.freq);
        check("x", &got.x, &expected.x, 0.01);
        check("y", &got.y, &expected.y, 0.01);
    }
    assert_eq!(got.neurons.len(), expected.neurons.len());
    for (got, expected) in got.neurons.iter().zip(&expected.neurons) {
        assert_eq!((got.neuron, got.freq), (expected.neuron, expected.freq));
        check("a neuron", &got.values, &expected.values, 0.1);
    }
}

#[test]
fn the_last_weights_come_back_byte_for_byte() {
    let run = recorded();
    let recording = Recording::from_bytes(&run.file).unwrap();
    assert_eq!(recording.weights, run.last);
    let bytes = |file: &WeightsFile| file.to_bytes(WeightLayout::PaperCode);
    assert_eq!(bytes(&recording.weights), bytes(&run.last), "the file of weights");
    assert_eq!(recorded().file, run.file, "the same run gives the same file");
}

#[test]
fn every_truncation_and_every_flipped_bit_of_the_content_is_an_error() {
    let file = recorded().file;
    for end in (0..200).chain((200..file.len()).step_by(97)) {
        Recording::from_bytes(&file[..end]).expect_err("a part of the file");
    }
    for at in (0..100).chain((100..file.len()).step_by(61)) {
        let mut damaged = file.clone();
        damaged[at] ^= 1 << (at % 8);
        if Recording::from_bytes(&damaged).is_ok() {
            // Packed data have bits that say nothing, for example the length of a code that is never used.
            let unpacked = |file: &[u8]| miniz_oxide::inflate::decompress_to_vec_zlib(file).unwrap();
            assert!(
                unpacked(&damaged) == unpacked(&file),
                "byte {at}: a checksum sees one bit of the content"
            );
        }
    }
}

#[test]
fn damage_behind_the_checksum_is_survived() {
    let mut unpacked = miniz_oxide::inflate::decompress_to_vec_zlib(&recorded().file).unwrap();
    // Without the checksum at the end, as files of earlier builds are.
    unpacked.truncate(unpacked.len() - 16);
    let mut refused = 0;
    for at in (0..3000).chain((3000..unpacked.len()).step_by(41)) {
        let mut damaged = unpacked.clone();
        damaged[at] = damaged[at].wrapping_add(1 + (at % 200) as u8);
        let file = miniz_oxide::deflate::compress_to_vec_zlib(&damaged, 1);
        // Other digits are still digits: no panic is what is asked.
        match Recording::from_bytes(&file) {
            Ok(recording) => drop((0..4).map(|i| recording.snapshot(i)).collect::<Vec<_>>()),
            Err(error) => {
                assert!(error.to_string().starts_with("recording: "), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1000, "most damage to the structure is seen: {refused}");
}

#[test]
fn foreign_files_are_refused_with_a_reason() {
    let pack = |bytes: &[u8]| miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6);
    let cases = [
        ("nothing", Vec::new()),
        ("text", b"step,train_loss".to_vec()),
        ("a packed text", pack(b"step,train_loss")),
        ("a section longer than the file", pack(b"grokrec\x01\xff\xff\xff\xff")),
        ("a newer version", pack(b"grokrec\x02\0\0\0\0")),
        ("a megabyte of nothing", pack(&vec![0; 1 << 20])),
    ];
    for (what, bytes) in cases {
        let error = Recording::from_bytes(&bytes).expect_err(what).to_string();
        assert!(error.starts_with("recording: "), "{what}: {error}");
    }
}

#[test]
fn the_recorded_run_of_the_page_is_whole_and_small_enough() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/data/recorded-run.grok");
    let file = std::fs::read(path).unwrap();
    assert!(file.len() <= 1_500_000, "{} bytes", file.len());
    let recording = Recording::from_bytes(&file).unwrap();
    let mainline = Preset::Mainline.config();
    let what = |config: &ExperimentConfig| (config.data.clone(), config.model.clone(), config.optim.clone());
    assert_eq!(what(&recording.config), what(&mainline), "the paper's own run");
    let steps = recording.steps();
    assert!((70..=90).contains(&steps.len()), "{} snapshots", steps.len());
    let last = recording.snapshot(steps.len() - 1).unwrap();
    assert_eq!((last.step, recording.weights.step), (40_000, Some(40_000)), "the end");
    let last = last.modular.expect("the recorded run is of sums");
    // What it says of the last weights is what the analysis says of them.
    let task = ModularTask::of(&recording.config.data).unwrap();
    let mut fresh =
        ModularAnalysis::new(&recording.weights.weights, &task, Some(&last.report.key_freqs)).unwrap();
    // A recording keeps the numbers that there were when it was made.
    if last.report.controls.is_none() {
        (fresh.report.clustered_variance, fresh.report.held_out, fresh.report.controls) = (None, None, None);
    }
    if last.report.logit_scale.is_none() {
        let report = &mut fresh.report;
        (report.logit_scale, report.distance_irrelevance, report.ipr) = (None, None, None);
    }
    if last.report.effective_rank.is_none() {
        let report = &mut fresh.report;
        (report.ildr, report.circularity, report.gradient_symmetricity) = (None, None, None);
        (report.effective_rank, report.mean_margin) = (None, None);
        (report.head_cosine, report.head_entropy_deviation) = (None, None);
    }
    assert_same_to_the_digits("report", &json(&last.report), &json(&fresh.report));
    assert_fields(&last.maps, &fresh.maps);
    assert!(last.report.accuracy.test > 0.999, "it has grokked");
    assert_eq!(
        last.report.key_freqs,
        [14, 35, 41, 42, 52],
        "the frequencies that the paper names in section 4.1"
    );
}

#[test]
fn the_weights_published_beside_the_recorded_run_have_its_losses() {
    let path = |file: &str| format!("{}/www/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let recording = Recording::from_bytes(&std::fs::read(path("recorded-run.grok")).unwrap()).unwrap();
    let task = ModularTask::of(&recording.config.data).unwrap();
    for step in PUBLISHED_STEPS {
        let file = std::fs::read(path(&format!("weights/{}", file_name(step)))).unwrap();
        assert!(file.len() <= 460_000, "{step}: {} bytes", file.len());
        let WeightsFile { weights, step: told, config } = WeightsFile::from_bytes(&file).unwrap();
        let experiment =
            |config: &ExperimentConfig| (config.data.clone(), config.model.clone(), config.optim.clone());
        let told_of = config.as_ref().map(experiment);
        assert_eq!((told, told_of), (Some(step), Some(experiment(&recording.config))), "{step}");
        assert!(recording.steps().contains(&step), "{step} has no snapshot to stand beside");
        let found = measure(&weights, &task, &[1]).unwrap();
        let at = recording.progress.binary_search_by_key(&step, |(of, _)| *of).expect("it was measured");
        let expected = &recording.progress[at].1;
        // A weight is rounded by 2^-12 of itself at most.
        let tolerance = Tolerance { absolute: 1e-9, relative: 0.02 };
        let losses =
            |measures: &ProgressMeasures| [measures.loss.train, measures.loss.test, measures.loss.all];
        assert_close(&format!("step {step}"), &losses(&found), &losses(expected), tolerance);
    }
}
