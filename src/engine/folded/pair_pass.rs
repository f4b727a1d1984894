//! The part of a step that runs once per pair: attention pattern, neurons, logits and loss, and back to the
//! gradient of what entered the neurons and logits.
//!
//! Symbols and shapes are those of `docs/engine.md`. A set's pairs are split into blocks, each with sums of its
//! own, for the threads; a block goes through the products in tiles that stay in the cache.

use super::folded_layout::FoldedLayout;
use super::pair_set::{PairSet, TILE, tiles};
use super::partial_gradients::PartialGradients;
use super::token_tables::TokenTables;
use crate::config::{Activation, LossForm};
use crate::engine::cpu::activation::{Activate, ActivateBackward};
use crate::engine::cpu::compute_pool::{ComputePool, split_rows};
use crate::engine::cpu::loss::{LossGradient, Score, ScoreRows};
use crate::engine::cpu::matrix::{Mat, ViewMut, padded};
use crate::engine::cpu::simd::SimdLevel;
use crate::engine::cpu::simd::mix::Mix;
use crate::engine::cpu::simd::product::Product;

/// The results of a step for every pair of one set, which [`TableGradient`](super::table_gradient::TableGradient)
/// collects.
#[derive(Debug)]
pub(super) struct PairPass {
    /// n × d_mlp: the neurons n = σ(u) during the forward pass, then d_u, the gradient of their inputs.
    pub hidden: Mat,
    /// n × d_vocab_out: the logits during the forward pass, then their gradient.
    pub logits: Mat,
    /// n × 2 n_heads: A_a, the attention of each head to a, then A_b.
    pub pattern: Vec<f32>,
    blocks: Vec<BlockBuffers>,
}

/// What the thread that works on a block writes to, apart from the block's rows of [`PairPass`].
#[derive(Debug)]
struct BlockBuffers {
    sums: BlockSums,
    /// σ'(u) of a tile, for an activation whose derivative cannot be read off its value.
    slope: Mat,
}

/// Sums over the pairs of one block, and the gradient of a tile's neurons.
#[derive(Debug)]
struct BlockSums {
    d_W_out_U_t: Mat,
    d_base: Mat,
    /// [`TILE`] × d_mlp.
    d_hidden: Mat,
}

impl PairPass {
    /// Allocates the rows of every pair of `set`, kept from the forward to the backward pass (10 MB for the
    /// paper's 3,830 pairs), and the sums of each block.
    pub(super) fn zeros(layout: &FoldedLayout, set: &PairSet) -> Self {
        let (d_mlp, d_vocab_out) = (layout.shape.d_mlp, layout.shape.d_vocab_out);
        let slope_rows = if layout.shape.activation == Activation::Gelu { TILE } else { 0 };
        let block = || BlockBuffers {
            sums: BlockSums {
                d_W_out_U_t: Mat::zeros(d_vocab_out, d_mlp),
                d_base: Mat::zeros(1, layout.neurons_and_logits_width),
                d_hidden: Mat::zeros(TILE, d_mlp),
            },
            slope: Mat::zeros(slope_rows, d_mlp),
        };
        Self {
            hidden: Mat::zeros(set.len(), d_mlp),
            logits: Mat::zeros(set.len(), d_vocab_out),
            pattern: vec![0.0; set.len() * 2 * layout.shape.n_heads],
            blocks: set.blocks.iter().map(|_| block()).collect(),
        }
    }

    /// Runs all pairs of `set` forward and back. Leaves d_u in `hidden` and `logits`, for `scale` times the sum of
    /// the losses, and writes `d_W_out_U_t` and `d_base` of `partial`.
    pub(super) fn forward_backward(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        tables: &TokenTables,
        (form, scale): (LossForm, f32),
        partial: &mut PartialGradients,
    ) {
        let ends = || set.blocks.iter().map(|block| block.end);
        let (hidden_stride, logits_stride) = (self.hidden.stride(), self.logits.stride());
        let hidden = split_rows(self.hidden.data_mut(), hidden_stride, ends());
        let logits = split_rows(self.logits.data_mut(), logits_stride, ends());
        let pattern = split_rows(&mut self.pattern, 2 * layout.shape.n_heads, ends());
        let mut jobs: Vec<_> = self.blocks.iter_mut().zip(hidden).zip(logits).zip(pattern).collect();
        pool.for_each(&mut jobs, |i, (((buffers, hidden), logits), pattern)| {
            let BlockBuffers { sums, slope } = buffers;
            let block_start = set.blocks[i].start;
            sums.d_base.data_mut().fill(0.0);
            for tile in tiles(set.blocks[i].clone()) {
                let (from, n) = (tile.start - block_start, tile.len());
                let mut tile_rows = TileRows {
                    hidden: ViewMut {
                        data: &mut hidden[from * hidden_stride..],
                        rows: n,
                        cols: layout.shape.d_mlp,
                        stride: hidden_stride,
                    },
                    logits: ViewMut {
                        data: &mut logits[from * logits_stride..],
                        rows: n,
                        cols: layout.shape.d_vocab_out,
                        stride: logits_stride,
                    },
                    slope: slope.view_mut(),
                };
                let weights_per_pair = 2 * layout.shape.n_heads;
                let pattern = &mut pattern[from * weights_per_pair..][..n * weights_per_pair];
                tile_rows.forward(layout, pool.simd(), set, tile.start, tables, pattern);
                let answers = &set.answers[tile.clone()];
                let logits = tile_rows.logits.reborrow();
                pool.simd().run(LossGradient { logits, answers, scale, form });
                tile_rows.backward(layout, pool.simd(), tables, tile.start > block_start, sums);
            }
        });
        sum_tree(self.blocks.iter().map(|block| &block.sums.d_W_out_U_t), &mut partial.d_W_out_U_t, pool);
        sum_tree(self.blocks.iter().map(|block| &block.sums.d_base), &mut partial.d_base, pool);
    }
}

/// The score of all pairs of a set, forward only. Allocates one tile of rows for each block.
pub(super) fn score(
    layout: &FoldedLayout,
    pool: &ComputePool,
    set: &PairSet,
    tables: &TokenTables,
    form: LossForm,
) -> Score {
    let mut scores = vec![Score::default(); set.blocks.len()];
    let (d_mlp, d_vocab_out) = (layout.shape.d_mlp, layout.shape.d_vocab_out);
    pool.for_each(&mut scores, |i, score| {
        let mut hidden = Mat::zeros(TILE, d_mlp);
        let mut logits = Mat::zeros(TILE, d_vocab_out);
        let mut slope = Mat::zeros(TILE, d_mlp);
        let mut pattern = vec![0.0; TILE * 2 * layout.shape.n_heads];
        for tile in tiles(set.blocks[i].clone()) {
            let n = tile.len();
            let mut tile_rows = TileRows {
                hidden: ViewMut { rows: n, ..hidden.view_mut() },
                logits: ViewMut { rows: n, ..logits.view_mut() },
                slope: slope.view_mut(),
            };
            let pattern = &mut pattern[..n * 2 * layout.shape.n_heads];
            tile_rows.forward(layout, pool.simd(), set, tile.start, tables, pattern);
            let answers = &set.answers[tile];
            score.add(&pool.simd().run(ScoreRows { logits: tile_rows.logits, answers, form }));
        }
    });
    scores.iter().fold(Score::default(), |mut sum, score| {
        sum.add(score);
        sum
    })
}

/// The rows of [`PairPass`] that belong to one tile.
struct TileRows<'a> {
    hidden: ViewMut<'a>,
    logits: ViewMut<'a>,
    slope: ViewMut<'a>,
}

impl TileRows<'_> {
    /// The pairs from number `first` of the set on, one per row. For a pair (a, b) and each head h:
    ///
    /// ```text
    /// A_a[h] = e_a[h] / (e_a[h] + e_b[h] + e_=[h]),  A_b[h] likewise,  e = exp(s - max)
    /// u      = base + Σ_h ( A_a[h] T[a, h] + A_b[h] T[p + b, h] )
    /// n      = σ(u[neurons])
    /// logits = u[logits] + n W_out_U
    /// ```
    fn forward(
        &mut self,
        layout: &FoldedLayout,
        simd: SimdLevel,
        set: &PairSet,
        first: usize,
        tables: &TokenTables,
        pattern: &mut [f32],
    ) {
        let (n_pairs, n_heads) = (self.hidden.rows, layout.shape.n_heads);
        for (rows, weights) in
            set.table_rows[first..first + n_pairs].iter().zip(pattern.chunks_exact_mut(2 * n_heads))
        {
            let [a, b] = rows.map(|row| &tables.exp_scores[row as usize * n_heads..][..n_heads]);
            let (A_a, A_b) = weights.split_at_mut(n_heads);
            for h in 0..n_heads {
                let inverse_sum = 1.0 / (a[h] + b[h] + tables.exp_score_eq[h]);
                A_a[h] = (a[h] * inverse_sum) as f32;
                A_b[h] = (b[h] * inverse_sum) as f32;
            }
        }
        let picks = &set.head_rows[first * 2 * n_heads..][..n_pairs * 2 * n_heads];
        for (col, out) in [(0, self.hidden.reborrow()), (layout.unembed_offset, self.logits.reborrow())] {
            let table = tables.T.view().take_cols(col, out.cols);
            let base = &tables.base.row(0)[col..col + padded(out.cols)];
            simd.run(Mix { table, base, picks, weights: pattern, out });
        }
        let hidden = self.hidden.reborrow();
        simd.run(Activate { activation: layout.shape.activation, hidden, slope: self.slope.reborrow() });
        let c = self.logits.reborrow();
        simd.run(Product { a: self.hidden.view(), b: tables.W_out_U.view(), list: None, c, add: true });
    }

    /// From the gradient of the logits, which is in `logits` already, to that of u.
    ///
    /// ```text
    /// d_W_out_Uᵀ = Σ_pairs d_logitsᵀ n
    /// d_n        = d_logits W_out_Uᵀ
    /// d_u        = [ d_n ⊙ σ'(u[neurons]) | d_logits ]
    /// d_base     = Σ_pairs d_u
    /// ```
    ///
    /// With `add` the sums go on top of those of the block's earlier tiles. `d_base` is added to in either case.
    fn backward(
        &mut self,
        layout: &FoldedLayout,
        simd: SimdLevel,
        tables: &TokenTables,
        add: bool,
        sums: &mut BlockSums,
    ) {
        let (d_logits, neurons) = (self.logits.view(), self.hidden.view());
        let c = sums.d_W_out_U_t.view_mut();
        simd.run(Product { a: d_logits.t(), b: neurons, list: None, c, add });
        let c = ViewMut { rows: self.hidden.rows, ..sums.d_hidden.view_mut() };
        let b = tables.weight_products.W_out_U_t.view();
        simd.run(Product { a: d_logits, b, list: None, c, add: false });
        let (d_base_neurons, d_base_logits) = sums.d_base.row_mut(0).split_at_mut(layout.unembed_offset);
        simd.run(ActivateBackward {
            activation: layout.shape.activation,
            hidden: self.hidden.reborrow(),
            d_hidden: sums.d_hidden.view(),
            slope: self.slope.view(),
            row_sum: d_base_neurons,
        });
        for row in self.logits.data.chunks(self.logits.stride).take(self.logits.rows) {
            d_base_logits.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// Floats of a sum in one job of the pool: small enough for the stack and the first-level cache.
const FLOATS_PER_JOB: usize = 1024;

/// Adds matrices of one size in a fixed tree: the sum of the first half plus the sum of the second.
fn sum_tree<'a>(terms: impl Iterator<Item = &'a Mat>, sum: &mut Mat, pool: &ComputePool) {
    let terms: Vec<&[f32]> = terms.map(Mat::data).collect();
    let mut jobs: Vec<_> = sum.data_mut().chunks_mut(FLOATS_PER_JOB).collect();
    pool.for_each(&mut jobs, |i, sum| {
        let terms: Vec<&[f32]> = terms.iter().map(|term| &term[i * FLOATS_PER_JOB..][..sum.len()]).collect();
        sum_slices(&terms, sum);
    });
}

/// sum = (sum of the first half) + (sum of the second half), recursively.
fn sum_slices(terms: &[&[f32]], sum: &mut [f32]) {
    match terms {
        [] => sum.fill(0.0),
        [term] => sum.copy_from_slice(term),
        _ => {
            let (left, right) = terms.split_at(terms.len() / 2);
            let mut right_sum = [0.0; FLOATS_PER_JOB];
            let right_sum = &mut right_sum[..sum.len()];
            sum_slices(left, sum);
            sum_slices(right, right_sum);
            sum.iter_mut().zip(right_sum).for_each(|(x, y)| *x += *y);
        }
    }
}
