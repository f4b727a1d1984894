//! From gradients by pair to gradients by number: each of the 2p table rows collects its pairs.

use std::ops::Range;

use super::compute_pool::{ComputePool, split_rows};
use super::folded_params::FoldedLayout;
use super::matrix::{Mat, ViewMut};
use super::pair_pass::PairPass;
use super::pair_set::PairSet;
use super::simd::dots::Dots;
use super::simd::product::Product;
use super::token_tables::TokenTables;

/// The gradient of the tables by row.
#[derive(Debug)]
pub struct TableGradient {
    /// (2p · n_heads) × wide: of `Rows::T`.
    pub d_T: Mat,
    /// The rows between which all of `d_T` lies that is not zero, as in [`PairSet::used`].
    pub used_rows: [Range<usize>; 2],
    /// 2p × n_heads: of the scores of a at 0 and b at 1. That of "=" is minus their sum.
    pub d_scores: Vec<f32>,
    /// For each place in `PairSet::pairs_of_row`, the gradient of the attention by each head.
    d_pattern: Vec<f32>,
}

impl TableGradient {
    /// Room for the gradient over a set of pairs.
    pub fn new(layout: &FoldedLayout, set: &PairSet) -> Self {
        let n_heads = layout.shape.n_heads;
        Self {
            d_T: Mat::zeros(layout.n_table_rows() * n_heads, layout.neurons_and_logits_width),
            used_rows: set.used_rows.clone(),
            d_scores: vec![0.0; layout.n_table_rows() * n_heads],
            d_pattern: vec![0.0; set.pairs_of_row.len() * n_heads],
        }
    }

    /// Collects what [`PairWork::gradient`] left by pair.
    pub fn sum_over_pairs(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        rows: &TokenTables,
        pairs: &PairPass,
    ) {
        self.tables(layout, pool, set, rows, pairs);
        self.scores(layout, pool, set, pairs);
    }

    /// dT[row, h] = Σ A du and dA = du · T[row, h] over the pairs of a row, with
    /// du = (`hidden`, `logits`).
    fn tables(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        rows: &TokenTables,
        pairs: &PairPass,
    ) {
        let (n_heads, stride) = (layout.shape.n_heads, self.d_T.stride());
        let d_T = self.d_T.data_mut().chunks_mut(n_heads * stride);
        let d_pattern = split_rows(&mut self.d_pattern, n_heads, set.row_starts[1..].iter().copied());
        let mut jobs: Vec<_> = d_T.zip(d_pattern).collect();
        pool.for_each(&mut jobs, |row, (d_T, d_pattern)| {
            let list = set.of_row(row);
            let first_head = row / layout.shape.p * n_heads;
            let of_pair = |&pair: &u32| &pairs.pattern[pair as usize * 2 * n_heads + first_head..][..n_heads];
            let pattern: Vec<f32> = list.iter().flat_map(of_pair).copied().collect();
            let a = super::matrix::View {
                data: &pattern,
                rows: n_heads,
                cols: list.len(),
                row_step: 1,
                col_step: n_heads,
            };
            let mut c = ViewMut { data: d_T, rows: n_heads, cols: layout.neurons_and_logits_width, stride };
            for (b, at) in [(pairs.hidden.view(), 0), (pairs.logits.view(), layout.unembed_offset)] {
                let c = c.reborrow().take_cols(at, b.cols);
                pool.simd().run(Product { a, b, list: Some(list), c, add: false });
            }
            let segments = &[pairs.hidden.view(), pairs.logits.view()];
            let with = rows.T.view().take_rows(row * n_heads, n_heads);
            pool.simd().run(Dots { segments, list: Some(list), with, out: d_pattern });
        });
    }

    /// Through the softmax: ds_i = A_i (dA_i - Σ_j A_j dA_j), where dA of "=" is zero because
    /// everything is measured from "=".
    fn scores(&mut self, layout: &FoldedLayout, pool: &ComputePool, set: &PairSet, pairs: &PairPass) {
        let (p, n_heads) = (layout.shape.p, layout.shape.n_heads);
        let d_pattern = &self.d_pattern;
        let mut rows: Vec<_> = self.d_scores.chunks_mut(n_heads).collect();
        pool.for_each(&mut rows, |row, d_scores| {
            let pos = row / p;
            d_scores.fill(0.0);
            for &pair in set.of_row(row) {
                let pattern = &pairs.pattern[pair as usize * 2 * n_heads..][..2 * n_heads];
                let d = set.slots[pair as usize].map(|slot| &d_pattern[slot as usize * n_heads..][..n_heads]);
                for h in 0..n_heads {
                    let mean = pattern[h] * d[0][h] + pattern[n_heads + h] * d[1][h];
                    d_scores[h] += pattern[pos * n_heads + h] * (d[pos][h] - mean);
                }
            }
        });
    }
}
