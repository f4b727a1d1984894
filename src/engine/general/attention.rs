//! Attention of one block over the examples of a tile, from queries, keys and values to what the heads read, and back.
//!
//! Long examples are split into chunks of queries, and a chunk looks only as far as its last query sees: of a causal
//! pattern the upper half is not computed.

use std::ops::Range;

use super::batch_plan::{ExamplePlan, TilePlan};
use super::rows::{AddRows, GatherTransposed};
use super::scalar::Scalar;
use super::softmax::{Softmax, SoftmaxBackward};
use crate::engine::cpu::matrix::{Mat, View, ViewMut, padded};
use crate::engine::cpu::simd::SimdLevel;
use crate::engine::cpu::simd::product::Product;
use crate::model::ModelShape;

/// Queries of a chunk: whole register blocks of 6 and of 4 rows.
const CHUNK: usize = 24;

/// The queries of a block's attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queries<'a> {
    /// The number of positions that each sees.
    pub n_seen: &'a [u32],
    /// Which of them belong to an example.
    pub of_example: fn(&ExamplePlan) -> Range<usize>,
}

/// Sizes and instruction set of an attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    pub simd: SimdLevel,
    pub n_heads: usize,
    pub d_head: usize,
}

/// What one example's head needs for a while.
#[derive(Debug)]
pub(super) struct HeadScratch<T> {
    /// K or V of a head, d_head × positions.
    transposed: Mat<T>,
    /// d_A, then d_s of a chunk, [`CHUNK`] × positions.
    d_pattern: Mat<T>,
    /// d_K and d_V of a head, positions × d_head each.
    d_keys: Mat<T>,
    d_values: Mat<T>,
}

impl<T: Scalar> HeadScratch<T> {
    pub(super) fn zeros(shape: &ModelShape, n_keys: usize) -> Self {
        Self {
            transposed: Mat::zeros(shape.d_head, n_keys),
            d_pattern: Mat::zeros(CHUNK, n_keys),
            d_keys: Mat::zeros(n_keys, shape.d_head),
            d_values: Mat::zeros(n_keys, shape.d_head),
        }
    }
}

impl Heads {
    fn scale<T: Scalar>(self) -> T {
        T::from_f64(1.0 / (self.d_head as f64).sqrt())
    }

    /// The columns of a head in a matrix of padded heads.
    fn columns(self, head: usize) -> usize {
        head * padded(self.d_head)
    }

    /// For each query i of an example and each head:
    ///
    /// ```text
    /// A[i, j] = softmax over j of q[i] · K[j] / √d_head       among the positions that i sees
    /// z[i]    = Σ_j A[i, j] V[j]
    /// ```
    ///
    /// # Shapes
    /// q, z: queries × heads; kv: rows × 2 heads, keys then values; pattern: (n_heads · queries) × positions, head by
    /// head.
    pub(super) fn forward<T: Scalar>(
        self,
        tile: &TilePlan,
        queries: Queries<'_>,
        (q, kv): (View<'_, T>, View<'_, T>),
        (pattern, z): (&mut Mat<T>, &mut Mat<T>),
        scratch: &mut HeadScratch<T>,
    ) {
        let Self { simd, n_heads, d_head } = self;
        let (n_queries, stride) = (q.rows, pattern.stride());
        for example in &tile.examples {
            let own = (queries.of_example)(example);
            let keys = &tile.keys[example.keys.clone()];
            for head in 0..n_heads {
                let col = self.columns(head);
                let mut transposed =
                    ViewMut { rows: d_head, cols: keys.len(), ..scratch.transposed.view_mut() };
                let rows = kv.take_cols(col, d_head);
                simd.run(GatherTransposed { rows, list: keys, out: transposed.reborrow() });
                let values = kv.take_cols(n_heads * padded(d_head) + col, d_head);
                for chunk in chunks(own.clone()) {
                    let n_seen = &queries.n_seen[chunk.clone()];
                    let n_keys = longest(n_seen);
                    let a = rows_of(q, &chunk, col, d_head);
                    let first = (head * n_queries + chunk.start) * stride;
                    let data = &mut pattern.data_mut()[first..];
                    let mut scores = ViewMut { data, rows: chunk.len(), cols: n_keys, stride };
                    let b = transposed.view().take_cols(0, n_keys);
                    T::product(simd, Product { a, b, list: None, c: scores.reborrow(), add: false });
                    T::softmax(simd, Softmax { scores: scores.reborrow(), n_seen, scale: self.scale() });
                    let c = z.view_mut().take_rows(chunk.start, chunk.len()).take_cols(col, d_head);
                    let list = Some(&keys[..n_keys]);
                    T::product(simd, Product { a: scores.view(), b: values, list, c, add: false });
                }
            }
        }
    }

    /// From the gradient of z to those of q, K and V:
    ///
    /// ```text
    /// d_V[j]    = Σ_i A[i, j] d_z[i]
    /// d_A[i, j] = d_z[i] · V[j]
    /// d_s[i, j] = A[i, j] (d_A[i, j] − Σ_j' A[i, j'] d_A[i, j']) / √d_head
    /// d_q[i]    = Σ_j d_s[i, j] K[j]          d_K[j] = Σ_i d_s[i, j] q[i]
    /// ```
    ///
    /// `d_q` is overwritten, `d_kv` added to: a row may be a position of several examples.
    pub(super) fn backward<T: Scalar>(
        self,
        tile: &TilePlan,
        queries: Queries<'_>,
        (q, kv, pattern): (View<'_, T>, View<'_, T>, &Mat<T>),
        d_z: View<'_, T>,
        (d_q, d_kv): (&mut Mat<T>, &mut Mat<T>),
        scratch: &mut HeadScratch<T>,
    ) {
        let Self { simd, n_heads, d_head } = self;
        let n_queries = q.rows;
        for example in &tile.examples {
            let own = (queries.of_example)(example);
            if own.is_empty() {
                continue;
            }
            let keys = &tile.keys[example.keys.clone()];
            let HeadScratch { transposed, d_pattern, d_keys, d_values } = scratch;
            for head in 0..n_heads {
                let col = self.columns(head);
                let values_col = n_heads * padded(d_head) + col;
                let (key_rows, value_rows) = (kv.take_cols(col, d_head), kv.take_cols(values_col, d_head));
                let mut transposed = ViewMut { rows: d_head, cols: keys.len(), ..transposed.view_mut() };
                simd.run(GatherTransposed { rows: value_rows, list: keys, out: transposed.reborrow() });
                // The last chunk sees the most positions: it writes what the others add to.
                let mut n_written = 0;
                for chunk in chunks(own.clone()).rev() {
                    let n_seen = &queries.n_seen[chunk.clone()];
                    let n_keys = longest(n_seen);
                    let add = n_written > 0;
                    n_written = n_written.max(n_keys);
                    let (d_z, q) = (rows_of(d_z, &chunk, col, d_head), rows_of(q, &chunk, col, d_head));
                    let weights = pattern
                        .view()
                        .take_rows(head * n_queries + chunk.start, chunk.len())
                        .take_cols(0, n_keys);
                    let c = ViewMut { rows: n_keys, ..d_values.view_mut() };
                    T::product(simd, Product { a: weights.t(), b: d_z, list: None, c, add });
                    let mut gradient = ViewMut { rows: chunk.len(), cols: n_keys, ..d_pattern.view_mut() };
                    let b = transposed.view().take_cols(0, n_keys);
                    T::product(simd, Product { a: d_z, b, list: None, c: gradient.reborrow(), add: false });
                    let scale = self.scale();
                    let d_scores = gradient.reborrow();
                    T::softmax_backward(
                        simd,
                        SoftmaxBackward { pattern: weights, gradient: d_scores, n_seen, scale },
                    );
                    let c = d_q.view_mut().take_rows(chunk.start, chunk.len()).take_cols(col, d_head);
                    let list = Some(&keys[..n_keys]);
                    T::product(simd, Product { a: gradient.view(), b: key_rows, list, c, add: false });
                    let c = ViewMut { rows: n_keys, ..d_keys.view_mut() };
                    T::product(simd, Product { a: gradient.view().t(), b: q, list: None, c, add });
                }
                let list = &keys[..n_written];
                let out = d_kv.view_mut().take_cols(col, d_head);
                simd.run(AddRows { rows: d_keys.view(), list, out });
                let out = d_kv.view_mut().take_cols(values_col, d_head);
                simd.run(AddRows { rows: d_values.view(), list, out });
            }
        }
    }
}

fn rows_of<'a, T>(of: View<'a, T>, chunk: &Range<usize>, col: usize, d_head: usize) -> View<'a, T> {
    of.take_rows(chunk.start, chunk.len()).take_cols(col, d_head)
}

/// Consecutive ranges of at most [`CHUNK`].
fn chunks(of: Range<usize>) -> impl DoubleEndedIterator<Item = Range<usize>> {
    let end = of.end;
    of.step_by(CHUNK).map(move |start| start..end.min(start + CHUNK))
}

/// The largest number of positions that one of some queries sees.
fn longest(n_seen: &[u32]) -> usize {
    n_seen.iter().fold(0, |max, &n| max.max(n)) as usize
}
