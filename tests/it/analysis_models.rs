//! Small models for the tests of the analysis: random ones, and ones with a known answer.

use std::f64::consts::TAU;

use grokking_lab::config::{Activation, ModularConfig, SplitRule};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::{ModelShape, Param, Weights};
use grokking_lab::task::modular::ModularTask;

/// A shape in which no two sizes are equal.
pub(crate) fn shape(p: usize, n_layers: usize, activation: Activation) -> ModelShape {
    ModelShape {
        n_ctx: 3,
        n_layers,
        d_model: 14,
        n_heads: 3,
        d_head: 4,
        d_mlp: 21,
        d_vocab: p + 1,
        d_vocab_out: p + 1,
        activation,
        causal: true,
        residual_scale: 1.0,
    }
}

/// Random weights, with biases, large enough for the attention and the ReLUs to matter.
pub(crate) fn random(shape: &ModelShape) -> Weights {
    let mut weights = initial_weights(shape, 17);
    for param in shape.params() {
        let noise = initial_weights(shape, 99);
        let values = weights.get_mut(param);
        for (i, value) in values.iter_mut().enumerate() {
            *value = match param {
                // Any numbers of mixed sign will do for a bias.
                Param::b_in(_) | Param::b_out(_) => noise.get(Param::W_E)[i % shape.len(Param::W_E)],
                _ => 2.5 * *value,
            };
        }
    }
    weights
}

/// A task with a third of the pairs in the train set.
pub(crate) fn task(p: usize) -> ModularTask {
    ModularTask::new(&ModularConfig { p, frac_train: 0.34, split: SplitRule::Python(4) })
}

/// A model of chosen frequencies: the heads pass a and b on in equal parts, every neuron is
/// `5 + cos(w_k a + φ) + cos(w_k b + φ)`, never silent, and W_L is exactly of rank 2n.
pub(crate) fn planted(p: usize, freqs: &[usize]) -> Weights {
    // Five, so that twice their phases still span the plane.
    let per_freq = 5;
    let shape = ModelShape {
        n_ctx: 3,
        n_layers: 1,
        d_model: 2 * freqs.len().max(1),
        n_heads: 1,
        d_head: 2 * freqs.len().max(1),
        d_mlp: per_freq * freqs.len().max(1),
        d_vocab: p + 1,
        d_vocab_out: p,
        activation: Activation::Relu,
        causal: true,
        residual_scale: 1.0,
    };
    let d_model = shape.d_model;
    let (d_mlp, d_vocab) = (shape.d_mlp, shape.d_vocab);
    let mut weights = Weights::zeros(shape);
    let angle = |k: usize, x: usize| TAU * (k * x % p) as f64 / p as f64;
    for (i, &k) in freqs.iter().enumerate() {
        for x in 0..p {
            // Attention without scores gives a third to each position.
            weights.get_mut(Param::W_E)[2 * i * d_vocab + x] = 3.0 * angle(k, x).cos();
            weights.get_mut(Param::W_E)[(2 * i + 1) * d_vocab + x] = 3.0 * angle(k, x).sin();
            weights.get_mut(Param::W_U)[2 * i * p + x] = angle(k, x).cos();
            weights.get_mut(Param::W_U)[(2 * i + 1) * p + x] = angle(k, x).sin();
        }
        for j in 0..per_freq {
            let (n, phase) = (i * per_freq + j, TAU * j as f64 / per_freq as f64 + 0.1);
            weights.get_mut(Param::W_in(0))[n * d_model + 2 * i] = phase.cos();
            weights.get_mut(Param::W_in(0))[n * d_model + 2 * i + 1] = -phase.sin();
            weights.get_mut(Param::b_in(0))[n] = 5.0;
            weights.get_mut(Param::W_out(0))[2 * i * d_mlp + n] = (2.0 * phase).cos();
            weights.get_mut(Param::W_out(0))[(2 * i + 1) * d_mlp + n] = -(2.0 * phase).sin();
        }
    }
    for param in [Param::W_V(0), Param::W_O(0)] {
        for d in 0..d_model {
            weights.get_mut(param)[d * d_model + d] = 1.0;
        }
    }
    weights
}
