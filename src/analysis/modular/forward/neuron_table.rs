//! Single neurons of a folded model, by token: small enough to be kept, exact enough to be drawn.

use super::activation::activated;
use crate::analysis::modular::attention::pattern::AttentionPattern;
use crate::config::Activation;
use crate::maths::matrix::Matrix;

/// One neuron of a model with one block. Its input on (a, b) is
/// `base + Σ_h A[h, 0] from_a[h, a] + A[h, 1] from_b[h, b]` with A the attention of "=".
#[derive(Debug, Clone, PartialEq)]
pub struct NeuronTable {
    /// What every pair has.
    pub base: f64,
    /// n_heads × p: what a head adds where it looks at a alone.
    pub from_a: Matrix,
    /// n_heads × p: what a head adds where it looks at b alone.
    pub from_b: Matrix,
}

/// The activations of some neurons on all pairs: for each, p² values, row a, column b.
///
/// # Panics
/// If a table has not as many heads as the pattern.
pub fn activations(
    pattern: &AttentionPattern,
    tables: &[NeuronTable],
    activation: Activation,
) -> Vec<Vec<f64>> {
    let Some(first) = tables.first() else { return Vec::new() };
    let p = first.from_a.cols();
    let mut values = vec![Vec::with_capacity(p * p); tables.len()];
    let mut weights = vec![[0.0; 2]; pattern.n_heads()];
    for a in 0..p {
        for b in 0..p {
            for (head, weights) in weights.iter_mut().enumerate() {
                let [to_a, to_b, _] = pattern.weights(head, a, b);
                *weights = [to_a, to_b];
            }
            for (table, values) in tables.iter().zip(&mut values) {
                let heads = weights.iter().enumerate();
                let input = heads.fold(table.base, |sum, (head, [to_a, to_b])| {
                    sum + (to_a * table.from_a[(head, a)] + to_b * table.from_b[(head, b)])
                });
                values.push(activated(input, activation));
            }
        }
    }
    values
}
