//! The products of weights that all pairs have in common, summed in float64. Shares make some of the rows each.

use super::matrix::Mat;
use super::packed;
use super::part::Part;
use super::simd::product_wide::ProductWide;
use super::team::Team;
use super::tensors::{Sizes, Tensors};
use crate::error::Result;

/// What stands between the weights and the tables.
#[derive(Debug)]
pub struct Products {
    /// heads × wide: W_O W_iu.
    pub G: Mat,
    /// d_vocab_out × d_mlp: W_out W_U, transposed.
    pub W_ou_t: Mat,
}

impl Products {
    /// Yet to be computed.
    pub fn zeros(sizes: &Sizes) -> Self {
        Self {
            G: Mat::zeros(sizes.heads, sizes.wide),
            W_ou_t: Mat::zeros(sizes.shape.d_vocab_out, sizes.shape.d_mlp),
        }
    }

    /// Computes the rows of a part.
    pub fn multiply(&mut self, sizes: &Sizes, team: &Team, w: &Tensors, part: Part) {
        let W_U_t = w.W_iu.view().take_cols(sizes.skip, sizes.shape.d_vocab_out).t();
        let factors = [(w.W_O.view(), w.W_iu.view()), (W_U_t, w.W_out.view())];
        for ((a, b), product) in factors.into_iter().zip(self.all_mut()) {
            let rows = part.of(a.rows);
            let a = a.take_rows(rows.start, rows.len());
            let c = product.view_mut().take_rows(rows.start, rows.len());
            team.product_wide(ProductWide { a, b, c });
        }
    }

    /// The rows of a part, for other shares.
    pub fn pack(&self, part: Part) -> Vec<f32> {
        let Self { G, W_ou_t } = self;
        packed::pack([G, W_ou_t].map(|mat| mat.rows_data(part.of(mat.n_rows()))))
    }

    /// Takes over what [`Self::pack`] gave.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if it is not of this size.
    pub fn unpack(&mut self, part: Part, packed: &[f32]) -> Result<()> {
        let rows = self.all_mut().map(|mat| {
            let rows = part.of(mat.n_rows());
            mat.rows_data_mut(rows)
        });
        packed::unpack(rows, packed)
    }

    fn all_mut(&mut self) -> [&mut Mat; 2] {
        let Self { G, W_ou_t } = self;
        [G, W_ou_t]
    }
}
