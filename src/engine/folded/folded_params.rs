//! The parameters, or one number per parameter, in the layout that the products like.

use super::matrix::{Mat, padded};
use crate::model::shape::N_CTX;
use crate::model::{ModelShape, Param, Weights};

/// Widths that several matrices share.
#[derive(Debug, Clone)]
pub struct FoldedLayout {
    /// The model.
    pub shape: ModelShape,
    /// Columns of a head in `W_V` and rows in the others: d_head, padded.
    pub d_head_padded: usize,
    /// n_heads · `head`.
    pub heads_width: usize,
    /// Where the columns of W_U begin in `W_in_U`: d_mlp, padded.
    pub unembed_offset: usize,
    /// Columns of `W_in_U`.
    pub neurons_and_logits_width: usize,
    /// Rows of `W_embed`: d_vocab + n_ctx.
    pub n_embedding_rows: usize,
}

impl FoldedLayout {
    /// Those of a model of one block.
    pub fn new(shape: &ModelShape) -> Self {
        let head = padded(shape.d_head);
        let skip = padded(shape.d_mlp);
        Self {
            shape: shape.clone(),
            d_head_padded: head,
            heads_width: shape.n_heads * head,
            unembed_offset: skip,
            neurons_and_logits_width: skip + shape.d_vocab_out,
            n_embedding_rows: shape.d_vocab + N_CTX,
        }
    }

    /// Rows 2p of the tables by number and position: a at position 0, then b at position 1.
    pub fn n_table_rows(&self) -> usize {
        2 * self.shape.p
    }

    /// The row of `W_embed` that embeds "=".
    pub fn eq_embedding_row(&self) -> usize {
        self.shape.p
    }

    /// The row of `W_embed` that embeds a position.
    pub fn pos_embedding_row(&self, pos: usize) -> usize {
        self.shape.d_vocab + pos
    }
}

/// Weights, gradients or moments of a model of one block.
#[derive(Debug)]
pub struct FoldedParams {
    /// (d_vocab + n_ctx) × d_model: the columns of W_E, then the rows of W_pos.
    pub W_embed: Mat,
    /// heads × d_model.
    pub W_K: Mat,
    /// heads × d_model.
    pub W_Q: Mat,
    /// d_model × heads: transposed.
    pub W_V: Mat,
    /// heads × d_model: transposed.
    pub W_O: Mat,
    /// d_model × wide: W_in transposed, then W_U.
    pub W_in_U: Mat,
    /// 1 × d_mlp.
    pub b_in: Mat,
    /// d_model × d_mlp.
    pub W_out: Mat,
    /// 1 × d_model.
    pub b_out: Mat,
}

impl FoldedParams {
    /// Zero everywhere.
    pub fn zeros(layout: &FoldedLayout) -> Self {
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

    /// All matrices, in one order.
    pub fn all(&self) -> [&Mat; 9] {
        let Self { W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out } = self;
        [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out]
    }

    /// All matrices, in the same order, to be written.
    pub fn all_mut(&mut self) -> [&mut Mat; 9] {
        let Self { W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out } = self;
        [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out]
    }

    /// Copies from the host's layout, rounding to float32.
    pub fn read(&mut self, weights: &Weights, layout: &FoldedLayout) {
        for param in layout.shape.params() {
            for (i, &value) in weights.get(param).iter().enumerate() {
                let (row, col) = place(layout, param, i);
                self.of_mut(param).row_mut(row)[col] = value as f32;
            }
        }
    }

    /// A copy in the host's layout.
    pub fn to_weights(&self, layout: &FoldedLayout) -> Weights {
        let mut weights = Weights::zeros(layout.shape.clone());
        for param in layout.shape.params() {
            let mat = self.of(param);
            for (i, value) in weights.get_mut(param).iter_mut().enumerate() {
                let (row, col) = place(layout, param, i);
                *value = f64::from(mat.row(row)[col]);
            }
        }
        weights
    }

    fn of(&self, param: Param) -> &Mat {
        self.all()[index(param)]
    }

    fn of_mut(&mut self, param: Param) -> &mut Mat {
        let [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out] = self.all_mut();
        [W_embed, W_K, W_Q, W_V, W_O, W_in_U, b_in, W_out, b_out]
            .into_iter()
            .nth(index(param))
            .expect("nine matrices")
    }
}

/// Which of [`Tensors::all`] holds a parameter.
fn index(param: Param) -> usize {
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
fn place(layout: &FoldedLayout, param: Param, i: usize) -> (usize, usize) {
    let ModelShape { d_model, d_head, d_mlp, d_vocab, d_vocab_out, n_heads, .. } = layout.shape;
    // Row of the padded heads for a row of the heads laid end to end.
    let head_row = |row: usize| row / d_head * layout.d_head_padded + row % d_head;
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
    use super::{FoldedLayout, FoldedParams};
    use crate::config::Preset;
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
            let mut tensors = FoldedParams::zeros(&layout);
            tensors.read(&weights, &layout);
            assert_eq!(tensors.to_weights(&layout), weights, "{n_heads} heads, {d_model}, {d_mlp}");
            let held: f64 = tensors.all().iter().flat_map(|mat| mat.data()).map(|&x| f64::from(x)).sum();
            assert_eq!(held, weights.flat().iter().sum::<f64>(), "padding is zero");
        }
    }
}
