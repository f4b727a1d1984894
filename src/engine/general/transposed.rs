//! Transposed copies of the weights, for products with gradients from the left.

use super::params::Params;
use super::scalar::Scalar;
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::matrix::{Mat, transpose};

/// The transposes of all weights but the embedding.
#[derive(Debug)]
pub(super) struct Transposed<T> {
    /// First to last.
    pub blocks: Vec<BlockTransposed<T>>,
    /// d_vocab_out × d_model.
    pub W_U: Mat<T>,
}

/// The transposes of a block's weights.
#[derive(Debug)]
pub(super) struct BlockTransposed<T> {
    /// 3 heads × d_model.
    pub W_QKV: Mat<T>,
    /// d_model × heads.
    pub W_O: Mat<T>,
    /// d_mlp × d_model and d_model × d_mlp; none without an MLP.
    pub W_in_out: Option<[Mat<T>; 2]>,
}

impl<T: Scalar> Transposed<T> {
    /// Allocates the transposes, zero.
    pub(super) fn zeros(params: &Params<T>) -> Self {
        let like = |mat: &Mat<T>| Mat::zeros(mat.view().cols, mat.view().rows);
        let blocks = params.blocks.iter().map(|block| BlockTransposed {
            W_QKV: like(&block.W_QKV),
            W_O: like(&block.W_O),
            W_in_out: block.mlp.as_ref().map(|mlp| [like(&mlp.W_in), like(&mlp.W_out)]),
        });
        Self { blocks: blocks.collect(), W_U: like(&params.W_U) }
    }

    /// Copies all weights.
    pub(super) fn update(&mut self, params: &Params<T>, pool: &ComputePool) {
        let mut jobs = vec![(&params.W_U, &mut self.W_U)];
        for (from, to) in params.blocks.iter().zip(&mut self.blocks) {
            jobs.extend([(&from.W_QKV, &mut to.W_QKV), (&from.W_O, &mut to.W_O)]);
            if let (Some(mlp), Some([W_in, W_out])) = (&from.mlp, &mut to.W_in_out) {
                jobs.extend([(&mlp.W_in, W_in), (&mlp.W_out, W_out)]);
            }
        }
        pool.for_each(&mut jobs, |_, (from, to)| transpose(from, to));
    }
}
