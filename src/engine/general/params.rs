//! Weights, or one number for each weight, in the engine's layout: matrices that rows are multiplied by from the left.
//!
//! Heads are as wide as [`padded`] makes them, the rest zero, so that each begins at a vector.

use crate::engine::cpu::matrix::{Mat, padded};
use crate::engine::cpu::number::Number;
use crate::model::{ModelShape, Param, Weights};

/// All parameters.
#[derive(Debug)]
pub(super) struct Params<T> {
    /// W_E by token, then W_pos: (d_vocab + n_ctx) × d_model.
    pub embed: Mat<T>,
    /// First to last.
    pub blocks: Vec<BlockParams<T>>,
    /// d_model × d_vocab_out.
    pub W_U: Mat<T>,
}

/// The parameters of a block; `heads` = n_heads · padded(d_head).
#[derive(Debug)]
pub(super) struct BlockParams<T> {
    /// [ W_Q | W_K | W_V ], d_model × 3 heads.
    pub W_QKV: Mat<T>,
    /// heads × d_model.
    pub W_O: Mat<T>,
    /// None in a model of attention only.
    pub mlp: Option<MlpParams<T>>,
}

/// The parameters of a block's MLP.
#[derive(Debug)]
pub(super) struct MlpParams<T> {
    /// d_model × d_mlp.
    pub W_in: Mat<T>,
    /// 1 × d_mlp.
    pub b_in: Mat<T>,
    /// d_mlp × d_model.
    pub W_out: Mat<T>,
    /// 1 × d_model.
    pub b_out: Mat<T>,
}

/// Width of all heads side by side, each padded.
pub(super) fn heads_width(shape: &ModelShape) -> usize {
    shape.n_heads * padded(shape.d_head)
}

impl<T: Number> Params<T> {
    /// Allocates zeros.
    pub(super) fn zeros(shape: &ModelShape) -> Self {
        let heads = heads_width(shape);
        let mlp = || MlpParams {
            W_in: Mat::zeros(shape.d_model, shape.d_mlp),
            b_in: Mat::zeros(1, shape.d_mlp),
            W_out: Mat::zeros(shape.d_mlp, shape.d_model),
            b_out: Mat::zeros(1, shape.d_model),
        };
        let block = |_| BlockParams {
            W_QKV: Mat::zeros(shape.d_model, 3 * heads),
            W_O: Mat::zeros(heads, shape.d_model),
            mlp: shape.has_mlp().then(mlp),
        };
        Self {
            embed: Mat::zeros(shape.d_vocab + shape.n_ctx, shape.d_model),
            blocks: (0..shape.n_layers).map(block).collect(),
            W_U: Mat::zeros(shape.d_model, shape.d_vocab_out),
        }
    }

    /// Every matrix, in a fixed order.
    pub(super) fn all(&self) -> Vec<&Mat<T>> {
        let mut all = vec![&self.embed];
        for BlockParams { W_QKV, W_O, mlp } in &self.blocks {
            all.extend([W_QKV, W_O]);
            if let Some(MlpParams { W_in, b_in, W_out, b_out }) = mlp {
                all.extend([W_in, b_in, W_out, b_out]);
            }
        }
        all.push(&self.W_U);
        all
    }

    /// Every matrix in the same order, to be written.
    pub(super) fn all_mut(&mut self) -> Vec<&mut Mat<T>> {
        let mut all = vec![&mut self.embed];
        for BlockParams { W_QKV, W_O, mlp } in &mut self.blocks {
            all.extend([W_QKV, W_O]);
            if let Some(MlpParams { W_in, b_in, W_out, b_out }) = mlp {
                all.extend([W_in, b_in, W_out, b_out]);
            }
        }
        all.push(&mut self.W_U);
        all
    }

    /// Overwrites all with weights of the same shape, rounded.
    pub(super) fn read(&mut self, weights: &Weights) {
        let shape = weights.shape();
        for param in shape.params() {
            let values = weights.get(param);
            let mat = self.mat_mut(param);
            for (i, &value) in values.iter().enumerate() {
                let (row, col) = place(shape, param, i);
                mat.row_mut(row)[col] = T::from_f64(value);
            }
        }
    }

    /// Allocates a copy in the layout of files.
    pub(super) fn to_weights(&self, shape: &ModelShape) -> Weights {
        let mut weights = Weights::zeros(shape.clone());
        for param in shape.params() {
            let mat = self.mat(param);
            for (i, value) in weights.get_mut(param).iter_mut().enumerate() {
                let (row, col) = place(shape, param, i);
                *value = mat.row(row)[col].to_f64();
            }
        }
        weights
    }

    fn mat(&self, param: Param) -> &Mat<T> {
        let mlp = |l: usize| self.blocks[l].mlp.as_ref().expect("a parameter of a model with an MLP");
        match param {
            Param::W_E | Param::W_pos => &self.embed,
            Param::W_Q(l) | Param::W_K(l) | Param::W_V(l) => &self.blocks[l].W_QKV,
            Param::W_O(l) => &self.blocks[l].W_O,
            Param::W_in(l) => &mlp(l).W_in,
            Param::b_in(l) => &mlp(l).b_in,
            Param::W_out(l) => &mlp(l).W_out,
            Param::b_out(l) => &mlp(l).b_out,
            Param::W_U => &self.W_U,
        }
    }

    fn mat_mut(&mut self, param: Param) -> &mut Mat<T> {
        let blocks = &mut self.blocks;
        match param {
            Param::W_in(l) => &mut mlp_mut(blocks, l).W_in,
            Param::b_in(l) => &mut mlp_mut(blocks, l).b_in,
            Param::W_out(l) => &mut mlp_mut(blocks, l).W_out,
            Param::b_out(l) => &mut mlp_mut(blocks, l).b_out,
            Param::W_E | Param::W_pos => &mut self.embed,
            Param::W_Q(l) | Param::W_K(l) | Param::W_V(l) => &mut blocks[l].W_QKV,
            Param::W_O(l) => &mut blocks[l].W_O,
            Param::W_U => &mut self.W_U,
        }
    }
}

fn mlp_mut<T>(blocks: &mut [BlockParams<T>], l: usize) -> &mut MlpParams<T> {
    blocks[l].mlp.as_mut().expect("a parameter of a model with an MLP")
}

/// Row and column in the engine's matrix of value `i` of a parameter in the layout of files.
fn place(shape: &ModelShape, param: Param, i: usize) -> (usize, usize) {
    let n_cols = *shape.dims(param).last().expect("every parameter has a dimension");
    let (row, col) = (i / n_cols, i % n_cols);
    let in_heads = |index: usize| index / shape.d_head * padded(shape.d_head) + index % shape.d_head;
    match param {
        Param::W_E => (col, row),
        Param::W_pos => (shape.d_vocab + row, col),
        Param::W_Q(_) => (col, in_heads(row)),
        Param::W_K(_) => (col, heads_width(shape) + in_heads(row)),
        Param::W_V(_) => (col, 2 * heads_width(shape) + in_heads(row)),
        Param::W_O(_) => (in_heads(col), row),
        Param::W_in(_) | Param::W_out(_) => (col, row),
        Param::b_in(_) | Param::b_out(_) => (0, i),
        Param::W_U => (row, col),
    }
}
