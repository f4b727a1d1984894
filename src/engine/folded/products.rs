//! The products of weights that all pairs have in common, summed in float64. Shares make some of the rows each.

use super::compute_pool::ComputePool;
use super::folded_params::{FoldedLayout, FoldedParams};
use super::matrix::Mat;
use super::packed;
use super::shard::Shard;
use super::simd::product_wide::ProductWide;
use crate::error::Result;

/// What stands between the weights and the tables.
#[derive(Debug)]
pub struct Products {
    /// heads × wide: W_O W_in_U.
    pub G: Mat,
    /// d_vocab_out × d_mlp: W_out W_U, transposed.
    pub W_out_U_t: Mat,
}

impl Products {
    /// Yet to be computed.
    pub fn zeros(layout: &FoldedLayout) -> Self {
        Self {
            G: Mat::zeros(layout.heads_width, layout.neurons_and_logits_width),
            W_out_U_t: Mat::zeros(layout.shape.d_vocab_out, layout.shape.d_mlp),
        }
    }

    /// Computes the rows of a part.
    pub fn multiply(&mut self, layout: &FoldedLayout, pool: &ComputePool, w: &FoldedParams, part: Shard) {
        let W_U_t = w.W_in_U.view().take_cols(layout.unembed_offset, layout.shape.d_vocab_out).t();
        let factors = [(w.W_O.view(), w.W_in_U.view()), (W_U_t, w.W_out.view())];
        for ((a, b), product) in factors.into_iter().zip(self.all_mut()) {
            let rows = part.range(a.rows);
            let a = a.take_rows(rows.start, rows.len());
            let c = product.view_mut().take_rows(rows.start, rows.len());
            pool.product_wide(ProductWide { a, b, c });
        }
    }

    /// The rows of a part, for other shares.
    pub fn pack(&self, part: Shard) -> Vec<f32> {
        let Self { G, W_out_U_t } = self;
        packed::concat([G, W_out_U_t].map(|mat| mat.rows_data(part.range(mat.n_rows()))))
    }

    /// Takes over what [`Self::pack`] gave.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if it is not of this size.
    pub fn unpack(&mut self, part: Shard, packed: &[f32]) -> Result<()> {
        let rows = self.all_mut().map(|mat| {
            let rows = part.range(mat.n_rows());
            mat.rows_data_mut(rows)
        });
        packed::copy_into(rows, packed)
    }

    fn all_mut(&mut self) -> [&mut Mat; 2] {
        let Self { G, W_out_U_t } = self;
        [G, W_out_U_t]
    }
}
