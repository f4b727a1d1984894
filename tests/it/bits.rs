//! A short run whose bits are known: the same natively and in every browser.

use grokking_lab::config::{Activation, ExperimentConfig, Preset};
use grokking_lab::engine::folded::FoldedCpu;
use grokking_lab::engine::{Engine, TrainState};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::task::Dataset;

/// [`hash_after_50_steps`] for each activation, from a native run. A change of these numbers means
/// that links to a run no longer give the curve they gave.
pub(crate) const KNOWN: [(Activation, u64); 2] =
    [(Activation::Relu, 0x2ced_017f_469e_4d8c), (Activation::Gelu, 0xa806_1f15_d3e0_691e)];

/// FNV-1a over the float32 bits of all weights after 50 reproducible updates of a small model.
pub(crate) async fn hash_after_50_steps(activation: Activation) -> u64 {
    let mut config: ExperimentConfig = Preset::Tiny.config();
    config.data.change_modular(|modular| (modular.p, modular.frac_train) = (29, 0.6));
    (config.model.d_model, config.model.n_heads, config.model.d_mlp) = (24, 2, 40);
    (config.model.activation, config.model.seed) = (activation, 5);
    config.run.reproducible = true;
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let mut engine = FoldedCpu::new(&config, &dataset, &start).expect("one block folds");
    engine.train(50).await.expect("the CPU does not fail");
    let weights = engine.weights().await.expect("the CPU does not fail");
    let bytes = weights.flat().iter().flat_map(|&w| (w as f32).to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
