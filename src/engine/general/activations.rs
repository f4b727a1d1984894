//! What a tile's forward pass leaves for its backward pass, and the memory that both need.

use super::attention::HeadScratch;
use super::batch_plan::TileSizes;
use super::params::heads_width;
use super::scalar::Scalar;
use crate::config::Activation;
use crate::engine::cpu::matrix::{Mat, View, ViewMut};
use crate::model::ModelShape;

/// The activations of one tile. In the last block the queries are the predictions, in the others all rows.
#[derive(Debug)]
pub(super) struct Activations<T> {
    /// First to last.
    pub blocks: Vec<BlockActivations<T>>,
    /// Predictions × d_vocab_out: the logits, then their gradient.
    pub logits: Mat<T>,
    /// d_model wide: the gradient of the residual stream of all rows, and of the queries of a block; exchanged by
    /// the backward pass.
    pub d_rows: Mat<T>,
    pub d_queries: Mat<T>,
    /// Queries × d_model: what attention or the MLP adds to the stream, or its gradient, where dropout masks it; else
    /// empty.
    pub branch: Mat<T>,
    /// Queries × d_mlp.
    pub d_hidden: Mat<T>,
    /// Queries × heads: gradients of z and q.
    pub d_z: Mat<T>,
    pub d_q: Mat<T>,
    /// Rows × 2 heads.
    pub d_kv: Mat<T>,
    pub scratch: HeadScratch<T>,
}

/// The activations of one block.
#[derive(Debug)]
pub(super) struct BlockActivations<T> {
    /// The residual stream before the block at the queries, queries × d_model. Empty where that is the stream of all
    /// rows, and in the first block, where it is the embedding.
    pub resid_queries: Mat<T>,
    /// Queries × heads.
    pub q: Mat<T>,
    /// Rows × 2 heads.
    pub kv: Mat<T>,
    /// (n_heads · queries) × positions.
    pub pattern: Mat<T>,
    /// Queries × heads.
    pub z: Mat<T>,
    /// The residual stream after attention, queries × d_model.
    pub resid_mid: Mat<T>,
    /// The residual stream after the MLP, queries × d_model; empty without one.
    pub resid_post: Mat<T>,
    /// The neurons, queries × d_mlp, then the gradient of their inputs.
    pub hidden: Mat<T>,
    /// σ' of the neurons, for an activation whose derivative cannot be read off its value.
    pub slope: Mat<T>,
}

impl<T: Scalar> Activations<T> {
    /// Allocates the memory of the largest tile, with dropout or without.
    pub(super) fn zeros(shape: &ModelShape, sizes: TileSizes, has_dropout: bool) -> Self {
        let (d_model, heads) = (shape.d_model, heads_width(shape));
        let most_queries =
            if shape.n_layers > 1 { sizes.rows.max(sizes.predictions) } else { sizes.predictions };
        let block = |l: usize| {
            let is_last = l + 1 == shape.n_layers;
            let n = if is_last { sizes.predictions } else { sizes.rows };
            let n_slopes = if shape.activation == Activation::Gelu { n } else { 0 };
            BlockActivations {
                resid_queries: Mat::zeros(if is_last && l > 0 { n } else { 0 }, d_model),
                q: Mat::zeros(n, heads),
                kv: Mat::zeros(sizes.rows, 2 * heads),
                pattern: Mat::zeros(shape.n_heads * n, sizes.keys),
                z: Mat::zeros(n, heads),
                resid_mid: Mat::zeros(n, d_model),
                resid_post: Mat::zeros(if shape.has_mlp() { n } else { 0 }, d_model),
                hidden: Mat::zeros(n, shape.d_mlp),
                slope: Mat::zeros(n_slopes, shape.d_mlp),
            }
        };
        Self {
            blocks: (0..shape.n_layers).map(block).collect(),
            logits: Mat::zeros(sizes.predictions, shape.d_vocab_out),
            d_rows: Mat::zeros(if shape.n_layers > 1 { most_queries } else { 0 }, d_model),
            d_queries: Mat::zeros(most_queries, d_model),
            branch: Mat::zeros(if has_dropout { most_queries } else { 0 }, d_model),
            d_hidden: Mat::zeros(most_queries, shape.d_mlp),
            d_z: Mat::zeros(most_queries, heads),
            d_q: Mat::zeros(most_queries, heads),
            d_kv: Mat::zeros(sizes.rows, 2 * heads),
            scratch: HeadScratch::zeros(shape, sizes.keys),
        }
    }
}

impl<T: Scalar> BlockActivations<T> {
    /// The residual stream after the block, queries × d_model.
    pub(super) fn output(&self, n: usize) -> View<'_, T> {
        let has_mlp = self.resid_post.n_rows() > 0;
        head_rows(if has_mlp { &self.resid_post } else { &self.resid_mid }, n)
    }
}

/// The first rows of a matrix: those that a tile uses.
pub(super) fn head_rows<T: Scalar>(mat: &Mat<T>, n: usize) -> View<'_, T> {
    mat.view().take_rows(0, n)
}

/// The first rows of a matrix, to be written.
pub(super) fn head_rows_mut<T: Scalar>(mat: &mut Mat<T>, n: usize) -> ViewMut<'_, T> {
    mat.view_mut().take_rows(0, n)
}
