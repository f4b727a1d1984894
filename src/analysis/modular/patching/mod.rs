//! Patching with controls: an activation at "=" is replaced, and what the model then says is compared with what it said
//! (arXiv 2605.20824, whose centroid patching this follows: the right centroid says something only beside the controls).
//!
//! Means are taken over the pairs trained on, effects over held-out pairs, so that no pair is explained by itself.

mod effect;
mod last_block;

pub use effect::{PatchEffect, Replacement};

use serde::Serialize;

use self::effect::{Donors, effects};
use self::last_block::LastBlock;
use crate::analysis::modular::check;
use crate::analysis::modular::forward::HostModel;
use crate::error::{LabError, Result};
use crate::maths::matrix::{Matrix, add_scaled};
use crate::maths::mt19937::Mt19937;
use crate::model::Weights;
use crate::model::hook::Hook;
use crate::task::modular::{ModularTask, Pair};

/// As many held-out pairs are patched at most: an accuracy is then within 3 % in 19 of 20 draws.
pub const MAX_PAIRS: usize = 1024;

/// The draws' seed: any number, and the same for every model.
const SEED: u32 = 0;

/// What patching one activation does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatchReport {
    /// The activation's name, as TransformerLens has it.
    pub hook: String,
    /// Held-out pairs that were patched.
    pub n_pairs: usize,
    /// The accuracy on them without a patch.
    pub accuracy: f64,
    /// Each replacement, in the order of [`Replacement::ALL`].
    pub effects: Vec<PatchEffect>,
}

/// The activations of the last block that can be replaced, in the order of computation.
pub fn hooks(n_layers: usize) -> [Hook; 5] {
    let last = n_layers.saturating_sub(1);
    [Hook::ResidMid(last), Hook::Pre(last), Hook::Post(last), Hook::MlpOut(last), Hook::ResidPost(last)]
}

/// Replaces one activation of the last block at "=", in every way there is.
///
/// It costs a forward pass over all pairs and, for each of the seven replacements, the rest of the model on at most
/// [`MAX_PAIRS`] pairs.
///
/// # Errors
/// [`LabError::Setting`] for an activation that cannot be replaced, or if the task has another modulus than the weights;
/// [`LabError::Content`] if a weight is not finite, or if the split leaves fewer than two sums with both a pair trained on and
/// a held-out one.
pub fn patch(weights: &Weights, task: &ModularTask, hook: Hook) -> Result<PatchReport> {
    check(weights, task)?;
    let allowed = hooks(weights.shape().n_layers);
    if !allowed.contains(&hook) {
        let names = allowed.map(|hook| hook.to_string()).join(", ");
        return Err(LabError::setting("hook", hook, format!("allowed are {names}")));
    }
    let block = LastBlock::new(weights);
    let sample = sample(task);
    let collected = Collected::new(weights, task, &block, hook, &sample);
    let answers: Vec<usize> = sample.iter().map(|pair| task.answer(*pair)).collect();
    let donors = collected.donors(&answers)?;
    let complete = |values: &Matrix| block.logits(hook, values, &collected.resid_mid);
    let (accuracy, effects) = effects(&collected.values, &donors, &answers, &complete);
    Ok(PatchReport { hook: hook.to_string(), n_pairs: sample.len(), accuracy, effects })
}

/// Some held-out pairs whose sum was trained on as well.
fn sample(task: &ModularTask) -> Vec<Pair> {
    let mut is_known = vec![false; task.p];
    task.train.iter().for_each(|pair| is_known[task.answer(*pair)] = true);
    let mut pairs: Vec<Pair> =
        task.test.iter().copied().filter(|pair| is_known[task.answer(*pair)]).collect();
    shuffle(&mut pairs, &mut Mt19937::new(SEED));
    pairs.truncate(MAX_PAIRS);
    pairs
}

/// Fisher and Yates.
fn shuffle<T>(values: &mut [T], twister: &mut Mt19937) {
    for i in (1..values.len()).rev() {
        values.swap(i, twister.next_u32() as usize % (i + 1));
    }
}

/// What a pass over all pairs gathers.
struct Collected {
    /// The activation on the sampled pairs, a row each.
    values: Matrix,
    /// The residual stream before the MLP on the same pairs.
    resid_mid: Matrix,
    /// Mean over the pairs trained on of each sum; none if there are no such pairs.
    centroids: Vec<Option<Vec<f64>>>,
    /// The same with the sums dealt out anew among those pairs.
    shuffled: Vec<Option<Vec<f64>>>,
    /// Mean over all pairs trained on.
    mean: Vec<f64>,
    /// Standard deviation over the same, of each number by itself.
    deviation: Vec<f64>,
}

impl Collected {
    fn new(weights: &Weights, task: &ModularTask, last: &LastBlock, hook: Hook, sample: &[Pair]) -> Self {
        let (p, model) = (task.p, HostModel::residual(weights));
        let width = last.width(hook);
        let mut labels: Vec<usize> = task.train.iter().map(|pair| task.answer(*pair)).collect();
        shuffle(&mut labels, &mut Mt19937::new(SEED + 1));
        let mut label_of = vec![None; p * p];
        for (pair, label) in task.train.iter().zip(labels) {
            label_of[pair.a * p + pair.b] = Some(label);
        }
        let mut place_of = vec![None; p * p];
        for (place, pair) in sample.iter().enumerate() {
            place_of[pair.a * p + pair.b] = Some(place);
        }
        let mut values = Matrix::zeros(sample.len(), width);
        let mut resid_mid = Matrix::zeros(sample.len(), weights.shape().d_model);
        let mut classes = [Matrix::zeros(p, width), Matrix::zeros(p, width)];
        let mut counts = [vec![0.0; p], vec![0.0; p]];
        let (mut sum, mut sum_sq) = (vec![0.0; width], vec![0.0; width]);
        let mut block = model.new_block();
        for a in 0..p {
            model.fill(a, &mut block);
            model.fill_skip(a, &mut block);
            let activations = last.activation(hook, &block);
            for b in 0..p {
                let row = activations.row(b);
                if let Some(place) = place_of[a * p + b] {
                    values.row_mut(place).copy_from_slice(row);
                    resid_mid.row_mut(place).copy_from_slice(block.skip.row(b));
                }
                let Some(label) = label_of[a * p + b] else { continue };
                for (i, class) in [(a + b) % p, label].into_iter().enumerate() {
                    add_scaled(classes[i].row_mut(class), 1.0, row);
                    counts[i][class] += 1.0;
                }
                for ((sum, square), value) in sum.iter_mut().zip(&mut sum_sq).zip(row) {
                    *sum += value;
                    *square += value * value;
                }
            }
        }
        let n = task.train.len() as f64;
        let mean: Vec<f64> = sum.iter().map(|sum| sum / n).collect();
        let variance = sum_sq.iter().zip(&mean).map(|(square, mean)| (square / n - mean * mean).max(0.0));
        let deviation = variance.map(f64::sqrt).collect();
        let means = |i: usize| -> Vec<Option<Vec<f64>>> {
            let mean =
                |class: usize| classes[i].row(class).iter().map(|sum| sum / counts[i][class]).collect();
            (0..p).map(|class| (counts[i][class] > 0.0).then(|| mean(class))).collect()
        };
        Self { centroids: means(0), shuffled: means(1), values, resid_mid, mean, deviation }
    }

    fn donors(&self, answers: &[usize]) -> Result<Donors<'_>> {
        let mut distinct: Vec<usize> = answers.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 2 {
            let reason = "fewer than two sums have both a pair trained on and a held-out one, so that there is nothing to \
                          patch with; other splits have more";
            return Err(LabError::content("split", reason));
        }
        Ok(Donors {
            centroids: &self.centroids,
            shuffled: &self.shuffled,
            mean: &self.mean,
            deviation: &self.deviation,
            classes: distinct,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LastBlock, Replacement, hooks, patch};
    use crate::analysis::modular::forward::{AttentionEdit, HostModel};
    use crate::config::Preset;
    use crate::model::hook::Hook;
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Param, Weights};
    use crate::task::modular::ModularTask;

    fn model(n_layers: usize) -> (Weights, ModularTask) {
        let mut config = Preset::Tiny.config();
        config.model.n_layers = n_layers;
        let mut weights = initial_weights(&ModelShape::new(&config.data, &config.model), 2);
        for l in 0..n_layers {
            weights.get_mut(Param::b_in(l)).fill(0.2);
            weights.get_mut(Param::b_out(l)).fill(-0.3);
        }
        (weights, ModularTask::of(&config.data).expect("a modular task"))
    }

    #[test]
    fn an_activation_put_back_where_it_was_changes_nothing() {
        for n_layers in [1, 2] {
            let (weights, task) = model(n_layers);
            let last = LastBlock::new(&weights);
            let logits = HostModel::literal(&weights, &AttentionEdit::default()).logits();
            let residual = HostModel::residual(&weights);
            let mut block = residual.new_block();
            for hook in hooks(n_layers) {
                for a in 0..task.p {
                    residual.fill(a, &mut block);
                    residual.fill_skip(a, &mut block);
                    let found = last.logits(hook, &last.activation(hook, &block), &block.skip);
                    for b in 0..task.p {
                        for (c, (found, expected)) in found.row(b).iter().zip(logits.row(a, b)).enumerate() {
                            assert!(
                                (found - expected).abs() < 1e-12,
                                "{hook} of {n_layers} blocks, ({a}, {b}, {c}): {found}, not {expected}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_hook_of_the_last_block_has_every_replacement() {
        for n_layers in [1, 2] {
            let (weights, task) = model(n_layers);
            for hook in hooks(n_layers) {
                let found = patch(&weights, &task, hook).expect("it can be replaced");
                assert!(found.n_pairs > 0 && found.hook == hook.to_string());
                let all: Vec<Replacement> = found.effects.iter().map(|effect| effect.replacement).collect();
                assert_eq!(all, Replacement::ALL);
                for effect in &found.effects {
                    assert!(effect.kl_nats.is_finite() && effect.kl_nats > 0.0, "{hook}: {effect:?}");
                }
                assert_eq!(patch(&weights, &task, hook), Ok(found), "the same every time");
            }
        }
    }

    #[test]
    fn other_hooks_are_refused_with_those_that_are_allowed() {
        let (weights, task) = model(2);
        for hook in [Hook::Embed, Hook::Pattern(1), Hook::ResidMid(0), Hook::Post(2)] {
            let error = patch(&weights, &task, hook).expect_err("not in the last block at \"=\"").to_string();
            assert!(error.contains(&hook.to_string()), "{error}");
            assert!(error.contains("blocks.1.hook_resid_post"), "{error}");
        }
    }
}
