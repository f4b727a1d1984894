//! The part of a function on the (a, b) grid that one frequency holds.
//!
//! The eight products of {1, cos w_k a, sin w_k a} and {1, cos w_k b, sin w_k b}, without 1 · 1, span the
//! same space as the waves of frequency k in a, in b, in a + b and in a - b. A projection on them therefore
//! needs no 2-D transform: the four means of the function along these directions hold it all.

use crate::maths::fourier::{FourierBasis, cos_index, sin_index};
use crate::maths::matrix::{Matrix, add_scaled};

/// Means of a function `T[a, b, j]` on the grid, each p × m with m the number of columns j.
#[derive(Debug, Clone, PartialEq)]
pub struct Marginals {
    /// Row a: the mean over b.
    pub by_a: Matrix,
    /// Row b: the mean over a.
    pub by_b: Matrix,
    /// Row s: the mean over the pairs with a + b = s mod p.
    pub by_sum: Matrix,
    /// Row d: the mean over the pairs with a - b = d mod p.
    pub by_diff: Matrix,
}

/// Which of a frequency's terms are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridTerms {
    /// All eight: the 2 × 2 block of products and the four terms in a or b alone (paper section 4.4).
    AllProducts,
    /// cos w_k(a + b) and sin w_k(a + b), the directions C_k and S_k of the progress measures.
    SumOnly,
}

impl Marginals {
    /// All zero.
    pub fn zeros(p: usize, cols: usize) -> Self {
        let zeros = Matrix::zeros(p, cols);
        Self { by_a: zeros.clone(), by_b: zeros.clone(), by_sum: zeros.clone(), by_diff: zeros }
    }

    /// The modulus.
    pub fn p(&self) -> usize {
        self.by_a.rows()
    }

    /// Adds the values of one pair, a row of m.
    pub fn add_pair(&mut self, a: usize, b: usize, row: &[f64]) {
        let p = self.p();
        let share = 1.0 / p as f64;
        add_scaled(self.by_a.row_mut(a), share, row);
        add_scaled(self.by_b.row_mut(b), share, row);
        add_scaled(self.by_sum.row_mut((a + b) % p), share, row);
        add_scaled(self.by_diff.row_mut((a + p - b) % p), share, row);
    }

    /// The means of a function given as p² rows of m values.
    pub fn of(p: usize, values: &[f64]) -> Self {
        let cols = values.len() / (p * p);
        let mut marginals = Self::zeros(p, cols);
        for (pair, row) in values.chunks_exact(cols).enumerate() {
            marginals.add_pair(pair / p, pair % p, row);
        }
        marginals
    }

    /// The four means, in the order of the fields.
    pub fn each(&self) -> [&Matrix; 4] {
        [&self.by_a, &self.by_b, &self.by_sum, &self.by_diff]
    }

    /// Applies a function to each of the four means.
    pub fn map(&self, f: impl Fn(&Matrix) -> Matrix) -> Self {
        Self { by_a: f(&self.by_a), by_b: f(&self.by_b), by_sum: f(&self.by_sum), by_diff: f(&self.by_diff) }
    }

    /// The mean over the whole grid, length m.
    pub fn mean(&self) -> Vec<f64> {
        crate::analysis::modular::grid::column_means(&self.by_a)
    }

    /// The coefficients of the four means in the Fourier basis, F by_a and so on. The squared norm on the
    /// grid of the part in basis row i of one of them is p times the square of its coefficient.
    pub fn coefficients(&self, basis: &FourierBasis) -> Self {
        self.map(|means| basis.matrix().mul(means))
    }

    /// The projection on waves: a function `f_a[a] + f_b[b] + f_sum[a + b] + f_diff[a - b]`, without the
    /// constant.
    pub fn project(&self, basis: &FourierBasis, freqs: &[usize], terms: GridTerms) -> Self {
        let on_sums = |sums: &Matrix| project_rows(sums, basis, freqs);
        match terms {
            GridTerms::AllProducts => self.map(on_sums),
            GridTerms::SumOnly => {
                Self { by_sum: on_sums(&self.by_sum), ..Self::zeros(self.p(), self.by_sum.cols()) }
            }
        }
    }

    /// Adds `factor` times the function `f_a[a] + f_b[b] + f_sum[a + b] + f_diff[a - b]` to a row.
    pub fn add_to(&self, factor: f64, a: usize, b: usize, row: &mut [f64]) {
        let p = self.p();
        let parts = [
            self.by_a.row(a),
            self.by_b.row(b),
            self.by_sum.row((a + b) % p),
            self.by_diff.row((a + p - b) % p),
        ];
        for (j, value) in row.iter_mut().enumerate() {
            *value += factor * (parts[0][j] + parts[1][j] + parts[2][j] + parts[3][j]);
        }
    }
}

/// The projection of each column of a p × m matrix on the waves of some frequencies: `Σ F_i (F_i · x)`.
pub fn project_rows(means: &Matrix, basis: &FourierBasis, freqs: &[usize]) -> Matrix {
    let (p, cols) = (means.rows(), means.cols());
    let mut projected = Matrix::zeros(p, cols);
    for i in freqs.iter().flat_map(|&k| [cos_index(k), sin_index(k)]) {
        let wave = basis.row(i);
        let mut coefficient = vec![0.0; cols];
        for (x, &value) in wave.iter().enumerate() {
            add_scaled(&mut coefficient, value, means.row(x));
        }
        for (x, &value) in wave.iter().enumerate() {
            add_scaled(projected.row_mut(x), value, &coefficient);
        }
    }
    projected
}

#[cfg(test)]
mod tests {
    use super::{GridTerms, Marginals};
    use crate::maths::fft::RealFft;
    use crate::maths::fourier::{FourierBasis, cos_index, freq_of, sin_index};
    use crate::maths::normal::NormalSource;

    fn random_grid(p: usize) -> Vec<f64> {
        let mut source = NormalSource::new(9);
        (0..p * p).map(|_| source.draw()).collect()
    }

    /// Zeroes all coefficients but the wanted ones and transforms back: the basis is orthonormal, so the
    /// inverse of the 2-D transform is a sum over it.
    fn by_two_dimensions(p: usize, grid: &[f64], wanted: impl Fn(usize, usize) -> bool) -> Vec<f64> {
        let basis = FourierBasis::new(p);
        let mut spectrum = grid.to_vec();
        RealFft::new(p).transform_grid(&mut spectrum);
        let mut back = vec![0.0; p * p];
        for i in 0..p {
            for j in (0..p).filter(|&j| wanted(i, j)) {
                for (pair, value) in back.iter_mut().enumerate() {
                    *value += spectrum[i * p + j] * basis.row(i)[pair / p] * basis.row(j)[pair % p];
                }
            }
        }
        back
    }

    #[test]
    fn a_block_is_the_eight_terms_of_the_two_dimensional_transform() {
        for (p, freqs) in [(5, vec![2]), (13, vec![1, 4, 6]), (15, vec![3, 5])] {
            let grid = random_grid(p);
            let in_block = |i: usize, j: usize| {
                let (k, l) = (freq_of(i), freq_of(j));
                (k, l) != (0, 0) && freqs.iter().any(|&f| [0, f].contains(&k) && [0, f].contains(&l))
            };
            let expected = by_two_dimensions(p, &grid, in_block);
            let projected =
                Marginals::of(p, &grid).project(&FourierBasis::new(p), &freqs, GridTerms::AllProducts);
            for (pair, expected) in expected.iter().enumerate() {
                let mut value = [0.0];
                projected.add_to(1.0, pair / p, pair % p, &mut value);
                assert!(
                    (value[0] - expected).abs() < 1e-12,
                    "p {p}, pair {pair}: {} instead of {expected}",
                    value[0]
                );
            }
        }
    }

    #[test]
    fn sums_are_the_directions_of_the_paper() {
        let (p, k) = (13, 4);
        let grid = random_grid(p);
        let basis = FourierBasis::new(p);
        let (cos, sin) = (basis.row(cos_index(k)), basis.row(sin_index(k)));
        let C = |a: usize, b: usize| (cos[a] * cos[b] - sin[a] * sin[b]) / 2.0_f64.sqrt();
        let S = |a: usize, b: usize| (sin[a] * cos[b] + cos[a] * sin[b]) / 2.0_f64.sqrt();
        let inner = |wave: &dyn Fn(usize, usize) -> f64| -> f64 {
            grid.iter().enumerate().map(|(pair, value)| value * wave(pair / p, pair % p)).sum()
        };
        let (on_C, on_S) = (inner(&C), inner(&S));
        let projected = Marginals::of(p, &grid).project(&basis, &[k], GridTerms::SumOnly);
        for pair in 0..p * p {
            let (a, b) = (pair / p, pair % p);
            let (mut value, expected) = ([0.0], on_C * C(a, b) + on_S * S(a, b));
            projected.add_to(1.0, a, b, &mut value);
            assert!((value[0] - expected).abs() < 1e-12, "pair {pair}: {} instead of {expected}", value[0]);
        }
    }
}
