//! The logits as a sum of cosines, `L ≈ Σ_k α_k cos(w_k(a + b - c))` (paper section 4.2, figure 14).

use crate::analysis::modular::grid::GridLogits;
use crate::maths::fourier::{cosines, n_freqs};
use crate::maths::matrix::{Matrix, sum_sq};
use crate::maths::stats;

/// The least-squares amplitudes of all K cosines. The cosines are orthogonal over the p³ entries, so each
/// amplitude stands for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CosineFit {
    p: usize,
    /// α_k, entry k - 1.
    alpha: Vec<f64>,
    /// ‖L‖² over the p³ entries.
    sum_sq_logits: f64,
}

impl CosineFit {
    /// Fits logits, whose means by sum are given (p × p: row s, column c).
    pub fn new(logits: &GridLogits, by_sum: &Matrix) -> Self {
        let p = logits.p();
        // Σ of the logits with a + b - c = d: p pairs for each sum.
        let mut by_offset = vec![0.0; p];
        for s in 0..p {
            for c in 0..p {
                by_offset[(s + p - c) % p] += p as f64 * by_sum[(s, c)];
            }
        }
        let wave = cosines(p);
        let inner = |k: usize| -> f64 { (0..p).map(|d| wave[k * d % p] * by_offset[d]).sum() };
        let alpha = (1..=n_freqs(p)).map(|k| inner(k) / (Self::norm_sq(p))).collect();
        Self { p, alpha, sum_sq_logits: sum_sq(logits.values()) }
    }

    /// α_k of a frequency from 1.
    pub fn alpha(&self, freq: usize) -> f64 {
        self.alpha[freq - 1]
    }

    /// For k = 1 … K, the inner product of the logits with cos(w_k(a + b - c)) scaled to norm 1: α_k √(p³/2)
    /// (figure 14).
    pub fn coefficients(&self) -> Vec<f64> {
        self.alpha.iter().map(|alpha| alpha * Self::norm_sq(self.p).sqrt()).collect()
    }

    /// `1 - ‖L - fit‖² / ‖L‖²` for the cosines of some frequencies; 0 of zero logits.
    pub fn fve(&self, freqs: &[usize]) -> f64 {
        if self.sum_sq_logits == 0.0 {
            return 0.0;
        }
        let explained: f64 = freqs.iter().map(|&k| Self::norm_sq(self.p) * self.alpha(k).powi(2)).sum();
        explained / self.sum_sq_logits
    }

    /// The cross-entropy of the fit itself, in nats: the same for every pair.
    pub fn loss(&self, freqs: &[usize]) -> f64 {
        let wave = cosines(self.p);
        let logit = |c: usize| -> f64 { freqs.iter().map(|&k| self.alpha(k) * wave[k * c % self.p]).sum() };
        let row: Vec<f64> = (0..self.p).map(logit).collect();
        stats::cross_entropy(&row, 0)
    }

    /// ‖cos(w_k(a + b - c))‖² over the p³ entries.
    fn norm_sq(p: usize) -> f64 {
        (p * p * p) as f64 / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::CosineFit;
    use crate::analysis::modular::grid::GridLogits;

    fn planted(p: usize, waves: &[(usize, f64)]) -> GridLogits {
        let w = std::f64::consts::TAU / p as f64;
        GridLogits::from_fn(p, |a, b, c| {
            waves.iter().map(|&(k, alpha)| alpha * (w * (k * (a + b + p - c)) as f64).cos()).sum()
        })
    }

    #[test]
    fn planted_amplitudes_come_back() {
        let logits = planted(13, &[(2, 5.0), (6, -1.5)]);
        let fit = CosineFit::new(&logits, &logits.mean_by_sum());
        for k in 1..=6 {
            let expected = match k {
                2 => 5.0,
                6 => -1.5,
                _ => 0.0,
            };
            assert!((fit.alpha(k) - expected).abs() < 1e-13, "k {k}: {}", fit.alpha(k));
        }
        assert!((fit.fve(&[2, 6]) - 1.0).abs() < 1e-13, "all of it");
        assert!((fit.fve(&[2]) - 25.0 / 27.25).abs() < 1e-13, "one wave's share");
        assert!((fit.coefficients()[1] - 5.0 * (13.0_f64.powi(3) / 2.0).sqrt()).abs() < 1e-10, "norm 1 wave");
    }

    #[test]
    fn the_fits_loss_is_the_loss_of_its_logits() {
        let logits = planted(13, &[(2, 5.0), (3, 4.0)]);
        let fit = CosineFit::new(&logits, &logits.mean_by_sum());
        let (loss, _) = logits.loss_and_margin(3, 8);
        assert!((fit.loss(&[2, 3]) - loss).abs() < 1e-13 * loss, "{} instead of {loss}", fit.loss(&[2, 3]));
    }

    #[test]
    fn nothing_to_fit() {
        let logits = GridLogits::zeros(5);
        let fit = CosineFit::new(&logits, &logits.mean_by_sum());
        assert_eq!(fit.fve(&[1]), 0.0, "no variance");
        assert!((fit.loss(&[]) - 5.0_f64.ln()).abs() < 1e-15, "no frequency: uniform");
    }
}
