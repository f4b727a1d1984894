//! The forward pass on all p² pairs, in float64 on the host.
//!
//! It stops at two things from which everything else follows: the neurons of the last block at "=", and
//! the logits of the residual stream that goes around its MLP. Then
//! `logits = N W_L + skip + bias` with `W_L` the neuron-logit map (paper section 4.2).

mod folded;
mod literal;
mod product;

pub use product::TiledMatrix;

use serde::{Deserialize, Serialize};

use self::folded::Folded;
use self::literal::Literal;
use super::grid::GridLogits;
use super::neuron_logit_map;
use crate::config::Activation;
use crate::maths::matrix::Matrix;
use crate::model::{Param, Weights};

/// What is changed in the attention (paper appendix A.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttentionEdit {
    /// Heads whose output is set to zero, in every block.
    pub removed_heads: Vec<usize>,
    /// Whether the residual stream passes around the attention.
    pub skip: bool,
    /// Whether "=" attends to itself; if not, its softmax runs over a and b only.
    pub to_eq: bool,
}

impl Default for AttentionEdit {
    /// Nothing is changed.
    fn default() -> Self {
        Self { removed_heads: Vec::new(), skip: true, to_eq: true }
    }
}

/// A model ready to be run on any pair.
#[derive(Debug)]
pub struct HostModel {
    p: usize,
    d_mlp: usize,
    way: Way,
    map: TiledMatrix,
    bias: Vec<f64>,
}

/// One block folds into tables by token; more do not.
#[derive(Debug)]
enum Way {
    Folded(Folded),
    Literal(Literal),
}

/// What the model does on the p pairs (a, 0), (a, 1), …
#[derive(Debug, Clone)]
pub struct Block {
    /// Neurons after their activation, p × d_mlp.
    pub neurons: Matrix,
    /// Logits of what goes around the MLP, p × p; row b, column c.
    pub skip: Matrix,
}

impl HostModel {
    /// Prepares a model, its attention changed by `edit`.
    pub fn new(weights: &Weights, edit: &AttentionEdit) -> Self {
        if weights.shape().n_layers == 1 {
            Self::with(weights, Way::Folded(Folded::new(weights, edit)))
        } else {
            Self::literal(weights, edit)
        }
    }

    /// Prepares a model as written, token by token and position by position: the only way for several
    /// blocks, and the oracle of the folded one.
    pub fn literal(weights: &Weights, edit: &AttentionEdit) -> Self {
        Self::with(weights, Way::Literal(Literal::new(weights, edit)))
    }

    fn with(weights: &Weights, way: Way) -> Self {
        let shape = weights.shape();
        let map = TiledMatrix::new(&neuron_logit_map::of(weights).transposed());
        let unembed = number_columns(weights);
        let b_out = weights.get(Param::b_out(shape.n_layers - 1)).to_vec();
        let bias = Matrix::from_values(1, shape.d_model, b_out).mul(&unembed).values().to_vec();
        Self { p: shape.p, d_mlp: shape.d_mlp, way, map, bias }
    }

    /// The modulus.
    pub fn p(&self) -> usize {
        self.p
    }

    /// Number of neurons of the last block.
    pub fn d_mlp(&self) -> usize {
        self.d_mlp
    }

    /// The transpose of W_L, d_mlp × p.
    pub fn map(&self) -> &TiledMatrix {
        &self.map
    }

    /// The logits b_out W_U of the MLP's bias, length p.
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// An empty block, to be filled again and again.
    pub fn new_block(&self) -> Block {
        Block { neurons: Matrix::zeros(self.p, self.d_mlp), skip: Matrix::zeros(self.p, self.p) }
    }

    /// Computes the p pairs whose first number is `a`.
    pub fn fill(&self, a: usize, block: &mut Block) {
        match &self.way {
            Way::Folded(folded) => folded.fill(a, block),
            Way::Literal(literal) => literal.fill(a, block),
        }
    }

    /// Computes only what goes around the MLP; the block's neurons may change or not.
    pub fn fill_skip(&self, a: usize, block: &mut Block) {
        match &self.way {
            Way::Folded(folded) => folded.fill_skip(a, &mut block.skip),
            Way::Literal(literal) => literal.fill(a, block),
        }
    }

    /// Adds N W_L and the bias to the skip logits of a block: the model's logits, p × p.
    pub fn logits_of<'a>(&self, block: &'a mut Block) -> &'a Matrix {
        for b in 0..self.p {
            for (logit, bias) in block.skip.row_mut(b).iter_mut().zip(&self.bias) {
                *logit += bias;
            }
        }
        self.map.add_product(&block.neurons, &mut block.skip);
        &block.skip
    }

    /// The logits of all pairs.
    pub fn logits(&self) -> GridLogits {
        let mut grid = GridLogits::zeros(self.p);
        let mut block = self.new_block();
        for a in 0..self.p {
            self.fill(a, &mut block);
            grid.block_mut(a).copy_from_slice(self.logits_of(&mut block).values());
        }
        grid
    }
}

/// The columns of W_U that belong to numbers, d_model × p.
pub fn number_columns(weights: &Weights) -> Matrix {
    let shape = weights.shape();
    let W_U = weights.get(Param::W_U);
    Matrix::from_fn(shape.d_model, shape.p, |d, c| W_U[d * shape.d_vocab_out + c])
}

/// Applies the activation in place.
fn activate(values: &mut [f64], activation: Activation) {
    match activation {
        // Not `max`, which would turn NaN into 0.
        Activation::Relu => values.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
        Activation::Gelu => values.iter_mut().for_each(|x| *x = gelu(*x)),
    }
}

/// x Φ(x), through erfc so that large negative x keep their digits.
fn gelu(x: f64) -> f64 {
    x * 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}
