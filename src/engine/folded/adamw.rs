//! One update of AdamW with decoupled decay and bias correction.

use super::simd::{Kernel, Simd};
use crate::config::OptimConfig;

/// The numbers of one update, computed in float64 and rounded once.
#[derive(Debug, Clone, Copy)]
pub struct AdamWCoefficients {
    keep: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    step_size: f32,
    root_factor: f32,
    eps: f32,
}

impl AdamWCoefficients {
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
pub struct AdamWUpdate<'a> {
    /// w
    pub weights: &'a mut [f32],
    /// m
    pub first_moment: &'a mut [f32],
    /// v
    pub second_moment: &'a mut [f32],
    /// g
    pub gradient: &'a [f32],
    /// The numbers of this update.
    pub rates: AdamWCoefficients,
}

/// Smaller moments are zero: below lie the subnormal numbers, on which a moment whose gradient has gone out would
/// rest forever, at ten times the cost. The eps of 1e-8 outweighs their roots.
const TINY: f32 = 1e-36;

/// A smaller gradient is zero: its square would be subnormal.
const TINY_ROOT: f32 = 1e-18;

/// |x|
#[inline(always)]
fn magnitude<S: Simd>(s: S, x: S::V) -> S::V {
    s.max(x, s.sub(s.splat(0.0), x))
}

impl Kernel for AdamWUpdate<'_> {
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
            let g = s.select_gt(magnitude(s, g), s.splat(TINY_ROOT), g, s.splat(0.0));
            let mean = s.mul_add(s.splat(rates.beta1), s.load(m), s.mul(s.splat(rates.rest1), g));
            let square = s.mul_add(s.splat(rates.beta2), s.load(v), s.mul(s.splat(rates.rest2), s.mul(g, g)));
            let mean = s.select_gt(magnitude(s, mean), s.splat(TINY), mean, s.splat(0.0));
            let square = s.select_gt(square, s.splat(TINY), square, s.splat(0.0));
            let root = s.mul_add(s.sqrt(square), s.splat(rates.root_factor), s.splat(rates.eps));
            let change = s.div(s.mul(s.splat(rates.step_size), mean), root);
            s.store(m, mean);
            s.store(v, square);
            let kept = s.mul(s.load(w), s.splat(rates.keep));
            s.store(w, s.sub(kept, change));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AdamWCoefficients, AdamWUpdate};
    use crate::config::Preset;
    use crate::engine::folded::simd::SimdLevel;

    #[test]
    fn moments_whose_gradient_has_gone_out_end_at_zero() {
        let rates = AdamWCoefficients::new(&Preset::Paper.config().optim, 10_000);
        let (mut weights, mut first, mut second) = ([0.5; 16], [1e-3; 16], [1e-6; 16]);
        // The smallest gradients that count, and smaller ones of either sign.
        let mut gradient = [0.0; 16];
        gradient[..3].copy_from_slice(&[2e-18, -2e-18, 9e-19]);
        for _ in 0..5000 {
            let (weights, first_moment, second_moment) = (&mut weights, &mut first, &mut second);
            let gradient = &gradient;
            SimdLevel::detect(true).run(AdamWUpdate {
                weights,
                first_moment,
                second_moment,
                gradient,
                rates,
            });
        }
        assert!(first[0] > 1e-18 && first[1] < -1e-18, "gradients that count: {first:?}");
        assert!(second[..2].iter().all(|&v| v > 1e-36), "their squares: {second:?}");
        assert!(first[2..].iter().chain(&second[2..]).all(|&x| x == 0.0), "the others: {first:?} {second:?}");
    }
}
