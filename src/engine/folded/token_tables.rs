//! The part of the forward pass that depends on one token: everything before the softmax over
//! positions, and the products of weights.
//!
//! All is measured from "=": with weights A₀ + A₁ + A₂ = 1 over a, b and "=",
//! Σᵢ Aᵢ Tᵢ = T₌ + A₀ (T_a - T₌) + A₁ (T_b - T₌), which spares the third term of every pair.

use std::ops::Range;

use super::compute_pool::ComputePool;
use super::folded_params::{FoldedLayout, FoldedParams};
use super::matrix::{Mat, View, ViewMut, transpose};
use super::products::Products;
use super::simd::dots::Dots;
use super::simd::product::Product;
use super::simd::product_wide::{ProductWide, WeightedRows};

/// Exponents are held above this, so that no pair has three weights of zero; e⁻⁷⁰⁰ is a normal
/// float64.
const MIN_EXPONENT: f64 = -700.0;

/// The tables by token, and what the backward pass needs again.
#[derive(Debug)]
pub struct TokenTables {
    /// 1 × d_model: X of "=".
    pub x_eq: Mat,
    /// 1 × d_model: X of "=" plus b_out, which enters through W_U.
    pub x_out: Mat,
    /// 1 × heads: the query of "=".
    pub q: Mat,
    /// n_heads × d_model: q W_K / √d_head; its inner product with X is the score.
    pub kq: Mat,
    /// n_atoms × n_heads: the scores of tokens and positions, which add.
    pub scores: Vec<f32>,
    /// 2p × n_heads: exp of the score of a at 0, b at 1, up to a factor per head.
    pub weight: Vec<f64>,
    /// n_heads: the same of "=".
    pub weight_eq: Vec<f64>,
    /// n_atoms × heads: X W_V.
    pub V: Mat,
    /// 2p × heads: values of a at 0 and b at 1, less that of "=".
    pub V_rel: Mat,
    /// 1 × heads: the value of "=".
    pub V_eq: Mat,
    /// (2p · n_heads) × wide: for each row and head, `V_rel` times `G`.
    pub T: Mat,
    /// 1 × wide: what every pair starts with.
    pub base: Mat,
    /// The products of weights.
    pub products: Products,
    /// d_mlp × d_vocab_out: W_out W_U.
    pub W_out_U: Mat,
}

impl TokenTables {
    /// Tables of the right layout, yet to be computed.
    pub fn new(layout: &FoldedLayout) -> Self {
        let shape = &layout.shape;
        let n_rows = layout.n_table_rows();
        Self {
            x_eq: Mat::zeros(1, shape.d_model),
            x_out: Mat::zeros(1, shape.d_model),
            q: Mat::zeros(1, layout.heads_width),
            kq: Mat::zeros(shape.n_heads, shape.d_model),
            scores: vec![0.0; layout.n_embedding_rows * shape.n_heads],
            weight: vec![0.0; n_rows * shape.n_heads],
            weight_eq: vec![0.0; shape.n_heads],
            V: Mat::zeros(layout.n_embedding_rows, layout.heads_width),
            V_rel: Mat::zeros(n_rows, layout.heads_width),
            V_eq: Mat::zeros(1, layout.heads_width),
            T: Mat::zeros(n_rows * shape.n_heads, layout.neurons_and_logits_width),
            base: Mat::zeros(1, layout.neurons_and_logits_width),
            products: Products::zeros(layout),
            W_out_U: Mat::zeros(shape.d_mlp, shape.d_vocab_out),
        }
    }

    /// Computes what needs no product: attention, values and `base`.
    pub fn compute_attention(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams) {
        self.attention_weights(layout, pool, w);
        pool.product_wide(ProductWide { a: w.W_embed.view(), b: w.W_V.view(), c: self.V.view_mut() });
        self.relative_values(layout);
        self.base(layout, pool, w);
    }

    /// Computes the rest, once there are values and products; of `T` at least the rows of the numbers in `used`.
    pub fn build_tables(&mut self, layout: &FoldedLayout, pool: &ComputePool, used: &[Range<usize>; 2]) {
        self.tables(layout, pool, used);
        transpose(&self.products.W_out_U_t, &mut self.W_out_U);
    }

    /// Query of "=", scores under it and their exponentials.
    fn attention_weights(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams) {
        let (p, n_heads, d_head) = (layout.shape.p, layout.shape.n_heads, layout.shape.d_head);
        let (eq, pos_eq) =
            (w.W_embed.row(layout.eq_embedding_row()), w.W_embed.row(layout.pos_embedding_row(2)));
        for (x, (token, pos)) in self.x_eq.row_mut(0).iter_mut().zip(eq.iter().zip(pos_eq)) {
            *x = token + pos;
        }
        let dots = Dots {
            segments: &[w.W_Q.view()],
            list: None,
            with: self.x_eq.view(),
            out: &mut self.q.row_mut(0)[..layout.heads_width],
        };
        pool.simd().run(dots);
        for h in 0..n_heads {
            let a = self.q.view().take_cols(h * layout.d_head_padded, d_head);
            let b = w.W_K.view().take_rows(h * layout.d_head_padded, d_head);
            let c = ViewMut { data: self.kq.row_mut(h), rows: 1, cols: layout.shape.d_model, stride: 0 };
            pool.simd().run(Product { a, b, list: None, c, add: false });
        }
        let scale = score_scale(d_head);
        self.kq.data_mut().iter_mut().for_each(|x| *x *= scale);
        pool.simd().run(Dots {
            segments: &[w.W_embed.view()],
            list: None,
            with: self.kq.view(),
            out: &mut self.scores,
        });

        let scores = &self.scores;
        let score = |token: usize, pos: usize, h: usize| {
            f64::from(scores[token * n_heads + h])
                + f64::from(scores[layout.pos_embedding_row(pos) * n_heads + h])
        };
        for h in 0..n_heads {
            let of_eq = score(layout.eq_embedding_row(), 2, h);
            let of_row = |row: usize| score(row % p, row / p, h);
            let max = (0..2 * p).map(of_row).fold(of_eq, f64::max);
            let exp = |score: f64| libm::exp((score - max).max(MIN_EXPONENT));
            for row in 0..2 * p {
                self.weight[row * n_heads + h] = exp(of_row(row));
            }
            self.weight_eq[h] = exp(of_eq);
        }
    }

    /// `V_eq` and `V_rel` from `V`.
    fn relative_values(&mut self, layout: &FoldedLayout) {
        let p = layout.shape.p;
        let (token_eq, pos_eq) =
            (self.V.row(layout.eq_embedding_row()), self.V.row(layout.pos_embedding_row(2)));
        for (v, (token, pos)) in self.V_eq.row_mut(0).iter_mut().zip(token_eq.iter().zip(pos_eq)) {
            *v = token + pos;
        }
        for row in 0..2 * p {
            let (token, pos) = (self.V.row(row % p), self.V.row(layout.pos_embedding_row(row / p)));
            let value =
                token.iter().zip(pos).zip(self.V_eq.row(0)).map(|((token, pos), eq)| token + (pos - eq));
            self.V_rel.row_mut(row).iter_mut().zip(value).for_each(|(to, value)| *to = value);
        }
    }

    /// `T` from `V_rel` and `G`.
    fn tables(&mut self, layout: &FoldedLayout, pool: &ComputePool, used: &[Range<usize>; 2]) {
        let n_heads = layout.shape.n_heads;
        let (n_rows, stride) = (layout.n_table_rows(), self.T.stride());
        // Twelve rows fill blocks of 4 and of 6, and make pieces enough for many threads.
        const PIECE: usize = 12;
        let (V_rel, G) = (self.V_rel.view(), self.products.G.view());
        let mut pieces: Vec<_> = self.T.data_mut().chunks_mut(PIECE * n_heads * stride).collect();
        pool.for_each(&mut pieces, |i, piece| {
            let rows = PIECE.min(n_rows - i * PIECE);
            if used.iter().all(|range| range.end <= i * PIECE || i * PIECE + rows <= range.start) {
                return;
            }
            for h in 0..n_heads {
                let a =
                    V_rel.take_rows(i * PIECE, rows).take_cols(h * layout.d_head_padded, layout.shape.d_head);
                let b = G.take_rows(h * layout.d_head_padded, layout.shape.d_head);
                let c = ViewMut {
                    data: &mut piece[h * stride..],
                    rows,
                    cols: layout.neurons_and_logits_width,
                    stride: n_heads * stride,
                };
                pool.simd().run(Product { a, b, list: None, c, add: false });
            }
        });
    }

    /// `base`, from the residual stream of "=" with its own value: in float64, for its rounding
    /// too is common to all pairs.
    fn base(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams) {
        let (d_model, skip) = (layout.shape.d_model, layout.unembed_offset);
        let add_rows = |weights: &[f64], rows: View<'_>, sum: &mut [f64]| {
            pool.simd().run(WeightedRows { weights, rows, sum });
        };
        let (token, pos) =
            (w.W_embed.row(layout.eq_embedding_row()), w.W_embed.row(layout.pos_embedding_row(2)));
        let mut resid: Vec<f64> =
            token.iter().zip(pos).map(|(x, y)| f64::from(*x) + f64::from(*y)).take(d_model).collect();
        let mut value = vec![0.0; layout.heads_width];
        add_rows(&resid, w.W_V.view(), &mut value);
        add_rows(&value, w.W_O.view(), &mut resid);

        let mut base = vec![0.0; layout.neurons_and_logits_width];
        base.iter_mut().zip(w.b_in.row(0)).for_each(|(to, bias)| *to = f64::from(*bias));
        let (of_neurons, of_outputs) = base.split_at_mut(skip);
        add_rows(&resid, w.W_in_U.view().take_cols(0, skip), of_neurons);
        resid.iter_mut().zip(w.b_out.row(0)).for_each(|(x, bias)| *x += f64::from(*bias));
        add_rows(&resid, w.W_in_U.view().take_cols(skip, of_outputs.len()), of_outputs);
        self.base.row_mut(0).iter_mut().zip(&base).for_each(|(to, x)| *to = *x as f32);

        let biased = self.x_eq.row(0).iter().zip(w.b_out.row(0)).map(|(x, bias)| x + bias);
        self.x_out.row_mut(0).iter_mut().zip(biased).for_each(|(to, x)| *to = x);
    }
}

/// 1 / √d_head
pub fn score_scale(d_head: usize) -> f32 {
    (1.0 / (d_head as f64).sqrt()) as f32
}
