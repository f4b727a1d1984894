//! One row of pairs of the forward pass, filled by the folded or the literal method.

use crate::maths::matrix::Matrix;

/// What the model does on the p pairs (a, 0), (a, 1), …; row b.
#[derive(Debug, Clone)]
pub struct Block {
    /// Neurons after their activation, p × d_mlp.
    pub neurons: Matrix,
    /// Logits, p × p.
    pub logits: Matrix,
    /// Logits of what goes around the MLP, p × p.
    pub skip: Matrix,
    /// Where the folded method keeps the neurons' inputs between two calls, p × d_mlp.
    pub(super) inputs: Matrix,
}
