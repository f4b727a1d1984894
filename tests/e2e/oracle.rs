//! What the page must show, computed here by the same library, or read from the repository.

use std::path::PathBuf;

use grokking_lab::config::Preset;
use grokking_lab::engine::folded::{FoldedCpu, SequentialCollective};
use grokking_lab::engine::{Engine, TrainState};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::task::Dataset;

/// The last train and test loss of the tiny preset, trained by one worker with so many peers.
pub async fn last_losses(n_peers: usize) -> [f64; 2] {
    let mut config = Preset::Tiny.config();
    config.run.reproducible = true;
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let peers = SequentialCollective::new(&config, &dataset, &shape, n_peers).expect("the model folds");
    let mut engine =
        FoldedCpu::with_collective(&config, &dataset, &start, Box::new(peers)).expect("the model folds");
    engine.train(config.run.epochs).await.expect("the CPU does not fail");
    let scores = engine.evaluate().await.expect("the CPU does not fail");
    [scores.train_loss, scores.test_loss]
}

/// Weights in the layout of the reference weights, written by another program.
pub fn reference_shaped_weights() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../reference/golden/golden_a.init.safetensors")
}
