//! The general engine follows PyTorch's float64 trajectories of the paper's sequence tasks.
//!
//! Each golden run has its settings and the beginning of its first batch, its initial weights, and the loss at every
//! step. They are not part of this repository: GROK_REFERENCE_DIR names their folder.

use grokking_lab::config::{ExperimentConfig, Precision, Preset, TaskKind};
use grokking_lab::engine::general::GeneralCpu;
use grokking_lab::engine::{Engine, TrainState};
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::model::{ModelShape, Weights};
use grokking_lab::task::Dataset;
use pollster::block_on;
use serde_json::Value;

use crate::analysis_reference::reference_dir;
use crate::close::{Tolerance, assert_close};

const RUNS: [&str; 4] = ["addition", "skip", "skip_finite", "induction"];

/// Settings, initial weights and the train losses of a golden run.
struct Golden {
    config: ExperimentConfig,
    start: TrainState,
    losses: Vec<f64>,
    first_rows: Vec<Vec<u32>>,
}

impl Golden {
    fn read(name: &str, dir: &std::path::Path) -> Self {
        let file = |end: &str| dir.join("tasks").join(format!("{name}{end}"));
        let text = |end: &str| std::fs::read_to_string(file(end)).expect("GROK_REFERENCE_DIR holds tasks/");
        let settings: Value = serde_json::from_str(&text(".json")).expect("settings are JSON");
        let config = experiment(&settings);
        let losses = text(".csv")
            .lines()
            .skip(1)
            .map(|line| {
                line.split(',').nth(1).and_then(|cell| cell.parse().ok()).expect("a loss in each row")
            })
            .collect();
        let bytes = std::fs::read(file(".init.safetensors")).expect("GROK_REFERENCE_DIR holds tasks/");
        let weights = WeightsFile::from_bytes(&bytes).expect("weights of the paper's layout").weights;
        let shape = ModelShape::new(&config.data, &config.model);
        // What the tensors do not show, the residual scale, comes from the settings.
        let weights = Weights::from_flat(shape, weights.flat().to_vec());
        let first_rows = serde_json::from_value(settings["first_two_rows"].clone()).expect("rows of tokens");
        Self { config, start: TrainState::start(weights), losses, first_rows }
    }

    /// Our train loss before each update.
    fn follow(&self, precision: Precision) -> Vec<f64> {
        let mut config = self.config.clone();
        (config.run.precision, config.run.threads) = (precision, 2);
        let mut dataset = Dataset::new(&config.data);
        for (i, row) in self.first_rows.iter().enumerate() {
            let batch = dataset.sampler.as_ref().map_or(&dataset.train, |sampler| sampler.batch());
            assert_eq!(batch.tokens(i), row, "row {i} of the first batch");
        }
        // Only the train losses are compared.
        dataset.test.truncate(1);
        let mut engine = GeneralCpu::new(&config, &dataset, &self.start).expect("the engine takes any model");
        let mut losses = Vec::new();
        for _ in &self.losses {
            losses.push(block_on(engine.evaluate()).expect("the CPU does not fail").train_loss);
            block_on(engine.train(1)).expect("the CPU does not fail");
        }
        losses
    }
}

/// The experiment of a golden file.
fn experiment(settings: &Value) -> ExperimentConfig {
    let whole = |name: &str| settings[name].as_u64().map(|n| n as usize);
    let number = |name: &str| settings[name].as_f64().expect("a number in the settings");
    let size = |name: &str| whole(name).expect("a size in the settings");
    let task = match settings["task"].as_str() {
        Some("addition") => TaskKind::Addition,
        Some("skip") => TaskKind::SkipTrigram,
        Some("induction") => TaskKind::Induction,
        other => panic!("{other:?} is no task"),
    };
    let mut config = Preset::Tiny.config();
    config.data = task.published(size("seed") as u32);
    let batches = config.data.batches_mut().expect("a sequence task");
    (batches.batch, batches.n_train) = (size("batch"), whole("n_train").unwrap_or(0));
    let model = &mut config.model;
    (model.n_layers, model.d_model, model.n_heads) = (size("n_layers"), size("d_model"), size("n_heads"));
    (model.d_head, model.d_mlp) = (size("d_head"), size("d_mlp"));
    model.residual_scale = number("residual_scale");
    let optim = &mut config.optim;
    (optim.lr, optim.weight_decay, optim.eps) = (number("lr"), number("weight_decay"), 1e-8);
    optim.warmup_steps = size("warmup");
    let beta = |i: usize| settings["betas"][i].as_f64().expect("two betas");
    (optim.beta1, optim.beta2) = (beta(0), beta(1));
    config
}

#[test]
fn float64_follows_to_nine_digits() {
    let Some(dir) = reference_dir("float64_follows_to_nine_digits") else { return };
    for name in RUNS {
        let golden = Golden::read(name, &dir);
        let losses = golden.follow(Precision::F64);
        assert_close(name, &losses, &golden.losses, Tolerance { absolute: 0.0, relative: 1e-9 });
    }
}

#[test]
fn float32_follows_for_thirty_steps_and_stays_near_to_the_end() {
    let Some(dir) = reference_dir("float32_follows_for_thirty_steps_and_stays_near_to_the_end") else {
        return;
    };
    for name in RUNS {
        let golden = Golden::read(name, &dir);
        let losses = golden.follow(Precision::F32);
        let first = Tolerance { absolute: 0.0, relative: 1e-4 };
        assert_close(name, &losses[..30], &golden.losses[..30], first);
        // Rounding grows on the way, as it does in PyTorch's own float32.
        assert_close(name, &losses, &golden.losses, Tolerance { absolute: 0.0, relative: 0.02 });
    }
}
