//! The orthonormal Fourier basis on the residues mod p, in the paper's order.
//!
//! # Order
//! const, cos 1, sin 1, cos 2, sin 2, … cos K, sin K with K = (p - 1) / 2: p rows for odd p
//! (paper section 3 and its published code).
//!
//! # Normalisation
//! Every row has norm 1: `1/√p`, `√(2/p) cos(w_k x)`, `√(2/p) sin(w_k x)` with `w_k = 2πk/p`.
//! A transform therefore keeps the sum of squares, and its inverse is the transpose.
//!
//! ```
//! use grokking_lab::maths::fourier::{FourierBasis, cos_index, freq_of, sin_index};
//!
//! assert_eq!((cos_index(2), sin_index(2), freq_of(4)), (3, 4, 2));
//!
//! // cos(w_2 x) is the basis vector of frequency 2, times √(p/2).
//! let p = 7;
//! let wave: Vec<f64> = (0..p).map(|x| (std::f64::consts::TAU * 2.0 * x as f64 / 7.0).cos()).collect();
//! let spectrum = FourierBasis::new(p).transform(&wave);
//! for (i, value) in spectrum.iter().enumerate() {
//!     let expected = if i == cos_index(2) { (3.5_f64).sqrt() } else { 0.0 };
//!     assert!((value - expected).abs() < 1e-12);
//! }
//! ```

use std::f64::consts::TAU;

use super::matrix::Matrix;

/// The basis as a matrix, and the transform as a plain product: the oracle of [`super::fft`], and the
/// faster way where many short signals lie side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct FourierBasis {
    rows: Matrix,
}

impl FourierBasis {
    /// The basis for an odd p.
    ///
    /// # Panics
    /// If p is even: an even p needs one more, alternating row.
    pub fn new(p: usize) -> Self {
        assert!(p % 2 == 1, "the basis is for an odd p, not {p}");
        let wave = cosines(p);
        let (flat, scale) = ((p as f64).sqrt().recip(), (2.0 / p as f64).sqrt());
        let rows = Matrix::from_fn(p, p, |i, x| match (i, freq_of(i) * x % p) {
            (0, _) => flat,
            (_, turn) if i == cos_index(freq_of(i)) => scale * wave[turn],
            // sin(t) = cos(t - π/2); its own table, so that its zeros are exact.
            (_, turn) => scale * libm::sin(TAU * turn as f64 / p as f64),
        });
        Self { rows }
    }

    /// The p × p matrix whose row i is the i-th basis vector.
    pub fn matrix(&self) -> &Matrix {
        &self.rows
    }

    /// The i-th basis vector, length p.
    pub fn row(&self, i: usize) -> &[f64] {
        self.rows.row(i)
    }

    /// The coefficients `F x` of a signal of length p.
    pub fn transform(&self, signal: &[f64]) -> Vec<f64> {
        (0..self.rows.rows()).map(|i| super::matrix::dot(self.row(i), signal)).collect()
    }
}

/// Row of cos(w_k x), for k from 1.
pub fn cos_index(freq: usize) -> usize {
    2 * freq - 1
}

/// Row of sin(w_k x), for k from 1.
pub fn sin_index(freq: usize) -> usize {
    2 * freq
}

/// The frequency of a row; 0 is the constant.
pub fn freq_of(index: usize) -> usize {
    index.div_ceil(2)
}

/// The number of frequencies, K = (p - 1) / 2: for p = 113 they are 1 to 56.
pub fn n_freqs(p: usize) -> usize {
    (p - 1) / 2
}

/// For each k from 1 to K, the norm √(v_cos² + v_sin²) of a spectrum in the basis' order; entry 0 is
/// k = 1.
pub fn norms_by_freq(spectrum: &[f64]) -> Vec<f64> {
    spectrum[1..].chunks_exact(2).map(|pair| (pair[0] * pair[0] + pair[1] * pair[1]).sqrt()).collect()
}

/// cos(2πt/p) for t = 0 … p - 1: w_k x for all k and x runs through these.
pub fn cosines(p: usize) -> Vec<f64> {
    (0..p).map(|turn| libm::cos(TAU * turn as f64 / p as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::{FourierBasis, cos_index, freq_of, norms_by_freq, sin_index};

    const SIZES: [usize; 7] = [3, 5, 9, 15, 59, 109, 113];

    #[test]
    fn rows_are_orthonormal() {
        for p in SIZES {
            let basis = FourierBasis::new(p);
            let gram = basis.matrix().mul_transposed(basis.matrix());
            for i in 0..p {
                for j in 0..p {
                    let expected = f64::from(u8::from(i == j));
                    assert!(
                        (gram[(i, j)] - expected).abs() < 1e-13,
                        "p {p}, rows {i} and {j}: {}",
                        gram[(i, j)]
                    );
                }
            }
        }
    }

    #[test]
    fn a_wave_has_one_coefficient() {
        for p in SIZES {
            let basis = FourierBasis::new(p);
            let k = p / 2;
            let wave: Vec<f64> =
                (0..p).map(|x| (std::f64::consts::TAU * (k * x) as f64 / p as f64).sin()).collect();
            let spectrum = basis.transform(&wave);
            for (i, value) in spectrum.iter().enumerate() {
                let expected = if i == sin_index(k) { (p as f64 / 2.0).sqrt() } else { 0.0 };
                assert!((value - expected).abs() < 1e-12, "p {p}, row {i}: {value}");
            }
            assert!((norms_by_freq(&spectrum)[k - 1] - (p as f64 / 2.0).sqrt()).abs() < 1e-12, "p {p}");
        }
    }

    #[test]
    fn indices_and_frequencies_agree() {
        assert_eq!(freq_of(0), 0, "the constant");
        for k in 1..60 {
            assert_eq!((freq_of(cos_index(k)), freq_of(sin_index(k))), (k, k), "rows of k = {k}");
        }
    }
}
