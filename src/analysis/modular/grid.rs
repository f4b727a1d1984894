//! Logits on all p² pairs, and what they score.

use serde::{Deserialize, Serialize};

use crate::analysis::general::BySplit;
use crate::maths::matrix::{Matrix, add_scaled};
use crate::maths::stats;
use crate::task::modular::{ModularTask, Pair};

/// Logits `L[a, b, c]` over the p numbers, row a p + b.
#[derive(Debug, Clone, PartialEq)]
pub struct GridLogits {
    p: usize,
    values: Vec<f64>,
}

/// Mean cross-entropy and accuracy on the parts of the table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Losses, in nats.
    pub loss: BySplit,
    /// Fractions of pairs whose largest logit is the answer's.
    pub accuracy: BySplit,
}

impl Scores {
    /// The means of a loss and of "its margin is above 0" over each part.
    pub fn of(task: &ModularTask, loss_and_margin: impl Fn(usize, usize) -> (f64, f64)) -> Self {
        let sums = |pairs: &[Pair]| {
            pairs.iter().fold([0.0; 2], |[loss, right], pair| {
                let (pair_loss, margin) = loss_and_margin(pair.a, pair.b);
                [loss + pair_loss, right + f64::from(u8::from(margin > 0.0))]
            })
        };
        let (train, test) = (sums(&task.train), sums(&task.test));
        let (n_train, n_test) = (task.train.len() as f64, task.test.len() as f64);
        let parts = |i: usize| BySplit {
            train: train[i] / n_train,
            test: test[i] / n_test,
            all: (train[i] + test[i]) / (n_train + n_test),
        };
        Self { loss: parts(0), accuracy: parts(1) }
    }

    /// The scores of logits that depend on a + b only: p × p, row s, column c.
    pub fn of_sums(task: &ModularTask, by_sum: &Matrix) -> Self {
        let p = task.p;
        let by_sum: Vec<_> = (0..p).map(|s| stats::loss_and_margin(by_sum.row(s), s)).collect();
        Self::of(task, |a, b| by_sum[(a + b) % p])
    }
}

impl GridLogits {
    /// Zero everywhere.
    pub fn zeros(p: usize) -> Self {
        Self { p, values: vec![0.0; p * p * p] }
    }

    /// The logits `f(a, b, c)`.
    pub fn from_fn(p: usize, f: impl Fn(usize, usize, usize) -> f64) -> Self {
        let values = (0..p * p * p).map(|i| f(i / (p * p), i / p % p, i % p)).collect();
        Self { p, values }
    }

    /// The modulus.
    pub fn p(&self) -> usize {
        self.p
    }

    /// All values, p² × p.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The logits of one pair, length p.
    pub fn row(&self, a: usize, b: usize) -> &[f64] {
        &self.values[(a * self.p + b) * self.p..][..self.p]
    }

    /// The logits of the pairs (a, 0), (a, 1), …, p × p, to be written.
    pub fn block_mut(&mut self, a: usize) -> &mut [f64] {
        let size = self.p * self.p;
        &mut self.values[a * size..][..size]
    }

    /// Losses and accuracies.
    pub fn scores(&self, task: &ModularTask) -> Scores {
        Scores::of(task, |a, b| self.loss_and_margin(a, b))
    }

    /// Cross-entropy of a pair in nats, and its answer's logit minus the largest other.
    pub fn loss_and_margin(&self, a: usize, b: usize) -> (f64, f64) {
        stats::loss_and_margin(self.row(a, b), (a + b) % self.p)
    }

    /// The smallest margin of all pairs: above 0 if every answer is right.
    pub fn min_margin(&self) -> f64 {
        self.margins().into_iter().fold(f64::INFINITY, f64::min)
    }

    /// For each pair the answer's logit minus the largest other, length p²: above 0 where it is right.
    pub fn margins(&self) -> Vec<f64> {
        let rows = self.values.chunks_exact(self.p).enumerate();
        rows.map(|(pair, row)| stats::margin(row, (pair / self.p + pair % self.p) % self.p)).collect()
    }

    /// The mean over the p pairs of each sum s = a + b mod p: p × p, row s, column c.
    pub fn mean_by_sum(&self) -> Matrix {
        let p = self.p;
        let mut means = Matrix::zeros(p, p);
        for (pair, row) in self.values.chunks_exact(p).enumerate() {
            add_scaled(means.row_mut((pair / p + pair % p) % p), 1.0 / p as f64, row);
        }
        means
    }

    /// The mean over all pairs, length p.
    pub fn mean(&self) -> Vec<f64> {
        column_means(&self.mean_by_sum())
    }
}

/// The mean of the rows of a matrix.
pub fn column_means(matrix: &Matrix) -> Vec<f64> {
    let mut means = vec![0.0; matrix.cols()];
    for i in 0..matrix.rows() {
        add_scaled(&mut means, 1.0 / matrix.rows() as f64, matrix.row(i));
    }
    means
}
