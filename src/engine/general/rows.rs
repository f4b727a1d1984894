//! Rows that are copied, added and gathered: what happens between two products.
//!
//! Plain loops, each entry a sum of its own: the bits do not depend on the instruction set.

use crate::engine::cpu::matrix::{View, ViewMut};
use crate::engine::cpu::number::Number;
use crate::engine::cpu::simd::{Kernel, Simd};

/// `out[i] = scale · (table[picks[i][0]] + table[picks[i][1]])`: rows of the embedding, or of what is linear in it.
#[derive(Debug)]
pub(super) struct GatherPairs<'a, T> {
    /// One row for each token, then one for each position.
    pub table: View<'a, T>,
    /// The rows of the table that belong to each row of `out`.
    pub picks: &'a [[u32; 2]],
    /// The factor.
    pub scale: T,
    /// The sums.
    pub out: ViewMut<'a, T>,
}

/// `table[pick] += rows[i]` for both picks of each row.
#[derive(Debug)]
pub(super) struct ScatterPairs<'a, T> {
    /// The rows.
    pub rows: View<'a, T>,
    /// The rows of the table that each is added to.
    pub picks: &'a [[u32; 2]],
    /// The sums.
    pub table: ViewMut<'a, T>,
}

/// `out[i] = scale · rows[list[i]] + start`; all rows in order without a list, nothing added without a start.
#[derive(Debug)]
pub(super) struct ScaledRows<'a, T> {
    /// Where the rows come from.
    pub rows: View<'a, T>,
    /// Which.
    pub list: Option<&'a [u32]>,
    /// The factor.
    pub scale: T,
    /// One row.
    pub start: Option<&'a [T]>,
    /// The results.
    pub out: ViewMut<'a, T>,
}

/// `out[list[i]] += rows[i]`.
#[derive(Debug)]
pub(super) struct AddRows<'a, T> {
    /// The rows.
    pub rows: View<'a, T>,
    /// Where each goes.
    pub list: &'a [u32],
    /// The sums.
    pub out: ViewMut<'a, T>,
}

/// `out[j][i] = rows[list[i]][j]`; the rest of the padded row becomes zero.
#[derive(Debug)]
pub(super) struct GatherTransposed<'a, T> {
    /// Where the rows come from.
    pub rows: View<'a, T>,
    /// Which.
    pub list: &'a [u32],
    /// A row for each column.
    pub out: ViewMut<'a, T>,
}

/// `sum += Σ_i rows[i]`.
#[derive(Debug)]
pub(super) struct SumRows<'a, T> {
    /// The rows.
    pub rows: View<'a, T>,
    /// The sum.
    pub sum: &'a mut [T],
}

impl<T: Number> Kernel for GatherPairs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { table, picks, scale, out } = self;
        for (row, picks) in out.data.chunks_mut(out.stride).zip(picks) {
            let [token, position] =
                picks.map(|pick| &table.data[pick as usize * table.row_step..][..out.cols]);
            for ((x, a), b) in row.iter_mut().zip(token).zip(position) {
                *x = scale * (*a + *b);
            }
        }
    }
}

impl<T: Number> Kernel for ScatterPairs<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, picks, table } = self;
        for (i, picks) in picks.iter().enumerate() {
            let row = &rows.data[i * rows.row_step..][..rows.cols];
            for &pick in picks {
                add(row, &mut table.data[pick as usize * table.stride..]);
            }
        }
    }
}

impl<T: Number> Kernel for ScaledRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, list, scale, start, out } = self;
        for (i, row) in out.data.chunks_mut(out.stride).take(out.rows).enumerate() {
            let from = list.map_or(i, |list| list[i] as usize);
            let from = &rows.data[from * rows.row_step..][..out.cols];
            match start {
                Some(start) => {
                    for ((x, a), b) in row.iter_mut().zip(from).zip(start) {
                        *x = scale * *a + *b;
                    }
                }
                None => row.iter_mut().zip(from).for_each(|(x, a)| *x = scale * *a),
            }
        }
    }
}

impl<T: Number> Kernel for AddRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, list, out } = self;
        for (i, &to) in list.iter().enumerate() {
            add(&rows.data[i * rows.row_step..][..rows.cols], &mut out.data[to as usize * out.stride..]);
        }
    }
}

impl<T: Number> Kernel for GatherTransposed<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, list, out } = self;
        let stride = out.stride;
        for (i, &from) in list.iter().enumerate() {
            let row = &rows.data[from as usize * rows.row_step..][..out.rows];
            for (column, x) in out.data[i..].chunks_mut(stride).zip(row) {
                column[0] = *x;
            }
        }
        let end = list.len().next_multiple_of(crate::engine::cpu::simd::GROUP);
        for row in out.data.chunks_mut(stride).take(out.rows) {
            row[list.len()..end].fill(T::default());
        }
    }
}

impl<T: Number> Kernel for SumRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { rows, sum } = self;
        for i in 0..rows.rows {
            add(&rows.data[i * rows.row_step..][..rows.cols], sum);
        }
    }
}

/// to += from, over the length of `from`.
#[inline(always)]
fn add<T: Number>(from: &[T], to: &mut [T]) {
    for (sum, x) in to[..from.len()].iter_mut().zip(from) {
        *sum += *x;
    }
}
