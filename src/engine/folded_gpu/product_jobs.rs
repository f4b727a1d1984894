//! Which products make a step: forward from the weights to the logits, and back.
//!
//! X, V, G, T and the rest are those of [`Places`](super::layout::Places).

use super::job_table::{Matrix, ProductJob};
use super::layout::GpuLayout;
use crate::model::{ModelShape, Param};

/// The weights, or their gradient, as matrices.
struct WeightMatrices {
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

impl WeightMatrices {
    fn new(layout: &GpuLayout, start: usize) -> Self {
        let ModelShape { d_model, d_mlp, d_vocab_out, .. } = layout.shape;
        let at = |param, width| Matrix::new(start + layout.param(param), width);
        Self {
            W_K: at(Param::W_K(0), d_model),
            W_Q: at(Param::W_Q(0), d_model),
            W_V: at(Param::W_V(0), d_model),
            W_O: at(Param::W_O(0), layout.heads_width()),
            W_in: at(Param::W_in(0), d_model),
            b_in: at(Param::b_in(0), d_mlp),
            W_out: at(Param::W_out(0), d_mlp),
            b_out: at(Param::b_out(0), d_model),
            W_U: at(Param::W_U, d_vocab_out),
        }
    }
}

/// The tables and their gradients as matrices, with the weights beside them.
struct TableMatrices {
    w: WeightMatrices,
    g: WeightMatrices,
    one: Matrix,
    X: Matrix,
    x_eq: Matrix,
    Q: Matrix,
    KQ: Matrix,
    S: Matrix,
    V: Matrix,
    G: Matrix,
    XB: Matrix,
    W_out_U: Matrix,
    W_out_U_t: Matrix,
    d_base: Matrix,
    d_W_out_U_t: Matrix,
    d_S: Matrix,
    d_V: Matrix,
    d_G: Matrix,
    d_KQ: Matrix,
    d_Q: Matrix,
    d_X: Matrix,
}

impl TableMatrices {
    fn new(layout: &GpuLayout) -> Self {
        let ModelShape { p, d_model, n_heads, d_mlp, d_vocab_out, .. } = layout.shape;
        let (offsets, heads, wide) =
            (&layout.offsets, layout.heads_width(), layout.neurons_and_logits_width());
        let X = Matrix::new(offsets.X, d_model);
        Self {
            w: WeightMatrices::new(layout, 0),
            g: WeightMatrices::new(layout, offsets.gradient),
            one: Matrix::new(offsets.one, 1),
            X,
            x_eq: X.skip_rows(2 * p),
            Q: Matrix::new(offsets.Q, heads),
            KQ: Matrix::new(offsets.KQ, d_model),
            S: Matrix::new(offsets.S, n_heads),
            V: Matrix::new(offsets.V, heads),
            G: Matrix::new(offsets.G, wide),
            XB: Matrix::new(offsets.XB, wide),
            W_out_U: Matrix::new(offsets.W_out_U, d_vocab_out),
            W_out_U_t: Matrix::new(offsets.W_out_U_t, d_mlp),
            d_base: Matrix::new(offsets.d_T, wide).skip_rows(2 * p * n_heads),
            d_W_out_U_t: Matrix::new(offsets.d_W_out_U_t, d_mlp),
            d_S: Matrix::new(offsets.d_S, n_heads),
            d_V: Matrix::new(offsets.d_V, heads),
            d_G: Matrix::new(offsets.d_G, wide),
            d_KQ: Matrix::new(offsets.d_KQ, d_model),
            d_Q: Matrix::new(offsets.d_Q, heads),
            d_X: Matrix::new(offsets.d_X, d_model),
        }
    }
}

/// V, S, G, XB and both W_out_U, from X, Q K and the weights.
pub fn projections(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_model, n_heads, d_mlp, d_vocab_out, .. } = layout.shape;
    let (rows, heads) = (layout.rows(), layout.heads_width());
    let TableMatrices { w, one, X, x_eq, KQ, S, V, G, XB, W_out_U, W_out_U_t, .. } =
        TableMatrices::new(layout);
    vec![
        ProductJob::new([d_mlp, d_model, d_vocab_out], w.W_out.t(), w.W_U, W_out_U),
        ProductJob::new([d_vocab_out, d_model, d_mlp], w.W_U.t(), w.W_out, W_out_U_t),
        ProductJob::new([heads, d_model, d_mlp], w.W_O.t(), w.W_in.t(), G),
        ProductJob::new([heads, d_model, d_vocab_out], w.W_O.t(), w.W_U, G.skip_cols(d_mlp)),
        ProductJob::new([rows, d_model, heads], X, w.W_V.t(), V),
        ProductJob::new([rows, d_model, n_heads], X, KQ.t(), S),
        ProductJob::new([1, d_model, d_mlp], x_eq, w.W_in.t(), XB).plus(1, one, w.b_in),
        ProductJob::new([1, d_model, d_vocab_out], x_eq, w.W_U, XB.skip_cols(d_mlp))
            .plus(d_model, w.b_out, w.W_U),
    ]
}

/// T = V G by head.
pub fn tables(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { n_heads, d_head, .. } = layout.shape;
    let (rows, wide) = (layout.rows(), layout.neurons_and_logits_width());
    let TableMatrices { V, G, .. } = TableMatrices::new(layout);
    let T = Matrix::new(layout.offsets.T, n_heads * wide);
    (0..n_heads)
        .map(|h| {
            let (V, G) = (V.skip_cols(h * d_head), G.skip_rows(h * d_head));
            ProductJob::new([rows, d_head, wide], V, G, T.skip_cols(h * wide))
        })
        .collect()
}

/// logits += neurons W_out_U, over `capacity` pairs.
pub fn logits(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    vec![ProductJob::new(
        [layout.capacity, d_mlp, d_vocab_out],
        hidden,
        TableMatrices::new(layout).W_out_U,
        logits,
    )]
}

/// Parts of dW_out_Uᵀ = dlogitsᵀ neurons, each over some train pairs.
pub fn d_W_out_U(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    let parts = Matrix::new(layout.offsets.d_W_out_U_parts, d_mlp);
    (0..layout.splits)
        .map(|i| {
            let [start, end] = [i, i + 1].map(|i| i * layout.n_train / layout.splits);
            let (a, b) = (logits.skip_rows(start).t(), hidden.skip_rows(start));
            ProductJob::new([d_vocab_out, end - start, d_mlp], a, b, parts.skip_rows(i * d_vocab_out))
        })
        .collect()
}

/// The gradient of the neurons, dlogits W_out_Uᵀ, over the train pairs.
pub fn d_hidden(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    vec![ProductJob::new(
        [layout.n_train, d_vocab_out, d_mlp],
        logits,
        TableMatrices::new(layout).W_out_U_t,
        hidden,
    )]
}

/// First level back: from dT, dS and dW_out_U to dV, dG, d(Q K), and the gradients of W_out and b_out.
pub fn backward_tables(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { p, d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = layout.shape;
    let (rows, wide) = (layout.rows(), layout.neurons_and_logits_width());
    let TableMatrices { w, g, X, V, G, d_base, d_W_out_U_t, d_S, d_V, d_G, d_KQ, .. } =
        TableMatrices::new(layout);
    let d_T = Matrix::new(layout.offsets.d_T, n_heads * wide);
    let mut jobs = Vec::new();
    for h in 0..n_heads {
        let (d_T, first) = (d_T.skip_cols(h * wide), h * d_head);
        jobs.push(ProductJob::new([rows, wide, d_head], d_T, G.skip_rows(first).t(), d_V.skip_cols(first)));
        jobs.push(ProductJob::new([d_head, rows, wide], V.skip_cols(first).t(), d_T, d_G.skip_rows(first)));
    }
    jobs.push(ProductJob::new([d_model, d_vocab_out, d_mlp], w.W_U, d_W_out_U_t, g.W_out));
    jobs.push(ProductJob::new([1, d_vocab_out, d_model], d_base.skip_cols(d_mlp), w.W_U.t(), g.b_out));
    let scale = (1.0 / (d_head as f64).sqrt()) as f32;
    jobs.push(ProductJob::new([n_heads, 2 * p, d_model], d_S.t(), X, d_KQ).times(scale));
    jobs
}

/// Second level back: dX of the numbers, dQ, and the gradients of W_V, W_O, W_in, W_U and W_K.
pub fn backward_projections(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { p, d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = layout.shape;
    let (rows, heads) = (layout.rows(), layout.heads_width());
    let t = TableMatrices::new(layout);
    let TableMatrices { w, g, X, x_eq, d_base, d_S, d_V, d_G, d_KQ, d_X, .. } = &t;
    let (d_out, d_G_out) = (d_base.skip_cols(d_mlp), d_G.skip_cols(d_mlp));
    // A vector as a matrix of one column.
    let column = |vector: &Matrix| vector.t();
    let mut jobs = vec![
        ProductJob::new([d_model, heads, d_vocab_out], w.W_O, d_G_out, g.W_U)
            .plus(1, column(x_eq), d_out)
            .plus(1, column(&w.b_out), d_out)
            .plus(d_mlp, w.W_out, t.d_W_out_U_t.t()),
        ProductJob::new([d_model, d_mlp, heads], w.W_in.t(), d_G.t(), g.W_O).plus(
            d_vocab_out,
            w.W_U,
            d_G_out.t(),
        ),
        ProductJob::new([d_mlp, heads, d_model], d_G.t(), w.W_O.t(), g.W_in).plus(1, column(d_base), *x_eq),
        ProductJob::new([heads, rows, d_model], d_V.t(), *X, g.W_V),
        ProductJob::new([2 * p, heads, d_model], *d_V, w.W_V, *d_X).plus(n_heads, *d_S, t.KQ),
    ];
    for h in 0..n_heads {
        let (first, d_KQ) = (h * d_head, d_KQ.skip_rows(h));
        let (query, keys) = (t.Q.skip_cols(first), w.W_K.skip_rows(first));
        jobs.push(ProductJob::new([1, d_model, d_head], d_KQ, keys.t(), t.d_Q.skip_cols(first)));
        jobs.push(ProductJob::new([d_head, 1, d_model], column(&query), d_KQ, g.W_K.skip_rows(first)));
    }
    jobs
}

/// Third level back: dX of "=", and the gradient of W_Q.
pub fn backward_query_token(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { p, d_model, d_mlp, d_vocab_out, .. } = layout.shape;
    let heads = layout.heads_width();
    let TableMatrices { w, g, x_eq, d_base, d_V, d_Q, d_X, .. } = TableMatrices::new(layout);
    vec![
        ProductJob::new([1, heads, d_model], d_V.skip_rows(2 * p), w.W_V, d_X.skip_rows(2 * p))
            .plus(heads, d_Q, w.W_Q)
            .plus(d_mlp, d_base, w.W_in)
            .plus(d_vocab_out, d_base.skip_cols(d_mlp), w.W_U.t()),
        ProductJob::new([heads, 1, d_model], d_Q.t(), x_eq, g.W_Q),
    ]
}
