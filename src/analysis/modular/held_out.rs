//! What a model knows of the pairs that it was not trained on, mirror images counted apart: b + a is a + b, so a model
//! that has only memorised is right on many held-out pairs whose mirror image it was trained on.

use serde::{Deserialize, Serialize};

use crate::analysis::modular::grid::GridLogits;
use crate::maths::stats;
use crate::task::modular::{ModularTask, Pair};

/// The held-out pairs in two parts, and how far they lie from the pairs trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Pairs (a, b) whose mirror image (b, a) was trained on.
    pub mirrored: PairScores,
    /// The others.
    pub unmirrored: PairScores,
    /// Mean logarithm of the loss of the held-out pairs minus that of the train pairs, in standard errors of the
    /// difference between two random parts of the table of these sizes: about 0 where the split is not the one that was
    /// trained on. The logarithm, because losses spread over orders of magnitude.
    pub split_z: f64,
}

/// Scores of some pairs; all 0 of none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PairScores {
    /// How many they are.
    pub pairs: usize,
    /// Fraction of right answers.
    pub accuracy: f64,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
}

impl PairScores {
    fn of(pairs: &[Pair], p: usize, of_pairs: &[(f64, f64)]) -> Self {
        if pairs.is_empty() {
            return Self::default();
        }
        let n = pairs.len() as f64;
        let scores = pairs.iter().map(|pair| of_pairs[pair.a * p + pair.b]);
        let (loss, right) = scores.fold((0.0, 0.0), |(loss, right), (pair_loss, margin)| {
            (loss + pair_loss, right + f64::from(u8::from(margin > 0.0)))
        });
        Self { pairs: pairs.len(), accuracy: right / n, loss: loss / n }
    }
}

/// The held-out pairs whose mirror image was trained on, and the others; each in the order of the split.
pub fn by_mirror(task: &ModularTask) -> (Vec<Pair>, Vec<Pair>) {
    let is_train = task.is_train();
    task.test.iter().partition(|pair| is_train[pair.b * task.p + pair.a])
}

/// Accuracy on the held-out pairs whose mirror image was not trained on; 0 if there are none.
pub fn unmirrored_accuracy(logits: &GridLogits, task: &ModularTask) -> f64 {
    let (_, unmirrored) = by_mirror(task);
    let right = unmirrored.iter().filter(|pair| logits.loss_and_margin(pair.a, pair.b).1 > 0.0).count();
    right as f64 / unmirrored.len().max(1) as f64
}

impl HeldOut {
    /// Scores the parts of the table.
    pub fn new(logits: &GridLogits, task: &ModularTask) -> Self {
        let p = task.p;
        let of_pairs: Vec<(f64, f64)> =
            (0..p * p).map(|pair| logits.loss_and_margin(pair / p, pair % p)).collect();
        let (mirrored, unmirrored) = by_mirror(task);
        let part = |pairs: &[Pair]| PairScores::of(pairs, p, &of_pairs);
        Self { mirrored: part(&mirrored), unmirrored: part(&unmirrored), split_z: split_z(task, &of_pairs) }
    }
}

/// The difference of the two means over its standard error under a random split of the table.
fn split_z(task: &ModularTask, of_pairs: &[(f64, f64)]) -> f64 {
    // A loss below what a float can hold is as good as the least.
    let logs: Vec<f64> = of_pairs.iter().map(|(loss, _)| libm::log(loss.max(f64::MIN_POSITIVE))).collect();
    let mean_of = |pairs: &[Pair]| {
        pairs.iter().map(|pair| logs[pair.a * task.p + pair.b]).sum::<f64>() / pairs.len().max(1) as f64
    };
    let mean = stats::mean(&logs);
    let variance = logs.iter().map(|log| (log - mean) * (log - mean)).sum::<f64>() / logs.len() as f64;
    let parts = 1.0 / task.train.len().max(1) as f64 + 1.0 / task.test.len().max(1) as f64;
    let error = (variance * parts).sqrt();
    // Rounding apart, nothing differs.
    if error > 1e-12 { (mean_of(&task.test) - mean_of(&task.train)) / error } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{HeldOut, by_mirror, unmirrored_accuracy};
    use crate::analysis::modular::grid::GridLogits;
    use crate::config::{ModularConfig, SplitRule};
    use crate::task::modular::ModularTask;

    fn task(seed: u32) -> ModularTask {
        ModularTask::new(&ModularConfig { p: 31, frac_train: 0.3, split: SplitRule::Python(seed) })
    }

    /// A memorised table, with what addition's symmetry gives for nothing.
    fn memorised(task: &ModularTask) -> GridLogits {
        let (p, known) = (task.p, task.is_train());
        GridLogits::from_fn(p, |a, b, c| {
            let knows = known[a * p + b] || known[b * p + a];
            let right = c == (a + b) % p;
            if knows == right { 9.0 } else { 0.0 }
        })
    }

    #[test]
    fn a_memorised_table_is_right_on_mirror_images_alone() {
        let task = task(0);
        let logits = memorised(&task);
        let found = HeldOut::new(&logits, &task);
        assert_eq!((found.mirrored.accuracy, found.unmirrored.accuracy), (1.0, 0.0));
        assert_eq!(unmirrored_accuracy(&logits, &task), 0.0);
        assert_eq!(found.mirrored.pairs + found.unmirrored.pairs, task.test.len(), "nothing is left out");
        let all = logits.scores(&task).accuracy.test;
        assert!(all > 0.2, "which looks like knowledge where they are counted together: {all}");
        let (mirrored, _) = by_mirror(&task);
        assert!(mirrored.iter().all(|pair| pair.a != pair.b), "a pair is not its own mirror image");
    }

    #[test]
    fn a_wrong_split_shows_in_the_losses() {
        let logits = memorised(&task(0));
        let (own, other) = (HeldOut::new(&logits, &task(0)), HeldOut::new(&logits, &task(1)));
        assert!(own.split_z > 10.0 && other.split_z.abs() < 4.0, "{} and {}", own.split_z, other.split_z);
        let constant = GridLogits::zeros(31);
        assert_eq!(HeldOut::new(&constant, &task(0)).split_z, 0.0, "nothing differs");
    }
}
