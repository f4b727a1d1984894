//! What the benches share.

use grokking_lab::config::{ExperimentConfig, Preset};
use grokking_lab::engine::TrainState;
use grokking_lab::engine::folded::FoldedCpu;
use grokking_lab::engine::general::GeneralCpu;
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::task::Dataset;

/// The paper's experiment with another modulus and width, 30 % of the pairs.
pub fn experiment(p: usize, d_model: usize) -> ExperimentConfig {
    let mut config = Preset::Paper.config();
    config.data.change_modular(|modular| modular.p = p);
    (config.model.d_model, config.model.d_mlp) = (d_model, 4 * d_model);
    config
}

/// The folded engine at the initial weights.
///
/// # Panics
/// If the experiment is not one that folds.
pub fn folded(config: &ExperimentConfig) -> FoldedCpu {
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    FoldedCpu::new(config, &Dataset::new(&config.data), &start).expect("the paper's model folds")
}

/// The general engine at the initial weights.
///
/// # Panics
/// If the experiment is not a valid one.
pub fn general(config: &ExperimentConfig) -> GeneralCpu {
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    GeneralCpu::new(config, &Dataset::new(&config.data), &start).expect("any model")
}
