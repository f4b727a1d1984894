//! Forward, per token: everything that depends on one token at one position, before the softmax over
//! positions mixes three of them.
//!
//! Symbols and shapes are those of `docs/engine.md`. A table row r stands for a number at a position: a at
//! position 0 for r = a, b at position 1 for r = p + b; "=" at position 2 is kept apart. Because the
//! attention weights of a pair sum to 1, values can be measured from that of "=":
//!
//! ```text
//! A_a V[a] + A_b V[b] + A_= V_eq  =  V_eq + A_a (V[a] - V_eq) + A_b (V[b] - V_eq)
//! ```
//!
//! which spares every pair the third term.

use std::ops::Range;

use super::folded_layout::FoldedLayout;
use super::folded_params::FoldedParams;
use super::weight_products::WeightProducts;
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::matrix::{Mat, View, ViewMut, transpose};
use crate::engine::cpu::simd::dots::Dots;
use crate::engine::cpu::simd::product::Product;
use crate::engine::cpu::simd::product_wide::{ProductWide, WeightedRows};

/// Lower bound of the exponents of the softmax, so that the three weights of a pair are never all zero:
/// e⁻⁷⁰⁰ ≈ 1e-304 is still a normal float64, and far below what a float32 weight can show.
const MIN_EXPONENT: f64 = -700.0;

/// Table rows of `T` in one job of the pool: 12 fill register blocks of 4 and of 6 rows, and 2p / 12 jobs
/// are enough for many threads.
const TABLE_ROWS_PER_JOB: usize = 12;

/// The tables that a pair reads, and the intermediate results that the backward pass reads again.
#[derive(Debug)]
pub(super) struct TokenTables {
    /// 1 × d_model: `X_eq`, the residual stream of "=" before attention.
    pub X_eq: Mat,
    /// 1 × d_model: `X_eq` + b_out, which the columns of W_U see.
    pub X_eq_b_out: Mat,
    /// 1 × heads_width: the query of "=".
    pub q: Mat,
    /// n_heads × d_model: q W_K / √d_head; its inner product with X is the score.
    pub kq: Mat,
    /// n_embedding_rows × n_heads: W_embed kqᵀ. The score of a table row is the sum of two of these.
    pub embedding_scores: Vec<f32>,
    /// 2p × n_heads: `exp(s[r, h] - max)`, with the largest score of the head as `max`.
    pub exp_scores: Vec<f64>,
    /// n_heads: the same for "=".
    pub exp_score_eq: Vec<f64>,
    /// n_embedding_rows × heads_width: W_embed W_V. The value of a table row is the sum of two of these.
    pub embedding_values: Mat,
    /// 2p × heads_width: `V[r] - V_eq`.
    pub V_rel: Mat,
    /// 1 × heads_width: the value of "=".
    pub V_eq: Mat,
    /// (2p · n_heads) × neurons_and_logits_width: `V_rel[r, h] G[h]` in row r · n_heads + h.
    pub T: Mat,
    /// 1 × neurons_and_logits_width: what the sum of every pair starts with.
    pub base: Mat,
    /// `G` and the transpose of `W_out_U`.
    pub weight_products: WeightProducts,
    /// d_mlp × d_vocab_out: W_outᵀ W_U.
    pub W_out_U: Mat,
}

impl TokenTables {
    /// Allocates all tables, zero. `T` dominates: 8p · n_heads · (d_mlp + d_vocab_out) bytes, 2.3 MB for the
    /// paper's model.
    pub(super) fn zeros(layout: &FoldedLayout) -> Self {
        let shape = &layout.shape;
        let n_table_rows = layout.n_table_rows();
        Self {
            X_eq: Mat::zeros(1, shape.d_model),
            X_eq_b_out: Mat::zeros(1, shape.d_model),
            q: Mat::zeros(1, layout.heads_width),
            kq: Mat::zeros(shape.n_heads, shape.d_model),
            embedding_scores: vec![0.0; layout.n_embedding_rows * shape.n_heads],
            exp_scores: vec![0.0; n_table_rows * shape.n_heads],
            exp_score_eq: vec![0.0; shape.n_heads],
            embedding_values: Mat::zeros(layout.n_embedding_rows, layout.heads_width),
            V_rel: Mat::zeros(n_table_rows, layout.heads_width),
            V_eq: Mat::zeros(1, layout.heads_width),
            T: Mat::zeros(n_table_rows * shape.n_heads, layout.neurons_and_logits_width),
            base: Mat::zeros(1, layout.neurons_and_logits_width),
            weight_products: WeightProducts::zeros(layout),
            W_out_U: Mat::zeros(shape.d_mlp, shape.d_vocab_out),
        }
    }

    /// Computes scores, values and `base`: everything that does not need `weight_products`.
    pub(super) fn compute_attention(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams) {
        self.compute_scores(layout, pool, w);
        pool.product_wide(ProductWide {
            a: w.W_embed.view(),
            b: w.W_V.view(),
            c: self.embedding_values.view_mut(),
        });
        self.compute_relative_values(layout);
        self.compute_base(layout, pool, w);
    }

    /// Computes `T` and `W_out_U` from the values and from `weight_products`. Rows of `T` outside of
    /// `used_rows` may be left as they were.
    pub(super) fn build_tables(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        used_rows: &[Range<usize>; 2],
    ) {
        self.compute_T(layout, pool, used_rows);
        transpose(&self.weight_products.W_out_U_t, &mut self.W_out_U);
    }

    /// The query of "=" and the exponentials of all scores under it.
    ///
    /// ```text
    /// X_eq      = W_embed["="] + W_embed[position 2]
    /// q         = X_eq W_Qᵀ                                    1 × heads_width
    /// kq[h]     = q[h] W_K[h] / √d_head                        n_heads × d_model
    /// s[r, h]   = X[r] · kq[h],  X[r] = W_embed[number] + W_embed[position]
    /// exp_scores[r, h] = exp(s[r, h] - max over all rows of s[·, h])
    /// ```
    ///
    /// The query never changes from pair to pair, so that all keys are folded into `kq` once. A softmax is
    /// unchanged by a shift common to its three scores: one maximum per head serves all pairs.
    fn compute_scores(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams) {
        let (n_heads, d_head) = (layout.shape.n_heads, layout.shape.d_head);
        let [token_eq, pos_eq] = layout.eq_rows().map(|row| w.W_embed.row(row));
        for (x, (token, pos)) in self.X_eq.row_mut(0).iter_mut().zip(token_eq.iter().zip(pos_eq)) {
            *x = token + pos;
        }
        let dots = Dots {
            segments: &[w.W_Q.view()],
            list: None,
            vectors: self.X_eq.view(),
            out: &mut self.q.row_mut(0)[..layout.heads_width],
        };
        pool.simd().run(dots);
        for h in 0..n_heads {
            let a = self.q.view().take_cols(layout.head_offset(h), d_head);
            let b = w.W_K.view().take_rows(layout.head_offset(h), d_head);
            let c = ViewMut { data: self.kq.row_mut(h), rows: 1, cols: layout.shape.d_model, stride: 0 };
            pool.simd().run(Product { a, b, list: None, c, add: false });
        }
        let scale = score_scale(d_head);
        self.kq.data_mut().iter_mut().for_each(|x| *x *= scale);
        pool.simd().run(Dots {
            segments: &[w.W_embed.view()],
            list: None,
            vectors: self.kq.view(),
            out: &mut self.embedding_scores,
        });

        let embedding_scores = &self.embedding_scores;
        // In float64, so that two scores far from zero do not round their difference away.
        let score = |[token, pos]: [usize; 2], h: usize| {
            f64::from(embedding_scores[token * n_heads + h]) + f64::from(embedding_scores[pos * n_heads + h])
        };
        for h in 0..n_heads {
            let score_eq = score(layout.eq_rows(), h);
            let score_of = |row: usize| score(layout.embedding_rows(row), h);
            let max = (0..layout.n_table_rows()).map(score_of).fold(score_eq, f64::max);
            let exp = |score: f64| libm::exp((score - max).max(MIN_EXPONENT));
            for row in 0..layout.n_table_rows() {
                self.exp_scores[row * n_heads + h] = exp(score_of(row));
            }
            self.exp_score_eq[h] = exp(score_eq);
        }
    }

    /// Values of the table rows, measured from "=".
    ///
    /// ```text
    /// V_eq     = V["="] + V[position 2]
    /// V_rel[r] = V[number] + (V[position] - V_eq)              2p × heads_width
    /// ```
    fn compute_relative_values(&mut self, layout: &FoldedLayout) {
        let [token_eq, pos_eq] = layout.eq_rows().map(|row| self.embedding_values.row(row));
        for (v, (token, pos)) in self.V_eq.row_mut(0).iter_mut().zip(token_eq.iter().zip(pos_eq)) {
            *v = token + pos;
        }
        for row in 0..layout.n_table_rows() {
            let [token, pos] = layout.embedding_rows(row).map(|row| self.embedding_values.row(row));
            let value =
                token.iter().zip(pos).zip(self.V_eq.row(0)).map(|((token, pos), eq)| token + (pos - eq));
            self.V_rel.row_mut(row).iter_mut().zip(value).for_each(|(to, value)| *to = value);
        }
    }

    /// Values through W_O and then W_in and W_U.
    ///
    /// ```text
    /// T[r, h] = V_rel[r, h] G[h]                               2p × n_heads × neurons_and_logits_width
    /// ```
    fn compute_T(&mut self, layout: &FoldedLayout, pool: &ComputePool, used_rows: &[Range<usize>; 2]) {
        let (n_heads, d_head) = (layout.shape.n_heads, layout.shape.d_head);
        let (n_rows, stride) = (layout.n_table_rows(), self.T.stride());
        let (V_rel, G) = (self.V_rel.view(), self.weight_products.G.view());
        let mut jobs: Vec<_> = self.T.data_mut().chunks_mut(TABLE_ROWS_PER_JOB * n_heads * stride).collect();
        pool.for_each(&mut jobs, |i, T| {
            let first = i * TABLE_ROWS_PER_JOB;
            let rows = TABLE_ROWS_PER_JOB.min(n_rows - first);
            if used_rows.iter().all(|range| range.end <= first || first + rows <= range.start) {
                return;
            }
            for h in 0..n_heads {
                let a = V_rel.take_rows(first, rows).take_cols(layout.head_offset(h), d_head);
                let b = G.take_rows(layout.head_offset(h), d_head);
                // Row r · n_heads + h of T: every n_heads-th row from the h-th on.
                let c = ViewMut {
                    data: &mut T[h * stride..],
                    rows,
                    cols: layout.neurons_and_logits_width,
                    stride: n_heads * stride,
                };
                pool.simd().run(Product { a, b, list: None, c, add: false });
            }
        });
    }

    /// What every pair starts with: the residual stream of "=" if it attended to itself alone.
    ///
    /// ```text
    /// x    = X_eq + Σ_h V_eq[h] W_O[h]
    /// base = [ x W_in + b_in | (x + b_out) W_U ]               1 × neurons_and_logits_width
    /// ```
    ///
    /// Summed in float64 and rounded once: its error is common to all pairs and does not average out.
    fn compute_base(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams) {
        let (d_model, unembed_offset) = (layout.shape.d_model, layout.unembed_offset);
        let add_rows = |weights: &[f64], rows: View<'_>, sum: &mut [f64]| {
            pool.simd().run(WeightedRows { weights, rows, sum });
        };
        let [token_eq, pos_eq] = layout.eq_rows().map(|row| w.W_embed.row(row));
        let mut resid: Vec<f64> =
            token_eq.iter().zip(pos_eq).map(|(x, y)| f64::from(*x) + f64::from(*y)).take(d_model).collect();
        let mut value = vec![0.0; layout.heads_width];
        add_rows(&resid, w.W_V.view(), &mut value);
        add_rows(&value, w.W_O.view(), &mut resid);

        let mut base = vec![0.0; layout.neurons_and_logits_width];
        base.iter_mut().zip(w.b_in.row(0)).for_each(|(to, bias)| *to = f64::from(*bias));
        let (neurons, logits) = base.split_at_mut(unembed_offset);
        add_rows(&resid, w.W_in_U.view().take_cols(0, unembed_offset), neurons);
        resid.iter_mut().zip(w.b_out.row(0)).for_each(|(x, bias)| *x += f64::from(*bias));
        add_rows(&resid, w.W_in_U.view().take_cols(unembed_offset, logits.len()), logits);
        self.base.row_mut(0).iter_mut().zip(&base).for_each(|(to, x)| *to = *x as f32);

        let biased = self.X_eq.row(0).iter().zip(w.b_out.row(0)).map(|(x, bias)| x + bias);
        self.X_eq_b_out.row_mut(0).iter_mut().zip(biased).for_each(|(to, x)| *to = x);
    }
}

/// 1 / √d_head, computed in float64 and rounded once.
pub(super) fn score_scale(d_head: usize) -> f32 {
    (1.0 / (d_head as f64).sqrt()) as f32
}
