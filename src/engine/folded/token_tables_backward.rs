//! From the gradient of the tables by token to the gradient of the weights, in two parts: to sums over pairs,
//! which shares add up, and from the sums of all pairs on.

use std::ops::Range;

use super::compute_pool::ComputePool;
use super::folded_params::{FoldedLayout, FoldedParams};
use super::matrix::{Mat, View, ViewMut, transpose};
use super::partial_gradients::PartialGradients;
use super::simd::dots::Dots;
use super::simd::product::Product;
use super::table_gradient::TableGradient;
use super::token_tables::{TokenTables, score_scale};

/// Room for what lies between.
#[derive(Debug)]
pub struct TokenTablesBackward {
    G_t: Mat,
    d_V_rel: Mat,
    d_W_out_U: Mat,
    W_in_U_t: Mat,
    W_V_t: Mat,
    d_kq: Mat,
    d_q: Mat,
    d_x_eq: Mat,
}

impl TokenTablesBackward {
    /// Room for a model.
    pub fn new(layout: &FoldedLayout) -> Self {
        let shape = &layout.shape;
        let (d_model, heads, wide) = (shape.d_model, layout.heads_width, layout.neurons_and_logits_width);
        Self {
            G_t: Mat::zeros(wide, heads),
            d_V_rel: Mat::zeros(layout.n_table_rows(), heads),
            d_W_out_U: Mat::zeros(shape.d_mlp, shape.d_vocab_out),
            W_in_U_t: Mat::zeros(wide, d_model),
            W_V_t: Mat::zeros(heads, d_model),
            d_kq: Mat::zeros(shape.n_heads, d_model),
            d_q: Mat::zeros(1, heads),
            d_x_eq: Mat::zeros(1, d_model),
        }
    }

    /// Fills `d_G`, `d_V` and `d_scores` of `sums`, which has the others already. The pairs behind `tokens` are
    /// the same at every call: rows that they do not use stay zero.
    pub fn partial_gradients(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        rows: &TokenTables,
        tokens: &TableGradient,
        sums: &mut PartialGradients,
    ) {
        self.values(layout, pool, rows, tokens, sums);
        self.split_to_embedding_rows(layout, pool, tokens, sums);
    }

    /// Overwrites `g` with the gradient of the weights `w`, from the sums over all pairs.
    pub fn weight_gradients(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        rows: &TokenTables,
        sums: &PartialGradients,
        g: &mut FoldedParams,
    ) {
        self.attention_and_embedding(layout, pool, w, rows, sums, g);
        self.residual(layout, pool, w, sums, g);
        self.neurons_and_unembedding(layout, pool, w, rows, sums, g);
    }

    /// `d_V_rel` and `d_G` from T = V_rel G, and what `base` adds to `d_G`.
    fn values(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        rows: &TokenTables,
        tokens: &TableGradient,
        sums: &mut PartialGradients,
    ) {
        let (n_rows, n_heads, d_head) = (layout.n_table_rows(), layout.shape.n_heads, layout.shape.d_head);
        transpose(&rows.products.G, &mut self.G_t);
        for h in 0..n_heads {
            let (first, T) = (h * layout.d_head_padded, tokens.d_T.view());
            let T =
                View { data: &T.data[h * T.row_step..], rows: n_rows, row_step: n_heads * T.row_step, ..T };
            let b = self.G_t.view().take_cols(first, d_head);
            for Range { start, end } in tokens.used_rows.clone() {
                let c = self.d_V_rel.view_mut().take_rows(start, end - start).take_cols(first, d_head);
                pool.product(Product { a: T.take_rows(start, end - start), b, list: None, c, add: false });
            }

            let stride = sums.d_G.stride();
            let mut c = ViewMut {
                data: &mut sums.d_G.data_mut()[first * stride..],
                rows: d_head,
                cols: layout.neurons_and_logits_width,
                stride,
            };
            let V_rel = rows.V_rel.view().take_cols(first, d_head);
            for (Range { start, end }, add) in tokens.used_rows.clone().into_iter().zip([false, true]) {
                let a = V_rel.take_rows(start, end - start).t();
                let b = T.take_rows(start, end - start);
                pool.product(Product { a, b, list: None, c: c.reborrow(), add });
            }
            let a = rows.V_eq.view().take_cols(first, d_head).t();
            pool.simd().run(Product { a, b: sums.d_base.view(), list: None, c, add: true });
        }
    }

    /// `d_V` and `d_scores` by token and position from those by row: a row is the sum of a token
    /// and a position, less "=", which is itself such a sum.
    fn split_to_embedding_rows(
        &self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        tokens: &TableGradient,
        sums: &mut PartialGradients,
    ) {
        let (p, n_heads, eq) = (layout.shape.p, layout.shape.n_heads, layout.eq_embedding_row());
        let PartialGradients { d_base, d_V, d_scores, .. } = sums;
        d_V.data_mut().fill(0.0);
        d_scores.data_mut().fill(0.0);
        // What "=" gets besides through the rows: `base` holds its value.
        let c = ViewMut { data: d_V.row_mut(eq), rows: 1, cols: layout.heads_width, stride: 0 };
        pool.simd().run(Product { a: d_base.view(), b: self.G_t.view(), list: None, c, add: false });
        for row in 0..layout.n_table_rows() {
            let of_row = &tokens.d_scores[row * n_heads..][..n_heads];
            for atom in [row % p, layout.pos_embedding_row(row / p)] {
                add_to(d_V.row_mut(atom), self.d_V_rel.row(row));
                add_to(d_scores.row_mut(atom), of_row);
            }
            subtract_from(d_V.row_mut(eq), self.d_V_rel.row(row));
            subtract_from(d_scores.row_mut(eq), of_row);
        }
        for sums in [d_V, d_scores] {
            let of_eq = sums.row(eq).to_vec();
            sums.row_mut(layout.pos_embedding_row(2)).copy_from_slice(&of_eq);
        }
    }

    /// Gradients of W_V, W_K, W_Q and, as far as they go through attention to a token, of the
    /// embeddings; `d_x_eq` through the query.
    fn attention_and_embedding(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        rows: &TokenTables,
        sums: &PartialGradients,
        g: &mut FoldedParams,
    ) {
        let (n_heads, d_head, d_model) = (layout.shape.n_heads, layout.shape.d_head, layout.shape.d_model);
        let run = |a: View<'_>, b: View<'_>, c: ViewMut<'_>, add: bool| {
            pool.product(Product { a, b, list: None, c, add })
        };
        let (d_V, d_scores) = (sums.d_V.view(), sums.d_scores.view());

        run(w.W_embed.view().t(), d_V, g.W_V.view_mut(), false);
        transpose(&w.W_V, &mut self.W_V_t);
        run(d_V, self.W_V_t.view(), g.W_embed.view_mut(), false);
        run(d_scores, rows.kq.view(), g.W_embed.view_mut(), true);

        run(d_scores.t(), w.W_embed.view(), self.d_kq.view_mut(), false);
        let scale = score_scale(d_head);
        self.d_kq.data_mut().iter_mut().for_each(|x| *x *= scale);
        for h in 0..n_heads {
            let first = h * layout.d_head_padded;
            let d_kq = self.d_kq.view().take_rows(h, 1);
            let stride = g.W_K.stride();
            let c = ViewMut {
                data: &mut g.W_K.data_mut()[first * stride..],
                rows: d_head,
                cols: d_model,
                stride,
            };
            run(rows.q.view().take_cols(first, d_head).t(), d_kq, c, false);
            let keys = w.W_K.view().take_rows(first, d_head);
            let out = &mut self.d_q.row_mut(0)[first..first + d_head];
            pool.simd().run(Dots { segments: &[keys], list: None, with: d_kq, out });
        }
        run(self.d_q.view().t(), rows.x_eq.view(), g.W_Q.view_mut(), false);
        run(self.d_q.view(), w.W_Q.view(), self.d_x_eq.view_mut(), false);
    }

    /// Gradients of the biases and of the embedding of "=", from `d_base`.
    fn residual(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        sums: &PartialGradients,
        g: &mut FoldedParams,
    ) {
        let (d_model, d_vocab_out) = (layout.shape.d_model, layout.shape.d_vocab_out);
        let d_mlp = layout.shape.d_mlp;
        g.b_in.row_mut(0)[..d_mlp].copy_from_slice(&sums.d_base.row(0)[..d_mlp]);
        let dots = |first: usize, n: usize, out: &mut [f32]| {
            let segments = &[w.W_in_U.view().take_cols(first, n)];
            let with = sums.d_base.view().take_cols(first, n);
            pool.simd().run(Dots { segments, list: None, with, out });
        };
        dots(layout.unembed_offset, d_vocab_out, &mut g.b_out.row_mut(0)[..d_model]);
        let mut through_neurons = vec![0.0; d_model];
        dots(0, d_mlp, &mut through_neurons);
        add_to(self.d_x_eq.row_mut(0), &through_neurons);
        add_to(self.d_x_eq.row_mut(0), g.b_out.row(0));
        for atom in [layout.eq_embedding_row(), layout.pos_embedding_row(2)] {
            add_to(g.W_embed.row_mut(atom), self.d_x_eq.row(0));
        }
    }

    /// Gradients of W_O, W_in, W_U and W_out.
    fn neurons_and_unembedding(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        rows: &TokenTables,
        sums: &PartialGradients,
        g: &mut FoldedParams,
    ) {
        let (d_mlp, d_vocab_out, skip) =
            (layout.shape.d_mlp, layout.shape.d_vocab_out, layout.unembed_offset);
        let run = |a: View<'_>, b: View<'_>, c: ViewMut<'_>, add: bool| {
            pool.product(Product { a, b, list: None, c, add })
        };
        transpose(&w.W_in_U, &mut self.W_in_U_t);
        run(sums.d_G.view(), self.W_in_U_t.view(), g.W_O.view_mut(), false);

        run(w.W_O.view().t(), sums.d_G.view(), g.W_in_U.view_mut(), false);
        let d_in = sums.d_base.view().take_cols(0, d_mlp);
        run(rows.x_eq.view().t(), d_in, g.W_in_U.view_mut().take_cols(0, d_mlp), true);
        let d_out = sums.d_base.view().take_cols(skip, d_vocab_out);
        run(rows.x_out.view().t(), d_out, g.W_in_U.view_mut().take_cols(skip, d_vocab_out), true);
        transpose(&sums.d_W_out_U_t, &mut self.d_W_out_U);
        run(w.W_out.view(), self.d_W_out_U.view(), g.W_in_U.view_mut().take_cols(skip, d_vocab_out), true);

        let W_U = w.W_in_U.view().take_cols(skip, d_vocab_out);
        run(W_U, sums.d_W_out_U_t.view(), g.W_out.view_mut(), false);
    }
}

fn add_to(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(x, y)| *x += y);
}

fn subtract_from(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(x, y)| *x -= y);
}
