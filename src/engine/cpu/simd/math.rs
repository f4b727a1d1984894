//! exp on a vector, and the sum and maximum of a row in a fixed order of 16 partial results.

use super::{GROUP, Simd};

/// ln 2⁻¹²⁶: below it the exponential would be a subnormal float32, and zero is returned.
const EXP_MIN: f32 = -87.336_55;
/// 1.5 · 2²³: adding it rounds to an integer and leaves that in the low bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 = LN2_HIGH + LN2_LOW; the first has nine bits, so that n times it is exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// (eʳ - 1 - r) / r² on |r| ≤ ln(2)/2, highest power first (Cephes `expf`; 1.7e-7 relative).
const EXP_SERIES: [f32; 6] =
    [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5.0e-1];

/// eˣ for x ≤ 88, to two units in the last place; zero below ln 2⁻¹²⁶.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    let round = s.splat(ROUND);
    let biased = s.mul_add(x, s.splat(std::f32::consts::LOG2_E), round);
    let n = s.sub(biased, round);
    let r = s.mul_add(n, s.splat(-LN2_HIGH), x);
    let r = s.mul_add(n, s.splat(-LN2_LOW), r);
    let mut series = s.splat(EXP_SERIES[0]);
    for coefficient in &EXP_SERIES[1..] {
        series = s.mul_add(series, r, s.splat(*coefficient));
    }
    let tail = s.mul_add(series, s.mul(r, r), r);
    let value = s.mul(s.add(tail, s.splat(1.0)), s.exp2_of_biased(biased));
    s.select_gt(s.splat(EXP_MIN), x, s.splat(0.0), value)
}

/// Number of vectors that hold [`GROUP`] floats.
#[inline(always)]
pub const fn vectors_per_group<S: Simd>() -> usize {
    GROUP / S::LANES
}

/// [`GROUP`] partial results of a sum or maximum along a row, whatever the width of a vector.
#[derive(Debug, Clone, Copy)]
pub struct GroupAccumulator<V> {
    /// The first [`vectors_per_group`] of these are in use.
    pub vectors: [V; 4],
}

impl<V: Copy> GroupAccumulator<V> {
    /// The same number in all partial results.
    #[inline(always)]
    pub fn splat<S: Simd<V = V>>(s: S, x: f32) -> Self {
        Self { vectors: [s.splat(x); 4] }
    }

    /// Combines the partial results in a tree: i with i + 8, then i + 4, i + 2, i + 1.
    #[inline(always)]
    pub fn reduce<S: Simd<V = V>>(self, s: S, f: impl Fn(f32, f32) -> f32) -> f32 {
        let mut values = [0.0; GROUP];
        for g in 0..vectors_per_group::<S>() {
            s.store(&mut values[g * S::LANES..], self.vectors[g]);
        }
        let mut half = GROUP / 2;
        while half > 0 {
            for i in 0..half {
                values[i] = f(values[i], values[i + half]);
            }
            half /= 2;
        }
        values[0]
    }
}

/// The sum of a padded row.
#[inline(always)]
pub fn row_sum<S: Simd>(s: S, row: &[f32]) -> f32 {
    let mut sums = GroupAccumulator::splat(s, 0.0);
    for group in row.chunks_exact(GROUP) {
        for g in 0..vectors_per_group::<S>() {
            sums.vectors[g] = s.add(sums.vectors[g], s.load(&group[g * S::LANES..]));
        }
    }
    sums.reduce(s, |a, b| a + b)
}

/// The largest entry of a padded row.
#[inline(always)]
pub fn row_max<S: Simd>(s: S, row: &[f32]) -> f32 {
    let mut maxima = GroupAccumulator::splat(s, f32::NEG_INFINITY);
    for group in row.chunks_exact(GROUP) {
        for g in 0..vectors_per_group::<S>() {
            maxima.vectors[g] = s.max(s.load(&group[g * S::LANES..]), maxima.vectors[g]);
        }
    }
    maxima.reduce(s, |a, b| if a > b { a } else { b })
}
