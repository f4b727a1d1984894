//! Sums over pairs from which the gradient of every weight follows: what workers exchange at each step.

use super::folded_layout::FoldedLayout;
use crate::engine::cpu::matrix::Mat;

/// Gradients of the weight products and token tables, summed over one worker's train pairs.
///
/// The gradient of the weights is linear in these sums, so that the workers' partial gradients are added up
/// first and the expensive way to the weights is done once.
#[derive(Debug)]
pub(super) struct PartialGradients {
    /// d_vocab_out × d_mlp: of [`WeightProducts::W_out_U_t`](super::weight_products::WeightProducts).
    pub d_W_out_U_t: Mat,
    /// 1 × neurons_and_logits_width: of [`TokenTables::base`](super::token_tables::TokenTables).
    pub d_base: Mat,
    /// heads_width × neurons_and_logits_width: of [`WeightProducts::G`](super::weight_products::WeightProducts).
    pub d_G: Mat,
    /// n_embedding_rows × heads_width: of the values W_embed W_V.
    pub d_V: Mat,
    /// n_embedding_rows × n_heads: of the scores W_embed kqᵀ.
    pub d_scores: Mat,
}

impl PartialGradients {
    /// Allocates all matrices, zero: 0.65 MB for the paper's model.
    pub(super) fn zeros(layout: &FoldedLayout) -> Self {
        let shape = &layout.shape;
        Self {
            d_W_out_U_t: Mat::zeros(shape.d_vocab_out, shape.d_mlp),
            d_base: Mat::zeros(1, layout.neurons_and_logits_width),
            d_G: Mat::zeros(layout.heads_width, layout.neurons_and_logits_width),
            d_V: Mat::zeros(layout.n_embedding_rows, layout.heads_width),
            d_scores: Mat::zeros(layout.n_embedding_rows, shape.n_heads),
        }
    }

    /// All matrices, in the order of the fields.
    pub(super) fn all(&self) -> [&Mat; 5] {
        let Self { d_W_out_U_t, d_base, d_G, d_V, d_scores } = self;
        [d_W_out_U_t, d_base, d_G, d_V, d_scores]
    }

    /// All matrices, in the order of the fields, to be written.
    pub(super) fn all_mut(&mut self) -> [&mut Mat; 5] {
        let Self { d_W_out_U_t, d_base, d_G, d_V, d_scores } = self;
        [d_W_out_U_t, d_base, d_G, d_V, d_scores]
    }
}
