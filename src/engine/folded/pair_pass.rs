//! The part of the step that runs once per pair: neurons, logits, loss, and back.

use super::activation::{Activate, ActivateBackward};
use super::compute_pool::{ComputePool, split_rows};
use super::folded_params::FoldedLayout;
use super::loss::{LossGradient, Score, ScoreRows};
use super::matrix::{Mat, ViewMut, padded};
use super::pair_set::{PairSet, TILE, tiles};
use super::partial_gradients::PartialGradients;
use super::simd::SimdLevel;
use super::simd::mix::Mix;
use super::simd::product::Product;
use super::token_tables::TokenTables;
use crate::config::{Activation, LossForm};

/// Gradients by pair, and sums over pairs.
#[derive(Debug)]
pub struct PairPass {
    /// n × d_mlp: first the neurons, then the gradient of their inputs.
    pub hidden: Mat,
    /// n × d_vocab_out: first the logits, then their gradient.
    pub logits: Mat,
    /// n × 2 n_heads: the attention on a by each head, then on b.
    pub pattern: Vec<f32>,
    blocks: Vec<BlockBuffers>,
}

/// What a shard keeps for itself.
#[derive(Debug)]
struct BlockBuffers {
    sums: BlockSums,
    /// The derivative of the neurons of a tile, where it cannot be read off their values.
    slope: Mat,
}

/// Sums over one shard's pairs, and room for a tile's gradient of the neurons.
#[derive(Debug)]
struct BlockSums {
    d_W_out_U_t: Mat,
    d_base: Mat,
    d_hidden: Mat,
}

impl PairPass {
    /// Room for the pairs of a set.
    pub fn new(layout: &FoldedLayout, set: &PairSet) -> Self {
        let (d_mlp, d_vocab_out) = (layout.shape.d_mlp, layout.shape.d_vocab_out);
        let slope_rows = if layout.shape.activation == Activation::Gelu { TILE } else { 0 };
        let shard = || BlockBuffers {
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
            blocks: set.blocks.iter().map(|_| shard()).collect(),
        }
    }

    /// Fills `hidden` and `logits` with the gradient of `scale` times the sum of losses, and adds it
    /// up in `d_W_out_U_t` and `d_base` of `sums`.
    pub fn forward_backward(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        set: &PairSet,
        rows: &TokenTables,
        (form, scale): (LossForm, f32),
        sums: &mut PartialGradients,
    ) {
        let ends = || set.blocks.iter().map(|shard| shard.end);
        let (hidden_stride, logits_stride) = (self.hidden.stride(), self.logits.stride());
        let hidden = split_rows(self.hidden.data_mut(), hidden_stride, ends());
        let logits = split_rows(self.logits.data_mut(), logits_stride, ends());
        let pattern = split_rows(&mut self.pattern, 2 * layout.shape.n_heads, ends());
        let mut jobs: Vec<_> = self.blocks.iter_mut().zip(hidden).zip(logits).zip(pattern).collect();
        pool.for_each(&mut jobs, |i, (((shard, hidden), logits), pattern)| {
            let BlockBuffers { sums, slope } = shard;
            let start = set.blocks[i].start;
            sums.d_base.data_mut().fill(0.0);
            for tile in tiles(set.blocks[i].clone()) {
                let (from, n) = (tile.start - start, tile.len());
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
                let weights = 2 * layout.shape.n_heads;
                let pattern = &mut pattern[from * weights..][..n * weights];
                tile_rows.forward(layout, pool.simd(), set, tile.start, rows, pattern);
                let answers = &set.answers[tile.clone()];
                let logits = tile_rows.logits.reborrow();
                pool.simd().run(LossGradient { logits, answers, scale, form });
                tile_rows.backward(layout, pool.simd(), rows, tile.start > start, sums);
            }
        });
        add_up(self.blocks.iter().map(|shard| &shard.sums.d_W_out_U_t), &mut sums.d_W_out_U_t, pool);
        add_up(self.blocks.iter().map(|shard| &shard.sums.d_base), &mut sums.d_base, pool);
    }
}

/// What all pairs of a set score together, forward only.
pub fn score(
    layout: &FoldedLayout,
    pool: &ComputePool,
    set: &PairSet,
    rows: &TokenTables,
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
            tile_rows.forward(layout, pool.simd(), set, tile.start, rows, pattern);
            let answers = &set.answers[tile];
            score.add(&pool.simd().run(ScoreRows { logits: tile_rows.logits, answers, form }));
        }
    });
    scores.iter().fold(Score::default(), |mut sum, score| {
        sum.add(score);
        sum
    })
}

/// The rows of a tile.
struct TileRows<'a> {
    hidden: ViewMut<'a>,
    logits: ViewMut<'a>,
    slope: ViewMut<'a>,
}

impl TileRows<'_> {
    /// Attention pattern, neurons and logits of the pairs from `first` on.
    fn forward(
        &mut self,
        layout: &FoldedLayout,
        simd: SimdLevel,
        set: &PairSet,
        first: usize,
        rows: &TokenTables,
        pattern: &mut [f32],
    ) {
        let (n, n_heads) = (self.hidden.rows, layout.shape.n_heads);
        for (pair, weights) in
            set.table_rows[first..first + n].iter().zip(pattern.chunks_exact_mut(2 * n_heads))
        {
            let [a, b] = pair.map(|row| &rows.weight[row as usize * n_heads..][..n_heads]);
            let (on_a, on_b) = weights.split_at_mut(n_heads);
            for h in 0..n_heads {
                let share = 1.0 / (a[h] + b[h] + rows.weight_eq[h]);
                on_a[h] = (a[h] * share) as f32;
                on_b[h] = (b[h] * share) as f32;
            }
        }
        let picks = &set.head_rows[first * 2 * n_heads..][..n * 2 * n_heads];
        for (at, out) in [(0, self.hidden.reborrow()), (layout.unembed_offset, self.logits.reborrow())] {
            let table = rows.T.view().take_cols(at, out.cols);
            let base = &rows.base.row(0)[at..at + padded(out.cols)];
            simd.run(Mix { table, base, picks, weights: pattern, out });
        }
        let hidden = self.hidden.reborrow();
        simd.run(Activate { activation: layout.shape.activation, hidden, slope: self.slope.reborrow() });
        let c = self.logits.reborrow();
        simd.run(Product { a: self.hidden.view(), b: rows.W_out_U.view(), list: None, c, add: true });
    }

    /// From the gradient of the logits to that of the neurons' inputs; sums over the tile, on top
    /// of the shard's earlier ones with `add`.
    fn backward(
        &mut self,
        layout: &FoldedLayout,
        simd: SimdLevel,
        rows: &TokenTables,
        add: bool,
        sums: &mut BlockSums,
    ) {
        let (a, b) = (self.logits.view(), self.hidden.view());
        simd.run(Product { a: a.t(), b, list: None, c: sums.d_W_out_U_t.view_mut(), add });
        let c = ViewMut { rows: self.hidden.rows, ..sums.d_hidden.view_mut() };
        simd.run(Product { a, b: rows.products.W_out_U_t.view(), list: None, c, add: false });
        let (d_in, d_out) = sums.d_base.row_mut(0).split_at_mut(layout.unembed_offset);
        simd.run(ActivateBackward {
            activation: layout.shape.activation,
            hidden: self.hidden.reborrow(),
            d_hidden: sums.d_hidden.view(),
            slope: self.slope.view(),
            row_sum: d_in,
        });
        for row in self.logits.data.chunks(self.logits.stride).take(self.logits.rows) {
            d_out.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// Floats that are added up at a time: small enough for the stack and the first-level cache.
const PIECE: usize = 1024;

/// Adds matrices of one size in a fixed tree: halves with halves.
fn add_up<'a>(parts: impl Iterator<Item = &'a Mat>, sum: &mut Mat, pool: &ComputePool) {
    let parts: Vec<&[f32]> = parts.map(Mat::data).collect();
    let mut pieces: Vec<_> = sum.data_mut().chunks_mut(PIECE).collect();
    pool.for_each(&mut pieces, |i, piece| {
        let parts: Vec<&[f32]> = parts.iter().map(|part| &part[i * PIECE..][..piece.len()]).collect();
        add_tree(&parts, piece);
    });
}

/// sum = (first half) + (second half), each likewise.
fn add_tree(parts: &[&[f32]], sum: &mut [f32]) {
    match parts {
        [] => sum.fill(0.0),
        [part] => sum.copy_from_slice(part),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            let mut other = [0.0; PIECE];
            let other = &mut other[..sum.len()];
            add_tree(left, sum);
            add_tree(right, other);
            sum.iter_mut().zip(other).for_each(|(x, y)| *x += *y);
        }
    }
}
