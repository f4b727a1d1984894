//! Rows that are weighted sums of a few rows of a table.

#![expect(clippy::needless_range_loop, reason = "indices of registers, counted alike for sums and addresses")]

use super::{Kernel, Simd};
use crate::engine::cpu::matrix::{View, ViewMut, padded};

/// `out[i] = base + Σ_l weights[i, l] table[picks[i, l]]`, added in the order of l: u = base + Σ A T of the pairs.
#[derive(Debug)]
pub struct Mix<'a> {
    /// The rows to choose from; columns contiguous, padded.
    pub table: View<'a>,
    /// The row that every sum starts with, padded.
    pub base: &'a [f32],
    /// For each row of `out`, row numbers of the table, as many for each.
    pub picks: &'a [u32],
    /// The weight of each pick.
    pub weights: &'a [f32],
    /// The sums.
    pub out: ViewMut<'a>,
}

impl Kernel for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { table, base, picks, weights, out } = self;
        if out.rows == 0 {
            return;
        }
        let width = padded(out.cols);
        let n_picks = picks.len() / out.rows;
        assert_eq!((picks.len(), weights.len()), (n_picks * out.rows, n_picks * out.rows), "picks per row");
        assert!(base.len() >= width && table.cols == out.cols && table.col_step == 1, "widths of a mix");
        assert!((out.rows - 1) * out.stride + width <= out.data.len(), "the sums are padded");
        let last = picks.iter().fold(0, |max, &pick| max.max(pick)) as usize;
        assert!(n_picks == 0 || last * table.row_step + width <= table.data.len(), "the table is padded");

        for i in 0..out.rows {
            let picks = &picks[i * n_picks..][..n_picks];
            let weights = &weights[i * n_picks..][..n_picks];
            let row = &mut out.data[i * out.stride..][..width];
            let mut col = 0;
            // SAFETY: columns from `col` on stay below `width`, picks are at most `last`: both
            // bounded above for the table, the base and the row.
            unsafe {
                while col + 4 * S::LANES <= width {
                    register_row::<S, 4>(s, table, base, picks, weights, row, col);
                    col += 4 * S::LANES;
                }
                while col < width {
                    register_row::<S, 1>(s, table, base, picks, weights, row, col);
                    col += S::LANES;
                }
            }
        }
    }
}

/// `N` vectors of one row, from column `col`, with the sums in registers.
///
/// # Safety
/// The table's picked rows, the base and the row must hold `N` vectors from `col`; there must be a
/// weight for each pick.
#[inline(always)]
unsafe fn register_row<S: Simd, const N: usize>(
    s: S,
    table: View<'_>,
    base: &[f32],
    picks: &[u32],
    weights: &[f32],
    row: &mut [f32],
    col: usize,
) {
    let mut sums = [s.splat(0.0); N];
    // SAFETY: the caller guarantees the extents.
    unsafe {
        for j in 0..N {
            sums[j] = s.load_from(base.as_ptr().add(col + j * S::LANES));
        }
        for (pick, weight) in picks.iter().zip(weights) {
            let from = table.data.as_ptr().add(*pick as usize * table.row_step + col);
            let weight = s.splat(*weight);
            for j in 0..N {
                sums[j] = s.mul_add(weight, s.load_from(from.add(j * S::LANES)), sums[j]);
            }
        }
        for j in 0..N {
            s.store_to(row.as_mut_ptr().add(col + j * S::LANES), sums[j]);
        }
    }
}
