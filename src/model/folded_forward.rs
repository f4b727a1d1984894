//! The same logits with nine tenths of the work left out, for models of one block.
//!
//! Before the softmax everything depends on one token at one position. There are only
//! R = 2p + 1 such rows: a at position 0, b at position 1, "=" at position 2; and only the query
//! of "=" matters. Keys, values and scores are computed once per row, the MLP once per pair.

use burn::tensor::{Int, Tensor, activation};

use super::params::Params;
use super::transformer::{activate, score_scale};

/// Logits at "=" for a batch of pairs; equal to [`transformer::logits`](super::transformer::logits)
/// up to rounding.
///
/// # Shapes
/// a, b: n numbers below p; result: n × d_vocab_out.
///
/// # Panics
/// If the model has more than one block.
pub fn logits(params: &Params, a: Tensor<1, Int>, b: Tensor<1, Int>) -> Tensor<2> {
    assert_eq!(params.blocks.len(), 1, "only a single block folds");
    let block = &params.blocks[0];
    let shape = &params.shape;
    let (p, d_model, n_heads, d_head) = (shape.p, shape.d_model, shape.n_heads, shape.d_head);
    let [n] = a.dims();

    let tokens = params.W_E.clone().transpose();
    let position = |i: usize| params.W_pos.clone().slice([i..i + 1, 0..d_model]);
    let numbers = tokens.clone().slice([0..p, 0..d_model]);
    let eq = tokens.slice([p..p + 1, 0..d_model]) + position(2);
    let rows = Tensor::cat(vec![numbers.clone() + position(0), numbers + position(1), eq.clone()], 0);
    let n_rows = 2 * p + 1;

    let q = eq.clone().matmul(block.W_Q.clone().transpose());
    let k = rows.clone().matmul(block.W_K.clone().transpose());
    let v = rows.matmul(block.W_V.clone().transpose());
    // Scores of each row under the query of "=", R × n_heads.
    let scores: Tensor<2> = (k * q).reshape([n_rows, n_heads, d_head]).sum_dim(2).squeeze_dim(2);
    let scores = scores.mul_scalar(score_scale(d_head));

    let row_b = b.add_scalar(p as i64);
    let score_eq = scores.clone().slice([2 * p..2 * p + 1, 0..n_heads]).expand([n, n_heads]);
    let triple: Tensor<3> = Tensor::stack(
        vec![scores.clone().select(0, a.clone()), scores.select(0, row_b.clone()), score_eq],
        2,
    );
    let pattern = activation::softmax(triple, 2);

    let heads = |values: Tensor<2>, m: usize| values.reshape([m, n_heads, d_head]);
    let attend = |i: usize| pattern.clone().slice([0..n, 0..n_heads, i..i + 1]);
    let v_eq = heads(v.clone().slice([2 * p..2 * p + 1, 0..n_heads * d_head]), 1);
    let z = heads(v.clone().select(0, a), n) * attend(0)
        + heads(v.select(0, row_b), n) * attend(1)
        + v_eq * attend(2);

    let resid_mid = z.reshape([n, n_heads * d_head]).matmul(block.W_O.clone().transpose()) + eq;
    let pre = resid_mid.clone().matmul(block.W_in.clone().transpose()) + block.b_in.clone();
    let W_ou = block.W_out.clone().transpose().matmul(params.W_U.clone());
    activate(pre, shape.activation).matmul(W_ou)
        + (resid_mid + block.b_out.clone()).matmul(params.W_U.clone())
}
