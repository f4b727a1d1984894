//! Cross-entropy of a row of logits and its gradient, in the two forms of [`LossForm`].
//!
//! With d_j = l_j - l_y for the answer y, m = max(0, max_j d_j) and S = Σ_{j≠y} exp(d_j - m):
//!
//! ```text
//! exact      loss = log1p(S) if m = 0, else m + log(exp(-m) + S)
//!            ∂loss/∂l_j = exp(d_j - m) / (exp(-m) + S),   ∂loss/∂l_y = -S / (exp(-m) + S)
//! textbook   loss = log Σ_j exp(l_j - max l) - (l_y - max l)
//!            ∂loss/∂l_j = softmax(l)_j - [j = y]
//! ```
//!
//! The exact form subtracts no nearly equal numbers and is good down to 1e-38. The textbook form takes 1 - p_y,
//! and stalls near 1.2e-7 in float32.

use serde::{Deserialize, Serialize};

use super::matrix::{ViewMut, padded};
use super::simd::math::{GroupAccumulator, exp, row_max, row_sum, vectors_per_group};
use super::simd::{GROUP, Kernel, Simd};
use crate::config::LossForm;
use crate::engine::Evaluation;

/// Replaces each row of logits by the gradient of `scale` times its loss. Padding becomes zero.
#[derive(Debug)]
pub(in crate::engine) struct LossGradient<'a, T = f32> {
    /// n × d_vocab_out.
    pub logits: ViewMut<'a, T>,
    /// The column of each row that is the answer.
    pub answers: &'a [u32],
    /// One over the number of examples, for the gradient of their mean loss.
    pub scale: T,
    /// Which form.
    pub form: LossForm,
}

/// Sums losses and correct answers over rows of logits, which are overwritten.
#[derive(Debug)]
pub(in crate::engine) struct ScoreRows<'a, T = f32> {
    /// n × d_vocab_out.
    pub logits: ViewMut<'a, T>,
    /// The column of each row that is the answer.
    pub answers: &'a [u32],
    /// Which form.
    pub form: LossForm,
}

/// The largest S for which 1 + S rounds to 1 in float32: 2⁻²⁴. Where a wrong answer has the largest logit, S is at
/// least 1.
pub(super) const COLLAPSE_THRESHOLD: f32 = f32::EPSILON / 2.0;

/// Smaller gradients of a logit are set to zero. Beside AdamW's eps of 1e-8 they cannot change a float32 weight, and
/// products with them would be subnormal, which slows a run that only memorises down fourfold.
const MIN_LOGIT_GRADIENT: f32 = 1e-30;

/// The summed loss and counts of some examples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Sum of the losses, in nats.
    pub loss_sum: f64,
    /// Examples whose largest logit (the first of several equal ones) is the answer.
    pub n_correct: usize,
    /// Examples whose answer has probability 1 in float32, where the textbook loss has no gradient (softmax
    /// collapse).
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
                    let ExactTerms { at_answer, others, .. } = exact_terms(s, row, n_out, answer);
                    let factor = scale / (at_answer + others);
                    for vector in row.chunks_exact_mut(S::LANES) {
                        let gradient = s.mul(s.load(vector), s.splat(factor));
                        s.store(vector, flush_small(s, gradient));
                    }
                    row[answer] = -others * factor;
                }
                LossForm::Textbook => {
                    let TextbookTerms { log_sum, .. } = textbook_terms(s, row, n_out);
                    for vector in row.chunks_exact_mut(S::LANES) {
                        let probability = exp(s, s.sub(s.load(vector), s.splat(log_sum)));
                        s.store(vector, flush_small(s, s.mul(probability, s.splat(scale))));
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
                    let ExactTerms { shift, at_answer, others } = exact_terms(s, row, n_out, answer);
                    score.n_collapsed += usize::from(others <= COLLAPSE_THRESHOLD);
                    score.loss_sum += if shift > 0.0 {
                        f64::from(shift) + libm::log(f64::from(at_answer) + f64::from(others))
                    } else {
                        libm::log1p(f64::from(others))
                    };
                }
                LossForm::Textbook => {
                    let TextbookTerms { sum, log_sum } = textbook_terms(s, row, n_out);
                    score.n_collapsed += usize::from(row[answer] == 0.0 && sum == 1.0);
                    score.loss_sum += f64::from(log_sum - row[answer]);
                }
            }
        }
        score
    }
}

#[inline(always)]
fn flush_small<S: Simd>(s: S, gradient: S::V) -> S::V {
    s.select_gt(gradient, s.splat(MIN_LOGIT_GRADIENT), gradient, s.splat(0.0))
}

struct ExactTerms {
    /// m = max(d, 0), subtracted from every exponent.
    shift: f32,
    /// exp(-m), the answer's own term.
    at_answer: f32,
    /// S = Σ_{j≠y} exp(d_j - m).
    others: f32,
}

/// Replaces the logits by exp(d_j - m), zero at the answer and in the padding.
#[inline(always)]
fn exact_terms<S: Simd>(s: S, row: &mut [f32], n_out: usize, answer: usize) -> ExactTerms {
    row[n_out..].fill(f32::NEG_INFINITY);
    let logit = row[answer];
    let largest = row_max(s, row) - logit;
    let shift = if largest > 0.0 { largest } else { 0.0 };
    for vector in row.chunks_exact_mut(S::LANES) {
        let difference = s.sub(s.load(vector), s.splat(logit));
        s.store(vector, exp(s, s.sub(difference, s.splat(shift))));
    }
    let at_answer = std::mem::replace(&mut row[answer], 0.0);
    ExactTerms { shift, at_answer, others: row_sum(s, row) }
}

struct TextbookTerms {
    /// Σ exp(l - max l)
    sum: f32,
    /// Its logarithm.
    log_sum: f32,
}

/// Replaces the logits by l - max l, minus infinity in the padding.
#[inline(always)]
fn textbook_terms<S: Simd>(s: S, row: &mut [f32], n_out: usize) -> TextbookTerms {
    row[n_out..].fill(f32::NEG_INFINITY);
    let largest = s.splat(row_max(s, row));
    let mut sums = GroupAccumulator::splat(s, 0.0);
    for group in row.chunks_exact_mut(GROUP) {
        for g in 0..vectors_per_group::<S>() {
            let vector = &mut group[g * S::LANES..];
            let x = s.sub(s.load(vector), largest);
            s.store(vector, x);
            sums.vectors[g] = s.add(sums.vectors[g], exp(s, x));
        }
    }
    let sum = sums.reduce(s, |a, b| a + b);
    TextbookTerms { sum, log_sum: libm::logf(sum) }
}

#[cfg(test)]
mod tests {
    use super::{LossGradient, ScoreRows};
    use crate::config::LossForm;
    use crate::engine::cpu::matrix::Mat;
    use crate::engine::cpu::simd::SimdLevel;

    #[test]
    fn a_gradient_too_small_to_change_a_weight_is_zero_and_the_loss_is_exact() {
        for form in [LossForm::Exact, LossForm::Textbook] {
            let mut row: Mat = Mat::zeros(1, 3);
            row.row_mut(0)[..3].copy_from_slice(&[0.0, -60.0, -80.0]);
            let mut copy: Mat = Mat::zeros(1, 3);
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
