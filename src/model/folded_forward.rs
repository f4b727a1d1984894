//! The logits of [`transformer`](super::transformer) with a tenth of the work, for models of one block.
//!
//! Before the softmax over positions everything depends on one token at one position. There are only R = 2p + 1 such
//! rows: a at position 0, b at position 1, "=" at position 2; and only the query of "=" is needed. So keys, values
//! and scores are computed once per row, and only the softmax and the MLP once per pair. `docs/engine.md` folds
//! further; this form stays close to the transformer, for automatic differentiation.

use burn::tensor::{Int, Tensor, activation};

use super::folding::n_numbers;
use super::params::Params;
use super::transformer::{activate, score_scale};

/// Logits at the last position for a batch of sequences that [`folds`](super::folding::folds) accepts; equal to [`transformer::logits`](super::transformer::logits) up to rounding.
///
/// ```text
/// X[r]      = W_E[token] + W_pos[position]                   R × d_model
/// q = X_eq W_Q,  K = X W_K,  V = X W_V
/// s[r, h]   = K[r, h] · q[h] / √d_head                       R × n_heads
/// A[h]      = softmax(s[a, h], s[p + b, h], s[=, h])         per pair from here on
/// z[h]      = A_a V[a, h] + A_b V[p + b, h] + A_= V[=, h]
/// resid_mid = X_eq + z W_O
/// logits    = σ(resid_mid W_in + b_in) W_out W_U + (resid_mid + b_out) W_U
/// ```
///
/// # Shapes
/// tokens: n × 3, the last of each row the last of the vocabulary; result: n × d_vocab_out.
///
/// # Panics
/// If the model has more than one block, or attention only.
pub fn logits(params: &Params, tokens: Tensor<2, Int>) -> Tensor<2> {
    assert_eq!(params.blocks.len(), 1, "only a single block folds");
    let mlp = params.blocks[0].mlp.as_ref().expect("a block with an MLP");
    let block = &params.blocks[0];
    let shape = &params.shape;
    let (p, d_model, n_heads, d_head) = (n_numbers(shape), shape.d_model, shape.n_heads, shape.d_head);
    let [n, _] = tokens.dims();
    let token_at = |i: usize| tokens.clone().slice([0..n, i..i + 1]).reshape([n]);
    let (a, b) = (token_at(0), token_at(1));

    let embedding = params.W_E.clone().transpose();
    let position = |i: usize| params.W_pos.clone().slice([i..i + 1, 0..d_model]);
    let numbers = embedding.clone().slice([0..p, 0..d_model]);
    let x_eq = embedding.slice([p..p + 1, 0..d_model]) + position(2);
    let x = Tensor::cat(vec![numbers.clone() + position(0), numbers + position(1), x_eq.clone()], 0);
    let n_rows = 2 * p + 1;

    let q = x_eq.clone().matmul(block.W_Q.clone().transpose());
    let k = x.clone().matmul(block.W_K.clone().transpose());
    let v = x.matmul(block.W_V.clone().transpose());
    let scores: Tensor<2> = (k * q).reshape([n_rows, n_heads, d_head]).sum_dim(2).squeeze_dim(2);
    let scores = scores.mul_scalar(score_scale(d_head));

    let row_b = b.add_scalar(p as i64);
    let score_eq = scores.clone().slice([2 * p..2 * p + 1, 0..n_heads]).expand([n, n_heads]);
    let scores_of_pair: Tensor<3> = Tensor::stack(
        vec![scores.clone().select(0, a.clone()), scores.select(0, row_b.clone()), score_eq],
        2,
    );
    let pattern = activation::softmax(scores_of_pair, 2);

    let by_head = |values: Tensor<2>, n_rows: usize| values.reshape([n_rows, n_heads, d_head]);
    let attention_to = |i: usize| pattern.clone().slice([0..n, 0..n_heads, i..i + 1]);
    let v_eq = by_head(v.clone().slice([2 * p..2 * p + 1, 0..n_heads * d_head]), 1);
    let z = by_head(v.clone().select(0, a), n) * attention_to(0)
        + by_head(v.select(0, row_b), n) * attention_to(1)
        + v_eq * attention_to(2);

    let resid_mid = z.reshape([n, n_heads * d_head]).matmul(block.W_O.clone().transpose()) + x_eq;
    let pre = resid_mid.clone().matmul(mlp.W_in.clone().transpose()) + mlp.b_in.clone();
    let W_out_U = mlp.W_out.clone().transpose().matmul(params.W_U.clone());
    activate(pre, shape.activation).matmul(W_out_U)
        + (resid_mid + mlp.b_out.clone()).matmul(params.W_U.clone())
}
