//! Whether the attention is fixed before the logits are: how far both are from where they end, checkpoint by checkpoint. The
//! question is that of arXiv 2512.22471 ("attention freezes early while values keep refining"); the distances are this lab's.

use serde::{Deserialize, Serialize};

use super::pattern::AttentionPattern;
use crate::analysis::milestones::settles;
use crate::analysis::modular::forward::{AttentionEdit, HostModel};
use crate::analysis::modular::grid::GridLogits;
use crate::error::{LabError, Result};
use crate::model::Weights;

/// What has come as near as this part of its first distance has settled: nine tenths of the way are done.
pub const SETTLED_PART: f64 = 0.1;

/// Where a run ended, to which its checkpoints are compared.
#[derive(Debug)]
pub struct RunEnd {
    pattern: AttentionPattern,
    logits: GridLogits,
    /// Σ (L − mean over answers)² of its logits.
    norm_sq: f64,
}

/// How far a checkpoint is from the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refinement {
    /// Updates done.
    pub step: usize,
    /// For each head of the first block, the mean over all pairs of the total variation distance
    /// `½ Σ_j |A_hj − A*_hj|` of its attention, 0 to 1.
    pub attention: Vec<f64>,
    /// `‖L − L*‖ / ‖L*‖` of the logits on all pairs, both without their mean over the answers, which no probability depends
    /// on; 1 for logits that say nothing.
    pub logits: f64,
}

/// The steps from which on something stays near its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// For each head; none if it is there at the last checkpoint alone, or never was elsewhere.
    pub attention: Vec<Option<usize>>,
    /// For the logits.
    pub logits: Option<usize>,
}

impl RunEnd {
    /// The end of a run: its last weights, which must be of a model that adds.
    pub fn new(weights: &Weights) -> Self {
        let logits = logits(weights);
        let norm_sq = logits.values().chunks_exact(logits.p()).map(|row| centred_sum_sq(row, &[])).sum();
        Self { pattern: AttentionPattern::new(weights, true), logits, norm_sq }
    }

    /// How far a checkpoint is from this end. It costs one forward pass over all pairs.
    ///
    /// # Errors
    /// [`LabError::Content`] if the weights are of another shape, or if the last logits are the same everywhere.
    pub fn distance(&self, step: usize, weights: &Weights) -> Result<Refinement> {
        let (pattern, logits) = (AttentionPattern::new(weights, true), logits(weights));
        let (p, n_heads) = (logits.p(), pattern.n_heads());
        if (p, n_heads) != (self.logits.p(), self.pattern.n_heads()) {
            let reason =
                format!("step {step} has another number of heads or tokens than the last checkpoint");
            return Err(LabError::content("weights", reason));
        }
        if self.norm_sq == 0.0 {
            let reason =
                "the last checkpoint gives every answer the same logit, so that no distance to it is defined";
            return Err(LabError::content("weights", reason));
        }
        let rows = logits.values().chunks_exact(p).zip(self.logits.values().chunks_exact(p));
        let difference: f64 = rows.map(|(row, last)| centred_sum_sq(row, last)).sum();
        let attention = (0..n_heads).map(|head| {
            let of_pair = |pair: usize| {
                let [now, last] =
                    [&pattern, &self.pattern].map(|pattern| pattern.weights(head, pair / p, pair % p));
                0.5 * now.iter().zip(last).map(|(now, last)| (now - last).abs()).sum::<f64>()
            };
            (0..p * p).map(of_pair).sum::<f64>() / (p * p) as f64
        });
        Ok(Refinement { step, attention: attention.collect(), logits: (difference / self.norm_sq).sqrt() })
    }
}

impl Settled {
    /// When the attention of each head and the logits came to stay within [`SETTLED_PART`] of their first distances.
    pub fn of(track: &[Refinement]) -> Self {
        let n_heads = track.first().map_or(0, |first| first.attention.len());
        let step = |of: &dyn Fn(&Refinement) -> f64| {
            let first = of(track.first()?);
            let before_last = track.len() - 1;
            let near = track.iter().map(|at| (at.step, of(at) <= SETTLED_PART * first));
            settles(near).filter(|step| *step < track[before_last].step)
        };
        Self {
            attention: (0..n_heads).map(|head| step(&|at| at.attention[head])).collect(),
            logits: step(&|at| at.logits),
        }
    }
}

fn logits(weights: &Weights) -> GridLogits {
    HostModel::new(weights, &AttentionEdit::default()).logits()
}

/// Σ (x − y − mean(x − y))² of two rows; the second may be empty.
fn centred_sum_sq(row: &[f64], other: &[f64]) -> f64 {
    let difference = |i: usize| row[i] - other.get(i).copied().unwrap_or(0.0);
    let mean = (0..row.len()).map(difference).sum::<f64>() / row.len() as f64;
    (0..row.len()).map(|i| (difference(i) - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::{Refinement, RunEnd, Settled};
    use crate::config::Preset;
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Param, Weights};

    fn weights() -> Weights {
        let config = Preset::Tiny.config();
        initial_weights(&ModelShape::new(&config.data, &config.model), 6)
    }

    #[test]
    fn the_end_is_at_distance_zero_and_scaled_logits_at_what_they_lack() {
        let last = weights();
        let end = RunEnd::new(&last);
        let same = end.distance(9, &last).expect("the same shape");
        assert!(same.logits == 0.0 && same.attention.iter().all(|d| *d == 0.0), "{same:?}");
        let mut faint = last.clone();
        faint.get_mut(Param::W_U).iter_mut().for_each(|w| *w *= 0.25);
        // One number for all answers changes no probability.
        let found = end.distance(5, &faint).expect("the same shape");
        assert!((found.logits - 0.75).abs() < 1e-12, "{found:?}");
        assert!(found.attention.iter().all(|d| *d == 0.0), "the unembedding is no part of the attention");
    }

    #[test]
    fn attention_that_ignores_scores_is_at_the_mean_distance_from_an_even_one() {
        let mut even = weights();
        even.get_mut(Param::W_Q(0)).fill(0.0);
        let end = RunEnd::new(&even);
        // Scores far apart for the positions alone: "=" sees itself and nothing else, 2/3 away from a third each.
        let mut sharp = even.clone();
        let shape = sharp.shape().clone();
        let (d_model, d_head) = (shape.d_model, shape.d_head);
        for param in [Param::W_E, Param::W_pos, Param::W_K(0)] {
            sharp.get_mut(param).fill(0.0);
        }
        sharp.get_mut(Param::W_pos)[2 * d_model] = 1.0;
        for head in 0..shape.n_heads {
            sharp.get_mut(Param::W_Q(0))[head * d_head * d_model] = 1e3;
            sharp.get_mut(Param::W_K(0))[head * d_head * d_model] = 1e3;
        }
        let found = end.distance(0, &sharp).expect("the same shape");
        for distance in &found.attention {
            assert!((distance - 2.0 / 3.0).abs() < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn what_stays_near_has_settled_and_what_only_arrives_has_not() {
        let at = |step: usize, attention: [f64; 2], logits: f64| Refinement {
            step,
            attention: attention.to_vec(),
            logits,
        };
        let track = [
            at(0, [0.5, 0.5], 1.0),
            at(10, [0.04, 0.4], 0.9),
            at(20, [0.06, 0.3], 0.5),
            at(30, [0.05, 0.2], 0.09),
            at(40, [0.01, 0.1], 0.02),
            at(50, [0.0, 0.0], 0.0),
        ];
        let found = Settled::of(&track);
        assert_eq!(found, Settled { attention: vec![Some(30), None], logits: Some(30) });
        assert_eq!(Settled::of(&[]), Settled { attention: Vec::new(), logits: None });
    }

    #[test]
    fn other_models_and_silent_ends_are_refused() {
        let end = RunEnd::new(&weights());
        let config = Preset::Quick.config();
        let other = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let error = end.distance(3, &other).expect_err("another modulus").to_string();
        assert!(error.contains("step 3 has another number"), "{error}");
        let silent = Weights::zeros(weights().shape().clone());
        let error = RunEnd::new(&silent).distance(0, &weights()).expect_err("no logits").to_string();
        assert!(error.contains("the same logit"), "{error}");
    }
}
