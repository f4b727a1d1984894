//! Backward, per token: from the gradient of the tables to that of the weights, in two stages.
//!
//! [`TokenTablesBackward::partial_gradients`] goes from one worker's table gradients to the sums over pairs in
//! [`PartialGradients`], which workers add up; [`TokenTablesBackward::weight_gradients`] from those of all pairs
//! to the gradient of every parameter. `d_x` is the gradient of the mean train loss with respect to x, with the
//! shape of x; symbols are those of `docs/engine.md` and [`TokenTables`].

use std::ops::Range;

use super::folded_layout::FoldedLayout;
use super::folded_params::FoldedParams;
use super::partial_gradients::PartialGradients;
use super::table_gradient::TableGradient;
use super::token_tables::{TokenTables, score_scale};
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::matrix::{Mat, View, ViewMut, transpose};
use crate::engine::cpu::simd::dots::Dots;
use crate::engine::cpu::simd::product::Product;

/// Intermediate results: transposes, which turn the second factor of a product into contiguous rows, and
/// gradients that no other stage reads.
#[derive(Debug)]
pub(super) struct TokenTablesBackward {
    G_t: Mat,
    d_V_rel: Mat,
    d_W_out_U: Mat,
    W_in_U_t: Mat,
    W_V_t: Mat,
    d_kq: Mat,
    d_q: Mat,
    d_X_eq: Mat,
}

impl TokenTablesBackward {
    /// Allocates the intermediate matrices, zero: about as much as the weights.
    pub(super) fn zeros(layout: &FoldedLayout) -> Self {
        let FoldedLayout { heads_width, neurons_and_logits_width, .. } = *layout;
        let (d_model, n_heads) = (layout.shape.d_model, layout.shape.n_heads);
        Self {
            G_t: Mat::zeros(neurons_and_logits_width, heads_width),
            d_V_rel: Mat::zeros(layout.n_table_rows(), heads_width),
            d_W_out_U: Mat::zeros(layout.shape.d_mlp, layout.shape.d_vocab_out),
            W_in_U_t: Mat::zeros(neurons_and_logits_width, d_model),
            W_V_t: Mat::zeros(heads_width, d_model),
            d_kq: Mat::zeros(n_heads, d_model),
            d_q: Mat::zeros(1, heads_width),
            d_X_eq: Mat::zeros(1, d_model),
        }
    }

    /// Fills `d_G`, `d_V` and `d_scores` of `partial`, whose `d_base` is there already.
    ///
    /// The set of pairs behind `table_gradient` must be the same at every call: rows of `d_V_rel` that its pairs
    /// do not use are never written and stay zero.
    pub(super) fn partial_gradients(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        tables: &TokenTables,
        table_gradient: &TableGradient,
        partial: &mut PartialGradients,
    ) {
        self.through_T(layout, pool, tables, table_gradient, partial);
        self.split_to_embedding_rows(layout, pool, table_gradient, partial);
    }

    /// Overwrites `gradient` with the gradient of the weights `w`, from the sums over all train pairs.
    pub(super) fn weight_gradients(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        tables: &TokenTables,
        sums: &PartialGradients,
        gradient: &mut FoldedParams,
    ) {
        self.attention_and_embedding(layout, pool, w, tables, sums, gradient);
        self.biases_and_eq(layout, pool, w, sums, gradient);
        self.neurons_and_unembedding(layout, pool, w, tables, sums, gradient);
    }

    /// Through T = V_rel G, and through base = V_eq G + …
    ///
    /// ```text
    /// d_V_rel[r, h] = d_T[r, h] G[h]ᵀ
    /// d_G[h]        = Σ_r V_rel[r, h]ᵀ d_T[r, h] + V_eq[h]ᵀ d_base
    /// ```
    fn through_T(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        tables: &TokenTables,
        table_gradient: &TableGradient,
        partial: &mut PartialGradients,
    ) {
        let (n_rows, n_heads, d_head) = (layout.n_table_rows(), layout.shape.n_heads, layout.shape.d_head);
        transpose(&tables.weight_products.G, &mut self.G_t);
        for h in 0..n_heads {
            let (offset, d_T) = (layout.head_offset(h), table_gradient.d_T.view());
            // Every n_heads-th row of d_T: those of this head.
            let d_T = View {
                data: &d_T.data[h * d_T.row_step..],
                rows: n_rows,
                row_step: n_heads * d_T.row_step,
                ..d_T
            };
            let b = self.G_t.view().take_cols(offset, d_head);
            for Range { start, end } in table_gradient.used_rows.clone() {
                let c = self.d_V_rel.view_mut().take_rows(start, end - start).take_cols(offset, d_head);
                pool.product(Product { a: d_T.take_rows(start, end - start), b, list: None, c, add: false });
            }

            let stride = partial.d_G.stride();
            let mut c = ViewMut {
                data: &mut partial.d_G.data_mut()[offset * stride..],
                rows: d_head,
                cols: layout.neurons_and_logits_width,
                stride,
            };
            let V_rel = tables.V_rel.view().take_cols(offset, d_head);
            // The rows of a overwrite d_G, those of b add to it.
            for (Range { start, end }, add) in table_gradient.used_rows.clone().into_iter().zip([false, true])
            {
                let a = V_rel.take_rows(start, end - start).t();
                let b = d_T.take_rows(start, end - start);
                pool.product(Product { a, b, list: None, c: c.reborrow(), add });
            }
            let a = tables.V_eq.view().take_cols(offset, d_head).t();
            pool.simd().run(Product { a, b: partial.d_base.view(), list: None, c, add: true });
        }
    }

    /// From table rows to rows of `W_embed`. With t(r) the number and i(r) the position of table row r:
    ///
    /// ```text
    /// V_rel[r] = V[t(r)] + V[i(r)] - V_eq,  V_eq = V["="] + V[position 2]
    ///
    /// d_V[e]               = Σ_r d_V_rel[r] over the rows with t(r) = e or i(r) = e
    /// d_V["="] = d_V[pos 2] = d_base Gᵀ - Σ_r d_V_rel[r]
    /// d_scores[e]          = Σ_r d_s[r] over the same rows
    /// d_scores["="] = d_scores[pos 2] = - Σ_r d_s[r]
    /// ```
    fn split_to_embedding_rows(
        &self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        table_gradient: &TableGradient,
        partial: &mut PartialGradients,
    ) {
        let (n_heads, [eq, pos_eq]) = (layout.shape.n_heads, layout.eq_rows());
        let PartialGradients { d_base, d_V, d_scores, .. } = partial;
        d_V.data_mut().fill(0.0);
        d_scores.data_mut().fill(0.0);
        // `base` holds V_eq G.
        let c = ViewMut { data: d_V.row_mut(eq), rows: 1, cols: layout.heads_width, stride: 0 };
        pool.simd().run(Product { a: d_base.view(), b: self.G_t.view(), list: None, c, add: false });
        for row in 0..layout.n_table_rows() {
            let d_s = &table_gradient.d_s[row * n_heads..][..n_heads];
            for embedding_row in layout.embedding_rows(row) {
                add_to(d_V.row_mut(embedding_row), self.d_V_rel.row(row));
                add_to(d_scores.row_mut(embedding_row), d_s);
            }
            subtract_from(d_V.row_mut(eq), self.d_V_rel.row(row));
            subtract_from(d_scores.row_mut(eq), d_s);
        }
        for gradient in [d_V, d_scores] {
            let of_eq = gradient.row(eq).to_vec();
            gradient.row_mut(pos_eq).copy_from_slice(&of_eq);
        }
    }

    /// Gradients of W_V, W_K and W_Q; those of the embeddings as far as they pass through values and scores;
    /// `d_X_eq` through the query.
    ///
    /// ```text
    /// d_W_V     = W_embedᵀ d_V
    /// d_W_embed = d_V W_Vᵀ + d_scores kq
    /// d_kq      = d_scoresᵀ W_embed / √d_head                  with respect to q[h] W_K[h]
    /// d_W_K[h]  = q[h]ᵀ d_kq[h]
    /// d_q[h]    = W_K[h] d_kq[h]
    /// d_W_Q     = d_qᵀ X_eq
    /// d_X_eq    = d_q W_Q
    /// ```
    fn attention_and_embedding(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        tables: &TokenTables,
        sums: &PartialGradients,
        gradient: &mut FoldedParams,
    ) {
        let (n_heads, d_head, d_model) = (layout.shape.n_heads, layout.shape.d_head, layout.shape.d_model);
        let run = |a: View<'_>, b: View<'_>, c: ViewMut<'_>, add: bool| {
            pool.product(Product { a, b, list: None, c, add });
        };
        let (d_V, d_scores) = (sums.d_V.view(), sums.d_scores.view());

        run(w.W_embed.view().t(), d_V, gradient.W_V.view_mut(), false);
        transpose(&w.W_V, &mut self.W_V_t);
        run(d_V, self.W_V_t.view(), gradient.W_embed.view_mut(), false);
        run(d_scores, tables.kq.view(), gradient.W_embed.view_mut(), true);

        run(d_scores.t(), w.W_embed.view(), self.d_kq.view_mut(), false);
        let scale = score_scale(d_head);
        self.d_kq.data_mut().iter_mut().for_each(|x| *x *= scale);
        for h in 0..n_heads {
            let offset = layout.head_offset(h);
            let d_kq = self.d_kq.view().take_rows(h, 1);
            let stride = gradient.W_K.stride();
            let c = ViewMut {
                data: &mut gradient.W_K.data_mut()[offset * stride..],
                rows: d_head,
                cols: d_model,
                stride,
            };
            run(tables.q.view().take_cols(offset, d_head).t(), d_kq, c, false);
            let W_K = w.W_K.view().take_rows(offset, d_head);
            let out = &mut self.d_q.row_mut(0)[offset..offset + d_head];
            pool.simd().run(Dots { segments: &[W_K], list: None, vectors: d_kq, out });
        }
        run(self.d_q.view().t(), tables.X_eq.view(), gradient.W_Q.view_mut(), false);
        run(self.d_q.view(), w.W_Q.view(), self.d_X_eq.view_mut(), false);
    }

    /// Gradients of the biases, and of the two embedding rows of "=" through `base` and the query.
    ///
    /// ```text
    /// d_b_in  = d_base[neurons]
    /// d_b_out = d_base[logits] W_Uᵀ
    /// d_X_eq += d_base W_in_Uᵀ
    /// d_W_embed["="] += d_X_eq,  d_W_embed[position 2] += d_X_eq
    /// ```
    fn biases_and_eq(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        sums: &PartialGradients,
        gradient: &mut FoldedParams,
    ) {
        let (d_model, d_mlp, d_vocab_out) =
            (layout.shape.d_model, layout.shape.d_mlp, layout.shape.d_vocab_out);
        gradient.b_in.row_mut(0)[..d_mlp].copy_from_slice(&sums.d_base.row(0)[..d_mlp]);
        let dots = |offset: usize, n: usize, out: &mut [f32]| {
            let segments = &[w.W_in_U.view().take_cols(offset, n)];
            let vectors = sums.d_base.view().take_cols(offset, n);
            pool.simd().run(Dots { segments, list: None, vectors, out });
        };
        dots(layout.unembed_offset, d_vocab_out, &mut gradient.b_out.row_mut(0)[..d_model]);
        let mut through_neurons = vec![0.0; d_model];
        dots(0, d_mlp, &mut through_neurons);
        add_to(self.d_X_eq.row_mut(0), &through_neurons);
        add_to(self.d_X_eq.row_mut(0), gradient.b_out.row(0));
        for embedding_row in layout.eq_rows() {
            add_to(gradient.W_embed.row_mut(embedding_row), self.d_X_eq.row(0));
        }
    }

    /// Gradients of W_O, W_in, W_U and W_out, from G = W_O W_in_U, W_out_U = W_outᵀ W_U and `base`.
    ///
    /// ```text
    /// d_W_O    = d_G W_in_Uᵀ
    /// d_W_in_U = W_Oᵀ d_G + [ X_eqᵀ d_base[neurons] | (X_eq + b_out)ᵀ d_base[logits] ]
    /// d_W_U   += W_out d_W_out_U                               W_U is the right part of W_in_U
    /// d_W_out  = W_U d_W_out_Uᵀ
    /// ```
    fn neurons_and_unembedding(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        tables: &TokenTables,
        sums: &PartialGradients,
        gradient: &mut FoldedParams,
    ) {
        let (d_mlp, d_vocab_out, unembed_offset) =
            (layout.shape.d_mlp, layout.shape.d_vocab_out, layout.unembed_offset);
        let run = |a: View<'_>, b: View<'_>, c: ViewMut<'_>, add: bool| {
            pool.product(Product { a, b, list: None, c, add });
        };
        transpose(&w.W_in_U, &mut self.W_in_U_t);
        run(sums.d_G.view(), self.W_in_U_t.view(), gradient.W_O.view_mut(), false);

        let d_W_in_U = &mut gradient.W_in_U;
        run(w.W_O.view().t(), sums.d_G.view(), d_W_in_U.view_mut(), false);
        let d_neurons = sums.d_base.view().take_cols(0, d_mlp);
        run(tables.X_eq.view().t(), d_neurons, d_W_in_U.view_mut().take_cols(0, d_mlp), true);
        let d_logits = sums.d_base.view().take_cols(unembed_offset, d_vocab_out);
        let d_W_U = d_W_in_U.view_mut().take_cols(unembed_offset, d_vocab_out);
        run(tables.X_eq_b_out.view().t(), d_logits, d_W_U, true);
        transpose(&sums.d_W_out_U_t, &mut self.d_W_out_U);
        let d_W_U = d_W_in_U.view_mut().take_cols(unembed_offset, d_vocab_out);
        run(w.W_out.view(), self.d_W_out_U.view(), d_W_U, true);

        let W_U = w.W_in_U.view().take_cols(unembed_offset, d_vocab_out);
        run(W_U, sums.d_W_out_U_t.view(), gradient.W_out.view_mut(), false);
    }
}

fn add_to(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(x, y)| *x += y);
}

fn subtract_from(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(x, y)| *x -= y);
}
