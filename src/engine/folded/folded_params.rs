//! One number per parameter (weights, a gradient or a moment of AdamW) in padded matrices whose rows the
//! products read in sequence.

use super::folded_layout::FoldedLayout;
use crate::engine::cpu::matrix::Mat;
use crate::model::{ModelShape, Param, Weights};

/// Weights, a gradient or moments of a model of one block.
///
/// The rows of W_K, W_Q, W_V and W_O belong to heads; each head takes [`FoldedLayout::d_head_padded`] of
/// them, the last ones zero. All padding is zero and stays zero under AdamW.
#[derive(Debug)]
pub(super) struct FoldedParams {
    /// (d_vocab + n_ctx) × d_model: the columns of W_E, then the rows of W_pos.
    pub W_embed: Mat,
    /// heads_width × d_model.
    pub W_K: Mat,
    /// heads_width × d_model.
    pub W_Q: Mat,
    /// d_model × heads_width: transposed, so that V = X W_V.
    pub W_V: Mat,
    /// heads_width × d_model: transposed, so that what attention adds is z W_O.
    pub W_O: Mat,
    /// d_model × neurons_and_logits_width: W_in transposed, then from `unembed_offset` on W_U.
    pub W_in_U: Mat,
    /// 1 × d_mlp.
    pub b_in: Mat,
    /// d_model × d_mlp.
    pub W_out: Mat,
    /// 1 × d_model.
    pub b_out: Mat,
}

impl FoldedParams {
    /// Allocates the nine matrices, zero everywhere: about 4 bytes per parameter and padding.
    pub(super) fn zeros(layout: &FoldedLayout) -> Self {
        let (d_model, d_mlp) = (layout.shape.d_model, layout.shape.d_mlp);
        Self {
            W_embed: Mat::zeros(layout.n_embedding_rows, d_model),
            W_K: Mat::zeros(layout.heads_width, d_model),
            W_Q: Mat::zeros(layout.heads_width, d_model),
            W_V: Mat::zeros(d_model, layout.heads_width),
            W_O: Mat::zeros(layout.heads_width, d_model),
            W_in_U: Mat::zeros(d_model, layout.neurons_and_logits_width),
            b_in: Mat::zeros(1, d_mlp),
            W_out: Mat::zeros(d_model, d_mlp),
            b_out: Mat::zeros(1, d_model),
        }
    }

    /// All matrices, in the order of the fields.
    pub(super) fn all(&self) -> [&Mat; 9] {
        let Self { W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out } = self;
        [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out]
    }

    /// All matrices, in the order of the fields, to be written.
    pub(super) fn all_mut(&mut self) -> [&mut Mat; 9] {
        let Self { W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out } = self;
        [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out]
    }

    /// Overwrites every value with that of `weights`, rounded to float32.
    pub(super) fn read(&mut self, weights: &Weights, layout: &FoldedLayout) {
        for param in layout.shape.params() {
            for (i, &value) in weights.get(param).iter().enumerate() {
                let (row, col) = row_and_col(layout, param, i);
                self.matrix_of_mut(param).row_mut(row)[col] = value as f32;
            }
        }
    }

    /// Allocates a copy in the layout of [`Weights`].
    pub(super) fn to_weights(&self, layout: &FoldedLayout) -> Weights {
        let mut weights = Weights::zeros(layout.shape.clone());
        for param in layout.shape.params() {
            let mat = self.matrix_of(param);
            for (i, value) in weights.get_mut(param).iter_mut().enumerate() {
                let (row, col) = row_and_col(layout, param, i);
                *value = f64::from(mat.row(row)[col]);
            }
        }
        weights
    }

    fn matrix_of(&self, param: Param) -> &Mat {
        self.all()[matrix_index(param)]
    }

    fn matrix_of_mut(&mut self, param: Param) -> &mut Mat {
        let [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out] = self.all_mut();
        [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out]
            .into_iter()
            .nth(matrix_index(param))
            .expect("nine matrices")
    }
}

/// Which of [`FoldedParams::all`] holds a parameter.
fn matrix_index(param: Param) -> usize {
    match param {
        Param::W_E | Param::W_pos => 0,
        Param::W_K(_) => 1,
        Param::W_Q(_) => 2,
        Param::W_V(_) => 3,
        Param::W_O(_) => 4,
        Param::W_in(_) | Param::W_U => 5,
        Param::b_in(_) => 6,
        Param::W_out(_) => 7,
        Param::b_out(_) => 8,
    }
}

/// Row and column, in its matrix, of the i-th value of a parameter.
fn row_and_col(layout: &FoldedLayout, param: Param, i: usize) -> (usize, usize) {
    let ModelShape { d_model, d_head, d_mlp, d_vocab, d_vocab_out, n_heads, .. } = layout.shape;
    // From row head · d_head + i of the unpadded layout to that of the padded one.
    let head_row = |row: usize| layout.head_offset(row / d_head) + row % d_head;
    match param {
        Param::W_E => (i % d_vocab, i / d_vocab),
        Param::W_pos => (layout.pos_embedding_row(i / d_model), i % d_model),
        Param::W_K(_) | Param::W_Q(_) => (head_row(i / d_model), i % d_model),
        Param::W_V(_) => (i % d_model, head_row(i / d_model)),
        Param::W_O(_) => (head_row(i % (n_heads * d_head)), i / (n_heads * d_head)),
        Param::W_in(_) => (i % d_model, i / d_model),
        Param::b_in(_) | Param::b_out(_) => (0, i),
        Param::W_out(_) => (i / d_mlp, i % d_mlp),
        Param::W_U => (i / d_vocab_out, layout.unembed_offset + i % d_vocab_out),
    }
}

#[cfg(test)]
mod tests {
    use super::FoldedParams;
    use crate::config::Preset;
    use crate::engine::folded::folded_layout::FoldedLayout;
    use crate::model::{ModelShape, Weights};

    #[test]
    fn values_come_back_where_they_were() {
        let config = Preset::Tiny.config();
        for (n_heads, d_model, d_mlp) in [(1, 12, 20), (4, 12, 20), (2, 32, 16)] {
            let mut model = config.model.clone();
            (model.n_heads, model.d_model, model.d_mlp) = (n_heads, d_model, d_mlp);
            let shape = ModelShape::new(&config.data, &model);
            let values: Vec<f64> = (0..shape.n_values()).map(|i| (i + 1) as f64).collect();
            let weights = Weights::from_flat(shape.clone(), values);
            let layout = FoldedLayout::new(&shape);
            let mut params = FoldedParams::zeros(&layout);
            params.read(&weights, &layout);
            assert_eq!(params.to_weights(&layout), weights, "{n_heads} heads, {d_model}, {d_mlp}");
            let sum: f64 = params.all().iter().flat_map(|mat| mat.data()).map(|&x| f64::from(x)).sum();
            assert_eq!(sum, weights.flat().iter().sum::<f64>(), "padding is zero");
        }
    }
}
