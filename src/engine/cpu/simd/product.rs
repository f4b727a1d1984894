//! C = A B and C += A B: a few rows and vectors of C in registers (a register block), a panel of B in the
//! first-level cache.

#![expect(clippy::needless_range_loop, reason = "indices of registers, counted alike for sums and addresses")]

use super::{Kernel, Simd};
use crate::engine::cpu::matrix::{View, ViewMut};

/// Rows of a panel of B, which stays in the first-level cache from one row of register blocks to the next: at 64
/// floats a row, 32 KiB of the usual 32 to 48 KiB.
const PANEL_ROWS: usize = 128;

/// C = A B, or C += A B with `add`, for m × k times k × n.
///
/// Each entry of C is one sum in ascending order of k. With a list, row l of B is row `list[l]` of the
/// matrix behind it. Columns of C up to the next multiple of a vector are written too, with A times the
/// padding of B.
#[derive(Debug)]
pub struct Product<'a, T = f32> {
    /// m × k, any steps.
    pub a: View<'a, T>,
    /// k × n, or a matrix whose rows the list names; columns contiguous.
    pub b: View<'a, T>,
    /// Which rows of `b`; all of them, in order, if `None`.
    pub list: Option<&'a [u32]>,
    /// m × n.
    pub c: ViewMut<'a, T>,
    /// Whether to add to what C holds.
    pub add: bool,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { a, b, list, c, add } = self;
        let k = list.map_or(b.rows, <[u32]>::len);
        assert_eq!((a.rows, a.cols, b.cols), (c.rows, k, c.cols), "sizes of a product");
        assert_eq!(b.col_step, 1, "columns of B are contiguous");
        if c.rows == 0 || c.cols == 0 {
            return;
        }
        let width = c.cols.next_multiple_of(S::LANES);
        assert!((c.rows - 1) * c.stride + width <= c.data.len(), "C is padded");
        if k == 0 {
            if !add {
                (0..c.rows).for_each(|i| c.data[i * c.stride..][..width].fill(0.0));
            }
            return;
        }
        assert!((a.rows - 1) * a.row_step + (k - 1) * a.col_step < a.data.len(), "A is complete");
        let last_row = match list {
            Some(list) => list.iter().fold(0, |max, &row| max.max(row)) as usize,
            None => k - 1,
        };
        assert!(last_row * b.row_step + width <= b.data.len(), "B is padded");

        let operands = Operands { a: a.data.as_ptr(), a_row: a.row_step, a_col: a.col_step, k, add };
        let target = Target { c: c.data.as_mut_ptr(), stride: c.stride, rows: c.rows, width };
        // SAFETY: the assertions above bound every index formed below: rows of C below c.rows,
        // columns below `width`, rows of B at most `last_row`.
        unsafe {
            match list {
                Some(list) => {
                    let row = |l: usize| b.data.as_ptr().add(*list.get_unchecked(l) as usize * b.row_step);
                    sweep(s, operands, row, target);
                }
                None => sweep(s, operands, |l| b.data.as_ptr().add(l * b.row_step), target),
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Operands {
    a: *const f32,
    a_row: usize,
    a_col: usize,
    k: usize,
    add: bool,
}

#[derive(Clone, Copy)]
struct Target {
    c: *mut f32,
    stride: usize,
    rows: usize,
    width: usize,
}

/// All panels of B, each with all rows of C.
///
/// # Safety
/// As for [`register_block`], for every row and column of the target.
#[inline(always)]
unsafe fn sweep<S: Simd>(s: S, o: Operands, b_row: impl Fn(usize) -> *const f32 + Copy, t: Target) {
    for first in (0..o.k).step_by(PANEL_ROWS) {
        let panel_operands = Operands {
            // SAFETY: `first` is below k.
            a: unsafe { o.a.add(first * o.a_col) },
            k: PANEL_ROWS.min(o.k - first),
            add: o.add || first > 0,
            ..o
        };
        let panel_row = move |l: usize| b_row(first + l);
        let mut col = 0;
        // SAFETY: `col` and the vectors from it stay below `width`, a multiple of the lanes.
        unsafe {
            while S::REGISTER_VECS >= 4 && col + 4 * S::LANES <= t.width {
                panel::<S, 4>(s, panel_operands, panel_row, t, col);
                col += 4 * S::LANES;
            }
            while col + 2 * S::LANES <= t.width {
                panel::<S, 2>(s, panel_operands, panel_row, t, col);
                col += 2 * S::LANES;
            }
            if col < t.width {
                panel::<S, 1>(s, panel_operands, panel_row, t, col);
            }
        }
    }
}

/// One panel of B with all rows of C, `N` vectors of columns wide.
///
/// # Safety
/// As for [`register_block`].
#[inline(always)]
unsafe fn panel<S: Simd, const N: usize>(
    s: S,
    o: Operands,
    b_row: impl Fn(usize) -> *const f32 + Copy,
    t: Target,
    col: usize,
) {
    let mut row = 0;
    // SAFETY: rows from `row` on are below t.rows.
    unsafe {
        let at = |row: usize| (Operands { a: o.a.add(row * o.a_row), ..o }, t.c.add(row * t.stride + col));
        while S::REGISTER_ROWS >= 6 && row + 6 <= t.rows {
            let (operands, c) = at(row);
            register_block::<S, 6, N>(s, operands, b_row, col, c, t.stride);
            row += 6;
        }
        while row + 4 <= t.rows {
            let (operands, c) = at(row);
            register_block::<S, 4, N>(s, operands, b_row, col, c, t.stride);
            row += 4;
        }
        while row + 2 <= t.rows {
            let (operands, c) = at(row);
            register_block::<S, 2, N>(s, operands, b_row, col, c, t.stride);
            row += 2;
        }
        if row < t.rows {
            let (operands, c) = at(row);
            register_block::<S, 1, N>(s, operands, b_row, col, c, t.stride);
        }
    }
}

/// `M` rows by `N` vectors of C, kept in registers over all of k.
///
/// # Safety
/// A must reach `M` rows and k columns, each row of B `N` vectors from `col`, C `M` rows of `N`
/// vectors.
#[inline(always)]
unsafe fn register_block<S: Simd, const M: usize, const N: usize>(
    s: S,
    o: Operands,
    b_row: impl Fn(usize) -> *const f32,
    col: usize,
    c: *mut f32,
    stride: usize,
) {
    let mut sums = [[s.splat(0.0); N]; M];
    // SAFETY: the caller guarantees the extents.
    unsafe {
        if o.add {
            for i in 0..M {
                for j in 0..N {
                    sums[i][j] = s.load_from(c.add(i * stride + j * S::LANES));
                }
            }
        }
        let mut a = o.a;
        for l in 0..o.k {
            let b = b_row(l).add(col);
            let mut columns = [s.splat(0.0); N];
            for j in 0..N {
                columns[j] = s.load_from(b.add(j * S::LANES));
            }
            for i in 0..M {
                let value = s.splat(*a.add(i * o.a_row));
                for j in 0..N {
                    sums[i][j] = s.mul_add(value, columns[j], sums[i][j]);
                }
            }
            a = a.wrapping_add(o.a_col);
        }
        for i in 0..M {
            for j in 0..N {
                s.store_to(c.add(i * stride + j * S::LANES), sums[i][j]);
            }
        }
    }
}
