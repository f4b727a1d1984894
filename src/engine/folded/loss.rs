//! Cross-entropy of a row of logits and its gradient, in the two forms of [`LossForm`].
//!
//! With d_j = l_j - l_y for the answer y and S = Σ_{j≠y} exp(d_j), the exact form is
//! log1p(S), with gradient exp(d_j) / (1 + S) and -S / (1 + S) at y: no difference of nearly equal
//! numbers anywhere. The textbook form goes through log-softmax and stalls near 1.2e-7 in float32.

use serde::{Deserialize, Serialize};

use super::matrix::{ViewMut, padded};
use super::simd::math::{Parts, exp, row_max, row_sum, vectors_per_group};
use super::simd::{GROUP, Kernel, Simd};
use crate::config::LossForm;

/// Replaces each row of logits by the gradient of `scale` times its loss. Padding becomes zero.
#[derive(Debug)]
pub struct LossGradient<'a> {
    /// n × d_vocab_out.
    pub logits: ViewMut<'a>,
    /// The right column of each row.
    pub answers: &'a [u32],
    /// Usually one over the number of examples.
    pub scale: f32,
    /// Which form.
    pub form: LossForm,
}

/// Sums up losses and hits over rows of logits, which are overwritten.
#[derive(Debug)]
pub struct ScoreRows<'a> {
    /// n × d_vocab_out.
    pub logits: ViewMut<'a>,
    /// The right column of each row.
    pub answers: &'a [u32],
    /// Which form.
    pub form: LossForm,
}

/// The sum over the wrong answers, relative to the right one, up to which 1 + sum is 1 in float32: 2⁻²⁴. If a
/// wrong answer leads the sum is at least 1.
const COLLAPSED: f32 = f32::EPSILON / 2.0;

/// What some examples score together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Sum of the losses, in nats.
    pub loss_sum: f64,
    /// Examples whose first largest logit is the answer.
    pub n_correct: usize,
    /// Examples whose answer has the largest logit and probability 1 in float32: the textbook loss
    /// learns nothing there.
    pub n_collapsed: usize,
}

impl Score {
    /// Adds another group of examples.
    pub fn add(&mut self, other: &Self) {
        self.loss_sum += other.loss_sum;
        self.n_correct += other.n_correct;
        self.n_collapsed += other.n_collapsed;
    }
}

impl Kernel for LossGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { logits, answers, scale, form } = self;
        let n_out = logits.cols;
        for (row, &answer) in logits.data.chunks_mut(logits.stride).zip(answers) {
            let row = &mut row[..padded(n_out)];
            let answer = answer as usize;
            match form {
                LossForm::Exact => {
                    let Exact { at_answer, others, .. } = exact(s, row, n_out, answer);
                    let factor = scale / (at_answer + others);
                    for lanes in row.chunks_exact_mut(S::LANES) {
                        s.store(lanes, s.mul(s.load(lanes), s.splat(factor)));
                    }
                    row[answer] = -others * factor;
                }
                LossForm::Textbook => {
                    let Textbook { log_sum, .. } = textbook(s, row, n_out);
                    for lanes in row.chunks_exact_mut(S::LANES) {
                        let probability = exp(s, s.sub(s.load(lanes), s.splat(log_sum)));
                        s.store(lanes, s.mul(probability, s.splat(scale)));
                    }
                    row[answer] -= scale;
                }
            }
        }
    }
}

impl Kernel for ScoreRows<'_> {
    type Output = Score;

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> Score {
        let Self { logits, answers, form } = self;
        let n_out = logits.cols;
        let mut score = Score::default();
        for (row, &answer) in logits.data.chunks_mut(logits.stride).zip(answers) {
            let row = &mut row[..padded(n_out)];
            let answer = answer as usize;
            row[n_out..].fill(f32::NEG_INFINITY);
            let largest = row_max(s, row);
            score.n_correct += usize::from(row[answer] == largest && !row[..answer].contains(&largest));
            match form {
                LossForm::Exact => {
                    let Exact { shift, at_answer, others } = exact(s, row, n_out, answer);
                    score.n_collapsed += usize::from(others <= COLLAPSED);
                    score.loss_sum += if shift > 0.0 {
                        f64::from(shift) + libm::log(f64::from(at_answer) + f64::from(others))
                    } else {
                        libm::log1p(f64::from(others))
                    };
                }
                LossForm::Textbook => {
                    let Textbook { sum, log_sum } = textbook(s, row, n_out);
                    score.n_collapsed += usize::from(row[answer] == 0.0 && sum == 1.0);
                    score.loss_sum += f64::from(log_sum - row[answer]);
                }
            }
        }
        score
    }
}

struct Exact {
    /// max(d, 0): subtracted from every exponent.
    shift: f32,
    /// exp(-shift)
    at_answer: f32,
    /// Σ_{j≠y} exp(d_j - shift)
    others: f32,
}

/// Replaces the logits by exp(d_j - shift), zero at the answer and in the padding.
#[inline(always)]
fn exact<S: Simd>(s: S, row: &mut [f32], n_out: usize, answer: usize) -> Exact {
    row[n_out..].fill(f32::NEG_INFINITY);
    let logit = row[answer];
    let largest = row_max(s, row) - logit;
    let shift = if largest > 0.0 { largest } else { 0.0 };
    for lanes in row.chunks_exact_mut(S::LANES) {
        let difference = s.sub(s.load(lanes), s.splat(logit));
        s.store(lanes, exp(s, s.sub(difference, s.splat(shift))));
    }
    let at_answer = std::mem::replace(&mut row[answer], 0.0);
    Exact { shift, at_answer, others: row_sum(s, row) }
}

struct Textbook {
    /// Σ exp(l - max)
    sum: f32,
    /// Its logarithm.
    log_sum: f32,
}

/// Replaces the logits by l - max, minus infinity in the padding.
#[inline(always)]
fn textbook<S: Simd>(s: S, row: &mut [f32], n_out: usize) -> Textbook {
    row[n_out..].fill(f32::NEG_INFINITY);
    let largest = s.splat(row_max(s, row));
    let mut parts = Parts::splat(s, 0.0);
    for group in row.chunks_exact_mut(GROUP) {
        for g in 0..vectors_per_group::<S>() {
            let lanes = &mut group[g * S::LANES..];
            let x = s.sub(s.load(lanes), largest);
            s.store(lanes, x);
            parts.vectors[g] = s.add(parts.vectors[g], exp(s, x));
        }
    }
    let sum = parts.join(s, |a, b| a + b);
    Textbook { sum, log_sum: libm::logf(sum) }
}
