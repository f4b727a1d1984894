//! The transforms of [`super::fourier`] through rustfft, in one and two dimensions.

use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// A prepared transform of real signals of one length p, into the order and normalisation of
/// [`FourierBasis`](super::fourier::FourierBasis).
///
/// ```
/// use grokking_lab::maths::fft::RealFft;
///
/// // A constant signal has the constant's coefficient only: √p times its value.
/// let mut signal = [2.0; 9];
/// RealFft::new(9).transform(&mut signal);
/// assert!((signal[0] - 6.0).abs() < 1e-12);
/// assert!(signal[1..].iter().all(|x| x.abs() < 1e-12));
/// ```
#[derive(Clone)]
pub struct RealFft {
    p: usize,
    fft: Arc<dyn Fft<f64>>,
    signal: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl RealFft {
    /// Prepares the transform for an odd p.
    ///
    /// # Panics
    /// If p is even.
    pub fn new(p: usize) -> Self {
        assert!(p % 2 == 1, "the basis is for an odd p, not {p}");
        let fft = FftPlanner::new().plan_fft_forward(p);
        let scratch = vec![Complex::default(); fft.get_inplace_scratch_len()];
        Self { p, fft, signal: vec![Complex::default(); p], scratch }
    }

    /// Replaces a signal of length p by its p coefficients.
    ///
    /// # Panics
    /// If the signal has another length.
    pub fn transform(&mut self, signal: &mut [f64]) {
        self.transform_pair(signal, &mut []);
    }

    /// Replaces two signals by their coefficients at the cost of one: they travel as real and imaginary
    /// part, and their spectra come apart by symmetry. The second may be empty.
    ///
    /// # Panics
    /// If the signals have another length.
    pub fn transform_pair(&mut self, first: &mut [f64], second: &mut [f64]) {
        let p = self.p;
        assert_eq!(first.len(), p, "length of the signal");
        assert!(second.is_empty() || second.len() == p, "length of the second signal");
        for (x, z) in self.signal.iter_mut().enumerate() {
            *z = Complex::new(first[x], second.get(x).copied().unwrap_or(0.0));
        }
        self.fft.process_with_scratch(&mut self.signal, &mut self.scratch);
        // Of z = f + i g: f^(k) = (z(k) + z*(-k)) / 2 and i g^(k) = (z(k) - z*(-k)) / 2. The transform
        // has exp(-i w x), so a cosine's coefficient is the real part and a sine's minus the imaginary.
        let (flat, half) = ((p as f64).sqrt().recip(), (2.0 / p as f64).sqrt() / 2.0);
        let z = &self.signal;
        first[0] = flat * z[0].re;
        for k in 1..=p / 2 {
            first[2 * k - 1] = half * (z[k].re + z[p - k].re);
            first[2 * k] = half * (z[p - k].im - z[k].im);
        }
        if !second.is_empty() {
            second[0] = flat * z[0].im;
            for k in 1..=p / 2 {
                second[2 * k - 1] = half * (z[k].im + z[p - k].im);
                second[2 * k] = half * (z[k].re - z[p - k].re);
            }
        }
    }

    /// Replaces a p × p grid `T[a, b]`, row-major, by `That[i, j] = Σ F_i[a] F_j[b] T[a, b]`.
    ///
    /// # Panics
    /// If the grid has another size.
    pub fn transform_grid(&mut self, grid: &mut [f64]) {
        let p = self.p;
        assert_eq!(grid.len(), p * p, "size of the grid");
        for _ in 0..2 {
            self.transform_rows(grid);
            for i in 0..p {
                for j in 0..i {
                    grid.swap(i * p + j, j * p + i);
                }
            }
        }
    }

    /// Replaces every row of a matrix with p columns by its coefficients.
    pub fn transform_rows(&mut self, rows: &mut [f64]) {
        let p = self.p;
        for two in rows.chunks_mut(2 * p) {
            let (first, second) = two.split_at_mut(p);
            self.transform_pair(first, second);
        }
    }
}

impl fmt::Debug for RealFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFft").field("p", &self.p).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::RealFft;
    use crate::maths::fourier::FourierBasis;
    use crate::maths::matrix::Matrix;
    use crate::maths::normal::NormalSource;

    fn draws(n: usize) -> Vec<f64> {
        let mut source = NormalSource::new(3);
        (0..n).map(|_| source.draw()).collect()
    }

    fn check(what: &str, actual: &[f64], expected: &[f64]) {
        for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
            assert!((a - e).abs() < 1e-12, "{what}, place {i}: {a} instead of {e}");
        }
    }

    #[test]
    fn equals_the_product_with_the_basis() {
        for p in (3..130).step_by(2).chain([251, 499]) {
            let basis = FourierBasis::new(p);
            let signals = draws(2 * p);
            let (mut first, mut second) = (signals[..p].to_vec(), signals[p..].to_vec());
            RealFft::new(p).transform_pair(&mut first, &mut second);
            check(&format!("first of p = {p}"), &first, &basis.transform(&signals[..p]));
            check(&format!("second of p = {p}"), &second, &basis.transform(&signals[p..]));
        }
    }

    #[test]
    fn grid_equals_two_products_with_the_basis() {
        for p in [3, 5, 9, 15, 59, 113] {
            let basis = FourierBasis::new(p);
            let mut grid = draws(p * p);
            let left = basis.matrix().mul(&Matrix::from_values(p, p, grid.clone()));
            let expected = left.mul_transposed(basis.matrix());
            RealFft::new(p).transform_grid(&mut grid);
            check(&format!("grid of p = {p}"), &grid, expected.values());
        }
    }
}
