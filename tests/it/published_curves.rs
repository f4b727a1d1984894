//! From their own initial weights and batches, the published runs' losses come out.
//!
//! The curves are those that the paper's authors stored (GROK_REFERENCE_DIR names their folder). A run begins with the
//! numbers of `torch.manual_seed`, and then rounds otherwise than PyTorch on a GPU does: it follows for some steps.

use std::path::Path;

use grokking_lab::config::{ExperimentConfig, InitDraw, Precision, Preset, SplitRule};
use grokking_lab::engine::general::GeneralCpu;
use grokking_lab::engine::{Engine, Evaluation, TrainState};
use grokking_lab::model::init::initial_weights_of;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::task::Dataset;
use pollster::block_on;

use crate::analysis_reference::reference_dir;
use crate::close::{Tolerance, assert_close};

/// The rows of a published curve: step, then its values.
fn published(dir: &Path, name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(dir.join("curves").join(format!("{name}.csv")));
    let text = text.expect("GROK_REFERENCE_DIR holds curves/");
    let cells = |line: &str| line.split(',').map_while(|cell| cell.parse().ok()).collect();
    text.lines().skip(1).map(cells).collect()
}

/// The losses of a run before each of the steps, which ascend.
fn losses_at(config: &ExperimentConfig, steps: &[usize]) -> Vec<Evaluation> {
    let mut config = config.clone();
    config.run.threads = 2;
    let dataset = Dataset::new(&config.data);
    let start = TrainState::start(initial_weights_of(&config));
    let mut engine = GeneralCpu::new(&config, &dataset, &start).expect("the engine takes any model");
    let mut losses = Vec::new();
    for &step in steps {
        block_on(engine.train(step - engine.step())).expect("the CPU does not fail");
        losses.push(block_on(engine.evaluate()).expect("the CPU does not fail"));
    }
    losses
}

fn train_losses(config: &ExperimentConfig, steps: &[usize]) -> Vec<f64> {
    losses_at(config, steps).iter().map(|losses| losses.train_loss).collect()
}

/// The published run with λ = 0.1, whose split and initial weights are both of seed 1.
fn little_decay() -> ExperimentConfig {
    let mut config = Preset::Mainline.config();
    config.data.change_modular(|modular| modular.split = SplitRule::Python(1));
    (config.model.seed, config.optim.weight_decay) = (1, 0.1);
    config
}

#[test]
fn initial_weights_are_those_that_the_published_code_draws() {
    let Some(dir) = reference_dir("initial_weights_are_those_that_the_published_code_draws") else { return };
    for (name, preset, seed) in [
        ("addition", Preset::AdditionSmall, 7),
        ("skip", Preset::SkipTrigram, 6798),
        ("induction", Preset::Induction, 1),
    ] {
        let bytes = std::fs::read(dir.join("tasks").join(format!("{name}.init.safetensors")));
        let bytes = bytes.expect("GROK_REFERENCE_DIR holds tasks/");
        let expected = WeightsFile::from_bytes(&bytes).expect("weights of the paper's layout").weights;
        let mut config = preset.config();
        config.model.seed = seed;
        // The logarithm and the cosine of PyTorch's vector instructions differ from ours in their last bits.
        let tolerance = Tolerance { absolute: 3e-7, relative: 0.0 };
        assert_close(name, initial_weights_of(&config).flat(), expected.flat(), tolerance);
    }
    // The curve begins with the sum of squares, to a whole number.
    let sum_sq: f64 = initial_weights_of(&Preset::Mainline.config()).flat().iter().map(|w| w * w).sum();
    let first = &published(&dir, "mainline_sumsq_total")[0];
    assert_eq!(first[0], 0.0, "the step");
    assert_close("the mainline run", &[sum_sq], &first[1..], Tolerance { absolute: 0.5, relative: 0.0 });
}

#[test]
fn the_paper_settings_with_little_decay_follow_the_published_run() {
    let Some(dir) = reference_dir("the_paper_settings_with_little_decay_follow_the_published_run") else {
        return;
    };
    let config = little_decay();
    assert_eq!(config.model.init_draw, InitDraw::Torch);
    let rows: Vec<_> = published(&dir, "wd_0.1").into_iter().take_while(|row| row[0] <= 300.0).collect();
    let steps: Vec<usize> = rows.iter().map(|row| row[0] as usize).collect();
    let ours = losses_at(&config, &steps);
    let column = |i: usize| -> Vec<f64> { rows.iter().map(|row| row[i]).collect() };
    let train: Vec<f64> = ours.iter().map(|losses| losses.train_loss).collect();
    let test: Vec<f64> = ours.iter().map(|losses| losses.test_loss).collect();
    for (what, ours, published) in [("train loss", train, column(1)), ("test loss", test, column(2))] {
        // Six digits were stored. Where the loss falls fastest it falls by 6 % a step, and half a step is what other
        // rounding makes by then.
        let n_first = steps.partition_point(|&step| step <= 60);
        let tolerance = Tolerance { absolute: 1e-5, relative: 3e-4 };
        assert_close(what, &ours[..n_first], &published[..n_first], tolerance);
        assert_close(what, &ours, &published, Tolerance { absolute: 0.0, relative: 0.05 });
    }
}

#[test]
fn the_skip_trigram_logs_the_published_losses() {
    let mut config = Preset::SkipTrigram.config();
    config.run.precision = Precision::F64;
    let ours = train_losses(&config, &[0, 100, 200, 300, 500]);
    // Five digits after the point were logged.
    let expected = [2.34613, 2.24863, 0.25492, 0.01426, 0.00084];
    assert_close("train loss", &ours, &expected, Tolerance { absolute: 6e-6, relative: 0.0 });
}

#[test]
fn repeated_subsequences_begin_as_published() {
    let Some(dir) = reference_dir("repeated_subsequences_begin_as_published") else { return };
    let mut config = Preset::Induction.config();
    config.run.precision = Precision::F64;
    // The published code takes the mean over 85 positions, of which 84 have a next token.
    let published_loss = |loss: f64| loss * 85.0 / 84.0;
    let steps: Vec<usize> = (0..20).collect();
    let ours: Vec<f64> = train_losses(&config, &steps).into_iter().map(published_loss).collect();
    let curve: Vec<f64> = published(&dir, "induction_infinite").iter().map(|row| row[1]).take(20).collect();
    assert_close("float64", &ours[..2], &[5.0507694, 5.0503343], Tolerance { absolute: 2e-6, relative: 0.0 });
    assert_close("float64", &ours, &curve, Tolerance { absolute: 1e-5, relative: 1e-3 });
}
