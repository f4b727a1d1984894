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

use super::activation::{activated, relu};
use super::attention_edit::AttentionEdit;
use super::neuron_table::NeuronTable;
use super::product::TiledMatrix;
use crate::analysis::modular::attention::pattern::AttentionPattern;
use crate::analysis::modular::modulus::modulus;
use crate::config::Activation;
use crate::maths::matrix::{Matrix, add_scaled};
use crate::model::shape::{ModelShape, Param};
use crate::model::weights::Weights;

/// Values computed at once; their sums stay in registers.
const LANES: usize = 16;

/// Every so many values of a are looked at to see which neurons are mostly active.
const SAMPLE_EVERY: usize = 16;

/// The tables of one model.
///
/// A ReLU neuron that is active on most pairs is mirrored: `relu(u) = u + relu(-u)`, where u, being linear in
/// the attention, goes into a table of logits, and -u is mostly silent. The large product then has fewer
/// terms, and the sum is the same.
#[derive(Debug)]
pub(super) struct Folded {
    p: usize,
    activation: Activation,
    heads: Vec<usize>,
    pattern: AttentionPattern,
    /// Inputs of the neurons; -u for a mirrored one.
    inputs: Table,
    mirrored: Vec<bool>,
    /// Logits of what goes around the MLP.
    skip: Table,
    /// The same and the linear part of the mirrored neurons.
    direct: Table,
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
    /// The model with `unembed`, d_model × n, as what reads the residual stream, and `map`, n × d_mlp, as what it reads of
    /// the neurons.
    pub(super) fn new(weights: &Weights, map: &Matrix, unembed: &Matrix, edit: &AttentionEdit) -> Self {
        let shape = weights.shape();
        let heads: Vec<usize> = (0..shape.n_heads).filter(|h| !edit.removed_heads.contains(h)).collect();
        let values = Values::new(weights);
        let W_in = Matrix::from_values(shape.d_mlp, shape.d_model, weights.get(Param::W_in(0)).to_vec());
        let b_in = weights.get(Param::b_in(0));

        let mut inputs = Table::new(&values, &heads, &W_in.transposed(), edit);
        add_scaled(&mut inputs.base, 1.0, b_in);
        let mut folded = Self {
            p: modulus(shape),
            activation: shape.activation,
            pattern: AttentionPattern::new(weights, edit.to_eq),
            mirrored: vec![false; shape.d_mlp],
            skip: Table::new(&values, &heads, unembed, edit),
            direct: Table::new(&values, &heads, unembed, edit),
            inputs,
            heads,
        };
        if shape.activation == Activation::Relu {
            folded.mirror(&values, &W_in, b_in, map, unembed, edit);
        }
        folded
    }

    /// Mirrors the neurons that are active on most of a sample of the pairs.
    fn mirror(
        &mut self,
        values: &Values,
        W_in: &Matrix,
        b_in: &[f64],
        map: &Matrix,
        unembed: &Matrix,
        edit: &AttentionEdit,
    ) {
        let d_mlp = W_in.rows();
        let mut balance = vec![0_i64; d_mlp];
        let mut sample = Matrix::zeros(self.p, d_mlp);
        for a in (0..self.p).step_by(SAMPLE_EVERY) {
            self.fill_inputs(a, &mut sample);
            for row in sample.values().chunks_exact(d_mlp) {
                for (balance, &u) in balance.iter_mut().zip(row) {
                    *balance += if u > 0.0 { 1 } else { -1 };
                }
            }
        }
        self.mirrored = balance.iter().map(|&balance| balance > 0).collect();
        // The linear part reads the residual stream through W_in and writes through W_L.
        let kept =
            Matrix::from_fn(d_mlp, unembed.cols(), |n, c| if self.mirrored[n] { map[(c, n)] } else { 0.0 });
        let mut reader = unembed.clone();
        add_scaled(reader.values_mut(), 1.0, W_in.transposed().mul(&kept).values());
        self.direct = Table::new(values, &self.heads, &reader, edit);
        for (n, &bias) in b_in.iter().enumerate() {
            add_scaled(&mut self.direct.base, bias, kept.row(n));
        }
        self.inputs.negate(&self.mirrored);
    }

    /// The attention, of every head.
    pub(super) fn pattern(&self) -> &AttentionPattern {
        &self.pattern
    }

    /// The neurons' non-linearity.
    pub(super) fn activation(&self) -> Activation {
        self.activation
    }

    /// One neuron by token; none if a head is taken out.
    pub(super) fn neuron_table(&self, neuron: usize) -> Option<NeuronTable> {
        let Table { base, from_a, from_b, n_heads } = &self.inputs;
        if *n_heads != self.pattern.n_heads() {
            return None;
        }
        let sign = if self.mirrored[neuron] { -1.0 } else { 1.0 };
        let by_token =
            |from: &Matrix| Matrix::from_fn(*n_heads, self.p, |h, x| sign * from[(x * n_heads + h, neuron)]);
        let (from_a, from_b) = (by_token(from_a), by_token(from_b));
        Some(NeuronTable { base: sign * base[neuron], from_a, from_b })
    }

    /// Whether any head is left: without, every pair looks the same.
    pub(super) fn has_heads(&self) -> bool {
        !self.heads.is_empty()
    }

    /// The neurons' inputs on the pairs (a, b), p × d_mlp, mirrored where that helps.
    pub(super) fn fill_inputs(&self, a: usize, inputs: &mut Matrix) {
        self.fill(&self.inputs, a, inputs);
    }

    /// The neurons themselves, from their inputs.
    pub(super) fn activate(&self, inputs: &Matrix, neurons: &mut Matrix) {
        for b in 0..self.p {
            let values = neurons.row_mut(b).iter_mut().zip(inputs.row(b)).zip(&self.mirrored);
            match self.activation {
                Activation::Relu => {
                    values.for_each(|((n, &u), &mirrored)| *n = relu(if mirrored { -u } else { u }));
                }
                Activation::Gelu => values.for_each(|((n, &u), _)| *n = activated(u, Activation::Gelu)),
            }
        }
    }

    /// The logits of what goes around the MLP, p × p.
    pub(super) fn fill_skip(&self, a: usize, skip: &mut Matrix) {
        self.fill(&self.skip, a, skip);
    }

    /// The logits that [`Self::add_mlp`] adds to, p × p.
    pub(super) fn fill_direct(&self, a: usize, logits: &mut Matrix) {
        self.fill(&self.direct, a, logits);
    }

    /// Adds the neurons' logits, but for the linear part of the mirrored ones; the inputs are used up.
    pub(super) fn add_mlp(&self, map: &TiledMatrix, inputs: &mut Matrix, logits: &mut Matrix) {
        match self.activation {
            Activation::Relu => map.add_positive(inputs, logits),
            Activation::Gelu => {
                inputs.values_mut().iter_mut().for_each(|u| *u = activated(*u, Activation::Gelu));
                map.add_product(inputs, logits);
            }
        }
    }

    fn fill(&self, table: &Table, a: usize, out: &mut Matrix) {
        let mut weights = vec![[0.0; 2]; self.heads.len()];
        for b in 0..self.p {
            for (weights, &head) in weights.iter_mut().zip(&self.heads) {
                let [to_a, to_b, _] = self.pattern.weights(head, a, b);
                *weights = [to_a, to_b];
            }
            table.fill(a, b, &weights, out.row_mut(b));
        }
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
        let rows = Matrix::from_fn(modulus(shape) + 4, shape.d_model, |r, d| {
            if r <= modulus(shape) {
                W_E[d * shape.d_vocab + r]
            } else {
                W_pos[(r - modulus(shape) - 1) * shape.d_model + d]
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
        let (p, d_head, n) = (modulus(shape), shape.d_head, reader.cols());
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
            let from_eq: Vec<f64> =
                sent.row(eq).iter().zip(sent.row(position(2))).map(|(x, y)| x + y).collect();
            add_scaled(&mut base, 1.0, &from_eq);
            for x in 0..p {
                for (from, pos) in [(&mut from_a, position(0)), (&mut from_b, position(1))] {
                    let row = from.row_mut(x * heads.len() + i).iter_mut();
                    let terms = sent.row(x).iter().zip(sent.row(pos)).zip(&from_eq);
                    row.zip(terms).for_each(|(to, ((x, y), eq))| *to = (x + y) - eq);
                }
            }
        }
        Self { base, from_a, from_b, n_heads: heads.len() }
    }

    /// Changes the sign of some columns.
    fn negate(&mut self, chosen: &[bool]) {
        let rows = [self.base.as_mut_slice(), self.from_a.values_mut(), self.from_b.values_mut()];
        for row in rows.into_iter().flat_map(|values| values.chunks_exact_mut(chosen.len())) {
            row.iter_mut().zip(chosen).filter(|(_, chosen)| **chosen).for_each(|(value, _)| *value = -*value);
        }
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
