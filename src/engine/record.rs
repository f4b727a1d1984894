//! What an engine hands out: plain host data, without a tensor.

use serde::{Deserialize, Serialize};

use crate::model::Weights;

/// Losses and accuracies of one set of weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy over the train set, in nats.
    pub train_loss: f64,
    /// Mean cross-entropy over the test set, in nats.
    pub test_loss: f64,
    /// Fraction of the train set whose largest logit is the answer.
    pub train_accuracy: f64,
    /// Fraction of the test set whose largest logit is the answer.
    pub test_accuracy: f64,
    /// Fraction of the train set whose answer has probability 1 in float32: there the textbook form of
    /// the loss has no gradient left (softmax collapse). None where nobody counted: in a row read from
    /// a file.
    #[serde(rename = "collapsed", default, skip_serializing_if = "Option::is_none")]
    pub softmax_collapse_fraction: Option<f64>,
}

/// One row of `metrics.csv`: the weights after `step` updates, and what they score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MetricsRow {
    /// Updates done; 0 is before any.
    pub step: usize,
    /// The scores.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

/// Everything that determines the rest of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainState {
    /// Updates done.
    pub step: usize,
    /// The parameters.
    pub weights: Weights,
    /// AdamW's running mean of the gradient, one number per parameter.
    pub first_moment: Weights,
    /// AdamW's running mean of the squared gradient, one number per parameter.
    pub second_moment: Weights,
}

impl TrainState {
    /// The state before the first update: moments zero.
    pub fn start(weights: Weights) -> Self {
        let zeros = Weights::zeros(weights.shape().clone());
        Self { step: 0, weights, first_moment: zeros.clone(), second_moment: zeros }
    }

    /// The first number that is infinite or none, and whether it is a weight or a moment. A file with
    /// such a number could not be read again.
    pub fn not_finite(&self) -> Option<(&'static str, f64)> {
        let parts =
            [("weight", &self.weights), ("moment", &self.first_moment), ("moment", &self.second_moment)];
        parts.into_iter().find_map(|(what, part)| {
            part.flat().iter().find(|value| !value.is_finite()).map(|value| (what, *value))
        })
    }
}
