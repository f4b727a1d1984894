//! One update of AdamW with decoupled decay and bias correction.

use super::simd::{Kernel, Simd};
use crate::config::OptimConfig;

/// The numbers of one update, computed in float64 and rounded once.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    keep: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    step_size: f32,
    root_factor: f32,
    eps: f32,
}

impl Rates {
    /// Those of update number `step`, counted from 0.
    pub fn new(optim: &OptimConfig, step: usize) -> Self {
        let lr = optim.lr_at(step);
        // `libm` and not the system's power: the same bits on every machine.
        let done = (step + 1) as f64;
        let correction1 = 1.0 - libm::pow(optim.beta1, done);
        let correction2 = 1.0 - libm::pow(optim.beta2, done);
        Self {
            keep: (1.0 - lr * optim.weight_decay) as f32,
            beta1: optim.beta1 as f32,
            rest1: (1.0 - optim.beta1) as f32,
            beta2: optim.beta2 as f32,
            rest2: (1.0 - optim.beta2) as f32,
            step_size: (lr / correction1) as f32,
            root_factor: (1.0 / correction2.sqrt()) as f32,
            eps: optim.eps as f32,
        }
    }
}

/// m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g²,
/// w ← (1 - lr λ) w - lr m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).
///
/// The slices have one length, a multiple of 16; where all four are zero they stay so.
#[derive(Debug)]
pub struct Update<'a> {
    /// w
    pub weights: &'a mut [f32],
    /// m
    pub first_moment: &'a mut [f32],
    /// v
    pub second_moment: &'a mut [f32],
    /// g
    pub gradient: &'a [f32],
    /// The numbers of this update.
    pub rates: Rates,
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { weights, first_moment, second_moment, gradient, rates } = self;
        let weights = weights.chunks_exact_mut(S::LANES);
        let first_moment = first_moment.chunks_exact_mut(S::LANES);
        let second_moment = second_moment.chunks_exact_mut(S::LANES);
        let gradient = gradient.chunks_exact(S::LANES);
        for (((w, m), v), g) in weights.zip(first_moment).zip(second_moment).zip(gradient) {
            let g = s.load(g);
            let mean = s.mul_add(s.splat(rates.beta1), s.load(m), s.mul(s.splat(rates.rest1), g));
            let square = s.mul_add(s.splat(rates.beta2), s.load(v), s.mul(s.splat(rates.rest2), s.mul(g, g)));
            let root = s.mul_add(s.sqrt(square), s.splat(rates.root_factor), s.splat(rates.eps));
            let change = s.div(s.mul(s.splat(rates.step_size), mean), root);
            s.store(m, mean);
            s.store(v, square);
            let kept = s.mul(s.load(w), s.splat(rates.keep));
            s.store(w, s.sub(kept, change));
        }
    }
}
