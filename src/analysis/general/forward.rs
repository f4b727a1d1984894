//! The transformer on the host, in float64: any shape, every position, and what each head attends to.

use std::ops::Range;

use crate::analysis::modular::forward::activated;
use crate::maths::exp::exp;
use crate::maths::matrix::{Matrix, add_scaled, dot};
use crate::model::{ModelShape, Param, Weights};
use crate::task::Examples;

/// The weights as matrices that rows of activations are multiplied by.
#[derive(Debug)]
pub(super) struct HostTransformer {
    shape: ModelShape,
    /// d_vocab × d_model.
    embed: Matrix,
    /// n_ctx × d_model.
    positions: Matrix,
    blocks: Vec<Block>,
    /// d_model × d_vocab_out.
    unembed: Matrix,
}

#[derive(Debug)]
struct Block {
    /// d_model × (n_heads · d_head) each.
    queries: Matrix,
    keys: Matrix,
    values: Matrix,
    /// (n_heads · d_head) × d_model.
    out: Matrix,
    mlp: Option<Mlp>,
}

#[derive(Debug)]
struct Mlp {
    /// d_model × d_mlp.
    weights_in: Matrix,
    bias_in: Vec<f64>,
    /// d_mlp × d_model.
    weights_out: Matrix,
    bias_out: Vec<f64>,
}

/// What a model does on some examples.
#[derive(Debug)]
pub(super) struct Activations {
    /// (n · number of loss positions) × d_vocab_out.
    pub(super) logits: Matrix,
    /// For each head of each block, block by block: the attention of each position (row) to each, summed over the
    /// examples; n_ctx × n_ctx.
    pub(super) attention_sums: Vec<Matrix>,
}

impl HostTransformer {
    pub(super) fn new(weights: &Weights) -> Self {
        let shape = weights.shape().clone();
        let (d_model, d_mlp) = (shape.d_model, shape.d_mlp);
        let width = shape.n_heads * shape.d_head;
        let stored = |param: Param, rows: usize, cols: usize| {
            Matrix::from_values(rows, cols, weights.get(param).to_vec())
        };
        let block = |l: usize| Block {
            queries: stored(Param::W_Q(l), width, d_model).transposed(),
            keys: stored(Param::W_K(l), width, d_model).transposed(),
            values: stored(Param::W_V(l), width, d_model).transposed(),
            out: stored(Param::W_O(l), d_model, width).transposed(),
            mlp: shape.has_mlp().then(|| Mlp {
                weights_in: stored(Param::W_in(l), d_mlp, d_model).transposed(),
                bias_in: weights.get(Param::b_in(l)).to_vec(),
                weights_out: stored(Param::W_out(l), d_model, d_mlp).transposed(),
                bias_out: weights.get(Param::b_out(l)).to_vec(),
            }),
        };
        Self {
            embed: stored(Param::W_E, d_model, shape.d_vocab).transposed(),
            positions: stored(Param::W_pos, shape.n_ctx, d_model),
            blocks: (0..shape.n_layers).map(block).collect(),
            unembed: stored(Param::W_U, d_model, shape.d_vocab_out),
            shape,
        }
    }

    /// Runs the model on some examples. The residual stream is held as one row a position, example by example.
    pub(super) fn run(&self, examples: &Examples, range: Range<usize>) -> Activations {
        let n_ctx = self.shape.n_ctx;
        let n = range.len();
        let tokens = examples.tokens_of(range);
        let mut resid = Matrix::from_fn(tokens.len(), self.shape.d_model, |row, d| {
            self.embed[(tokens[row] as usize, d)] + self.positions[(row % n_ctx, d)]
        });
        let mut attention_sums = Vec::new();
        for block in &self.blocks {
            let attended = self.attention(block, &resid, &mut attention_sums);
            for (x, added) in resid.values_mut().iter_mut().zip(attended.values()) {
                *x = self.shape.residual_scale * *x + added;
            }
            if let Some(mlp) = &block.mlp {
                let out = self.mlp(mlp, &resid);
                add_scaled(resid.values_mut(), 1.0, out.values());
            }
        }
        let positions = &examples.shape().loss_positions;
        let read = Matrix::from_fn(n * positions.len(), self.shape.d_model, |row, d| {
            resid[(row / positions.len() * n_ctx + positions[row % positions.len()], d)]
        });
        Activations { logits: read.mul(&self.unembed), attention_sums }
    }

    /// What a block's attention adds; its patterns are appended to `sums`.
    fn attention(&self, block: &Block, resid: &Matrix, sums: &mut Vec<Matrix>) -> Matrix {
        let ModelShape { n_ctx, n_heads, d_head, causal, .. } = self.shape;
        let [q, k, v] = [&block.queries, &block.keys, &block.values].map(|projection| resid.mul(projection));
        let mut mixed = Matrix::zeros(resid.rows(), n_heads * d_head);
        for head in 0..n_heads {
            let columns = head * d_head..(head + 1) * d_head;
            let mut sum = Matrix::zeros(n_ctx, n_ctx);
            for row in 0..resid.rows() {
                let (first, position) = (row / n_ctx * n_ctx, row % n_ctx);
                let n_seen = if causal { position + 1 } else { n_ctx };
                let score = |from: usize| {
                    dot(&q.row(row)[columns.clone()], &k.row(first + from)[columns.clone()])
                        / (d_head as f64).sqrt()
                };
                let pattern = softmax((0..n_seen).map(score).collect());
                for (from, &weight) in pattern.iter().enumerate() {
                    sum[(position, from)] += weight;
                    add_scaled(
                        &mut mixed.row_mut(row)[columns.clone()],
                        weight,
                        &v.row(first + from)[columns.clone()],
                    );
                }
            }
            sums.push(sum);
        }
        mixed.mul(&block.out)
    }

    /// What a block's MLP adds.
    fn mlp(&self, mlp: &Mlp, resid: &Matrix) -> Matrix {
        let mut neurons = resid.mul(&mlp.weights_in);
        for row in 0..neurons.rows() {
            for (value, bias) in neurons.row_mut(row).iter_mut().zip(&mlp.bias_in) {
                *value = activated(*value + bias, self.shape.activation);
            }
        }
        let mut out = neurons.mul(&mlp.weights_out);
        for row in 0..out.rows() {
            add_scaled(out.row_mut(row), 1.0, &mlp.bias_out);
        }
        out
    }
}

fn softmax(mut scores: Vec<f64>) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = exp(*score - largest));
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
    scores
}
