//! Inner products of many rows with a few vectors.

use super::math::{GroupAccumulator, vectors_per_group};
use super::{GROUP, Kernel, Simd};
use crate::engine::cpu::matrix::{View, padded};

/// `out[i, h] = row[i] · vectors[h]`, where row i is the concatenation of row i of each segment.
///
/// With a list, row i is row `list[i]` of each segment. Padding must be zero on both sides.
#[derive(Debug)]
pub struct Dots<'a> {
    /// Matrices whose rows, each padded to a multiple of 16, make up a long row.
    pub segments: &'a [View<'a>],
    /// Which rows; all of them, in order, if `None`.
    pub list: Option<&'a [u32]>,
    /// The vectors, as rows: the part for each segment begins at the padded end of the one before.
    pub vectors: View<'a>,
    /// Rows × vectors, row-major.
    pub out: &'a mut [f32],
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { segments, list, vectors, out } = self;
        let n = list.map_or(segments[0].rows, <[u32]>::len);
        assert_eq!(out.len(), n * vectors.rows, "one inner product for each row and vector");
        if out.is_empty() {
            return;
        }
        let last = match list {
            Some(list) => list.iter().fold(0, |max, &row| max.max(row)) as usize,
            None => n - 1,
        };
        let mut width = 0;
        for segment in segments {
            assert!(last * segment.row_step + padded(segment.cols) <= segment.data.len(), "rows are padded");
            assert_eq!(segment.col_step, 1, "columns are contiguous");
            width += padded(segment.cols);
        }
        assert_eq!(vectors.col_step, 1, "columns are contiguous");
        assert!((vectors.rows - 1) * vectors.row_step + width <= vectors.data.len(), "vectors are padded");

        let row_at = |i: usize| list.map_or(i, |list| list[i] as usize);
        // SAFETY: rows are at most `last`, vectors below vectors.rows, columns below the padded
        // widths: all bounded above.
        unsafe {
            // As many independent sums as hide the latency of an addition and still fit the registers.
            if S::LANES == GROUP {
                sweep::<S, 2, 4>(s, segments, row_at, n, vectors, out);
            } else if S::LANES == GROUP / 2 {
                sweep::<S, 2, 2>(s, segments, row_at, n, vectors, out);
            } else {
                sweep::<S, 1, 2>(s, segments, row_at, n, vectors, out);
            }
        }
    }
}

/// All rows, `R` by `H` products at a time.
///
/// # Safety
/// As for [`register_block`], for each row and vector.
#[inline(always)]
unsafe fn sweep<S: Simd, const R: usize, const H: usize>(
    s: S,
    segments: &[View<'_>],
    row_at: impl Fn(usize) -> usize,
    n: usize,
    vectors: View<'_>,
    out: &mut [f32],
) {
    let mut i = 0;
    while i < n {
        let mut h = 0;
        let r = if i + R <= n { R } else { 1 };
        let rows: [usize; R] = std::array::from_fn(|j| row_at(if j < r { i + j } else { i }));
        while h < vectors.rows {
            let is_full = h + H <= vectors.rows;
            // SAFETY: rows i.. and vectors h.. exist.
            unsafe {
                match (r == R, is_full) {
                    (true, true) => register_block::<S, R, H>(s, segments, rows, vectors, i, h, out),
                    (true, false) => register_block::<S, R, 1>(s, segments, rows, vectors, i, h, out),
                    (false, true) => register_block::<S, 1, H>(s, segments, [rows[0]], vectors, i, h, out),
                    (false, false) => register_block::<S, 1, 1>(s, segments, [rows[0]], vectors, i, h, out),
                }
            }
            h += if is_full { H } else { 1 };
        }
        i += r;
    }
}

/// The products of `R` rows with `H` vectors.
///
/// # Safety
/// The rows must exist in each segment, padded, and the vectors from `h` on.
#[inline(always)]
unsafe fn register_block<S: Simd, const R: usize, const H: usize>(
    s: S,
    segments: &[View<'_>],
    rows: [usize; R],
    vectors: View<'_>,
    i: usize,
    h: usize,
    out: &mut [f32],
) {
    let mut sums = [[GroupAccumulator::splat(s, 0.0); H]; R];
    let mut offset = 0;
    for segment in segments {
        let width = padded(segment.cols);
        // SAFETY: the caller guarantees rows, vectors and widths.
        unsafe {
            let left: [*const f32; R] =
                std::array::from_fn(|r| segment.data.as_ptr().add(rows[r] * segment.row_step));
            let right: [*const f32; H] =
                std::array::from_fn(|v| vectors.data.as_ptr().add((h + v) * vectors.row_step + offset));
            for col in (0..width).step_by(GROUP) {
                for r in 0..R {
                    for v in 0..H {
                        for g in 0..vectors_per_group::<S>() {
                            let at = col + g * S::LANES;
                            let x = s.load_from(left[r].add(at));
                            let y = s.load_from(right[v].add(at));
                            sums[r][v].vectors[g] = s.mul_add(x, y, sums[r][v].vectors[g]);
                        }
                    }
                }
            }
        }
        offset += width;
    }
    for (r, row) in sums.into_iter().enumerate() {
        for (v, sum) in row.into_iter().enumerate() {
            out[(i + r) * vectors.rows + h + v] = sum.reduce(s, |a, b| a + b);
        }
    }
}
