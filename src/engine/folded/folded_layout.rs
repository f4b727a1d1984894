//! The padded widths and row numbers that the matrices of the folded step have in common.

use crate::engine::cpu::matrix::padded;
use crate::model::ModelShape;
use crate::model::folding::n_numbers;

/// Widths and row numbers for one model of one block; plain numbers, cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct FoldedLayout {
    /// The model.
    pub shape: ModelShape,
    /// d_head, rounded up to a multiple of 16: the distance from one head to the next in `W_K`, `W_Q`,
    /// `W_V`, `W_O` and everything made of them.
    pub d_head_padded: usize,
    /// n_heads · `d_head_padded`.
    pub heads_width: usize,
    /// The column of `W_in_U` at which W_U begins: d_mlp, rounded up to a multiple of 16.
    pub unembed_offset: usize,
    /// Columns of `W_in_U`, and so of `G`, `T` and `base`: `unembed_offset` + d_vocab_out.
    pub neurons_and_logits_width: usize,
    /// Rows of `W_embed`: d_vocab + n_ctx.
    pub n_embedding_rows: usize,
}

impl FoldedLayout {
    /// The layout of a model of one block. Allocates nothing.
    pub(super) fn new(shape: &ModelShape) -> Self {
        let d_head_padded = padded(shape.d_head);
        let unembed_offset = padded(shape.d_mlp);
        Self {
            shape: shape.clone(),
            d_head_padded,
            heads_width: shape.n_heads * d_head_padded,
            unembed_offset,
            neurons_and_logits_width: unembed_offset + shape.d_vocab_out,
            n_embedding_rows: shape.d_vocab + shape.n_ctx,
        }
    }

    /// Number of table rows, 2p: row a is the number a at position 0, row p + b the number b at position 1.
    pub(super) fn n_table_rows(&self) -> usize {
        2 * n_numbers(&self.shape)
    }

    /// The row of `W_embed` that embeds the token "=".
    pub(super) fn eq_embedding_row(&self) -> usize {
        n_numbers(&self.shape)
    }

    /// The row of `W_embed` that embeds a position, 0 to 2.
    pub(super) fn pos_embedding_row(&self, pos: usize) -> usize {
        self.shape.d_vocab + pos
    }

    /// The two rows of `W_embed` whose sum is the residual stream of "=": the token and position 2.
    pub(super) fn eq_rows(&self) -> [usize; 2] {
        [self.eq_embedding_row(), self.pos_embedding_row(2)]
    }

    /// The two rows of `W_embed` whose sum is the residual stream of a table row: the number and its position.
    pub(super) fn embedding_rows(&self, table_row: usize) -> [usize; 2] {
        let p = n_numbers(&self.shape);
        [table_row % p, self.pos_embedding_row(table_row / p)]
    }

    /// First row or column of a head in matrices of `heads_width` rows or columns.
    pub(super) fn head_offset(&self, head: usize) -> usize {
        head * self.d_head_padded
    }
}
