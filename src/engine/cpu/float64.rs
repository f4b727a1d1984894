//! The kernels in float64, as plain loops: for exactness. They are the oracles of the float32 ones.
//!
//! Each is compiled for the instruction set in use, so that the compiler can take its vectors. No product and sum are
//! fused: all sets give the same bits.

use super::activation::{Activate, ActivateBackward};
use super::adamw::AdamWUpdate;
use super::loss::{COLLAPSE_THRESHOLD, LossGradient, Score, ScoreRows};
use super::matrix::padded;
use super::simd::product::Product;
use super::simd::{GROUP, Kernel, Simd};
use crate::config::{Activation, LossForm};
use crate::maths::exp::exp;

/// Rows of C whose sums are held together; with [`GROUP`] columns they fit the registers.
const BLOCK_ROWS: usize = 4;

impl Kernel for Product<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let k = self.list.map_or(self.b.rows, <[u32]>::len);
        assert_eq!(
            (self.a.rows, self.a.cols, self.b.cols),
            (self.c.rows, k, self.c.cols),
            "sizes of a product"
        );
        assert_eq!(self.b.col_step, 1, "columns of B are contiguous");
        let Self { a, b, list, c, add } = self;
        for col in (0..padded(c.cols)).step_by(GROUP) {
            let mut row = 0;
            while row < c.rows {
                let n = BLOCK_ROWS.min(c.rows - row);
                let mut sums = [[0.0; GROUP]; BLOCK_ROWS];
                if add {
                    for (i, sums) in sums.iter_mut().take(n).enumerate() {
                        sums.copy_from_slice(&c.data[(row + i) * c.stride + col..][..GROUP]);
                    }
                }
                // Rows below the last repeat it; their sums are not stored.
                let rows: [usize; BLOCK_ROWS] = std::array::from_fn(|i| (row + i.min(n - 1)) * a.row_step);
                for l in 0..k {
                    let b_row = list.map_or(l, |list| list[l] as usize) * b.row_step + col;
                    let b_row: &[f64; GROUP] = b.data[b_row..].first_chunk().expect("B is padded");
                    for (sums, start) in sums.iter_mut().zip(rows) {
                        let value = a.data[start + l * a.col_step];
                        for (sum, x) in sums.iter_mut().zip(b_row) {
                            *sum += value * x;
                        }
                    }
                }
                for (i, sums) in sums.iter().take(n).enumerate() {
                    c.data[(row + i) * c.stride + col..][..GROUP].copy_from_slice(sums);
                }
                row += n;
            }
        }
    }
}

impl Kernel for Activate<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { activation, hidden, slope } = self;
        for i in 0..hidden.rows {
            let row = &mut hidden.data[i * hidden.stride..][..hidden.cols];
            match activation {
                Activation::Relu => row.iter_mut().filter(|x| **x < 0.0).for_each(|x| *x = 0.0),
                Activation::Gelu => {
                    for (x, slope) in row.iter_mut().zip(&mut slope.data[i * slope.stride..]) {
                        let normal = 0.5 * libm::erfc(-*x * std::f64::consts::FRAC_1_SQRT_2);
                        // φ(x) = exp(-x²/2) / √(2π)
                        let density = exp(-0.5 * *x * *x) / std::f64::consts::TAU.sqrt();
                        *slope = normal + *x * density;
                        *x *= normal;
                    }
                }
            }
        }
    }
}

impl Kernel for ActivateBackward<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { activation, hidden, d_hidden, slope, row_sum } = self;
        for i in 0..hidden.rows {
            let row = hidden.data[i * hidden.stride..][..hidden.cols].iter_mut();
            let gradients = &d_hidden.data[i * d_hidden.row_step..];
            for (col, ((x, d), sum)) in row.zip(gradients).zip(row_sum.iter_mut()).enumerate() {
                *x = match activation {
                    Activation::Relu if *x > 0.0 => *d,
                    Activation::Relu => 0.0,
                    Activation::Gelu => d * slope.data[i * slope.row_step + col],
                };
                *sum += *x;
            }
        }
    }
}

impl Kernel for LossGradient<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { logits, answers, scale, form } = self;
        let n_out = logits.cols;
        for (row, &answer) in logits.data.chunks_mut(logits.stride).zip(answers) {
            let (row, answer) = (&mut row[..n_out], answer as usize);
            match form {
                LossForm::Exact => {
                    let ExactTerms { at_answer, others, .. } = exact_terms(row, answer);
                    let factor = scale / (at_answer + others);
                    row.iter_mut().for_each(|x| *x *= factor);
                    row[answer] = -others * factor;
                }
                LossForm::Textbook => {
                    let log_sum = log_sum_shifted(row);
                    row.iter_mut().for_each(|x| *x = scale * exp(*x - log_sum));
                    row[answer] -= scale;
                }
            }
        }
    }
}

impl Kernel for ScoreRows<'_, f64> {
    type Output = Score;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Score {
        let Self { logits, answers, form } = self;
        let n_out = logits.cols;
        let mut score = Score::default();
        for (row, &answer) in logits.data.chunks_mut(logits.stride).zip(answers) {
            let (row, answer) = (&mut row[..n_out], answer as usize);
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            score.n_correct += usize::from(row[answer] == largest && !row[..answer].contains(&largest));
            let exact = form == LossForm::Exact;
            let textbook = if exact { 0.0 } else { log_sum_shifted(row) - row[answer] };
            let ExactTerms { shift, at_answer, others } = exact_terms(row, answer);
            // Where a wrong answer has the largest logit, S is at least 1.
            score.n_collapsed += usize::from(others <= f64::from(COLLAPSE_THRESHOLD));
            score.loss_sum += match (exact, shift > 0.0) {
                (false, _) => textbook,
                (true, true) => shift + libm::log(at_answer + others),
                (true, false) => libm::log1p(others),
            };
        }
        score
    }
}

impl Kernel for AdamWUpdate<'_, f64> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { weights, first_moment, second_moment, gradient, coefficients: c } = self;
        let moments = first_moment.iter_mut().zip(second_moment);
        for ((w, (m, v)), g) in weights.iter_mut().zip(moments).zip(gradient) {
            *m = c.beta1 * *m + c.one_minus_beta1 * g;
            *v = c.beta2 * *v + c.one_minus_beta2 * g * g;
            *w = c.decay_factor * *w - c.step_size * *m / (v.sqrt() * c.root_factor + c.eps);
        }
    }
}

struct ExactTerms {
    /// m = max(d, 0), subtracted from every exponent.
    shift: f64,
    /// exp(-m), the answer's own term.
    at_answer: f64,
    /// S = Σ_{j≠y} exp(d_j - m).
    others: f64,
}

/// Replaces the logits by exp(d_j - m), zero at the answer.
#[inline(always)]
fn exact_terms(row: &mut [f64], answer: usize) -> ExactTerms {
    let logit = row[answer];
    let shift = row.iter().fold(0.0, |max: f64, x| max.max(x - logit));
    row.iter_mut().for_each(|x| *x = exp(*x - logit - shift));
    let at_answer = std::mem::replace(&mut row[answer], 0.0);
    ExactTerms { shift, at_answer, others: row.iter().sum() }
}

/// Replaces the logits by l - max l; returns log Σ exp(l - max l).
#[inline(always)]
fn log_sum_shifted(row: &mut [f64]) -> f64 {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter_mut().for_each(|x| *x -= largest);
    libm::log(row.iter().map(|&x| exp(x)).sum())
}
