//! The transformer as the paper writes it (section 3, appendix A), every position computed.
//!
//! The oracle of everything faster: literal and slow, for any number of blocks, heads, positions and widths, with or
//! without an MLP.

use std::ops::Range;

use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData, activation};

use super::hooks::{self, ActivationCache, Hook, Observer};
use super::params::{BlockParams, MlpParams, Params};
use super::weights::Weights;
use crate::config::Activation;
use crate::error::Result;
use crate::task::Examples;

/// The score of positions that a causal mask hides. Not minus infinity, which WGSL does not have; exp of this is 0 in
/// both precisions.
const MASKED_SCORE: f64 = -1e9;

/// Logits at some positions of a batch of sequences.
///
/// ```text
/// x          = W_E[token] + W_pos[position]                  n × n_ctx × d_model
/// per block:
///   q, k, v  = x W_Qᵀ, x W_Kᵀ, x W_Vᵀ                        by head, n × n_heads × n_ctx × d_head
///   pattern  = softmax(q kᵀ / √d_head), causal or not        n × n_heads × n_ctx × n_ctx
///   x        = residual_scale x + (pattern v) W_Oᵀ
///   x       += σ(x W_inᵀ + b_in) W_outᵀ + b_out              unless it is of attention only
/// logits     = x[positions] W_U
/// ```
///
/// No LayerNorm; weights as in [`ModelShape::dims`](super::shape::ModelShape::dims).
///
/// # Shapes
/// tokens: n × n_ctx, values below d_vocab; positions ascending and below n_ctx; result: (n · number of positions) ×
/// d_vocab_out, the positions of an example in consecutive rows.
///
/// # Panics
/// If the sequences have another length than the model's.
pub fn logits(
    params: &Params,
    tokens: Tensor<2, Int>,
    positions: &[usize],
    observer: &mut impl Observer,
) -> Tensor<2> {
    let d_model = params.shape.d_model;
    let [n, n_ctx] = tokens.dims();
    assert_eq!(n_ctx, params.shape.n_ctx, "tokens of a sequence");

    let embed = params.W_E.clone().transpose().select(0, tokens.reshape([n * n_ctx]));
    let embed = embed.reshape([n, n_ctx, d_model]);
    observer.see(Hook::Embed, &embed);
    observer.see(Hook::PosEmbed, &params.W_pos);
    let mut resid: Tensor<3> = embed + params.W_pos.clone().unsqueeze();

    // Not multiplied where the factor is 1: a step of the paper's model has the operations that it had.
    let scaled = |resid: Tensor<3>| match params.shape.residual_scale {
        1.0 => resid,
        scale => resid.mul_scalar(scale),
    };
    for (l, block) in params.blocks.iter().enumerate() {
        observer.see(Hook::ResidPre(l), &resid);
        resid = scaled(resid.clone()) + attention(params, block, l, resid, observer);
        observer.see(Hook::ResidMid(l), &resid);
        if let Some(params_of_mlp) = &block.mlp {
            let activation = params.shape.activation;
            resid = resid.clone() + mlp(params_of_mlp, activation, l, resid, observer);
        }
        observer.see(Hook::ResidPost(l), &resid);
    }
    at_positions(resid, positions).reshape([n * positions.len(), d_model]).matmul(params.W_U.clone())
}

/// The residual stream at some positions, n × number of positions × d_model.
fn at_positions(resid: Tensor<3>, positions: &[usize]) -> Tensor<3> {
    let [n, _, d_model] = resid.dims();
    match *positions {
        // One slice instead of an index for each.
        [first, .., last] if last - first + 1 == positions.len() => {
            resid.slice([0..n, first..last + 1, 0..d_model])
        }
        [only] => resid.slice([0..n, only..only + 1, 0..d_model]),
        _ => {
            let indices: Vec<i32> = positions.iter().map(|&position| position as i32).collect();
            let indices = TensorData::new(indices, [positions.len()]);
            let indices = Tensor::<1, Int>::from_data(indices, &resid.device());
            resid.select(1, indices)
        }
    }
}

/// Runs weights on examples and copies every activation to the host, in the order of computation: about 7,000
/// numbers per example for the paper's model.
///
/// # Errors
/// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
pub async fn run_with_cache(
    weights: &Weights,
    examples: &Examples,
    device: &Device,
    dtype: DType,
) -> Result<Vec<hooks::Activation>> {
    let params = Params::from_weights(weights, device, dtype);
    let mut cache = ActivationCache::default();
    logits(
        &params,
        tokens(examples, 0..examples.len(), device),
        &examples.shape().loss_positions,
        &mut cache,
    );
    cache.read().await
}

/// The tokens of some examples, n × n_ctx.
pub fn tokens(examples: &Examples, range: Range<usize>, device: &Device) -> Tensor<2, Int> {
    let dims = [range.len(), examples.shape().n_ctx];
    let tokens: Vec<i32> = examples.tokens_of(range).iter().map(|&token| token as i32).collect();
    Tensor::from_data(TensorData::new(tokens, dims), device)
}

/// The output of a block's attention, n × n_ctx × d_model.
fn attention(
    params: &Params,
    block: &BlockParams,
    l: usize,
    resid: Tensor<3>,
    observer: &mut impl Observer,
) -> Tensor<3> {
    let [n, n_ctx, d_model] = resid.dims();
    let (n_heads, d_head) = (params.shape.n_heads, params.shape.d_head);
    let resid = resid.reshape([n * n_ctx, d_model]);

    let mut project = |W: &Tensor<2>, hook| {
        let projected = resid.clone().matmul(W.clone().transpose()).reshape([n, n_ctx, n_heads, d_head]);
        observer.see(hook, &projected);
        projected.swap_dims(1, 2)
    };
    let q = project(&block.W_Q, Hook::Q(l));
    let k = project(&block.W_K, Hook::K(l));
    let v = project(&block.W_V, Hook::V(l));

    let mut scores = q.matmul(k.swap_dims(2, 3)).mul_scalar(score_scale(d_head));
    if params.shape.causal {
        let is_ahead: Tensor<2, Bool> = Tensor::<2, Bool>::tril_mask([n_ctx, n_ctx], 0, &resid.device());
        let is_ahead: Tensor<4, Bool> = is_ahead.unsqueeze::<4>().expand([n, n_heads, n_ctx, n_ctx]);
        scores = scores.mask_fill(is_ahead, MASKED_SCORE);
    }
    observer.see(Hook::AttnScores(l), &scores);
    let pattern = activation::softmax(scores, 3);
    observer.see(Hook::Pattern(l), &pattern);

    let z = pattern.matmul(v).swap_dims(1, 2);
    observer.see(Hook::Z(l), &z);
    let out = z.reshape([n * n_ctx, n_heads * d_head]).matmul(block.W_O.clone().transpose());
    let out = out.reshape([n, n_ctx, d_model]);
    observer.see(Hook::AttnOut(l), &out);
    out
}

/// The output of a block's MLP, n × n_ctx × d_model.
fn mlp(
    params: &MlpParams,
    kind: Activation,
    l: usize,
    resid: Tensor<3>,
    observer: &mut impl Observer,
) -> Tensor<3> {
    let [n, n_ctx, d_model] = resid.dims();
    let [d_mlp, _] = params.W_in.dims();
    let pre =
        resid.reshape([n * n_ctx, d_model]).matmul(params.W_in.clone().transpose()) + params.b_in.clone();
    observer.see(Hook::Pre(l), &pre.clone().reshape([n, n_ctx, d_mlp]));
    let post = activate(pre, kind);
    observer.see(Hook::Post(l), &post.clone().reshape([n, n_ctx, d_mlp]));
    let out = post.matmul(params.W_out.clone().transpose()) + params.b_out.clone();
    let out = out.reshape([n, n_ctx, d_model]);
    observer.see(Hook::MlpOut(l), &out);
    out
}

/// 1 / √d_head. A factor, because Burn 0.22.1 rounds a scalar divisor to float32 when it differentiates.
pub(super) fn score_scale(d_head: usize) -> f64 {
    1.0 / (d_head as f64).sqrt()
}

/// The non-linearity σ of the neurons, element by element.
pub fn activate<const D: usize>(pre: Tensor<D>, kind: Activation) -> Tensor<D> {
    match kind {
        Activation::Relu => activation::relu(pre),
        Activation::Gelu => activation::gelu(pre),
    }
}
