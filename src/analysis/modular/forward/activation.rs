//! The neurons' non-linearity in float64.

use crate::config::Activation;

/// The activation of one neuron.
pub(in crate::analysis) fn activated(x: f64, activation: Activation) -> f64 {
    match activation {
        Activation::Relu => relu(x),
        // x Φ(x), through erfc so that large negative x keep their digits.
        Activation::Gelu => x * 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
    }
}

/// Not `max`, which would turn NaN into 0.
pub(super) fn relu(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}
