//! AdamW over one flat tensor (Loshchilov and Hutter 2019), as PyTorch computes it.

use burn::tensor::Tensor;

use crate::config::OptimConfig;

/// AdamW's running means, one number per parameter.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    /// Mean of the gradient.
    pub first: Tensor<1>,
    /// Mean of the squared gradient.
    pub second: Tensor<1>,
}

/// Update number `step`, counted from 0; returns the new parameters.
///
/// θ ← θ (1 − lr λ); m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²;
/// θ ← θ − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), with t = step + 1 and the warm-up's lr.
///
/// # Shapes
/// params, gradient, moments and result: n_values, in the order of
/// [`ModelShape::params`](crate::model::ModelShape::params).
pub(super) fn update(
    optim: &OptimConfig,
    step: usize,
    params: Tensor<1>,
    gradient: Tensor<1>,
    moments: &mut Moments,
) -> Tensor<1> {
    let lr = optim.lr_at(step);
    let t = i32::try_from(step + 1).unwrap_or(i32::MAX);
    let correction1 = 1.0 - optim.beta1.powi(t);
    let correction2 = 1.0 - optim.beta2.powi(t);

    moments.first =
        moments.first.clone().mul_scalar(optim.beta1) + gradient.clone().mul_scalar(1.0 - optim.beta1);
    moments.second = moments.second.clone().mul_scalar(optim.beta2)
        + (gradient.clone() * gradient).mul_scalar(1.0 - optim.beta2);

    let denominator = moments.second.clone().sqrt().div_scalar(correction2.sqrt()).add_scalar(optim.eps);
    let step_size = lr / correction1;
    params.mul_scalar(1.0 - lr * optim.weight_decay)
        - (moments.first.clone() / denominator).mul_scalar(step_size)
}
