//! The distributions of the initial weights (the paper's published code): independent normal
//! numbers of mean 0, biases zero.

use super::shape::{ModelShape, Param};
use super::weights::Weights;
use crate::config::{ExperimentConfig, InitDraw, QkvInit};
use crate::maths::normal::NormalSource;
use crate::maths::torch_normal::TorchNormal;

/// Draws the initial weights of an experiment: those of [`initial_weights`], but W_K, W_Q and W_V as
/// [`QkvInit`] says, and from the numbers that [`InitDraw`] names.
pub fn initial_weights_of(config: &ExperimentConfig) -> Weights {
    let shape = ModelShape::new(&config.data, &config.model);
    let std_of = |param| match (config.model.qkv_init, param) {
        (QkvInit::DHead, Param::W_K(_) | Param::W_Q(_) | Param::W_V(_)) => 1.0 / (shape.d_head as f64).sqrt(),
        _ => initial_std(&shape, param),
    };
    match config.model.init_draw {
        InitDraw::Lab => draw(&shape, config.model.seed, std_of),
        InitDraw::Torch => draw_like_torch(&shape, config.model.seed, std_of),
    }
}

/// Draws the initial weights of a model; the same seed gives the same bits on every machine.
///
/// The values are rounded to float32, so that a run in either precision starts at the same point.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::model::{ModelShape, Param, init::initial_weights};
///
/// let config = Preset::Tiny.config();
/// let shape = ModelShape::new(&config.data, &config.model);
/// let weights = initial_weights(&shape, 1);
/// assert_eq!(weights, initial_weights(&shape, 1));
/// assert_ne!(weights, initial_weights(&shape, 2));
/// assert!(weights.get(Param::b_out(0)).iter().all(|&b| b == 0.0));
/// ```
pub fn initial_weights(shape: &ModelShape, seed: u32) -> Weights {
    draw(shape, seed, |param| initial_std(shape, param))
}

fn draw(shape: &ModelShape, seed: u32, std_of: impl Fn(Param) -> f64) -> Weights {
    let mut normal = NormalSource::new(seed);
    scaled_draws(shape, std_of, |n| (0..n).map(|_| normal.draw()).collect())
}

/// As the published code draws them, which has the order of [`ModelShape::params`].
fn draw_like_torch(shape: &ModelShape, seed: u32, std_of: impl Fn(Param) -> f64) -> Weights {
    let mut normal = TorchNormal::new(seed);
    scaled_draws(shape, std_of, |n| normal.draw(n).into_iter().map(f64::from).collect())
}

/// Parameter after parameter, standard normal numbers times the deviation, rounded to float32.
fn scaled_draws(
    shape: &ModelShape,
    std_of: impl Fn(Param) -> f64,
    mut draw: impl FnMut(usize) -> Vec<f64>,
) -> Weights {
    let mut weights = Weights::zeros(shape.clone());
    for param in shape.params() {
        let std = std_of(param);
        if std > 0.0 {
            let values = weights.get_mut(param);
            let draws = draw(values.len());
            for (value, draw) in values.iter_mut().zip(draws) {
                *value = f64::from((std * draw) as f32);
            }
        }
    }
    weights
}

/// The standard deviation of a parameter: 1/√d_model, except 1/√d_vocab for W_U and 0 for biases.
/// W_out too is scaled by d_model, not by its d_mlp inputs.
pub fn initial_std(shape: &ModelShape, param: Param) -> f64 {
    match param {
        Param::b_in(_) | Param::b_out(_) => 0.0,
        Param::W_U => 1.0 / (shape.d_vocab_out as f64).sqrt(),
        _ => 1.0 / (shape.d_model as f64).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::{initial_weights, initial_weights_of};
    use crate::config::{Preset, QkvInit};
    use crate::model::shape::{ModelShape, Param};

    #[test]
    fn sum_of_squares_is_that_of_the_published_run() {
        let config = Preset::Paper.config();
        let shape = ModelShape::new(&config.data, &config.model);
        for seed in 0..5 {
            let weights = initial_weights(&shape, seed);
            let sum_sq: f64 = weights.flat().iter().map(|w| w * w).sum();
            assert!((sum_sq - 1781.0).abs() < 30.0, "seed {seed}: {sum_sq}");
            assert!(weights.get(Param::b_in(0)).iter().all(|&b| b == 0.0), "biases start at 0");
        }
    }

    #[test]
    fn queries_keys_and_values_alone_may_have_a_deviation_of_their_own() {
        let mut config = Preset::Tiny.config();
        let shape = ModelShape::new(&config.data, &config.model);
        let usual = initial_weights(&shape, config.model.seed);
        assert_eq!(initial_weights_of(&config), usual);
        config.model.qkv_init = QkvInit::DHead;
        let wide = initial_weights_of(&config);
        // 1/√8 in place of 1/√16, then rounded to float32.
        for param in shape.params() {
            let is_qkv = matches!(param, Param::W_K(_) | Param::W_Q(_) | Param::W_V(_));
            let factor = if is_qkv { std::f64::consts::SQRT_2 } else { 1.0 };
            for (i, (wide, usual)) in wide.get(param).iter().zip(usual.get(param)).enumerate() {
                let difference = (wide - factor * usual).abs();
                assert!(difference <= 2e-7 * usual.abs(), "{}, {i}: {wide} and {usual}", param.name());
            }
        }
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let config = Preset::Tiny.config();
        let shape = ModelShape::new(&config.data, &config.model);
        assert_eq!(initial_weights(&shape, 3), initial_weights(&shape, 3), "same seed");
        assert_ne!(initial_weights(&shape, 3), initial_weights(&shape, 4), "other seed");
    }
}
