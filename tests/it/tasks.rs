//! The paper's sequence tasks against golden runs in float64: every preset's batches, model and optimiser give the
//! losses that PyTorch gives from the same initial weights.

use std::path::Path;

use grokking_lab::config::{DeviceChoice, EngineChoice, ExperimentConfig, LossForm, Precision, Preset};
use grokking_lab::engine::{self, TrainState};
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::model::{ModelShape, Weights};
use grokking_lab::task::Dataset;
use pollster::block_on;
use serde_json::Value;

use crate::analysis_reference::reference_dir;
use crate::close::{Tolerance, assert_close};

/// Steps that are compared: beyond the warm-up of all but one, and seconds of work.
const N_STEPS: usize = 20;

/// The goldens have twelve digits.
const TOLERANCE: Tolerance = Tolerance { absolute: 0.0, relative: 1e-9 };

/// A preset's experiment as the golden runs were made: in float64, with the loss as log-softmax.
fn experiment(preset: Preset) -> ExperimentConfig {
    let mut config = preset.config();
    (config.run.engine, config.run.device) = (EngineChoice::Literal, DeviceChoice::Cpu);
    (config.run.precision, config.optim.loss) = (Precision::F64, LossForm::Textbook);
    config.validate().expect("a valid experiment");
    config
}

fn text(dir: &Path, name: &str) -> String {
    let path = dir.join("tasks").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails unless the preset has the settings that the golden file says.
fn check_settings(config: &ExperimentConfig, golden: &Value) {
    let ExperimentConfig { data, model, optim, .. } = config;
    let batches = data.batches().expect("a sequence task");
    let shape = ModelShape::new(data, model);
    let n_train = golden.get("n_train").and_then(Value::as_f64).unwrap_or(0.0);
    let ours = [
        ("n_layers", shape.n_layers as f64),
        ("d_model", shape.d_model as f64),
        ("n_heads", shape.n_heads as f64),
        ("d_head", shape.d_head as f64),
        ("d_mlp", shape.d_mlp as f64),
        ("d_vocab", shape.d_vocab as f64),
        ("d_vocab_out", shape.d_vocab_out as f64),
        ("n_ctx", shape.n_ctx as f64),
        ("residual_scale", shape.residual_scale),
        ("lr", optim.lr),
        ("weight_decay", optim.weight_decay),
        ("warmup", optim.warmup_steps as f64),
        ("batch", batches.batch as f64),
        ("seed", f64::from(batches.data_seed)),
    ];
    for (name, value) in ours {
        assert_eq!(golden[name].as_f64(), Some(value), "{name}");
    }
    assert_eq!(golden["betas"], serde_json::json!([optim.beta1, optim.beta2]));
    assert_eq!(batches.n_train as f64, n_train);
}

/// The initial weights of a golden run, in the model of a configuration.
fn golden_weights(dir: &Path, name: &str, config: &ExperimentConfig) -> Weights {
    let path = dir.join("tasks").join(format!("{name}.init.safetensors"));
    let bytes = std::fs::read(&path).expect("GROK_REFERENCE_DIR holds tasks/");
    let found = WeightsFile::from_bytes(&bytes).expect("weights").weights;
    let shape = ModelShape::new(&config.data, &config.model);
    for param in shape.params() {
        assert_eq!(found.shape().dims(param), shape.dims(param), "{}", param.name());
    }
    Weights::from_flat(shape, found.flat().to_vec())
}

/// A column of a golden file's rows, as far as the rows have it.
fn column(csv: &str, name: &str) -> Vec<f64> {
    let at = csv.lines().next().and_then(|head| head.split(',').position(|column| column == name));
    let at = at.unwrap_or_else(|| panic!("no column {name}"));
    let cells = csv.lines().skip(1).filter_map(|row| row.split(',').nth(at));
    cells.map(|cell| cell.parse().expect("a number")).collect()
}

fn check(name: &str, preset: Preset) {
    let Some(dir) = reference_dir(&format!("tasks: {name}")) else { return };
    let config = experiment(preset);
    check_settings(&config, &serde_json::from_str(&text(&dir, &format!("{name}.json"))).expect("JSON"));
    let csv = text(&dir, &format!("{name}.csv"));
    let mut dataset = Dataset::new(&config.data);
    // The test sets of the other golden runs are not known.
    if name != "skip_finite" {
        dataset.test.truncate(2);
    }
    let start = TrainState::start(golden_weights(&dir, name, &config));
    let mut engine = block_on(engine::build(&config, &dataset, &start)).expect("an engine takes any task");
    let mut losses = Vec::new();
    for _ in 0..N_STEPS {
        let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
        if losses.is_empty() && name == "skip_finite" {
            let test = column(&csv, "test_loss");
            assert_close("skip_finite: test loss at step 0", &[scores.test_loss], &test[..1], TOLERANCE);
        }
        losses.push(scores.train_loss);
        block_on(engine.train(1)).expect("the CPU does not fail");
    }
    assert_close(name, &losses, &column(&csv, "train_loss")[..N_STEPS], TOLERANCE);
}

#[test]
fn addition_goes_as_the_golden_run() {
    check("addition", Preset::AdditionSmall);
}

#[test]
fn skip_trigram_goes_as_the_golden_run() {
    check("skip", Preset::SkipTrigram);
}

#[test]
fn skip_trigram_on_sixty_examples_goes_as_the_golden_run() {
    check("skip_finite", Preset::SkipTrigramFinite);
}

#[test]
fn repeated_subsequence_goes_as_the_golden_run() {
    check("induction", Preset::Induction);
}

/// A run in batches of a finite train set goes on from its saved state with the batches that it would have had.
#[test]
fn a_run_in_shuffled_batches_goes_on_where_it_was() {
    let mut config = experiment(Preset::InductionFinite);
    (config.model.d_model, config.model.n_layers) = (8, 1);
    let batches = config.data.batches_mut().expect("a sequence task");
    (batches.batch, batches.n_train) = (2, 8);
    let mut dataset = Dataset::new(&config.data);
    dataset.test.truncate(2);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(grokking_lab::model::init::initial_weights(&shape, 1));
    let build = |state: &TrainState| {
        block_on(engine::build(&config, &dataset, state)).expect("an engine takes any task")
    };
    let mut whole = build(&start);
    block_on(whole.train(7)).expect("the CPU does not fail");
    let saved = block_on(whole.state()).expect("the CPU does not fail");
    assert_eq!(saved.sampler_place, 7, "batches before this one");
    block_on(whole.train(6)).expect("the CPU does not fail");
    let mut resumed = build(&saved);
    block_on(resumed.train(6)).expect("the CPU does not fail");
    let [ends, other] =
        [&mut whole, &mut resumed].map(|engine| block_on(engine.state()).expect("no failure"));
    assert_eq!(ends, other);
}
