//! Parts of the neurons: some of them, or what some directions read.

use crate::analysis::forward::{HostModel, TiledMatrix};
use crate::analysis::grid::GridLogits;
use crate::analysis::neuron_logit_map;
use crate::analysis::neurons::through_map;
use crate::maths::fourier::{cos_index, sin_index};
use crate::maths::matrix::{Matrix, add_scaled, dot, sum_sq};

/// A direction this much shorter than before its neighbours were taken out depends on them.
const DEPENDENT: f64 = 1e-10;

/// The span of the directions u_k, v_k of W_L, and how far each pair's neurons reach along it.
#[derive(Debug)]
pub struct Directions<'a> {
    model: &'a HostModel,
    /// An orthonormal basis of the span, r × d_mlp with r ≤ 2n.
    span: Matrix,
}

impl<'a> Directions<'a> {
    /// The span for some frequencies.
    pub fn new(model: &'a HostModel, freqs: &[usize]) -> Self {
        let directions = neuron_logit_map::directions(&model.map().to_matrix().transposed());
        let rows = freqs.iter().flat_map(|&k| [cos_index(k), sin_index(k)]).map(|i| directions.row(i));
        Self { model, span: orthonormal(rows, model.d_mlp()) }
    }

    /// Adds `factor` times the logits of what the directions read, `N Qᵀ Q W_L`.
    pub fn add_read(&self, logits: &mut GridLogits, factor: f64) {
        let p = logits.p();
        let reach = TiledMatrix::new(&self.span.transposed());
        let back = through_map(self.model, &self.span);
        let mut block = self.model.new_block();
        for a in 0..p {
            self.model.fill(a, &mut block);
            let mut along = Matrix::zeros(p, self.span.rows());
            reach.add_product(&block.neurons, &mut along);
            let read = along.mul(&back);
            add_scaled(logits.block_mut(a), factor, read.values());
        }
    }
}

/// Adds `factor` times the logits of some neurons.
pub fn add_some(logits: &mut GridLogits, model: &HostModel, factor: f64, chosen: &[bool]) {
    if !chosen.contains(&true) {
        return;
    }
    let p = logits.p();
    let mut block = model.new_block();
    for a in 0..p {
        model.fill(a, &mut block);
        for b in 0..p {
            for (value, &chosen) in block.neurons.row_mut(b).iter_mut().zip(chosen) {
                *value *= if chosen { factor } else { 0.0 };
            }
        }
        add_scaled(logits.block_mut(a), 1.0, through_map(model, &block.neurons).values());
    }
}

/// Orthonormal rows with the same span (Gram and Schmidt, twice over for its rounding).
fn orthonormal<'r>(rows: impl Iterator<Item = &'r [f64]>, cols: usize) -> Matrix {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for row in rows {
        let mut rest = row.to_vec();
        for _ in 0..2 {
            for known in &basis {
                let along = dot(known, &rest);
                add_scaled(&mut rest, -along, known);
            }
        }
        let norm = sum_sq(&rest).sqrt();
        if norm > DEPENDENT * sum_sq(row).sqrt() {
            rest.iter_mut().for_each(|x| *x /= norm);
            basis.push(rest);
        }
    }
    Matrix::from_values(basis.len(), cols, basis.concat())
}
