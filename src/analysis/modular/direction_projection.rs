//! How far each pair's neurons reach along the directions u_k, v_k of the neuron-logit map.

use crate::analysis::modular::forward::{Block, HostModel, TiledMatrix};
use crate::analysis::modular::grid::GridLogits;
use crate::analysis::modular::neuron_logit_map;
use crate::maths::fourier::{cos_index, sin_index};
use crate::maths::matrix::{Matrix, add_scaled, dot, sum_sq};

/// A direction this much shorter than before its neighbours were taken out depends on them.
const DEPENDENT: f64 = 1e-10;

/// The neurons read along the span of some frequencies' directions.
#[derive(Debug, Clone)]
pub struct DirectionProjection {
    /// The frequencies.
    pub freqs: Vec<usize>,
    /// The directions themselves, 2n × d_mlp: u_k and v_k of each frequency.
    pub directions: Matrix,
    /// An orthonormal basis Q of their span, r × d_mlp with r ≤ 2n.
    pub span: Matrix,
    /// N Qᵀ, p² × r.
    pub along: Matrix,
    tiled: TiledMatrix,
}

impl DirectionProjection {
    /// Nothing read yet.
    pub fn empty(model: &HostModel, freqs: &[usize]) -> Self {
        let all = neuron_logit_map::directions(model.map());
        let rows: Vec<usize> = freqs.iter().flat_map(|&k| [cos_index(k), sin_index(k)]).collect();
        let directions = Matrix::from_fn(rows.len(), model.d_mlp(), |i, n| all[(rows[i], n)]);
        Self { freqs: freqs.to_vec(), ..Self::onto(model, directions) }
    }

    /// Nothing read yet, along any directions in neuron space: rows of d_mlp numbers, of no frequencies.
    pub fn onto(model: &HostModel, directions: Matrix) -> Self {
        let span = orthonormal(&directions);
        let along = Matrix::zeros(model.p() * model.p(), span.rows());
        let tiled = TiledMatrix::new(&span.transposed());
        Self { freqs: Vec::new(), directions, span, along, tiled }
    }

    /// Reads the neurons of all pairs.
    pub fn new(model: &HostModel, freqs: &[usize]) -> Self {
        let mut reads = Self::empty(model, freqs);
        let mut block = model.new_block();
        for a in 0..model.p() {
            model.fill_neurons(a, &mut block);
            reads.add_block(a, &block);
        }
        reads
    }

    /// Reads the neurons of the pairs (a, 0), (a, 1), …
    pub fn add_block(&mut self, a: usize, block: &Block) {
        let p = block.neurons.rows();
        let mut along = Matrix::zeros(p, self.span.rows());
        self.tiled.add_product(&block.neurons, &mut along);
        self.along.values_mut()[a * along.values().len()..][..along.values().len()]
            .copy_from_slice(along.values());
    }

    /// Adds `factor` times the logits `N Qᵀ Q W_Lᵀ` of what the directions read.
    pub fn add_logits(&self, model: &HostModel, factor: f64, logits: &mut GridLogits) {
        let (p, width) = (model.p(), self.span.rows());
        let back = model.through_map(&self.span);
        for a in 0..p {
            let along = self.along.values()[a * p * width..][..p * width].to_vec();
            let read = Matrix::from_values(p, width, along).mul(&back);
            add_scaled(logits.block_mut(a), factor, read.values());
        }
    }

    /// The neurons times each direction itself, p² × 2n.
    pub fn by_direction(&self) -> Matrix {
        self.along.mul_transposed(&self.directions.mul_transposed(&self.span))
    }
}

/// Orthonormal rows with the same span (Gram and Schmidt, twice over for its rounding).
fn orthonormal(rows: &Matrix) -> Matrix {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for i in 0..rows.rows() {
        let mut rest = rows.row(i).to_vec();
        for _ in 0..2 {
            for known in &basis {
                let along = dot(known, &rest);
                add_scaled(&mut rest, -along, known);
            }
        }
        let norm = sum_sq(&rest).sqrt();
        if norm > DEPENDENT * sum_sq(rows.row(i)).sqrt() {
            rest.iter_mut().for_each(|x| *x /= norm);
            basis.push(rest);
        }
    }
    Matrix::from_values(basis.len(), rows.cols(), basis.concat())
}

#[cfg(test)]
mod tests {
    use super::orthonormal;
    use crate::maths::matrix::Matrix;

    #[test]
    fn dependent_and_zero_rows_drop_out() {
        let rows =
            Matrix::from_values(4, 3, vec![3.0, 0.0, 4.0, 0.0, 0.0, 0.0, 6.0, 0.0, 8.0, 1.0, 1.0, 0.0]);
        let basis = orthonormal(&rows);
        assert_eq!(basis.rows(), 2, "the rank");
        let gram = basis.mul_transposed(&basis);
        for (i, value) in gram.values().iter().enumerate() {
            let expected = if i % 3 == 0 { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-15, "place {i}: {value}");
        }
    }
}
