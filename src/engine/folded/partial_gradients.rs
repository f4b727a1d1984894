//! What the gradient needs of the pairs. It is linear in them: the sums of shares add up to those of all.

use super::folded_params::FoldedLayout;
use super::matrix::Mat;

/// Gradients of the products of weights, summed over some pairs.
#[derive(Debug)]
pub struct PartialGradients {
    /// d_vocab_out × d_mlp: of `Products::W_out_U_t`.
    pub d_W_out_U_t: Mat,
    /// 1 × wide: of `Rows::base`.
    pub d_base: Mat,
    /// heads × wide: of `Products::G`.
    pub d_G: Mat,
    /// n_atoms × heads: of `Rows::V`.
    pub d_V: Mat,
    /// n_atoms × n_heads: of `Rows::scores`.
    pub d_scores: Mat,
}

impl PartialGradients {
    /// Zero everywhere.
    pub fn zeros(layout: &FoldedLayout) -> Self {
        let shape = &layout.shape;
        Self {
            d_W_out_U_t: Mat::zeros(shape.d_vocab_out, shape.d_mlp),
            d_base: Mat::zeros(1, layout.neurons_and_logits_width),
            d_G: Mat::zeros(layout.heads_width, layout.neurons_and_logits_width),
            d_V: Mat::zeros(layout.n_embedding_rows, layout.heads_width),
            d_scores: Mat::zeros(layout.n_embedding_rows, shape.n_heads),
        }
    }

    /// All matrices, in one order.
    pub fn all(&self) -> [&Mat; 5] {
        let Self { d_W_out_U_t, d_base, d_G, d_V, d_scores } = self;
        [d_W_out_U_t, d_base, d_G, d_V, d_scores]
    }

    /// All matrices, in the same order, to be written.
    pub fn all_mut(&mut self) -> [&mut Mat; 5] {
        let Self { d_W_out_U_t, d_base, d_G, d_V, d_scores } = self;
        [d_W_out_U_t, d_base, d_G, d_V, d_scores]
    }
}
