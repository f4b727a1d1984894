//! C = A B of float32 matrices, summed in float64 and rounded once.
//!
//! For the weight products. Their rounding is the same for all pairs and does not average out over them, as it does
//! in the transformer as written; summed in float32 it would add several times the noise to the gradient.

#![expect(clippy::needless_range_loop, reason = "indices of registers, counted alike for sums and addresses")]

use super::{Kernel, Simd};
use crate::engine::cpu::matrix::{View, ViewMut, padded};

/// C = A B, m × k times k × n; columns up to the next multiple of 16 are written too.
#[derive(Debug)]
pub struct ProductWide<'a> {
    /// m × k, any steps.
    pub a: View<'a>,
    /// k × n, columns contiguous.
    pub b: View<'a>,
    /// m × n.
    pub c: ViewMut<'a>,
}

/// `out = start + Σᵢ weights[i] rows[i]`, all in float64 but the rows.
#[derive(Debug)]
pub struct WeightedRows<'a> {
    /// One number for each row.
    pub weights: &'a [f64],
    /// The rows.
    pub rows: View<'a>,
    /// The start of the sum, replaced by the result.
    pub sum: &'a mut [f64],
}

impl Kernel for ProductWide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { a, b, mut c } = self;
        assert_eq!((a.rows, a.cols, b.cols), (c.rows, b.rows, c.cols), "sizes of a product");
        assert_eq!(b.col_step, 1, "columns of B are contiguous");
        if c.rows == 0 || c.cols == 0 || b.rows == 0 {
            return;
        }
        let width = padded(c.cols);
        assert!((c.rows - 1) * c.stride + width <= c.data.len(), "C is padded");
        assert!((a.rows - 1) * a.row_step + (a.cols - 1) * a.col_step < a.data.len(), "A is complete");
        assert!((b.rows - 1) * b.row_step + width <= b.data.len(), "B is padded");

        let lanes = S::LANES / 2;
        let a = widened(a);
        let mut col = 0;
        // SAFETY: the assertions bound rows and columns; the width is a multiple of the lanes.
        unsafe {
            while S::REGISTER_VECS >= 4 && col + 4 * lanes <= width {
                panel::<S, 4>(s, &a, b, c.reborrow(), col);
                col += 4 * lanes;
            }
            while col < width {
                panel::<S, 2>(s, &a, b, c.reborrow(), col);
                col += 2 * lanes;
            }
        }
    }
}

/// Rows of C that are kept in registers together.
const REGISTER_ROWS: usize = 4;

/// A in float64 and in the order in which the register blocks read it: by [`REGISTER_ROWS`] rows, then the rest one
/// by one, and within a block column by column. Converted once, not again for every panel.
#[inline(always)]
fn widened(a: View<'_>) -> Vec<f64> {
    let mut wide = Vec::with_capacity(a.rows * a.cols);
    let mut row = 0;
    while row < a.rows {
        let end = row + if row + REGISTER_ROWS <= a.rows { REGISTER_ROWS } else { 1 };
        for l in 0..a.cols {
            wide.extend((row..end).map(|i| f64::from(a.data[i * a.row_step + l * a.col_step])));
        }
        row = end;
    }
    wide
}

/// `N` vectors of columns over all rows of C.
///
/// # Safety
/// `a` must be what [`widened`] makes of A, and B and C must hold `N` vectors from `col` in each row.
#[inline(always)]
unsafe fn panel<S: Simd, const N: usize>(s: S, a: &[f64], b: View<'_>, c: ViewMut<'_>, col: usize) {
    let (k, to) = (b.rows, c.data.as_mut_ptr());
    let mut row = 0;
    // SAFETY: rows from `row` on are below c.rows, which are A's.
    unsafe {
        let at = |row: usize| (a.as_ptr().add(row * k), to.add(row * c.stride + col));
        while row + REGISTER_ROWS <= c.rows {
            let (a, c_at) = at(row);
            register_block::<S, REGISTER_ROWS, N>(s, a, b, col, c_at, c.stride);
            row += REGISTER_ROWS;
        }
        while row < c.rows {
            let (a, c_at) = at(row);
            register_block::<S, 1, N>(s, a, b, col, c_at, c.stride);
            row += 1;
        }
    }
}

/// `M` rows by `N` vectors of C.
///
/// # Safety
/// As for [`panel`], with `M` rows from `a` and `c` on.
#[inline(always)]
unsafe fn register_block<S: Simd, const M: usize, const N: usize>(
    s: S,
    mut a: *const f64,
    b: View<'_>,
    col: usize,
    c: *mut f32,
    stride: usize,
) {
    let lanes = S::LANES / 2;
    let mut sums = [[s.splat_wide(0.0); N]; M];
    // SAFETY: the caller guarantees the extents.
    unsafe {
        for l in 0..b.rows {
            let from = b.data.as_ptr().add(l * b.row_step + col);
            let mut columns = [s.splat_wide(0.0); N];
            for j in 0..N {
                columns[j] = s.widen_from(from.add(j * lanes));
            }
            for i in 0..M {
                let value = s.splat_wide(*a.add(i));
                for j in 0..N {
                    sums[i][j] = s.mul_add_wide(value, columns[j], sums[i][j]);
                }
            }
            a = a.add(M);
        }
        for i in 0..M {
            for j in 0..N {
                s.narrow_to(c.add(i * stride + j * lanes), sums[i][j]);
            }
        }
    }
}

impl Kernel for WeightedRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { weights, rows, sum } = self;
        assert_eq!((weights.len(), sum.len()), (rows.rows, rows.cols), "a weight for each row");
        for (i, &weight) in weights.iter().enumerate() {
            let row = &rows.data[i * rows.row_step..][..sum.len()];
            // No fused form here, on any set: the products are not exact.
            sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum += weight * f64::from(x));
        }
    }
}
