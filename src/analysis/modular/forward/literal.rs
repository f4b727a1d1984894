//! The transformer as written: every position, every block, every pair.

use super::activation::activated;
use super::attention_edit::AttentionEdit;
use super::block::Block;
use crate::analysis::modular::modulus::modulus;
use crate::maths::exp::exp;
use crate::maths::matrix::{Matrix, add_scaled, dot};
use crate::model::shape::{ModelShape, Param};
use crate::model::weights::Weights;

/// The weights as matrices that a row of activations is multiplied by.
#[derive(Debug)]
pub(super) struct Literal {
    shape: ModelShape,
    edit: AttentionEdit,
    /// W_E transposed, d_vocab × d_model.
    embed: Matrix,
    /// W_pos, n_ctx × d_model.
    positions: Matrix,
    layers: Vec<Layer>,
    /// What reads the last residual stream: W_U of the numbers, d_model × p.
    reader: Matrix,
}

#[derive(Debug)]
struct Layer {
    /// d_model × (n_heads · d_head) each.
    queries: Matrix,
    keys: Matrix,
    values: Matrix,
    /// (n_heads · d_head) × d_model.
    out: Matrix,
    /// d_model × d_mlp.
    neurons_in: Matrix,
    b_in: Vec<f64>,
    /// d_mlp × d_model.
    neurons_out: Matrix,
    b_out: Vec<f64>,
}

impl Literal {
    pub(super) fn new(weights: &Weights, edit: &AttentionEdit, reader: Matrix) -> Self {
        let shape = weights.shape().clone();
        let (d_model, d_mlp) = (shape.d_model, shape.d_mlp);
        let width = shape.n_heads * shape.d_head;
        let transposed = |param: Param, rows: usize, cols: usize| {
            Matrix::from_values(rows, cols, weights.get(param).to_vec()).transposed()
        };
        let layer = |l: usize| Layer {
            queries: transposed(Param::W_Q(l), width, d_model),
            keys: transposed(Param::W_K(l), width, d_model),
            values: transposed(Param::W_V(l), width, d_model),
            out: transposed(Param::W_O(l), d_model, width),
            neurons_in: transposed(Param::W_in(l), d_mlp, d_model),
            b_in: weights.get(Param::b_in(l)).to_vec(),
            neurons_out: transposed(Param::W_out(l), d_model, d_mlp),
            b_out: weights.get(Param::b_out(l)).to_vec(),
        };
        Self {
            edit: edit.clone(),
            embed: transposed(Param::W_E, d_model, shape.d_vocab),
            positions: Matrix::from_values(shape.n_ctx, d_model, weights.get(Param::W_pos).to_vec()),
            layers: (0..shape.n_layers).map(layer).collect(),
            reader,
            shape,
        }
    }

    /// The residual stream is held as one p × d_model matrix a position, row b.
    pub(super) fn fill(&self, a: usize, block: &mut Block) {
        let p = modulus(&self.shape);
        let tokens = [vec![a; p], (0..p).collect(), vec![p; p]];
        let mut stream: Vec<Matrix> = (0..self.shape.n_ctx)
            .map(|pos| {
                Matrix::from_fn(p, self.shape.d_model, |b, d| {
                    self.embed[(tokens[pos][b], d)] + self.positions[(pos, d)]
                })
            })
            .collect();
        for layer in &self.layers {
            let attended = self.attend(layer, &stream);
            for (stream, attended) in stream.iter_mut().zip(&attended) {
                let kept = if self.edit.skip { 1.0 } else { 0.0 };
                for (x, z) in stream.values_mut().iter_mut().zip(attended.values()) {
                    *x = kept * *x + z;
                }
            }
            block.skip = stream[self.shape.n_ctx - 1].mul(&self.reader);
            for x in &mut stream {
                let mut neurons = x.mul(&layer.neurons_in);
                for b in 0..p {
                    add_scaled(neurons.row_mut(b), 1.0, &layer.b_in);
                }
                neurons.values_mut().iter_mut().for_each(|u| *u = activated(*u, self.shape.activation));
                add_scaled(x.values_mut(), 1.0, neurons.mul(&layer.neurons_out).values());
                for b in 0..p {
                    add_scaled(x.row_mut(b), 1.0, &layer.b_out);
                }
                block.neurons = neurons;
            }
        }
    }

    /// What the heads of a block write to each position.
    fn attend(&self, layer: &Layer, stream: &[Matrix]) -> Vec<Matrix> {
        let ModelShape { n_ctx, n_heads, d_head, .. } = self.shape;
        let p = modulus(&self.shape);
        let project = |matrix: &Matrix| -> Vec<Matrix> { stream.iter().map(|x| x.mul(matrix)).collect() };
        let (queries, keys, values) = (project(&layer.queries), project(&layer.keys), project(&layer.values));
        let heads = (0..n_heads).filter(|head| !self.edit.removed_heads.contains(head));
        let mut mixed = vec![Matrix::zeros(p, n_heads * d_head); n_ctx];
        for head in heads {
            let part = head * d_head..(head + 1) * d_head;
            for (query_pos, mixed) in mixed.iter_mut().enumerate() {
                // The causal mask: a position sees itself and those before it.
                let seen = if query_pos == n_ctx - 1 && !self.edit.to_eq { query_pos } else { query_pos + 1 };
                for b in 0..p {
                    let query = &queries[query_pos].row(b)[part.clone()];
                    let score =
                        |pos: usize| dot(query, &keys[pos].row(b)[part.clone()]) / (d_head as f64).sqrt();
                    let scores: Vec<f64> = (0..seen).map(score).collect();
                    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = scores.iter().map(|s| exp(s - top)).sum();
                    for (pos, score) in scores.iter().enumerate() {
                        let weight = exp(score - top) / sum;
                        add_scaled(
                            &mut mixed.row_mut(b)[part.clone()],
                            weight,
                            &values[pos].row(b)[part.clone()],
                        );
                    }
                }
            }
        }
        mixed.iter().map(|z| z.mul(&layer.out)).collect()
    }
}
