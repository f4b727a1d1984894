//! The products of weights that all pairs have in common, summed in float64 and rounded once.
//!
//! Their rounding is the same for every pair, so that it would not average out in the gradient: hence
//! float64. Each worker of a shared run computes some of the rows and receives the others.

use super::folded_layout::FoldedLayout;
use super::folded_params::FoldedParams;
use super::packed;
use super::shard::Shard;
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::matrix::Mat;
use crate::engine::cpu::simd::product_wide::ProductWide;
use crate::error::Result;

/// Output matrices multiplied with the matrices that read them.
///
/// ```text
/// G[h]      = W_O[h] W_in_U,  W_in_U = [ W_in | W_U ]          what head h adds, seen by neurons and logits
/// W_out_U_t = W_Uᵀ W_out                                       the transpose of W_out_U = W_outᵀ W_U
/// ```
#[derive(Debug)]
pub(super) struct WeightProducts {
    /// heads_width × neurons_and_logits_width.
    pub G: Mat,
    /// d_vocab_out × d_mlp.
    pub W_out_U_t: Mat,
}

impl WeightProducts {
    /// Allocates both matrices, zero.
    pub(super) fn zeros(layout: &FoldedLayout) -> Self {
        Self {
            G: Mat::zeros(layout.heads_width, layout.neurons_and_logits_width),
            W_out_U_t: Mat::zeros(layout.shape.d_vocab_out, layout.shape.d_mlp),
        }
    }

    /// Computes a shard's rows of both products.
    pub(super) fn compute_rows(
        &mut self,
        layout: &FoldedLayout,
        pool: &ComputePool,
        w: &FoldedParams,
        shard: Shard,
    ) {
        let W_U_t = w.W_in_U.view().take_cols(layout.unembed_offset, layout.shape.d_vocab_out).t();
        let factors = [(w.W_O.view(), w.W_in_U.view()), (W_U_t, w.W_out.view())];
        for ((a, b), product) in factors.into_iter().zip(self.all_mut()) {
            let rows = shard.range(a.rows);
            let a = a.take_rows(rows.start, rows.len());
            let c = product.view_mut().take_rows(rows.start, rows.len());
            pool.product_wide(ProductWide { a, b, c });
        }
    }

    /// A copy of a shard's rows, padding included, to be sent to other workers.
    pub(super) fn pack(&self, shard: Shard) -> Vec<f32> {
        let Self { G, W_out_U_t } = self;
        packed::concat([G, W_out_U_t].map(|mat| mat.rows_data(shard.range(mat.n_rows()))))
    }

    /// Overwrites a shard's rows with what [`Self::pack`] returned elsewhere.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if `packed` has another length.
    pub(super) fn unpack(&mut self, shard: Shard, packed: &[f32]) -> Result<()> {
        let rows = self.all_mut().map(|mat| {
            let rows = shard.range(mat.n_rows());
            mat.rows_data_mut(rows)
        });
        packed::copy_into(rows, packed)
    }

    fn all_mut(&mut self) -> [&mut Mat; 2] {
        let Self { G, W_out_U_t } = self;
        [G, W_out_U_t]
    }
}
