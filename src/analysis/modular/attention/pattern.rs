//! Attention weights of "=" in the first block, where they depend on one token a position.

use crate::analysis::modular::modulus::modulus;
use crate::maths::exp::exp;
use crate::maths::matrix::{Matrix, add_scaled, dot};
use crate::model::{Param, Weights};

/// The scores of each head, from which the weights on any pair follow.
#[derive(Debug, Clone)]
pub struct AttentionPattern {
    /// For each head the scores of the p numbers at position 0, of the p numbers at position 1 and of "=" for
    /// itself, n_heads × (2p + 1); the last is -∞ where "=" may not attend to itself.
    scores: Matrix,
}

impl AttentionPattern {
    /// Computes the scores `X W_Kᵀ W_Q x_= / √d_head` of the first block; without `to_eq` "=" does not
    /// attend to itself.
    pub fn new(weights: &Weights, to_eq: bool) -> Self {
        let shape = weights.shape();
        let (W_E, W_pos) = (weights.get(Param::W_E), weights.get(Param::W_pos));
        let position = |i: usize| &W_pos[i * shape.d_model..][..shape.d_model];
        let tokens = Matrix::from_fn(modulus(shape) + 1, shape.d_model, |x, d| W_E[d * shape.d_vocab + x]);
        let readers = key_readers(weights);
        // Scores of the tokens alone, (p + 1) × n_heads; the positions add one number each.
        let scores = tokens.mul_transposed(&readers);
        let at = |pos: usize, head: usize| dot(position(pos), readers.row(head));
        let p = modulus(shape);
        let score = |h: usize, i: usize| match i / p {
            2 if to_eq => scores[(p, h)] + at(2, h),
            2 => f64::NEG_INFINITY,
            pos => scores[(i % p, h)] + at(pos, h),
        };
        Self { scores: Matrix::from_fn(shape.n_heads, 2 * p + 1, score) }
    }

    /// The pattern of known scores, n_heads × (2p + 1) in the order of [`Self::scores`].
    pub fn from_scores(scores: Matrix) -> Self {
        Self { scores }
    }

    /// For each head the scores of the p numbers at position 0, of the p numbers at position 1 and of "=" for
    /// itself, n_heads × (2p + 1).
    pub fn scores(&self) -> &Matrix {
        &self.scores
    }

    /// Number of heads.
    pub fn n_heads(&self) -> usize {
        self.scores.rows()
    }

    /// The attention of a head to a on all pairs, row a, column b: length p².
    pub fn to_a(&self, head: usize) -> Vec<f64> {
        let p = self.scores.cols() / 2;
        (0..p * p).map(|pair| self.weights(head, pair / p, pair % p)[0]).collect()
    }

    /// The same of every head.
    pub fn all_to_a(&self) -> Vec<Vec<f64>> {
        (0..self.n_heads()).map(|head| self.to_a(head)).collect()
    }

    /// The weights of a head on a, on b and on "="; they sum to 1.
    pub fn weights(&self, head: usize, a: usize, b: usize) -> [f64; 3] {
        let scores = self.scores.row(head);
        let p = scores.len() / 2;
        let scores = [scores[a], scores[p + b], scores[2 * p]];
        let top = scores[0].max(scores[1]).max(scores[2]);
        let parts = scores.map(|score| exp(score - top));
        let sum: f64 = parts.iter().sum();
        parts.map(|part| part / sum)
    }
}

/// For each head, the direction `W_Kᵀ W_Q x_= / √d_head` of the residual stream that its scores read,
/// n_heads × d_model.
pub fn key_readers(weights: &Weights) -> Matrix {
    let shape = weights.shape();
    let (d_model, d_head) = (shape.d_model, shape.d_head);
    let (W_E, W_pos) = (weights.get(Param::W_E), weights.get(Param::W_pos));
    let eq: Vec<f64> =
        (0..d_model).map(|d| W_E[d * shape.d_vocab + modulus(shape)] + W_pos[2 * d_model + d]).collect();
    let (W_K, W_Q) = (weights.get(Param::W_K(0)), weights.get(Param::W_Q(0)));
    let mut readers = Matrix::zeros(shape.n_heads, d_model);
    for row in 0..shape.n_heads * d_head {
        let query = dot(&W_Q[row * d_model..][..d_model], &eq) / (d_head as f64).sqrt();
        add_scaled(readers.row_mut(row / d_head), query, &W_K[row * d_model..][..d_model]);
    }
    readers
}

/// What position 0 adds to the scores of each head there.
pub fn position_scores(weights: &Weights) -> Vec<f64> {
    let first = &weights.get(Param::W_pos)[..weights.shape().d_model];
    let readers = key_readers(weights);
    (0..readers.rows()).map(|head| dot(first, readers.row(head))).collect()
}

#[cfg(test)]
mod tests {
    use super::AttentionPattern;
    use crate::maths::matrix::Matrix;

    #[test]
    fn weights_are_the_softmax_of_three_scores() {
        // p = 2: scores of a = 0, 1, of b = 0, 1 and of "=".
        let scores = Matrix::from_values(1, 5, vec![0.0, 2.0, 0.0, 1.0, 0.0]);
        let to_a = AttentionPattern::from_scores(scores).all_to_a().remove(0);
        let e = std::f64::consts::E;
        for (pair, expected) in
            [(0, 1.0 / 3.0), (1, 1.0 / (2.0 + e)), (2, e * e / (e * e + 2.0)), (3, e * e / (e * e + e + 1.0))]
        {
            assert!((to_a[pair] - expected).abs() < 1e-12, "pair {pair}: {}", to_a[pair]);
        }
    }
}
