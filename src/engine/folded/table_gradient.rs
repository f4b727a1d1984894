//! Backward, from pairs to tables: every table row collects the gradients of the pairs that read it.

use std::ops::Range;

use super::folded_layout::FoldedLayout;
use super::pair_pass::PairPass;
use super::pair_set::PairSet;
use super::token_tables::TokenTables;
use crate::engine::cpu::compute_pool::{ComputePool, split_rows};
use crate::engine::cpu::matrix::{Mat, View, ViewMut};
use crate::engine::cpu::simd::dots::Dots;
use crate::engine::cpu::simd::product::Product;
use crate::model::folding::n_numbers;

/// The gradient of the tables `T` and of the scores, by table row, over one set of pairs.
#[derive(Debug)]
pub(super) struct TableGradient {
    /// (2p · n_heads) × neurons_and_logits_width: of [`TokenTables::T`].
    pub d_T: Mat,
    /// The ranges of table rows, of a and of b, outside of which `d_T` is zero: [`PairSet::used_rows`].
    pub used_rows: [Range<usize>; 2],
    /// 2p × n_heads: of the scores of a at position 0 and b at position 1. That of "=" is minus their sum.
    pub d_s: Vec<f32>,
    /// For each entry of [`PairSet::pairs_of_row`], the gradient of each head's attention to that row.
    d_pattern: Vec<f32>,
}

impl TableGradient {
    /// Allocates the gradient over a set of pairs, zero: as large as `T`.
    pub(super) fn zeros(layout: &FoldedLayout, set: &PairSet) -> Self {
        let n_heads = layout.shape.n_heads;
        Self {
            d_T: Mat::zeros(layout.n_table_rows() * n_heads, layout.neurons_and_logits_width),
            used_rows: set.used_rows.clone(),
            d_s: vec![0.0; layout.n_table_rows() * n_heads],
            d_pattern: vec![0.0; set.pairs_of_row.len() * n_heads],
        }
    }

    /// Collects the gradients that [`PairPass::forward_backward`] left for each pair of the same set.
    pub(super) fn sum_over_pairs(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        tables: &TokenTables,
        pairs: &PairPass,
    ) {
        self.through_mixing(layout, pool, set, tables, pairs);
        self.through_softmax(layout, pool, set, pairs);
    }

    /// Through u = base + Σ A T. For a table row r, over the pairs that read it:
    ///
    /// ```text
    /// d_T[r, h] = Σ_pairs A_r[h] d_u                           an (n_heads × pairs) · (pairs × width) product
    /// d_A_r[h]  = d_u · T[r, h]                                one number for each pair
    /// ```
    ///
    /// Every row is one job with a sum of its own, over its pairs in ascending order: no two threads add to the
    /// same number, and the order does not depend on them.
    fn through_mixing(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        tables: &TokenTables,
        pairs: &PairPass,
    ) {
        let (n_heads, stride) = (layout.shape.n_heads, self.d_T.stride());
        let d_T = self.d_T.data_mut().chunks_mut(n_heads * stride);
        let d_pattern = split_rows(&mut self.d_pattern, n_heads, set.row_starts[1..].iter().copied());
        let mut jobs: Vec<_> = d_T.zip(d_pattern).collect();
        pool.for_each(&mut jobs, |row, (d_T, d_pattern)| {
            let list = set.of_row(row);
            // A_a of a row of a, A_b of a row of b.
            let pos_offset = row / n_numbers(&layout.shape) * n_heads;
            let of_pair = |&pair: &u32| &pairs.pattern[pair as usize * 2 * n_heads + pos_offset..][..n_heads];
            let pattern: Vec<f32> = list.iter().flat_map(of_pair).copied().collect();
            let a = View { data: &pattern, rows: n_heads, cols: list.len(), row_step: 1, col_step: n_heads };
            let mut c = ViewMut { data: d_T, rows: n_heads, cols: layout.neurons_and_logits_width, stride };
            for (b, col) in [(pairs.hidden.view(), 0), (pairs.logits.view(), layout.unembed_offset)] {
                let c = c.reborrow().take_cols(col, b.cols);
                pool.simd().run(Product { a, b, list: Some(list), c, add: false });
            }
            let segments = &[pairs.hidden.view(), pairs.logits.view()];
            let vectors = tables.T.view().take_rows(row * n_heads, n_heads);
            pool.simd().run(Dots { segments, list: Some(list), vectors, out: d_pattern });
        });
    }

    /// Through A = softmax(s), summed over the pairs of each table row r:
    ///
    /// ```text
    /// d_s[r, h] = Σ_pairs A_r (d_A_r - (A_a d_A_a + A_b d_A_b))
    /// ```
    ///
    /// The term of "=" is missing because T is measured from "=", so that d_A_= is zero.
    fn through_softmax(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        pairs: &PairPass,
    ) {
        let (p, n_heads) = (n_numbers(&layout.shape), layout.shape.n_heads);
        let d_pattern = &self.d_pattern;
        let mut jobs: Vec<_> = self.d_s.chunks_mut(n_heads).collect();
        pool.for_each(&mut jobs, |row, d_s| {
            let pos = row / p;
            d_s.fill(0.0);
            for &pair in set.of_row(row) {
                let A = &pairs.pattern[pair as usize * 2 * n_heads..][..2 * n_heads];
                let d_A =
                    set.slots[pair as usize].map(|slot| &d_pattern[slot as usize * n_heads..][..n_heads]);
                for h in 0..n_heads {
                    let mean = A[h] * d_A[0][h] + A[n_heads + h] * d_A[1][h];
                    d_s[h] += A[pos * n_heads + h] * (d_A[pos][h] - mean);
                }
            }
        });
    }
}
