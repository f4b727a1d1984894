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
use crate::engine::Evaluation;

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

/// A smaller gradient of a logit is zero. AdamW's eps of 1e-8 leaves no trace of it in a float32 weight, and what is
/// computed from it would be subnormal: a run that only memorises would slow down fourfold.
const NEGLIGIBLE: f32 = 1e-30;

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
    /// The means over the train and the test set, from the sums over each and its number of examples.
    pub fn evaluation([train, test]: [Self; 2], n_examples: [usize; 2]) -> Evaluation {
        let [n_train, n_test] = n_examples.map(|n| n as f64);
        Evaluation {
            train_loss: train.loss_sum / n_train,
            test_loss: test.loss_sum / n_test,
            train_accuracy: train.n_correct as f64 / n_train,
            test_accuracy: test.n_correct as f64 / n_test,
            softmax_collapse_fraction: Some(train.n_collapsed as f64 / n_train),
        }
    }

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
                    for simd in row.chunks_exact_mut(S::LANES) {
                        let gradient = s.mul(s.load(simd), s.splat(factor));
                        s.store(simd, without_negligible(s, gradient));
                    }
                    row[answer] = -others * factor;
                }
                LossForm::Textbook => {
                    let Textbook { log_sum, .. } = textbook(s, row, n_out);
                    for simd in row.chunks_exact_mut(S::LANES) {
                        let probability = exp(s, s.sub(s.load(simd), s.splat(log_sum)));
                        s.store(simd, without_negligible(s, s.mul(probability, s.splat(scale))));
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

#[inline(always)]
fn without_negligible<S: Simd>(s: S, gradient: S::V) -> S::V {
    s.select_gt(gradient, s.splat(NEGLIGIBLE), gradient, s.splat(0.0))
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
    for simd in row.chunks_exact_mut(S::LANES) {
        let difference = s.sub(s.load(simd), s.splat(logit));
        s.store(simd, exp(s, s.sub(difference, s.splat(shift))));
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
            let simd = &mut group[g * S::LANES..];
            let x = s.sub(s.load(simd), largest);
            s.store(simd, x);
            parts.vectors[g] = s.add(parts.vectors[g], exp(s, x));
        }
    }
    let sum = parts.join(s, |a, b| a + b);
    Textbook { sum, log_sum: libm::logf(sum) }
}

#[cfg(test)]
mod tests {
    use super::{LossGradient, ScoreRows};
    use crate::config::LossForm;
    use crate::engine::folded::matrix::Mat;
    use crate::engine::folded::simd::SimdLevel;

    #[test]
    fn a_gradient_that_leaves_no_trace_is_zero_and_the_loss_stays() {
        for form in [LossForm::Exact, LossForm::Textbook] {
            let mut row = Mat::zeros(1, 3);
            row.row_mut(0)[..3].copy_from_slice(&[0.0, -60.0, -80.0]);
            let mut copy = Mat::zeros(1, 3);
            copy.row_mut(0).copy_from_slice(row.row(0));
            let (simd, answers, scale) = (SimdLevel::detect(true), &[0][..], 1.0);
            simd.run(LossGradient { logits: row.view_mut(), answers, scale, form });
            let gradient = row.row(0);
            assert!((gradient[1] / 8.756_5e-27 - 1.0).abs() < 1e-4, "{form:?}: e⁻⁶⁰ counts: {gradient:?}");
            assert_eq!(gradient[2], 0.0, "{form:?}: e⁻⁸⁰ does not");
            let score = simd.run(ScoreRows { logits: copy.view_mut(), answers, form });
            let expected = if form == LossForm::Exact { 8.756_510_762_696_52e-27 } else { 0.0 };
            assert!((score.loss_sum - expected).abs() <= 1e-6 * expected, "{form:?}: {}", score.loss_sum);
        }
    }
}
