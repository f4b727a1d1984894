//! One block, folded: before the softmax over positions everything depends on one token at one position,
//! and the query is always that of "=".
//!
//! With `X[r]` the embedding of row r (a at position 0, b at position 1, "=" at position 2):
//!
//! ```text
//! T[h, r]   = X[r] W_Vᵀ[h] W_Oᵀ[h] [ W_in | W_U ]         what a head adds if it looks at r alone
//! A[h, .]   = softmax(s[h, a], s[h, b], s[h, =])
//! [ u | k ] = X[=] [ W_in | W_U ] + [ b_in | 0 ] + Σ_h A[h, 0] T[h, a] + A[h, 1] T[h, b] + A[h, 2] T[h, =]
//! ```
//!
//! with u the neurons' inputs and k the logits around the MLP. `A[h, 2] = 1 - A[h, 0] - A[h, 1]` leaves
//! two terms a head.

use super::{AttentionEdit, Block, activate, number_columns};
use crate::analysis::attention::pattern::Pattern;
use crate::config::Activation;
use crate::maths::matrix::Matrix;
use crate::model::shape::{ModelShape, Param};
use crate::model::weights::Weights;

/// Values computed at once; their sums stay in registers.
const LANES: usize = 8;

/// The tables of one model.
#[derive(Debug)]
pub(super) struct Folded {
    p: usize,
    activation: Activation,
    heads: Vec<usize>,
    pattern: Pattern,
    neurons: Table,
    skip: Table,
}

/// `base + Σ_h A[h, 0] from_a[a, h] + A[h, 1] from_b[b, h]` for every pair.
#[derive(Debug)]
struct Table {
    /// What every pair has, length n.
    base: Vec<f64>,
    /// Row (token, head), column n.
    from_a: Matrix,
    /// Row (token, head), column n.
    from_b: Matrix,
    n_heads: usize,
}

impl Folded {
    pub(super) fn new(weights: &Weights, edit: &AttentionEdit) -> Self {
        let shape = weights.shape();
        let heads: Vec<usize> = (0..shape.n_heads).filter(|h| !edit.removed_heads.contains(h)).collect();
        let into = {
            let W_in = weights.get(Param::W_in(0)).to_vec();
            Matrix::from_values(shape.d_mlp, shape.d_model, W_in).transposed()
        };
        let values = Values::new(weights);
        let mut neurons = Table::new(&values, &heads, &into, edit);
        for (base, bias) in neurons.base.iter_mut().zip(weights.get(Param::b_in(0))) {
            *base += bias;
        }
        let skip = Table::new(&values, &heads, &number_columns(weights), edit);
        let pattern = Pattern::new(weights, edit.to_eq);
        Self { p: shape.p, activation: shape.activation, heads, pattern, neurons, skip }
    }

    pub(super) fn fill(&self, a: usize, block: &mut Block) {
        for b in 0..self.p {
            let weights = self.weights(a, b);
            let neurons = block.neurons.row_mut(b);
            self.neurons.fill(a, b, &weights, neurons);
            activate(neurons, self.activation);
            self.skip.fill(a, b, &weights, block.skip.row_mut(b));
        }
    }

    pub(super) fn fill_skip(&self, a: usize, skip: &mut Matrix) {
        for b in 0..self.p {
            self.skip.fill(a, b, &self.weights(a, b), skip.row_mut(b));
        }
    }

    /// For each head that is left, the attention to a and to b.
    fn weights(&self, a: usize, b: usize) -> Vec<[f64; 2]> {
        let to_numbers = |&head: &usize| {
            let [to_a, to_b, _] = self.pattern.weights(head, a, b);
            [to_a, to_b]
        };
        self.heads.iter().map(to_numbers).collect()
    }
}

/// What the heads carry and where it goes.
struct Values<'a> {
    shape: &'a ModelShape,
    /// Embeddings of the numbers, then of "=", then the three positions; R × d_model.
    rows: Matrix,
    /// `rows` through W_V, R × (n_heads · d_head).
    values: Matrix,
    /// W_O transposed, (n_heads · d_head) × d_model.
    out: Matrix,
}

impl<'a> Values<'a> {
    fn new(weights: &'a Weights) -> Self {
        let shape = weights.shape();
        let (W_E, W_pos) = (weights.get(Param::W_E), weights.get(Param::W_pos));
        let rows = Matrix::from_fn(shape.p + 4, shape.d_model, |r, d| {
            if r <= shape.p {
                W_E[d * shape.d_vocab + r]
            } else {
                W_pos[(r - shape.p - 1) * shape.d_model + d]
            }
        });
        let width = shape.n_heads * shape.d_head;
        let W_V = Matrix::from_values(width, shape.d_model, weights.get(Param::W_V(0)).to_vec());
        let W_O = Matrix::from_values(shape.d_model, width, weights.get(Param::W_O(0)).to_vec());
        Self { shape, values: rows.mul_transposed(&W_V), rows, out: W_O.transposed() }
    }
}

impl Table {
    /// The table of one reader of the residual stream, d_model × n.
    fn new(values: &Values, heads: &[usize], reader: &Matrix, edit: &AttentionEdit) -> Self {
        let Values { shape, rows, values, out } = values;
        let (p, d_head, n) = (shape.p, shape.d_head, reader.cols());
        let (eq, position) = (p, |i: usize| p + 1 + i);
        let mut base = vec![0.0; n];
        if edit.skip {
            let row = |r: usize| rows.row(r).to_vec();
            let stream: Vec<f64> = row(eq).iter().zip(row(position(2))).map(|(x, y)| x + y).collect();
            base = Matrix::from_values(1, shape.d_model, stream).mul(reader).values().to_vec();
        }
        let mut from_a = Matrix::zeros(p * heads.len(), n);
        let mut from_b = from_a.clone();
        let through = out.mul(reader);
        for (i, &head) in heads.iter().enumerate() {
            let columns = head * d_head..(head + 1) * d_head;
            let value = Matrix::from_fn(rows.rows(), d_head, |r, h| values[(r, columns.start + h)]);
            let carried = Matrix::from_fn(d_head, n, |h, j| through[(columns.start + h, j)]);
            let sent = value.mul(&carried);
            for j in 0..n {
                let from_eq = sent[(eq, j)] + sent[(position(2), j)];
                base[j] += from_eq;
                for x in 0..p {
                    from_a[(x * heads.len() + i, j)] = sent[(x, j)] + sent[(position(0), j)] - from_eq;
                    from_b[(x * heads.len() + i, j)] = sent[(x, j)] + sent[(position(1), j)] - from_eq;
                }
            }
        }
        Self { base, from_a, from_b, n_heads: heads.len() }
    }

    /// The values of one pair, `weights` as attention to a and to b of each head.
    fn fill(&self, a: usize, b: usize, weights: &[[f64; 2]], out: &mut [f64]) {
        let n = self.base.len();
        let at = |matrix: &'_ Matrix, token: usize| token * self.n_heads * matrix.cols();
        let of_a = &self.from_a.values()[at(&self.from_a, a)..][..self.n_heads * n];
        let of_b = &self.from_b.values()[at(&self.from_b, b)..][..self.n_heads * n];
        let mut start = 0;
        while start + LANES <= n {
            let mut sums: [f64; LANES] = std::array::from_fn(|i| self.base[start + i]);
            for (head, [to_a, to_b]) in weights.iter().enumerate() {
                let of_a = &of_a[head * n + start..][..LANES];
                let of_b = &of_b[head * n + start..][..LANES];
                for i in 0..LANES {
                    sums[i] += to_a * of_a[i] + to_b * of_b[i];
                }
            }
            out[start..start + LANES].copy_from_slice(&sums);
            start += LANES;
        }
        for j in start..n {
            let sent = weights.iter().enumerate();
            out[j] = sent.fold(self.base[j], |sum, (head, [to_a, to_b])| {
                sum + to_a * of_a[head * n + j] + to_b * of_b[head * n + j]
            });
        }
    }
}
