//! One update of AdamW with decoupled decay and bias correction.

use super::number::Number;
use super::simd::{Kernel, Simd};
use crate::config::OptimConfig;

/// The factors of one update, computed in float64 and rounded once.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct AdamWCoefficients<T = f32> {
    /// 1 - lr λ
    pub(super) decay_factor: T,
    pub(super) beta1: T,
    pub(super) one_minus_beta1: T,
    pub(super) beta2: T,
    pub(super) one_minus_beta2: T,
    /// lr / (1 - β₁ᵗ)
    pub(super) step_size: T,
    /// 1 / √(1 - β₂ᵗ)
    pub(super) root_factor: T,
    pub(super) eps: T,
}

impl<T: Number> AdamWCoefficients<T> {
    /// The factors of update number `step`, counted from 0, with t = step + 1.
    pub(in crate::engine) fn new(optim: &OptimConfig, step: usize) -> Self {
        let lr = optim.lr_at(step);
        // `libm` and not the system's power: the same bits on every machine.
        let t = (step + 1) as f64;
        let correction1 = 1.0 - libm::pow(optim.beta1, t);
        let correction2 = 1.0 - libm::pow(optim.beta2, t);
        Self {
            decay_factor: T::from_f64(1.0 - lr * optim.weight_decay),
            beta1: T::from_f64(optim.beta1),
            one_minus_beta1: T::from_f64(1.0 - optim.beta1),
            beta2: T::from_f64(optim.beta2),
            one_minus_beta2: T::from_f64(1.0 - optim.beta2),
            step_size: T::from_f64(lr / correction1),
            root_factor: T::from_f64(1.0 / correction2.sqrt()),
            eps: T::from_f64(optim.eps),
        }
    }
}

/// One update of some parameters (Loshchilov and Hutter 2019).
///
/// ```text
/// m ← β₁ m + (1 - β₁) g        m̂ = m / (1 - β₁ᵗ)
/// v ← β₂ v + (1 - β₂) g²       v̂ = v / (1 - β₂ᵗ)
/// w ← (1 - lr λ) w - lr m̂ / (√v̂ + ε)
/// ```
///
/// The slices have one length, a multiple of 16. Where all four are zero, as in padding, they stay zero.
#[derive(Debug)]
pub(in crate::engine) struct AdamWUpdate<'a, T = f32> {
    /// w
    pub weights: &'a mut [T],
    /// m
    pub first_moment: &'a mut [T],
    /// v
    pub second_moment: &'a mut [T],
    /// g
    pub gradient: &'a [T],
    /// The factors of this update.
    pub coefficients: AdamWCoefficients<T>,
}

/// Smaller moments are set to zero. A moment whose gradient has vanished decays into the subnormal numbers (below
/// 1.2e-38) and stays there, at ten times the cost of normal ones. The update is unchanged: √1e-36 is far below
/// the eps of 1e-8.
const MIN_MOMENT: f32 = 1e-36;

/// Smaller gradients are set to zero: √[`MIN_MOMENT`], below which the square would be subnormal.
const MIN_GRADIENT: f32 = 1e-18;

/// |x|
#[inline(always)]
fn magnitude<S: Simd>(s: S, x: S::V) -> S::V {
    s.max(x, s.sub(s.splat(0.0), x))
}

impl Kernel for AdamWUpdate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { weights, first_moment, second_moment, gradient, coefficients: c } = self;
        let weights = weights.chunks_exact_mut(S::LANES);
        let first_moment = first_moment.chunks_exact_mut(S::LANES);
        let second_moment = second_moment.chunks_exact_mut(S::LANES);
        let gradient = gradient.chunks_exact(S::LANES);
        for (((w, m), v), g) in weights.zip(first_moment).zip(second_moment).zip(gradient) {
            let g = s.load(g);
            let g = s.select_gt(magnitude(s, g), s.splat(MIN_GRADIENT), g, s.splat(0.0));
            let mean = s.mul_add(s.splat(c.beta1), s.load(m), s.mul(s.splat(c.one_minus_beta1), g));
            let square =
                s.mul_add(s.splat(c.beta2), s.load(v), s.mul(s.splat(c.one_minus_beta2), s.mul(g, g)));
            let mean = s.select_gt(magnitude(s, mean), s.splat(MIN_MOMENT), mean, s.splat(0.0));
            let square = s.select_gt(square, s.splat(MIN_MOMENT), square, s.splat(0.0));
            let root = s.mul_add(s.sqrt(square), s.splat(c.root_factor), s.splat(c.eps));
            let change = s.div(s.mul(s.splat(c.step_size), mean), root);
            s.store(m, mean);
            s.store(v, square);
            let decayed = s.mul(s.load(w), s.splat(c.decay_factor));
            s.store(w, s.sub(decayed, change));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AdamWCoefficients, AdamWUpdate};
    use crate::config::Preset;
    use crate::engine::cpu::simd::SimdLevel;

    #[test]
    fn moments_whose_gradient_has_vanished_end_at_zero() {
        let coefficients = AdamWCoefficients::new(&Preset::Paper.config().optim, 10_000);
        let (mut weights, mut first, mut second) = ([0.5_f32; 16], [1e-3; 16], [1e-6; 16]);
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
                coefficients,
            });
        }
        assert!(first[0] > 1e-18 && first[1] < -1e-18, "gradients that count: {first:?}");
        assert!(second[..2].iter().all(|&v| v > 1e-36), "their squares: {second:?}");
        assert!(first[2..].iter().chain(&second[2..]).all(|&x| x == 0.0), "the others: {first:?} {second:?}");
    }
}
