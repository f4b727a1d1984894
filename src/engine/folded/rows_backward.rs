//! From the gradient of the tables by token to the gradient of the weights, in two parts: to sums over pairs,
//! which shares add up, and from the sums of all pairs on.

use std::ops::Range;

use super::matrix::{Mat, View, ViewMut, transpose};
use super::rows::{Rows, score_scale};
use super::simd::dots::Dots;
use super::simd::product::Product;
use super::sums::Sums;
use super::team::Team;
use super::tensors::{Sizes, Tensors};
use super::tokens::TokenGradient;

/// Room for what lies between.
#[derive(Debug)]
pub struct RowsBackward {
    G_t: Mat,
    d_V_rel: Mat,
    d_W_ou: Mat,
    W_iu_t: Mat,
    W_V_t: Mat,
    d_kq: Mat,
    d_q: Mat,
    d_x_eq: Mat,
}

impl RowsBackward {
    /// Room for a model.
    pub fn new(sizes: &Sizes) -> Self {
        let shape = &sizes.shape;
        let (d_model, heads, wide) = (shape.d_model, sizes.heads, sizes.wide);
        Self {
            G_t: Mat::zeros(wide, heads),
            d_V_rel: Mat::zeros(sizes.n_rows(), heads),
            d_W_ou: Mat::zeros(shape.d_mlp, shape.d_vocab_out),
            W_iu_t: Mat::zeros(wide, d_model),
            W_V_t: Mat::zeros(heads, d_model),
            d_kq: Mat::zeros(shape.n_heads, d_model),
            d_q: Mat::zeros(1, heads),
            d_x_eq: Mat::zeros(1, d_model),
        }
    }

    /// Fills `d_G`, `d_V` and `d_scores` of `sums`, which has the others already. The pairs behind `tokens` are
    /// the same at every call: rows that they do not use stay zero.
    pub fn sum(&mut self, sizes: &Sizes, team: &Team, rows: &Rows, tokens: &TokenGradient, sums: &mut Sums) {
        self.values(sizes, team, rows, tokens, sums);
        self.split_to_atoms(sizes, team, tokens, sums);
    }

    /// Overwrites `g` with the gradient of the weights `w`, from the sums over all pairs.
    pub fn gradient(
        &mut self,
        sizes: &Sizes,
        team: &Team,
        w: &Tensors,
        rows: &Rows,
        sums: &Sums,
        g: &mut Tensors,
    ) {
        self.attention_and_embedding(sizes, team, w, rows, sums, g);
        self.residual(sizes, team, w, sums, g);
        self.neurons_and_unembedding(sizes, team, w, rows, sums, g);
    }

    /// `d_V_rel` and `d_G` from T = V_rel G, and what `base` adds to `d_G`.
    fn values(&mut self, sizes: &Sizes, team: &Team, rows: &Rows, tokens: &TokenGradient, sums: &mut Sums) {
        let (n_rows, n_heads, d_head) = (sizes.n_rows(), sizes.shape.n_heads, sizes.shape.d_head);
        transpose(&rows.products.G, &mut self.G_t);
        for h in 0..n_heads {
            let (first, T) = (h * sizes.head, tokens.d_T.view());
            let T =
                View { data: &T.data[h * T.row_step..], rows: n_rows, row_step: n_heads * T.row_step, ..T };
            let b = self.G_t.view().take_cols(first, d_head);
            for Range { start, end } in tokens.used.clone() {
                let c = self.d_V_rel.view_mut().take_rows(start, end - start).take_cols(first, d_head);
                team.product(Product { a: T.take_rows(start, end - start), b, list: None, c, add: false });
            }

            let stride = sums.d_G.stride();
            let mut c = ViewMut {
                data: &mut sums.d_G.data_mut()[first * stride..],
                rows: d_head,
                cols: sizes.wide,
                stride,
            };
            let V_rel = rows.V_rel.view().take_cols(first, d_head);
            for (Range { start, end }, add) in tokens.used.clone().into_iter().zip([false, true]) {
                let a = V_rel.take_rows(start, end - start).t();
                let b = T.take_rows(start, end - start);
                team.product(Product { a, b, list: None, c: c.reborrow(), add });
            }
            let a = rows.V_eq.view().take_cols(first, d_head).t();
            team.lanes().run(Product { a, b: sums.d_base.view(), list: None, c, add: true });
        }
    }

    /// `d_V` and `d_scores` by token and position from those by row: a row is the sum of a token
    /// and a position, less "=", which is itself such a sum.
    fn split_to_atoms(&self, sizes: &Sizes, team: &Team, tokens: &TokenGradient, sums: &mut Sums) {
        let (p, n_heads, eq) = (sizes.shape.p, sizes.shape.n_heads, sizes.eq_atom());
        let Sums { d_base, d_V, d_scores, .. } = sums;
        d_V.data_mut().fill(0.0);
        d_scores.data_mut().fill(0.0);
        // What "=" gets besides through the rows: `base` holds its value.
        let c = ViewMut { data: d_V.row_mut(eq), rows: 1, cols: sizes.heads, stride: 0 };
        team.lanes().run(Product { a: d_base.view(), b: self.G_t.view(), list: None, c, add: false });
        for row in 0..sizes.n_rows() {
            let of_row = &tokens.d_scores[row * n_heads..][..n_heads];
            for atom in [row % p, sizes.pos_atom(row / p)] {
                add_to(d_V.row_mut(atom), self.d_V_rel.row(row));
                add_to(d_scores.row_mut(atom), of_row);
            }
            subtract_from(d_V.row_mut(eq), self.d_V_rel.row(row));
            subtract_from(d_scores.row_mut(eq), of_row);
        }
        for sums in [d_V, d_scores] {
            let of_eq = sums.row(eq).to_vec();
            sums.row_mut(sizes.pos_atom(2)).copy_from_slice(&of_eq);
        }
    }

    /// Gradients of W_V, W_K, W_Q and, as far as they go through attention to a token, of the
    /// embeddings; `d_x_eq` through the query.
    fn attention_and_embedding(
        &mut self,
        sizes: &Sizes,
        team: &Team,
        w: &Tensors,
        rows: &Rows,
        sums: &Sums,
        g: &mut Tensors,
    ) {
        let (n_heads, d_head, d_model) = (sizes.shape.n_heads, sizes.shape.d_head, sizes.shape.d_model);
        let run = |a: View<'_>, b: View<'_>, c: ViewMut<'_>, add: bool| {
            team.product(Product { a, b, list: None, c, add })
        };
        let (d_V, d_scores) = (sums.d_V.view(), sums.d_scores.view());

        run(w.W_X.view().t(), d_V, g.W_V.view_mut(), false);
        transpose(&w.W_V, &mut self.W_V_t);
        run(d_V, self.W_V_t.view(), g.W_X.view_mut(), false);
        run(d_scores, rows.kq.view(), g.W_X.view_mut(), true);

        run(d_scores.t(), w.W_X.view(), self.d_kq.view_mut(), false);
        let scale = score_scale(d_head);
        self.d_kq.data_mut().iter_mut().for_each(|x| *x *= scale);
        for h in 0..n_heads {
            let first = h * sizes.head;
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
            team.lanes().run(Dots { segments: &[keys], list: None, with: d_kq, out });
        }
        run(self.d_q.view().t(), rows.x_eq.view(), g.W_Q.view_mut(), false);
        run(self.d_q.view(), w.W_Q.view(), self.d_x_eq.view_mut(), false);
    }

    /// Gradients of the biases and of the embedding of "=", from `d_base`.
    fn residual(&mut self, sizes: &Sizes, team: &Team, w: &Tensors, sums: &Sums, g: &mut Tensors) {
        let (d_model, d_vocab_out) = (sizes.shape.d_model, sizes.shape.d_vocab_out);
        let d_mlp = sizes.shape.d_mlp;
        g.b_in.row_mut(0)[..d_mlp].copy_from_slice(&sums.d_base.row(0)[..d_mlp]);
        let dots = |first: usize, n: usize, out: &mut [f32]| {
            let segments = &[w.W_iu.view().take_cols(first, n)];
            let with = sums.d_base.view().take_cols(first, n);
            team.lanes().run(Dots { segments, list: None, with, out });
        };
        dots(sizes.skip, d_vocab_out, &mut g.b_out.row_mut(0)[..d_model]);
        let mut through_neurons = vec![0.0; d_model];
        dots(0, d_mlp, &mut through_neurons);
        add_to(self.d_x_eq.row_mut(0), &through_neurons);
        add_to(self.d_x_eq.row_mut(0), g.b_out.row(0));
        for atom in [sizes.eq_atom(), sizes.pos_atom(2)] {
            add_to(g.W_X.row_mut(atom), self.d_x_eq.row(0));
        }
    }

    /// Gradients of W_O, W_in, W_U and W_out.
    fn neurons_and_unembedding(
        &mut self,
        sizes: &Sizes,
        team: &Team,
        w: &Tensors,
        rows: &Rows,
        sums: &Sums,
        g: &mut Tensors,
    ) {
        let (d_mlp, d_vocab_out, skip) = (sizes.shape.d_mlp, sizes.shape.d_vocab_out, sizes.skip);
        let run = |a: View<'_>, b: View<'_>, c: ViewMut<'_>, add: bool| {
            team.product(Product { a, b, list: None, c, add })
        };
        transpose(&w.W_iu, &mut self.W_iu_t);
        run(sums.d_G.view(), self.W_iu_t.view(), g.W_O.view_mut(), false);

        run(w.W_O.view().t(), sums.d_G.view(), g.W_iu.view_mut(), false);
        let d_in = sums.d_base.view().take_cols(0, d_mlp);
        run(rows.x_eq.view().t(), d_in, g.W_iu.view_mut().take_cols(0, d_mlp), true);
        let d_out = sums.d_base.view().take_cols(skip, d_vocab_out);
        run(rows.x_out.view().t(), d_out, g.W_iu.view_mut().take_cols(skip, d_vocab_out), true);
        transpose(&sums.d_W_ou_t, &mut self.d_W_ou);
        run(w.W_out.view(), self.d_W_ou.view(), g.W_iu.view_mut().take_cols(skip, d_vocab_out), true);

        let W_U = w.W_iu.view().take_cols(skip, d_vocab_out);
        run(W_U, sums.d_W_ou_t.view(), g.W_out.view_mut(), false);
    }
}

fn add_to(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(x, y)| *x += y);
}

fn subtract_from(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(x, y)| *x -= y);
}
