//! The waves cos w_k(a + b) and sin w_k(a + b) in the logits: restricted and excluded loss (paper
//! section 5.1).

use super::grid::{GridLogits, Scores, column_means};
use super::marginals::project_rows;
use crate::maths::fourier::FourierBasis;
use crate::maths::matrix::Matrix;
use crate::maths::stats;
use crate::task::Task;

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
    pub fn restricted(&self, task: &Task, freqs: &[usize]) -> Scores {
        let mut rows = self.projection(freqs);
        let mean = column_means(&self.by_sum);
        for s in 0..rows.rows() {
            crate::maths::matrix::add_scaled(rows.row_mut(s), 1.0, &mean);
        }
        Scores::of_sums(task, &rows)
    }
}

/// Loss and accuracy over the train pairs of the excluded logits `L - projection`, without a correction of
/// the mean. The projection is given by sum, p × p.
pub fn excluded(logits: &GridLogits, task: &Task, projection: &Matrix) -> (f64, f64) {
    let p = task.p;
    let mut row = vec![0.0; p];
    let (mut loss, mut right) = (0.0, 0);
    for pair in &task.train {
        let sum = (pair.a + pair.b) % p;
        let waves = projection.row(sum);
        for ((out, logit), wave) in row.iter_mut().zip(logits.row(pair.a, pair.b)).zip(waves) {
            *out = logit - wave;
        }
        let (pair_loss, margin) = stats::loss_and_margin(&row, sum);
        loss += pair_loss;
        right += usize::from(margin > 0.0);
    }
    let n = task.train.len() as f64;
    (loss / n, right as f64 / n)
}
