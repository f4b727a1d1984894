//! The softmax over positions and its derivative, over the rows of one head.

use crate::engine::cpu::matrix::{View, ViewMut, padded};
use crate::engine::cpu::simd::math::{GroupAccumulator, exp, row_max, vectors_per_group};
use crate::engine::cpu::simd::{GROUP, Kernel, Simd};
use crate::maths::exp::exp as exp_wide;

/// A = softmax(scale · s): replaces scores by attention, zero where a row does not look.
#[derive(Debug)]
pub(super) struct Softmax<'a, T> {
    /// Queries × positions.
    pub scores: ViewMut<'a, T>,
    /// The number of positions that each query sees, from the first on; at least 1.
    pub n_seen: &'a [u32],
    /// 1 / √d_head
    pub scale: T,
}

/// d_s = scale · A ⊙ (d_A − Σ A ⊙ d_A): replaces the gradient of the attention by that of the unscaled scores.
#[derive(Debug)]
pub(super) struct SoftmaxBackward<'a, T> {
    /// A, queries × positions.
    pub pattern: View<'a, T>,
    /// d_A in, d_s out.
    pub gradient: ViewMut<'a, T>,
    /// The number of positions that each query sees.
    pub n_seen: &'a [u32],
    /// 1 / √d_head
    pub scale: T,
}

impl Kernel for Softmax<'_, f32> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { scores, n_seen, scale } = self;
        let width = padded(scores.cols);
        for (row, &n_seen) in scores.data.chunks_mut(scores.stride).zip(n_seen) {
            let row = &mut row[..width];
            row[n_seen as usize..].fill(f32::NEG_INFINITY);
            // Groups of which nothing is seen become zero without an exponential.
            let (row, unseen) = row.split_at_mut(padded(n_seen as usize));
            unseen.fill(0.0);
            let largest = s.splat(row_max(s, row));
            let mut sums = GroupAccumulator::splat(s, 0.0);
            for group in row.chunks_exact_mut(GROUP) {
                for g in 0..vectors_per_group::<S>() {
                    let vector = &mut group[g * S::LANES..];
                    let term = exp(s, s.mul(s.sub(s.load(vector), largest), s.splat(scale)));
                    s.store(vector, term);
                    sums.vectors[g] = s.add(sums.vectors[g], term);
                }
            }
            let inverse = s.splat(1.0 / sums.reduce(s, |a, b| a + b));
            for vector in row.chunks_exact_mut(S::LANES) {
                let weight = s.mul(s.load(vector), inverse);
                s.store(vector, weight);
            }
        }
    }
}

impl Kernel for SoftmaxBackward<'_, f32> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { pattern, gradient, n_seen, scale } = self;
        let width = padded(gradient.cols);
        for (i, (row, &n_seen)) in gradient.data.chunks_mut(gradient.stride).zip(n_seen).enumerate() {
            let row = &mut row[..width];
            row[n_seen as usize..].fill(0.0);
            let row = &mut row[..padded(n_seen as usize)];
            let weights = &pattern.data[i * pattern.row_step..][..row.len()];
            let mut sums = GroupAccumulator::splat(s, 0.0);
            for (d, weights) in row.chunks_exact(GROUP).zip(weights.chunks_exact(GROUP)) {
                for g in 0..vectors_per_group::<S>() {
                    let at = g * S::LANES;
                    sums.vectors[g] = s.mul_add(s.load(&d[at..]), s.load(&weights[at..]), sums.vectors[g]);
                }
            }
            let mean = s.splat(sums.reduce(s, |a, b| a + b));
            for (d, weights) in row.chunks_exact_mut(S::LANES).zip(weights.chunks_exact(S::LANES)) {
                let slope = s.mul(s.load(weights), s.splat(scale));
                let value = s.mul(slope, s.sub(s.load(d), mean));
                s.store(d, value);
            }
        }
    }
}

impl Kernel for Softmax<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { scores, n_seen, scale } = self;
        let width = padded(scores.cols);
        for (row, &n_seen) in scores.data.chunks_mut(scores.stride).zip(n_seen) {
            let (row, unseen) = row[..width].split_at_mut(n_seen as usize);
            unseen.fill(0.0);
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|x| *x = exp_wide((*x - largest) * scale));
            let inverse = 1.0 / row.iter().sum::<f64>();
            row.iter_mut().for_each(|x| *x *= inverse);
        }
    }
}

impl Kernel for SoftmaxBackward<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { pattern, gradient, n_seen, scale } = self;
        let width = padded(gradient.cols);
        for (i, (row, &n_seen)) in gradient.data.chunks_mut(gradient.stride).zip(n_seen).enumerate() {
            let (row, unseen) = row[..width].split_at_mut(n_seen as usize);
            unseen.fill(0.0);
            let weights = &pattern.data[i * pattern.row_step..][..row.len()];
            let mean: f64 = row.iter().zip(weights).map(|(d, weight)| d * weight).sum();
            row.iter_mut().zip(weights).for_each(|(d, weight)| *d = scale * weight * (*d - mean));
        }
    }
}
