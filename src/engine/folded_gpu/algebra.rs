//! Which products make a step: forward from the weights to the logits, and back.
//!
//! X, V, G, T and the rest are those of [`Places`](super::layout::Places).

use super::layout::Layout;
use super::products::{Job, Matrix};
use crate::model::{ModelShape, Param};

/// The weights, or their gradient, as matrices.
struct Weights {
    W_K: Matrix,
    W_Q: Matrix,
    W_V: Matrix,
    W_O: Matrix,
    W_in: Matrix,
    b_in: Matrix,
    W_out: Matrix,
    b_out: Matrix,
    W_U: Matrix,
}

impl Weights {
    fn new(layout: &Layout, start: usize) -> Self {
        let ModelShape { d_model, d_mlp, d_vocab_out, .. } = layout.shape;
        let at = |param, width| Matrix::new(start + layout.param(param), width);
        Self {
            W_K: at(Param::W_K(0), d_model),
            W_Q: at(Param::W_Q(0), d_model),
            W_V: at(Param::W_V(0), d_model),
            W_O: at(Param::W_O(0), layout.heads()),
            W_in: at(Param::W_in(0), d_model),
            b_in: at(Param::b_in(0), d_mlp),
            W_out: at(Param::W_out(0), d_mlp),
            b_out: at(Param::b_out(0), d_model),
            W_U: at(Param::W_U, d_vocab_out),
        }
    }
}

/// The tables and their gradients as matrices, with the weights beside them.
struct Tables {
    w: Weights,
    g: Weights,
    one: Matrix,
    X: Matrix,
    x_eq: Matrix,
    Q: Matrix,
    KQ: Matrix,
    S: Matrix,
    V: Matrix,
    G: Matrix,
    XB: Matrix,
    W_ou: Matrix,
    W_ou_t: Matrix,
    d_base: Matrix,
    d_W_ou_t: Matrix,
    d_S: Matrix,
    d_V: Matrix,
    d_G: Matrix,
    d_KQ: Matrix,
    d_Q: Matrix,
    d_X: Matrix,
}

impl Tables {
    fn new(layout: &Layout) -> Self {
        let ModelShape { p, d_model, n_heads, d_mlp, d_vocab_out, .. } = layout.shape;
        let (at, heads, wide) = (&layout.at, layout.heads(), layout.wide());
        let X = Matrix::new(at.X, d_model);
        Self {
            w: Weights::new(layout, 0),
            g: Weights::new(layout, at.gradient),
            one: Matrix::new(at.one, 1),
            X,
            x_eq: X.skip_rows(2 * p),
            Q: Matrix::new(at.Q, heads),
            KQ: Matrix::new(at.KQ, d_model),
            S: Matrix::new(at.S, n_heads),
            V: Matrix::new(at.V, heads),
            G: Matrix::new(at.G, wide),
            XB: Matrix::new(at.XB, wide),
            W_ou: Matrix::new(at.W_ou, d_vocab_out),
            W_ou_t: Matrix::new(at.W_ou_t, d_mlp),
            d_base: Matrix::new(at.d_T, wide).skip_rows(2 * p * n_heads),
            d_W_ou_t: Matrix::new(at.d_W_ou_t, d_mlp),
            d_S: Matrix::new(at.d_S, n_heads),
            d_V: Matrix::new(at.d_V, heads),
            d_G: Matrix::new(at.d_G, wide),
            d_KQ: Matrix::new(at.d_KQ, d_model),
            d_Q: Matrix::new(at.d_Q, heads),
            d_X: Matrix::new(at.d_X, d_model),
        }
    }
}

/// V, S, G, XB and both W_ou, from X, Q K and the weights.
pub fn projections(layout: &Layout) -> Vec<Job> {
    let ModelShape { d_model, n_heads, d_mlp, d_vocab_out, .. } = layout.shape;
    let (rows, heads) = (layout.rows(), layout.heads());
    let Tables { w, one, X, x_eq, KQ, S, V, G, XB, W_ou, W_ou_t, .. } = Tables::new(layout);
    vec![
        Job::new([d_mlp, d_model, d_vocab_out], w.W_out.t(), w.W_U, W_ou),
        Job::new([d_vocab_out, d_model, d_mlp], w.W_U.t(), w.W_out, W_ou_t),
        Job::new([heads, d_model, d_mlp], w.W_O.t(), w.W_in.t(), G),
        Job::new([heads, d_model, d_vocab_out], w.W_O.t(), w.W_U, G.skip_cols(d_mlp)),
        Job::new([rows, d_model, heads], X, w.W_V.t(), V),
        Job::new([rows, d_model, n_heads], X, KQ.t(), S),
        Job::new([1, d_model, d_mlp], x_eq, w.W_in.t(), XB).plus(1, one, w.b_in),
        Job::new([1, d_model, d_vocab_out], x_eq, w.W_U, XB.skip_cols(d_mlp)).plus(d_model, w.b_out, w.W_U),
    ]
}

/// T = V G by head.
pub fn tables(layout: &Layout) -> Vec<Job> {
    let ModelShape { n_heads, d_head, .. } = layout.shape;
    let (rows, wide) = (layout.rows(), layout.wide());
    let Tables { V, G, .. } = Tables::new(layout);
    let T = Matrix::new(layout.at.T, n_heads * wide);
    (0..n_heads)
        .map(|h| {
            let (V, G) = (V.skip_cols(h * d_head), G.skip_rows(h * d_head));
            Job::new([rows, d_head, wide], V, G, T.skip_cols(h * wide))
        })
        .collect()
}

/// logits += neurons W_ou, over `capacity` pairs.
pub fn logits(layout: &Layout) -> Vec<Job> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    vec![Job::new([layout.capacity, d_mlp, d_vocab_out], hidden, Tables::new(layout).W_ou, logits)]
}

/// Parts of dW_ouᵀ = dlogitsᵀ neurons, each over some train pairs.
pub fn d_W_ou(layout: &Layout) -> Vec<Job> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    let parts = Matrix::new(layout.at.d_W_ou_parts, d_mlp);
    (0..layout.splits)
        .map(|i| {
            let [start, end] = [i, i + 1].map(|i| i * layout.n_train / layout.splits);
            let (a, b) = (logits.skip_rows(start).t(), hidden.skip_rows(start));
            Job::new([d_vocab_out, end - start, d_mlp], a, b, parts.skip_rows(i * d_vocab_out))
        })
        .collect()
}

/// The gradient of the neurons, dlogits W_ouᵀ, over the train pairs.
pub fn d_hidden(layout: &Layout) -> Vec<Job> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    vec![Job::new([layout.n_train, d_vocab_out, d_mlp], logits, Tables::new(layout).W_ou_t, hidden)]
}

/// First level back: from dT, dS and dW_ou to dV, dG, d(Q K), and the gradients of W_out and b_out.
pub fn backward_1(layout: &Layout) -> Vec<Job> {
    let ModelShape { p, d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = layout.shape;
    let (rows, wide) = (layout.rows(), layout.wide());
    let Tables { w, g, X, V, G, d_base, d_W_ou_t, d_S, d_V, d_G, d_KQ, .. } = Tables::new(layout);
    let d_T = Matrix::new(layout.at.d_T, n_heads * wide);
    let mut jobs = Vec::new();
    for h in 0..n_heads {
        let (d_T, first) = (d_T.skip_cols(h * wide), h * d_head);
        jobs.push(Job::new([rows, wide, d_head], d_T, G.skip_rows(first).t(), d_V.skip_cols(first)));
        jobs.push(Job::new([d_head, rows, wide], V.skip_cols(first).t(), d_T, d_G.skip_rows(first)));
    }
    jobs.push(Job::new([d_model, d_vocab_out, d_mlp], w.W_U, d_W_ou_t, g.W_out));
    jobs.push(Job::new([1, d_vocab_out, d_model], d_base.skip_cols(d_mlp), w.W_U.t(), g.b_out));
    let scale = (1.0 / (d_head as f64).sqrt()) as f32;
    jobs.push(Job::new([n_heads, 2 * p, d_model], d_S.t(), X, d_KQ).times(scale));
    jobs
}

/// Second level back: dX of the numbers, dQ, and the gradients of W_V, W_O, W_in, W_U and W_K.
pub fn backward_2(layout: &Layout) -> Vec<Job> {
    let ModelShape { p, d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = layout.shape;
    let (rows, heads) = (layout.rows(), layout.heads());
    let t = Tables::new(layout);
    let Tables { w, g, X, x_eq, d_base, d_S, d_V, d_G, d_KQ, d_X, .. } = &t;
    let (d_out, d_G_out) = (d_base.skip_cols(d_mlp), d_G.skip_cols(d_mlp));
    // A vector as a matrix of one column.
    let column = |vector: &Matrix| vector.t();
    let mut jobs = vec![
        Job::new([d_model, heads, d_vocab_out], w.W_O, d_G_out, g.W_U)
            .plus(1, column(x_eq), d_out)
            .plus(1, column(&w.b_out), d_out)
            .plus(d_mlp, w.W_out, t.d_W_ou_t.t()),
        Job::new([d_model, d_mlp, heads], w.W_in.t(), d_G.t(), g.W_O).plus(d_vocab_out, w.W_U, d_G_out.t()),
        Job::new([d_mlp, heads, d_model], d_G.t(), w.W_O.t(), g.W_in).plus(1, column(d_base), *x_eq),
        Job::new([heads, rows, d_model], d_V.t(), *X, g.W_V),
        Job::new([2 * p, heads, d_model], *d_V, w.W_V, *d_X).plus(n_heads, *d_S, t.KQ),
    ];
    for h in 0..n_heads {
        let (first, d_KQ) = (h * d_head, d_KQ.skip_rows(h));
        let (query, keys) = (t.Q.skip_cols(first), w.W_K.skip_rows(first));
        jobs.push(Job::new([1, d_model, d_head], d_KQ, keys.t(), t.d_Q.skip_cols(first)));
        jobs.push(Job::new([d_head, 1, d_model], column(&query), d_KQ, g.W_K.skip_rows(first)));
    }
    jobs
}

/// Third level back: dX of "=", and the gradient of W_Q.
pub fn backward_3(layout: &Layout) -> Vec<Job> {
    let ModelShape { p, d_model, d_mlp, d_vocab_out, .. } = layout.shape;
    let heads = layout.heads();
    let Tables { w, g, x_eq, d_base, d_V, d_Q, d_X, .. } = Tables::new(layout);
    vec![
        Job::new([1, heads, d_model], d_V.skip_rows(2 * p), w.W_V, d_X.skip_rows(2 * p))
            .plus(heads, d_Q, w.W_Q)
            .plus(d_mlp, d_base, w.W_in)
            .plus(d_vocab_out, d_base.skip_cols(d_mlp), w.W_U.t()),
        Job::new([heads, 1, d_model], d_Q.t(), x_eq, g.W_Q),
    ]
}
