//! The part of the step that runs once per pair: neurons, logits, loss, and back.

use super::activation::{Activate, ActivateBackward};
use super::loss::{LossGradient, Score, ScoreRows};
use super::matrix::{Mat, ViewMut, padded};
use super::pair_set::{PairSet, TILE, tiles};
use super::rows::Rows;
use super::simd::Lanes;
use super::simd::mix::Mix;
use super::simd::product::Product;
use super::sums::Sums;
use super::team::{Team, split_rows};
use super::tensors::Sizes;
use crate::config::{Activation, LossForm};

/// Gradients by pair, and sums over pairs.
#[derive(Debug)]
pub struct PairWork {
    /// n × d_mlp: first the neurons, then the gradient of their inputs.
    pub hidden: Mat,
    /// n × d_vocab_out: first the logits, then their gradient.
    pub logits: Mat,
    /// n × 2 n_heads: the attention on a by each head, then on b.
    pub pattern: Vec<f32>,
    shards: Vec<Shard>,
}

/// What a shard keeps for itself.
#[derive(Debug)]
struct Shard {
    sums: ShardSums,
    /// The derivative of the neurons of a tile, where it cannot be read off their values.
    slope: Mat,
}

/// Sums over one shard's pairs, and room for a tile's gradient of the neurons.
#[derive(Debug)]
struct ShardSums {
    d_W_ou_t: Mat,
    d_base: Mat,
    d_hidden: Mat,
}

impl PairWork {
    /// Room for the pairs of a set.
    pub fn new(sizes: &Sizes, set: &PairSet) -> Self {
        let (d_mlp, d_vocab_out) = (sizes.shape.d_mlp, sizes.shape.d_vocab_out);
        let slope_rows = if sizes.shape.activation == Activation::Gelu { TILE } else { 0 };
        let shard = || Shard {
            sums: ShardSums {
                d_W_ou_t: Mat::zeros(d_vocab_out, d_mlp),
                d_base: Mat::zeros(1, sizes.wide),
                d_hidden: Mat::zeros(TILE, d_mlp),
            },
            slope: Mat::zeros(slope_rows, d_mlp),
        };
        Self {
            hidden: Mat::zeros(set.len(), d_mlp),
            logits: Mat::zeros(set.len(), d_vocab_out),
            pattern: vec![0.0; set.len() * 2 * sizes.shape.n_heads],
            shards: set.shards.iter().map(|_| shard()).collect(),
        }
    }

    /// Fills `hidden` and `logits` with the gradient of `scale` times the sum of losses, and adds it
    /// up in `d_W_ou_t` and `d_base` of `sums`.
    pub fn gradient(
        &mut self,
        sizes: &Sizes,
        team: &Team,
        set: &PairSet,
        rows: &Rows,
        (form, scale): (LossForm, f32),
        sums: &mut Sums,
    ) {
        let ends = || set.shards.iter().map(|shard| shard.end);
        let (hidden_stride, logits_stride) = (self.hidden.stride(), self.logits.stride());
        let hidden = split_rows(self.hidden.data_mut(), hidden_stride, ends());
        let logits = split_rows(self.logits.data_mut(), logits_stride, ends());
        let pattern = split_rows(&mut self.pattern, 2 * sizes.shape.n_heads, ends());
        let mut jobs: Vec<_> = self.shards.iter_mut().zip(hidden).zip(logits).zip(pattern).collect();
        team.each(&mut jobs, |i, (((shard, hidden), logits), pattern)| {
            let Shard { sums, slope } = shard;
            let start = set.shards[i].start;
            sums.d_base.data_mut().fill(0.0);
            for tile in tiles(set.shards[i].clone()) {
                let (from, n) = (tile.start - start, tile.len());
                let mut tile_rows = TileRows {
                    hidden: ViewMut {
                        data: &mut hidden[from * hidden_stride..],
                        rows: n,
                        cols: sizes.shape.d_mlp,
                        stride: hidden_stride,
                    },
                    logits: ViewMut {
                        data: &mut logits[from * logits_stride..],
                        rows: n,
                        cols: sizes.shape.d_vocab_out,
                        stride: logits_stride,
                    },
                    slope: slope.view_mut(),
                };
                let weights = 2 * sizes.shape.n_heads;
                let pattern = &mut pattern[from * weights..][..n * weights];
                tile_rows.forward(sizes, team.lanes(), set, tile.start, rows, pattern);
                let answers = &set.answers[tile.clone()];
                let logits = tile_rows.logits.reborrow();
                team.lanes().run(LossGradient { logits, answers, scale, form });
                tile_rows.backward(sizes, team.lanes(), rows, tile.start > start, sums);
            }
        });
        add_up(self.shards.iter().map(|shard| &shard.sums.d_W_ou_t), &mut sums.d_W_ou_t, team);
        add_up(self.shards.iter().map(|shard| &shard.sums.d_base), &mut sums.d_base, team);
    }
}

/// What all pairs of a set score together, forward only.
pub fn score(sizes: &Sizes, team: &Team, set: &PairSet, rows: &Rows, form: LossForm) -> Score {
    let mut scores = vec![Score::default(); set.shards.len()];
    let (d_mlp, d_vocab_out) = (sizes.shape.d_mlp, sizes.shape.d_vocab_out);
    team.each(&mut scores, |i, score| {
        let mut hidden = Mat::zeros(TILE, d_mlp);
        let mut logits = Mat::zeros(TILE, d_vocab_out);
        let mut slope = Mat::zeros(TILE, d_mlp);
        let mut pattern = vec![0.0; TILE * 2 * sizes.shape.n_heads];
        for tile in tiles(set.shards[i].clone()) {
            let n = tile.len();
            let mut tile_rows = TileRows {
                hidden: ViewMut { rows: n, ..hidden.view_mut() },
                logits: ViewMut { rows: n, ..logits.view_mut() },
                slope: slope.view_mut(),
            };
            let pattern = &mut pattern[..n * 2 * sizes.shape.n_heads];
            tile_rows.forward(sizes, team.lanes(), set, tile.start, rows, pattern);
            let answers = &set.answers[tile];
            score.add(&team.lanes().run(ScoreRows { logits: tile_rows.logits, answers, form }));
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
        sizes: &Sizes,
        lanes: Lanes,
        set: &PairSet,
        first: usize,
        rows: &Rows,
        pattern: &mut [f32],
    ) {
        let (n, n_heads) = (self.hidden.rows, sizes.shape.n_heads);
        for (pair, weights) in set.rows[first..first + n].iter().zip(pattern.chunks_exact_mut(2 * n_heads)) {
            let [a, b] = pair.map(|row| &rows.weight[row as usize * n_heads..][..n_heads]);
            let (on_a, on_b) = weights.split_at_mut(n_heads);
            for h in 0..n_heads {
                let share = 1.0 / (a[h] + b[h] + rows.weight_eq[h]);
                on_a[h] = (a[h] * share) as f32;
                on_b[h] = (b[h] * share) as f32;
            }
        }
        let picks = &set.picks[first * 2 * n_heads..][..n * 2 * n_heads];
        for (at, out) in [(0, self.hidden.reborrow()), (sizes.skip, self.logits.reborrow())] {
            let table = rows.T.view().take_cols(at, out.cols);
            let base = &rows.base.row(0)[at..at + padded(out.cols)];
            lanes.run(Mix { table, base, picks, weights: pattern, out });
        }
        let hidden = self.hidden.reborrow();
        lanes.run(Activate { activation: sizes.shape.activation, hidden, slope: self.slope.reborrow() });
        let c = self.logits.reborrow();
        lanes.run(Product { a: self.hidden.view(), b: rows.W_ou.view(), list: None, c, add: true });
    }

    /// From the gradient of the logits to that of the neurons' inputs; sums over the tile, on top
    /// of the shard's earlier ones with `add`.
    fn backward(&mut self, sizes: &Sizes, lanes: Lanes, rows: &Rows, add: bool, sums: &mut ShardSums) {
        let (a, b) = (self.logits.view(), self.hidden.view());
        lanes.run(Product { a: a.t(), b, list: None, c: sums.d_W_ou_t.view_mut(), add });
        let c = ViewMut { rows: self.hidden.rows, ..sums.d_hidden.view_mut() };
        lanes.run(Product { a, b: rows.products.W_ou_t.view(), list: None, c, add: false });
        let (d_in, d_out) = sums.d_base.row_mut(0).split_at_mut(sizes.skip);
        lanes.run(ActivateBackward {
            activation: sizes.shape.activation,
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
fn add_up<'a>(parts: impl Iterator<Item = &'a Mat>, sum: &mut Mat, team: &Team) {
    let parts: Vec<&[f32]> = parts.map(Mat::data).collect();
    let mut pieces: Vec<_> = sum.data_mut().chunks_mut(PIECE).collect();
    team.each(&mut pieces, |i, piece| {
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
