//! The waves cos w_k(a + b) and sin w_k(a + b) in the logits, and the restricted loss (paper section 5.1).

use crate::analysis::modular::grid::{GridLogits, Scores, column_means};
use crate::analysis::modular::marginals::project_rows;
use crate::maths::fourier::FourierBasis;
use crate::maths::matrix::{Matrix, add_scaled};
use crate::maths::stats;
use crate::task::modular::ModularTask;

/// The logits' means by a + b mod p; the projection Π on the waves of any frequency follows from them.
#[derive(Debug, Clone)]
pub struct SumWaves {
    basis: FourierBasis,
    /// p × p: row s, column c.
    by_sum: Matrix,
}

impl SumWaves {
    /// Takes the means of the logits on the full grid.
    pub fn new(logits: &GridLogits) -> Self {
        Self { basis: FourierBasis::new(logits.p()), by_sum: logits.mean_by_sum() }
    }

    /// The mean logits by sum, p × p: row s, column c.
    pub fn by_sum(&self) -> &Matrix {
        &self.by_sum
    }

    /// Π L for some frequencies; it depends on a + b only: p × p, row s, column c.
    pub fn projection(&self, freqs: &[usize]) -> Matrix {
        project_rows(&self.by_sum, &self.basis, freqs)
    }

    /// The scores of the restricted logits `Π L + mean L`, the mean taken over all pairs for each class.
    pub fn restricted(&self, task: &ModularTask, freqs: &[usize]) -> Scores {
        Scores::of_sums(task, &self.restricted_logits(freqs))
    }

    /// The restricted loss over all pairs alone: every sum has equally many.
    pub fn restricted_loss_of_all(&self, freqs: &[usize]) -> f64 {
        let rows = self.restricted_logits(freqs);
        let p = rows.rows();
        (0..p).map(|s| stats::cross_entropy(rows.row(s), s)).sum::<f64>() / p as f64
    }

    /// `Π L + mean L` by sum: p × p, row s, column c.
    fn restricted_logits(&self, freqs: &[usize]) -> Matrix {
        let mut rows = self.projection(freqs);
        let mean = column_means(&self.by_sum);
        for s in 0..rows.rows() {
            add_scaled(rows.row_mut(s), 1.0, &mean);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::SumWaves;
    use crate::analysis::modular::grid::GridLogits;
    use crate::config::{ModularConfig, SplitRule};
    use crate::task::modular::ModularTask;

    #[test]
    fn restricting_keeps_the_planted_waves_and_the_mean_alone() {
        let p = 11;
        let task = ModularTask::new(&ModularConfig { p, frac_train: 0.4, split: SplitRule::Python(1) });
        let w = std::f64::consts::TAU / p as f64;
        let wave = |k: usize, x: usize| (w * (k * x) as f64).cos();
        let kept = |a: usize, b: usize, c: usize| 2.0 * wave(3, a + b + p - c) + 0.1 * c as f64;
        let logits = GridLogits::from_fn(p, |a, b, c| {
            kept(a, b, c) + wave(4, a + b) * wave(1, c) + wave(3, a + p - b)
        });
        let restricted = SumWaves::new(&logits).restricted(&task, &[3]);
        let expected = GridLogits::from_fn(p, kept).scores(&task);
        assert!((restricted.loss.all - expected.loss.all).abs() < 1e-13, "{restricted:?}, not {expected:?}");
        assert!(
            (restricted.loss.train - expected.loss.train).abs() < 1e-13,
            "{restricted:?}, not {expected:?}"
        );
        assert_eq!(restricted.accuracy, expected.accuracy, "accuracy");
        let of_all = SumWaves::new(&logits).restricted_loss_of_all(&[3]);
        assert!((of_all - expected.loss.all).abs() < 1e-13, "{of_all}, not {expected:?}");
    }
}
