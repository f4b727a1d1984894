//! The factors of AdamW that change from step to step, for a table on the device.

use crate::config::OptimConfig;

/// Updates whose factors the device holds at a time: more than one submit makes.
pub(super) const COEFFICIENT_STEPS: usize = 1024;

/// `[1 - lr λ, lr / (1 - β₁ᵗ), 1 / √(1 - β₂ᵗ), 0]` of update number `step`, counted from 0, with
/// t = step + 1: computed in float64 and rounded once.
pub(super) fn adamw_coefficients(optim: &OptimConfig, step: usize) -> [f32; 4] {
    let lr = optim.lr_at(step);
    let t = (step + 1) as f64;
    let correction1 = 1.0 - libm::pow(optim.beta1, t);
    let correction2 = 1.0 - libm::pow(optim.beta2, t);
    [
        (1.0 - lr * optim.weight_decay) as f32,
        (lr / correction1) as f32,
        (1.0 / correction2.sqrt()) as f32,
        0.0,
    ]
}
