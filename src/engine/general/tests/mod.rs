//! The engine against loops over the transformer as written, against itself in the other width, against the folded
//! engine, and from a saved state.

mod gradient;
mod literal;
mod runs;

use super::GeneralCpu;
use crate::config::{Activation, ExperimentConfig, Precision, Preset};
use crate::engine::TrainState;
use crate::model::init::initial_weights;
use crate::model::{ModelShape, Weights};
use crate::task::{Dataset, Examples, NO_TARGET, SequenceShape};

/// What a case of the grid differs in.
#[derive(Debug, Clone)]
struct Case {
    n_layers: usize,
    d_mlp: usize,
    activation: Activation,
    causal: bool,
    residual_scale: f64,
    loss_positions: Vec<usize>,
    /// Whether some examples leave out a prediction.
    gaps: bool,
    n_ctx: usize,
    n_examples: usize,
}

impl Case {
    /// Depth 1 to 3; with and without MLP; causal or not; one or several predictions; residual scale 1 and 2; one
    /// example and many; sequences of one chunk of queries and of several.
    fn grid() -> Vec<Self> {
        let mut cases = Vec::new();
        for n_layers in 1..=3 {
            for (d_mlp, activation) in [(0, Activation::Relu), (7, Activation::Relu), (5, Activation::Gelu)] {
                for causal in [true, false] {
                    for loss_positions in [vec![4], vec![1, 2, 4], vec![0, 3]] {
                        let i = cases.len();
                        cases.push(Self {
                            n_layers,
                            d_mlp,
                            activation,
                            causal,
                            residual_scale: [1.0, 2.0][i % 2],
                            gaps: i % 3 == 0 && loss_positions.len() > 1,
                            loss_positions,
                            n_ctx: 5,
                            n_examples: [1, 9, 300][i % 4 % 3],
                        });
                    }
                }
            }
        }
        let long = Self { n_ctx: 60, loss_positions: (20..58).collect(), n_examples: 2, ..cases[40].clone() };
        cases.push(Self { gaps: true, causal: true, ..long.clone() });
        cases.push(Self { causal: false, ..long });
        cases
    }

    fn shape(&self) -> ModelShape {
        ModelShape {
            n_ctx: self.n_ctx,
            n_layers: self.n_layers,
            d_model: 6,
            n_heads: 2,
            d_head: 5,
            d_mlp: self.d_mlp,
            d_vocab: 4,
            d_vocab_out: 3,
            activation: self.activation,
            causal: self.causal,
            residual_scale: self.residual_scale,
        }
    }

    fn dataset(&self) -> Dataset {
        let shape = SequenceShape {
            n_ctx: self.n_ctx,
            d_vocab: 4,
            d_vocab_out: 3,
            loss_positions: self.loss_positions.clone(),
        };
        let mut numbers = (0..u32::MAX).map(|i| i.wrapping_mul(2_654_435_761).rotate_left(9) >> 7);
        let mut draw = |n: u32| numbers.next().expect("there are enough") % n;
        let mut examples = |n: usize| {
            let mut examples = Examples::empty(&shape);
            for _ in 0..n {
                let tokens: Vec<u32> = (0..self.n_ctx).map(|_| draw(4)).collect();
                let mut targets: Vec<u32> = self.loss_positions.iter().map(|_| draw(3)).collect();
                let left_out = draw(targets.len() as u32 + 1) as usize;
                if self.gaps && left_out < targets.len() {
                    targets[left_out] = NO_TARGET;
                }
                examples.push(&tokens, &targets);
            }
            examples
        };
        Dataset::finite(examples(self.n_examples), examples(4))
    }

    /// Random weights, biases included.
    fn weights(&self) -> Weights {
        let weights = initial_weights(&self.shape(), 3);
        // Biases start at zero, where a wrong gradient would hide.
        let moved = weights.flat().iter().enumerate();
        let moved = moved.map(|(i, w)| if *w == 0.0 { 0.3 * (i as f64).sin() } else { *w });
        Weights::from_flat(self.shape(), moved.collect())
    }

    fn engine(&self, precision: Precision, threads: usize) -> GeneralCpu {
        let config = config(precision, threads);
        let start = TrainState::start(self.weights());
        GeneralCpu::new(&config, &self.dataset(), &start).expect("the engine takes any model")
    }
}

/// Settings whose model is not looked at.
fn config(precision: Precision, threads: usize) -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    (config.run.precision, config.run.threads) = (precision, threads);
    config
}

/// Compares with an absolute and a relative tolerance; prints the first number that is off.
fn assert_close(what: &str, got: &[f64], expected: &[f64], absolute: f64, relative: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: how many");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(!g.is_nan() && !e.is_nan(), "{what}: number {i} is {g}, expected {e}");
        assert!((g - e).abs() <= absolute + relative * e.abs(), "{what}: number {i} is {g}, expected {e}");
    }
}
