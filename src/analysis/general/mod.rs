//! What can be said of any model on any task: losses and accuracies, the loss at each position, squared weights, and
//! what each head attends to.

mod forward;
mod weight_norms;

pub use weight_norms::{SumSqWeights, sum_sq_weights};

use serde::{Deserialize, Serialize};

use self::forward::HostTransformer;
use crate::error::{LabError, Result};
use crate::maths::matrix::{Matrix, add_scaled};
use crate::maths::stats;
use crate::model::Weights;
use crate::task::{Dataset, Examples, NO_TARGET};

/// Tokens that go through the model together: bounds the memory of their activations.
const TOKENS_AT_ONCE: usize = 1024;

/// One number for each part of the examples. A part without examples has no number (NaN).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BySplit {
    /// Over the examples trained on.
    pub train: f64,
    /// Over those held out.
    pub test: f64,
    /// Over all.
    pub all: f64,
}

/// The analysis of one checkpoint, whatever its task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeneralAnalysis {
    /// Mean cross-entropy over all predictions, in nats.
    pub loss: BySplit,
    /// Fraction of the predictions whose largest logit is the target.
    pub accuracy: BySplit,
    /// The same of the predictions at one position, in the order of the task's loss positions.
    pub positions: Vec<PositionScores>,
    /// Sums of squared weights.
    pub sum_sq_weights: SumSqWeights,
    /// What each head attends to on average, block by block.
    pub attention: Vec<HeadAttention>,
}

/// Loss and accuracy of the predictions at one position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PositionScores {
    /// The position.
    pub position: usize,
    /// Mean cross-entropy, in nats.
    pub loss: BySplit,
    /// Fraction of predictions that are right.
    pub accuracy: BySplit,
}

/// The mean attention of one head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadAttention {
    /// Its block, from 0.
    pub layer: usize,
    /// Its number in the block, from 0.
    pub head: usize,
    /// From each loss position (outer) to each position (inner), the mean over all examples; every row sums to 1.
    pub mean_pattern: Vec<Vec<f64>>,
}

/// Sums over the examples of one set.
struct SetSums {
    n: usize,
    /// For each loss position: loss, number of right predictions, and number of predictions that count.
    positions: Vec<[f64; 3]>,
    attention: Vec<Matrix>,
}

impl GeneralAnalysis {
    /// Analyses weights on the examples of a dataset: one forward pass over all of them.
    ///
    /// # Errors
    /// [`LabError::Content`] if the model does not [fit](crate::model::ModelShape::fits) the dataset, or a weight is
    /// not finite.
    pub fn new(weights: &Weights, dataset: &Dataset) -> Result<Self> {
        let shape = weights.shape();
        shape.fits(dataset).map_err(|reason| LabError::content("weights", reason))?;
        check_finite(weights)?;
        let model = HostTransformer::new(weights);
        let [train, test] =
            [&dataset.train, &dataset.test].map(|examples| SetSums::of(&model, examples, shape.n_ctx));
        let part = |i: usize, of: &dyn Fn(&SetSums) -> [f64; 3]| {
            let ([train, test], n) = ([of(&train), of(&test)], 2);
            BySplit {
                train: train[i] / train[n],
                test: test[i] / test[n],
                all: (train[i] + test[i]) / (train[n] + test[n]),
            }
        };
        let positions = dataset.shape.loss_positions.iter().enumerate().map(|(i, &position)| {
            let of = |sums: &SetSums| sums.positions[i];
            PositionScores { position, loss: part(0, &of), accuracy: part(1, &of) }
        });
        let total = |sums: &SetSums| {
            let add = |sum: [f64; 3], next: &[f64; 3]| std::array::from_fn(|i| sum[i] + next[i]);
            sums.positions.iter().fold([0.0; 3], add)
        };
        let share = 1.0 / (train.n + test.n) as f64;
        let attention = train.attention.iter().zip(&test.attention).enumerate().map(|(i, (train, test))| {
            let mean =
                |row: usize| train.row(row).iter().zip(test.row(row)).map(|(x, y)| share * (x + y)).collect();
            let (layer, head) = (i / shape.n_heads, i % shape.n_heads);
            let mean_pattern = dataset.shape.loss_positions.iter().map(|&row| mean(row)).collect();
            HeadAttention { layer, head, mean_pattern }
        });
        Ok(Self {
            loss: part(0, &total),
            accuracy: part(1, &total),
            positions: positions.collect(),
            sum_sq_weights: sum_sq_weights(weights),
            attention: attention.collect(),
        })
    }
}

impl SetSums {
    fn of(model: &HostTransformer, examples: &Examples, n_ctx: usize) -> Self {
        let n_positions = examples.shape().loss_positions.len();
        let mut sums =
            Self { n: examples.len(), positions: vec![[0.0; 3]; n_positions], attention: Vec::new() };
        let step = (TOKENS_AT_ONCE / n_ctx).max(1);
        // An empty set goes through, too, so that there is a sum of zeros for each head.
        for start in (0..examples.len().max(1)).step_by(step) {
            let range = start..examples.len().min(start + step);
            let found = model.run(examples, range.clone());
            for (i, &target) in examples.targets_of(range).iter().enumerate() {
                if target == NO_TARGET {
                    continue;
                }
                let (loss, margin) = stats::loss_and_margin(found.logits.row(i), target as usize);
                let sum = &mut sums.positions[i % n_positions];
                *sum = [sum[0] + loss, sum[1] + f64::from(u8::from(margin > 0.0)), sum[2] + 1.0];
            }
            if sums.attention.is_empty() {
                sums.attention = found.attention_sums;
            } else {
                for (sum, new) in sums.attention.iter_mut().zip(&found.attention_sums) {
                    add_scaled(sum.values_mut(), 1.0, new.values());
                }
            }
        }
        sums
    }
}

/// Checks that every weight is a number.
///
/// # Errors
/// [`LabError::Content`] with the first that is not.
pub(super) fn check_finite(weights: &Weights) -> Result<()> {
    match weights.flat().iter().find(|w| !w.is_finite()) {
        Some(w) => Err(LabError::content("weights", format!("a weight is {w}; every weight must be finite"))),
        None => Ok(()),
    }
}
