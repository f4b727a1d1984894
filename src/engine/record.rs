//! The results of an engine as plain data: scores, states and what it runs on.

use serde::{Deserialize, Serialize};

use crate::error::{LabError, Result};
use crate::model::{ModelShape, Weights};

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
    /// Fraction of the train set whose answer has probability 1 in float32, where the textbook form of the loss has no
    /// gradient left (softmax collapse). `None` where it was not counted: in rows of `metrics.csv`.
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
    /// Where the sampler of fresh data is ([`Sampler::place`](crate::task::Sampler::place)); 0 without one.
    pub sampler_place: u64,
    /// The values of all parameters.
    pub weights: Weights,
    /// AdamW's running mean of the gradient, one number per parameter.
    pub first_moment: Weights,
    /// AdamW's running mean of the squared gradient, one number per parameter.
    pub second_moment: Weights,
}

impl TrainState {
    /// The state before the first update: step 0, moments zero. Allocates both moments.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    /// use grokking_lab::engine::TrainState;
    /// use grokking_lab::model::{ModelShape, init::initial_weights};
    ///
    /// let config = Preset::Tiny.config();
    /// let shape = ModelShape::new(&config.data, &config.model);
    /// let start = TrainState::start(initial_weights(&shape, 1));
    /// assert_eq!(start.step, 0);
    /// assert!(start.first_moment.flat().iter().all(|&m| m == 0.0));
    /// ```
    pub fn start(weights: Weights) -> Self {
        let zeros = Weights::zeros(weights.shape().clone());
        Self { step: 0, sampler_place: 0, weights, first_moment: zeros.clone(), second_moment: zeros }
    }

    /// Checks that weights and moments are of a run's model.
    ///
    /// # Errors
    /// [`LabError::Content`] with both shapes.
    pub fn check_shape(&self, run: &ModelShape) -> Result<()> {
        let parts = [&self.weights, &self.first_moment, &self.second_moment];
        match parts.into_iter().find(|part| part.shape() != run) {
            Some(other) => Err(LabError::content(
                "training state",
                format!("the run has the shape {run:?}, the state {:?}", other.shape()),
            )),
            None => Ok(()),
        }
    }

    /// The first non-finite value, and whether it is a weight or a moment. A file with such a value would be refused
    /// when read.
    pub fn not_finite(&self) -> Option<(&'static str, f64)> {
        let tensors =
            [("weight", &self.weights), ("moment", &self.first_moment), ("moment", &self.second_moment)];
        tensors.into_iter().find_map(|(what, values)| {
            values.flat().iter().find(|value| !value.is_finite()).map(|value| (what, *value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::TrainState;
    use crate::config::Preset;
    use crate::model::{ModelShape, Weights};

    #[test]
    fn a_state_with_one_part_of_another_model_is_refused() {
        let of = |preset: Preset| {
            let config = preset.config();
            ModelShape::new(&config.data, &config.model)
        };
        let (own, other) = (of(Preset::Tiny), of(Preset::Quick));
        let state = TrainState::start(Weights::zeros(own.clone()));
        assert_eq!(state.check_shape(&own), Ok(()));
        let mixed = TrainState { second_moment: Weights::zeros(other.clone()), ..state.clone() };
        for (state, run) in [(&state, &other), (&mixed, &own)] {
            let error = state.check_shape(run).expect_err("another model").to_string();
            assert!(error.contains("d_vocab: 60") && error.contains("d_vocab: 8"), "both shapes: {error}");
        }
    }
}
