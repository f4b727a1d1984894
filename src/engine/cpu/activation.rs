//! The neurons' non-linearity and its derivative, over rows of pre-activations.

use super::matrix::{View, ViewMut, padded};
use super::simd::math::exp;
use super::simd::{Kernel, Simd};
use crate::config::Activation;

/// n = σ(u): replaces pre-activations by activations and, for GELU, keeps the derivative σ'(u).
#[derive(Debug)]
pub(in crate::engine) struct Activate<'a, T = f32> {
    /// Which function.
    pub activation: Activation,
    /// n × d_mlp, pre-activations in, activations out.
    pub hidden: ViewMut<'a, T>,
    /// As many rows: σ'(u). Not touched for ReLU, whose derivative can be read off its value.
    pub slope: ViewMut<'a, T>,
}

/// d_u = d_n ⊙ σ'(u): replaces activations by the gradient of the pre-activations, and sums its rows.
#[derive(Debug)]
pub(in crate::engine) struct ActivateBackward<'a, T = f32> {
    /// Which function.
    pub activation: Activation,
    /// n × d_mlp, activations in, gradient of the pre-activations out.
    pub hidden: ViewMut<'a, T>,
    /// Gradient of the activations.
    pub d_hidden: View<'a, T>,
    /// The derivative that [`Activate`] kept.
    pub slope: View<'a, T>,
    /// The sum of the rows is added to it.
    pub row_sum: &'a mut [T],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { activation, hidden, slope } = self;
        let width = padded(hidden.cols);
        for i in 0..hidden.rows {
            let row = hidden.data[i * hidden.stride..][..width].chunks_exact_mut(S::LANES);
            match activation {
                Activation::Relu => {
                    for x in row {
                        s.store(x, s.max(s.load(x), s.splat(0.0)));
                    }
                }
                Activation::Gelu => {
                    let slopes = slope.data[i * slope.stride..][..width].chunks_exact_mut(S::LANES);
                    for (x, slope) in row.zip(slopes) {
                        let (value, derivative) = gelu(s, s.load(x));
                        s.store(x, value);
                        s.store(slope, derivative);
                    }
                }
            }
        }
    }
}

impl Kernel for ActivateBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { activation, hidden, d_hidden, slope, row_sum } = self;
        let width = padded(hidden.cols);
        let zero = s.splat(0.0);
        for i in 0..hidden.rows {
            let row = hidden.data[i * hidden.stride..][..width].chunks_exact_mut(S::LANES);
            let d_rows = d_hidden.data[i * d_hidden.row_step..][..width].chunks_exact(S::LANES);
            let sums = row_sum[..width].chunks_exact_mut(S::LANES);
            for (col, ((x, d), sum)) in row.zip(d_rows).zip(sums).enumerate() {
                let gradient = match activation {
                    Activation::Relu => s.select_gt(s.load(x), zero, s.load(d), zero),
                    Activation::Gelu => {
                        s.mul(s.load(d), s.load(&slope.data[i * slope.row_step + col * S::LANES..]))
                    }
                };
                s.store(x, gradient);
                let total = s.add(s.load(sum), gradient);
                s.store(sum, total);
            }
        }
    }
}

/// x Φ(x) and its derivative Φ(x) + x φ(x).
///
/// Φ, the normal distribution function, by Abramowitz and Stegun 7.1.26: 1.5e-7 absolute, about float32's own
/// precision near 1.
#[inline(always)]
fn gelu<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    const SERIES: [f32; 5] = [1.061_405_4, -1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6];
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    let z = s.mul(s.max(x, s.sub(zero, x)), s.splat(std::f32::consts::FRAC_1_SQRT_2));
    let t = s.div(one, s.mul_add(z, s.splat(0.327_591_1), one));
    let bell = exp(s, s.sub(zero, s.mul(z, z)));
    let mut series = s.splat(SERIES[0]);
    for coefficient in &SERIES[1..] {
        series = s.mul_add(series, t, s.splat(*coefficient));
    }
    let tail = s.mul(s.splat(0.5), s.mul(s.mul(series, t), bell));
    let normal = s.select_gt(x, zero, s.sub(one, tail), tail);
    // φ(x) = exp(-x²/2) / √(2π)
    let density = s.mul(bell, s.splat(0.398_942_3));
    (s.mul(x, normal), s.mul_add(x, density, normal))
}
