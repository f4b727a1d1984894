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

/// The derivative of [`activated`]; 0 for a ReLU at 0, as in automatic differentiation.
pub(in crate::analysis) fn activation_slope(x: f64, activation: Activation) -> f64 {
    match activation {
        Activation::Relu => f64::from(u8::from(x > 0.0)),
        // (x Φ(x))' = Φ(x) + x φ(x)
        Activation::Gelu => {
            let below = 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
            let density = libm::exp(-0.5 * x * x) / std::f64::consts::TAU.sqrt();
            below + x * density
        }
    }
}
