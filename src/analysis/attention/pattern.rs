//! Attention weights of "=" in the first block, where they depend on one token a position.

use crate::maths::exp::exp;
use crate::maths::matrix::{Matrix, add_scaled, dot};
use crate::model::{Param, Weights};

/// The scores of each head, from which the weights on any pair follow.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// n_heads × p: the score of each number at position 0.
    scores_a: Matrix,
    /// n_heads × p: the score of each number at position 1.
    scores_b: Matrix,
    /// The score of "=" for itself, by head; -∞ where it may not attend to itself.
    scores_eq: Vec<f64>,
    /// What position 0 adds to the scores there, by head.
    position_scores: Vec<f64>,
}

impl Pattern {
    /// Computes the scores `X W_Kᵀ W_Q x_= / √d_head` of the first block; without `to_eq` "=" does not
    /// attend to itself.
    pub fn new(weights: &Weights, to_eq: bool) -> Self {
        let shape = weights.shape();
        let (W_E, W_pos) = (weights.get(Param::W_E), weights.get(Param::W_pos));
        let position = |i: usize| &W_pos[i * shape.d_model..][..shape.d_model];
        let tokens = Matrix::from_fn(shape.p + 1, shape.d_model, |x, d| W_E[d * shape.d_vocab + x]);
        let readers = key_readers(weights);
        // Scores of the tokens alone, (p + 1) × n_heads; the positions add one number each.
        let scores = tokens.mul_transposed(&readers);
        let at = |pos: usize, head: usize| dot(position(pos), readers.row(head));
        let numbers =
            |pos: usize| Matrix::from_fn(shape.n_heads, shape.p, |h, x| scores[(x, h)] + at(pos, h));
        let of_eq = |h: usize| if to_eq { scores[(shape.p, h)] + at(2, h) } else { f64::NEG_INFINITY };
        Self {
            scores_a: numbers(0),
            scores_b: numbers(1),
            scores_eq: (0..shape.n_heads).map(of_eq).collect(),
            position_scores: (0..shape.n_heads).map(|h| at(0, h)).collect(),
        }
    }

    /// Number of heads.
    pub fn n_heads(&self) -> usize {
        self.scores_eq.len()
    }

    /// The weights of a head on a, on b and on "="; they sum to 1.
    pub fn weights(&self, head: usize, a: usize, b: usize) -> [f64; 3] {
        let scores = [self.scores_a[(head, a)], self.scores_b[(head, b)], self.scores_eq[head]];
        let top = scores[0].max(scores[1]).max(scores[2]);
        let parts = scores.map(|score| exp(score - top));
        let sum: f64 = parts.iter().sum();
        parts.map(|part| part / sum)
    }

    /// The share of position 0 in the scores of a head at that position.
    pub fn position_score(&self, head: usize) -> f64 {
        self.position_scores[head]
    }
}

/// For each head, the direction `W_Kᵀ W_Q x_= / √d_head` of the residual stream that its scores read,
/// n_heads × d_model.
pub fn key_readers(weights: &Weights) -> Matrix {
    let shape = weights.shape();
    let (d_model, d_head) = (shape.d_model, shape.d_head);
    let (W_E, W_pos) = (weights.get(Param::W_E), weights.get(Param::W_pos));
    let eq: Vec<f64> =
        (0..d_model).map(|d| W_E[d * shape.d_vocab + shape.p] + W_pos[2 * d_model + d]).collect();
    let (W_K, W_Q) = (weights.get(Param::W_K(0)), weights.get(Param::W_Q(0)));
    let mut readers = Matrix::zeros(shape.n_heads, d_model);
    for row in 0..shape.n_heads * d_head {
        let query = dot(&W_Q[row * d_model..][..d_model], &eq) / (d_head as f64).sqrt();
        add_scaled(readers.row_mut(row / d_head), query, &W_K[row * d_model..][..d_model]);
    }
    readers
}
