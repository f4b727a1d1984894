//! The matrix products of a step, forward and back, as jobs for the kernel `product`.
//!
//! Symbols are those of `docs/engine.md` and [`BufferOffsets`](super::layout::BufferOffsets): rows of X, s, V and T are
//! measured from "=", whose own row is the last. Weights are stored as in [`ModelShape::dims`], so that for example
//! V = X W_Vᵀ here. One function is one dispatch: its jobs do not read each other's results.

use super::job_table::{Matrix, ProductJob};
use super::layout::GpuLayout;
use crate::model::{ModelShape, Param};

/// The weights, or their gradient, as matrices of the arena.
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

/// Weights `w`, their gradient `g`, the tables and their gradients, as matrices of the arena.
struct TableMatrices {
    w: WeightMatrices,
    g: WeightMatrices,
    one: Matrix,
    X: Matrix,
    X_eq: Matrix,
    q: Matrix,
    kq: Matrix,
    s: Matrix,
    V: Matrix,
    G: Matrix,
    base_resid: Matrix,
    W_out_U: Matrix,
    W_out_U_t: Matrix,
    d_base: Matrix,
    d_W_out_U_t: Matrix,
    d_s: Matrix,
    d_V: Matrix,
    d_G: Matrix,
    d_kq: Matrix,
    d_q: Matrix,
    d_X: Matrix,
}

impl TableMatrices {
    fn new(layout: &GpuLayout) -> Self {
        let ModelShape { d_model, n_heads, d_mlp, d_vocab_out, .. } = layout.shape;
        let p = layout.n_numbers();
        let (offsets, heads_width, width) =
            (&layout.offsets, layout.heads_width(), layout.neurons_and_logits_width());
        let X = Matrix::new(offsets.X, d_model);
        Self {
            w: WeightMatrices::new(layout, 0),
            g: WeightMatrices::new(layout, offsets.gradient),
            one: Matrix::new(offsets.one, 1),
            X,
            X_eq: X.skip_rows(2 * p),
            q: Matrix::new(offsets.q, heads_width),
            kq: Matrix::new(offsets.kq, d_model),
            s: Matrix::new(offsets.s, n_heads),
            V: Matrix::new(offsets.V, heads_width),
            G: Matrix::new(offsets.G, width),
            base_resid: Matrix::new(offsets.base_resid, width),
            W_out_U: Matrix::new(offsets.W_out_U, d_vocab_out),
            W_out_U_t: Matrix::new(offsets.W_out_U_t, d_mlp),
            d_base: Matrix::new(offsets.d_T, width).skip_rows(2 * p * n_heads),
            d_W_out_U_t: Matrix::new(offsets.d_W_out_U_t, d_mlp),
            d_s: Matrix::new(offsets.d_s, n_heads),
            d_V: Matrix::new(offsets.d_V, heads_width),
            d_G: Matrix::new(offsets.d_G, width),
            d_kq: Matrix::new(offsets.d_kq, d_model),
            d_q: Matrix::new(offsets.d_q, heads_width),
            d_X: Matrix::new(offsets.d_X, d_model),
        }
    }
}

/// Dispatch 2, from X and kq, which `embed` computes, and the weights:
///
/// ```text
/// W_out_U    = W_outᵀ W_U             and its transpose
/// G          = W_Oᵀ [ W_inᵀ | W_U ]
/// V          = X W_Vᵀ
/// s          = X kqᵀ
/// base_resid = [ X_eq W_inᵀ + b_in | (X_eq + b_out) W_U ]
/// ```
pub(super) fn projections(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_model, n_heads, d_mlp, d_vocab_out, .. } = layout.shape;
    let (n_rows, heads_width) = (layout.n_rows(), layout.heads_width());
    let TableMatrices { w, one, X, X_eq, kq, s, V, G, base_resid, W_out_U, W_out_U_t, .. } =
        TableMatrices::new(layout);
    vec![
        ProductJob::new([d_mlp, d_model, d_vocab_out], w.W_out.t(), w.W_U, W_out_U),
        ProductJob::new([d_vocab_out, d_model, d_mlp], w.W_U.t(), w.W_out, W_out_U_t),
        ProductJob::new([heads_width, d_model, d_mlp], w.W_O.t(), w.W_in.t(), G),
        ProductJob::new([heads_width, d_model, d_vocab_out], w.W_O.t(), w.W_U, G.skip_cols(d_mlp)),
        ProductJob::new([n_rows, d_model, heads_width], X, w.W_V.t(), V),
        ProductJob::new([n_rows, d_model, n_heads], X, kq.t(), s),
        ProductJob::new([1, d_model, d_mlp], X_eq, w.W_in.t(), base_resid).plus(1, one, w.b_in),
        ProductJob::new([1, d_model, d_vocab_out], X_eq, w.W_U, base_resid.skip_cols(d_mlp))
            .plus(d_model, w.b_out, w.W_U),
    ]
}

/// Dispatch 3: `T[r, h] = V[r, h] G[h]`.
pub(super) fn tables(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { n_heads, d_head, .. } = layout.shape;
    let (n_rows, width) = (layout.n_rows(), layout.neurons_and_logits_width());
    let TableMatrices { V, G, .. } = TableMatrices::new(layout);
    // Rows of one head are n_heads rows apart.
    let T = Matrix::new(layout.offsets.T, n_heads * width);
    (0..n_heads)
        .map(|h| {
            let (V, G) = (V.skip_cols(h * d_head), G.skip_rows(h * d_head));
            ProductJob::new([n_rows, d_head, width], V, G, T.skip_cols(h * width))
        })
        .collect()
}

/// Dispatch 5: logits += n W_out_U, over `capacity` pairs.
pub(super) fn logits(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    vec![ProductJob::new(
        [layout.capacity, d_mlp, d_vocab_out],
        hidden,
        TableMatrices::new(layout).W_out_U,
        logits,
    )]
}

/// Dispatch 7: d_W_out_Uᵀ = d_logitsᵀ n, one job for each split of the train pairs.
pub(super) fn d_W_out_U(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    let splits = Matrix::new(layout.offsets.d_W_out_U_splits, d_mlp);
    (0..layout.n_splits)
        .map(|i| {
            let [start, end] = [i, i + 1].map(|i| i * layout.n_train / layout.n_splits);
            let (a, b) = (logits.skip_rows(start).t(), hidden.skip_rows(start));
            ProductJob::new([d_vocab_out, end - start, d_mlp], a, b, splits.skip_rows(i * d_vocab_out))
        })
        .collect()
}

/// Dispatch 8: d_n = d_logits W_out_Uᵀ over the train pairs; the kernel stores d_n ⊙ σ'(u).
pub(super) fn d_hidden(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_mlp, d_vocab_out, .. } = layout.shape;
    let (hidden, logits) = (Matrix::new(0, d_mlp), Matrix::new(0, d_vocab_out));
    vec![ProductJob::new(
        [layout.n_train, d_vocab_out, d_mlp],
        logits,
        TableMatrices::new(layout).W_out_U_t,
        hidden,
    )]
}

/// Dispatch 12, from d_T (whose rows of "=" are d_base), d_s and d_W_out_U:
///
/// ```text
/// d_V[r, h] = d_T[r, h] G[h]ᵀ
/// d_G[h]    = Σ_r V[r, h]ᵀ d_T[r, h]
/// d_W_out   = W_U d_W_out_Uᵀ
/// d_b_out   = d_base[logits] W_Uᵀ
/// d_kq      = d_sᵀ X / √d_head                           with respect to q[h] W_K[h]
/// ```
pub(super) fn backward_tables(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = layout.shape;
    let p = layout.n_numbers();
    let (n_rows, width) = (layout.n_rows(), layout.neurons_and_logits_width());
    let TableMatrices { w, g, X, V, G, d_base, d_W_out_U_t, d_s, d_V, d_G, d_kq, .. } =
        TableMatrices::new(layout);
    let d_T = Matrix::new(layout.offsets.d_T, n_heads * width);
    let mut jobs = Vec::new();
    for h in 0..n_heads {
        let (d_T, offset) = (d_T.skip_cols(h * width), h * d_head);
        let (G, V) = (G.skip_rows(offset), V.skip_cols(offset));
        jobs.push(ProductJob::new([n_rows, width, d_head], d_T, G.t(), d_V.skip_cols(offset)));
        jobs.push(ProductJob::new([d_head, n_rows, width], V.t(), d_T, d_G.skip_rows(offset)));
    }
    jobs.push(ProductJob::new([d_model, d_vocab_out, d_mlp], w.W_U, d_W_out_U_t, g.W_out));
    jobs.push(ProductJob::new([1, d_vocab_out, d_model], d_base.skip_cols(d_mlp), w.W_U.t(), g.b_out));
    let scale = (1.0 / (d_head as f64).sqrt()) as f32;
    jobs.push(ProductJob::new([n_heads, 2 * p, d_model], d_s.t(), X, d_kq).times(scale));
    jobs
}

/// Dispatch 13:
///
/// ```text
/// d_W_U    = W_O d_G[logits] + (X_eq + b_out)ᵀ d_base[logits] + W_out d_W_out_U
/// d_W_O    = [ W_inᵀ | W_U ] d_Gᵀ
/// d_W_in   = d_G[neurons]ᵀ W_Oᵀ + d_base[neurons]ᵀ X_eq
/// d_W_V    = d_Vᵀ X
/// d_X[r]   = d_V[r] W_V + d_s[r] kq                      r < 2p
/// d_q[h]   = d_kq[h] W_K[h]ᵀ
/// d_W_K[h] = q[h]ᵀ d_kq[h]
/// ```
pub(super) fn backward_projections(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = layout.shape;
    let p = layout.n_numbers();
    let (n_rows, heads_width) = (layout.n_rows(), layout.heads_width());
    let t = TableMatrices::new(layout);
    let TableMatrices { w, g, X, X_eq, d_base, d_s, d_V, d_G, d_kq, d_X, .. } = &t;
    let (d_base_logits, d_G_logits) = (d_base.skip_cols(d_mlp), d_G.skip_cols(d_mlp));
    // A vector as a matrix of one column.
    let column = |vector: &Matrix| vector.t();
    let mut jobs = vec![
        ProductJob::new([d_model, heads_width, d_vocab_out], w.W_O, d_G_logits, g.W_U)
            .plus(1, column(X_eq), d_base_logits)
            .plus(1, column(&w.b_out), d_base_logits)
            .plus(d_mlp, w.W_out, t.d_W_out_U_t.t()),
        ProductJob::new([d_model, d_mlp, heads_width], w.W_in.t(), d_G.t(), g.W_O).plus(
            d_vocab_out,
            w.W_U,
            d_G_logits.t(),
        ),
        ProductJob::new([d_mlp, heads_width, d_model], d_G.t(), w.W_O.t(), g.W_in).plus(
            1,
            column(d_base),
            *X_eq,
        ),
        ProductJob::new([heads_width, n_rows, d_model], d_V.t(), *X, g.W_V),
        ProductJob::new([2 * p, heads_width, d_model], *d_V, w.W_V, *d_X).plus(n_heads, *d_s, t.kq),
    ];
    for h in 0..n_heads {
        let (offset, d_kq) = (h * d_head, d_kq.skip_rows(h));
        let (q, W_K) = (t.q.skip_cols(offset), w.W_K.skip_rows(offset));
        jobs.push(ProductJob::new([1, d_model, d_head], d_kq, W_K.t(), t.d_q.skip_cols(offset)));
        jobs.push(ProductJob::new([d_head, 1, d_model], column(&q), d_kq, g.W_K.skip_rows(offset)));
    }
    jobs
}

/// Dispatch 14:
///
/// ```text
/// d_X_eq = d_V["="] W_V + d_q W_Q + d_base [ W_inᵀ | W_U ]ᵀ
/// d_W_Q  = d_qᵀ X_eq
/// ```
pub(super) fn backward_query_token(layout: &GpuLayout) -> Vec<ProductJob> {
    let ModelShape { d_model, d_mlp, d_vocab_out, .. } = layout.shape;
    let p = layout.n_numbers();
    let heads_width = layout.heads_width();
    let TableMatrices { w, g, X_eq, d_base, d_V, d_q, d_X, .. } = TableMatrices::new(layout);
    vec![
        ProductJob::new([1, heads_width, d_model], d_V.skip_rows(2 * p), w.W_V, d_X.skip_rows(2 * p))
            .plus(heads_width, d_q, w.W_Q)
            .plus(d_mlp, d_base, w.W_in)
            .plus(d_vocab_out, d_base.skip_cols(d_mlp), w.W_U.t()),
        ProductJob::new([heads_width, 1, d_model], d_q.t(), X_eq, g.W_Q),
    ]
}
