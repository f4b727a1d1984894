//! Cross-entropy that float32 can carry, its gradient in closed form, and accuracy.
//!
//! With d_j = l_j − l_y and S = Σ_{j≠y} exp(d_j) the exact form is
//! `loss = log1p(S)`, `∂loss/∂l_j = exp(d_j) / (1 + S)`, `∂loss/∂l_y = −S / (1 + S)`, shifted by
//! m = max(d, 0). It never computes 1 − p_y, which is zero or noise below 1.2e-7 in float32; the textbook form,
//! log-softmax, does.

use burn::tensor::{Tensor, activation};

use crate::config::LossForm;

/// Subtracted from the answer's own difference, so that the maximum is that of the wrong answers.
const EXCLUDE_ANSWER: f64 = 1e30;

/// The largest S for which 1 + S rounds to 1 in float32: 2⁻²⁴.
const COLLAPSE_THRESHOLD: f64 = f32::EPSILON as f64 / 2.0;

/// ∂(mean loss)/∂logits for a batch.
///
/// # Shapes
/// logits, answers and result: n × d_vocab_out; `answers` is 1 at the answer and 0 elsewhere.
pub(super) fn gradient(logits: Tensor<2>, answers: &Tensor<2>, form: LossForm) -> Tensor<2> {
    let [n, _] = logits.dims();
    let per_example = match form {
        LossForm::Textbook => activation::softmax(logits, 1) - answers.clone(),
        LossForm::Exact => {
            let ShiftedExp { others, at_answer, .. } = shifted_exp(logits, answers);
            let sum = others.clone().sum_dim(1);
            let total = sum.clone() + at_answer;
            others / total.clone() - answers.clone() * (sum / total)
        }
    };
    per_example.div_scalar(n as f64)
}

/// The scores of a batch, on the device.
#[derive(Debug, Clone)]
pub(super) struct ScoreTensors {
    /// Mean loss in nats, one number.
    pub loss: Tensor<1>,
    /// Fraction of examples whose largest logit is the answer, one number.
    pub accuracy: Tensor<1>,
    /// Fraction of examples whose answer has probability 1 in float32, whatever the precision here.
    pub collapsed: Tensor<1>,
}

/// Mean loss, accuracy and collapsed fraction of a batch.
///
/// # Shapes
/// logits, answers: n × d_vocab_out.
pub(super) fn scores(logits: Tensor<2>, answers: &Tensor<2>, form: LossForm) -> ScoreTensors {
    let dtype = logits.dtype();
    let d = differences(logits.clone(), answers);
    let margin = (d - answers.clone().mul_scalar(EXCLUDE_ANSWER)).max_dim(1);
    let accuracy = margin.lower_elem(0.0).float().cast(dtype).mean();
    let ShiftedExp { others, at_answer, shift } = shifted_exp(logits.clone(), answers);
    let others = others.sum_dim(1);
    // Where a wrong answer has the largest logit, S is at least 1.
    let collapsed = others.clone().lower_equal_elem(COLLAPSE_THRESHOLD).float().cast(dtype).mean();
    let loss = match form {
        LossForm::Textbook => -(activation::log_softmax(logits, 1) * answers.clone()).sum_dim(1),
        // exp(−m) − 1 is exactly 0 unless a wrong answer has the largest logit.
        LossForm::Exact => shift + log1p(others + at_answer.sub_scalar(1.0)),
    };
    ScoreTensors { loss: loss.mean(), accuracy, collapsed }
}

/// exp(d − m), with the answer apart from the others.
struct ShiftedExp {
    /// exp(d_j − m), 0 at the answer, n × d_vocab_out.
    others: Tensor<2>,
    /// exp(−m), the answer's own term, n × 1.
    at_answer: Tensor<2>,
    /// m = max(d, 0), n × 1.
    shift: Tensor<2>,
}

fn shifted_exp(logits: Tensor<2>, answers: &Tensor<2>) -> ShiftedExp {
    let d = differences(logits, answers);
    // The answer's own difference is 0, so the maximum is never below it.
    let shift = d.clone().max_dim(1);
    let at_answer = shift.clone().neg().exp();
    let wrong = answers.clone().neg().add_scalar(1.0);
    ShiftedExp { others: (d - shift.clone()).exp() * wrong, at_answer, shift }
}

/// d_j = l_j − l_y.
fn differences(logits: Tensor<2>, answers: &Tensor<2>) -> Tensor<2> {
    let answer = (logits.clone() * answers.clone()).sum_dim(1);
    logits - answer
}

/// log(1 + x) for x ≥ 0, to the last bits of either precision. Near 0 it is 2 artanh(x / (2 + x)), because a GPU's own
/// log1p may be computed as log(1 + x).
fn log1p(x: Tensor<2>) -> Tensor<2> {
    /// Below it s ≤ 1/9 and the ninth term, s¹⁸/19, is under float64's last bit.
    const SERIES_UP_TO: f64 = 0.25;
    const N_TERMS: i32 = 9;
    let s = x.clone() / x.clone().add_scalar(2.0);
    let s_sq = s.clone() * s.clone();
    let mut sum = s_sq.zeros_like().add_scalar(1.0 / f64::from(2 * N_TERMS - 1));
    for term in (0..N_TERMS - 1).rev() {
        sum = (sum * s_sq.clone()).add_scalar(1.0 / f64::from(2 * term + 1));
    }
    let near = (s * sum).mul_scalar(2.0);
    let far = x.clone().add_scalar(1.0).log();
    far.mask_where(x.lower_elem(SERIES_UP_TO), near)
}
