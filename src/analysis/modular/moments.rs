//! First and second moments of functions on the (a, b) grid, taken in one pass.

use crate::analysis::modular::forward::HostModel;
use crate::analysis::modular::marginals::Marginals;
use crate::maths::fourier::{FourierBasis, cos_index, n_freqs, sin_index};
use crate::maths::matrix::Matrix;

/// A variance below this fraction of the mean square is rounding: the function is constant.
const CONSTANT: f64 = 1e-12;

/// What m functions `T[a, b, j]` need to be taken apart by frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct NeuronMoments {
    /// Their means along the four directions of the grid.
    pub marginals: Marginals,
    /// Σ T² over the grid, length m.
    pub sum_sq: Vec<f64>,
}

impl NeuronMoments {
    /// Nothing seen yet, of m functions.
    pub fn zeros(p: usize, cols: usize) -> Self {
        Self { marginals: Marginals::zeros(p, cols), sum_sq: vec![0.0; cols] }
    }

    /// Takes in one pair, a row of m values.
    pub fn add_pair(&mut self, a: usize, b: usize, row: &[f64]) {
        self.marginals.add_pair(a, b, row);
        for (sum, value) in self.sum_sq.iter_mut().zip(row) {
            *sum += value * value;
        }
    }

    /// The moments of a model's neurons over all pairs.
    pub fn of_neurons(model: &HostModel) -> Self {
        let mut moments = Self::zeros(model.p(), model.d_mlp());
        let mut block = model.new_block();
        for a in 0..model.p() {
            model.fill_neurons(a, &mut block);
            for b in 0..model.p() {
                moments.add_pair(a, b, block.neurons.row(b));
            }
        }
        moments
    }

    /// Σ (T - mean)² over the grid, length m; exactly 0 for a function that is constant up to rounding.
    pub fn variation(&self) -> Vec<f64> {
        let n_pairs = (self.marginals.p() * self.marginals.p()) as f64;
        let means = self.marginals.mean();
        let centred = |(sum_sq, mean): (&f64, f64)| {
            let variation = sum_sq - n_pairs * mean * mean;
            if variation > CONSTANT * sum_sq { variation } else { 0.0 }
        };
        self.sum_sq.iter().zip(means).map(centred).collect()
    }

    /// What the eight terms of each frequency explain of that variation, m × K: column k - 1.
    pub fn explained_by_freq(&self) -> Matrix {
        let p = self.marginals.p();
        let mut explained = Matrix::zeros(self.sum_sq.len(), n_freqs(p));
        for coefficients in self.marginals.coefficients(&FourierBasis::new(p)).each() {
            for k in 1..=n_freqs(p) {
                let (cos, sin) = (coefficients.row(cos_index(k)), coefficients.row(sin_index(k)));
                for (j, (cos, sin)) in cos.iter().zip(sin).enumerate() {
                    explained[(j, k - 1)] += p as f64 * (cos * cos + sin * sin);
                }
            }
        }
        explained
    }
}
