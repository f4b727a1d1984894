//! Carries an ablation out and scores what is left.

use std::borrow::Cow;

use super::edits::{edit_grid, edit_neurons, edit_skip, polynomials, remove_components};
use super::forward_cache::ForwardCache;
use super::{Ablation, FreqSelection, NeuronEdit, SkipEdit};
use crate::analysis::modular::grid::{GridLogits, Scores, column_means};
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::analysis::modular::marginals::project_rows;
use crate::analysis::modular::modulus::modulus;
use crate::error::{LabError, Result};
use crate::maths::fourier::FourierBasis;
use crate::maths::matrix::Matrix;
use crate::model::{Param, Weights};
use crate::task::modular::ModularTask;

/// A model and its activations on all pairs, ready to be ablated again and again.
#[derive(Debug)]
pub struct Ablator {
    /// A copy: small beside the activations.
    weights: Weights,
    unablated: ForwardCache,
}

impl Ablator {
    /// Runs the whole model once. What the directions of `key_freqs` read is kept: other frequencies may
    /// be asked for, and cost another pass.
    pub fn new(weights: &Weights, key_freqs: &[usize]) -> Self {
        Self { unablated: ForwardCache::unablated(weights, key_freqs), weights: weights.clone() }
    }

    /// Runs the whole model once, for its own key frequencies.
    pub fn with_own_freqs(weights: &Weights) -> Self {
        Self::new(weights, &current_key_freqs(weights))
    }

    /// The frequencies whose directions were read.
    pub fn key_freqs(&self) -> &[usize] {
        self.unablated.projection.as_ref().map_or(&[], |projection| &projection.freqs)
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The pass over the whole model.
    pub fn unablated(&self) -> &ForwardCache {
        &self.unablated
    }

    /// Number of heads of a block.
    pub fn n_heads(&self) -> usize {
        self.weights.shape().n_heads
    }

    /// Losses and accuracies of what an ablation leaves.
    ///
    /// # Errors
    /// [`LabError::Setting`] if it names a frequency or head that is not there, or if the task has
    /// another modulus than the model.
    pub fn scores(&self, task: &ModularTask, ablation: &Ablation) -> Result<Scores> {
        Ok(self.ablated_logits(task, ablation)?.scores(task))
    }

    /// Losses and accuracies of what an ablation leaves, and for each pair the answer's logit minus the largest
    /// other, length p².
    ///
    /// # Errors
    /// As [`Self::scores`].
    pub fn scores_and_margins(&self, task: &ModularTask, ablation: &Ablation) -> Result<(Scores, Vec<f64>)> {
        let logits = self.ablated_logits(task, ablation)?;
        let p = task.p;
        let of_pairs: Vec<(f64, f64)> =
            (0..p * p).map(|pair| logits.loss_and_margin(pair / p, pair % p)).collect();
        let scores = Scores::of(task, |a, b| of_pairs[a * p + b]);
        Ok((scores, of_pairs.into_iter().map(|(_, margin)| margin).collect()))
    }

    /// The logits when each neuron with a frequency in `cluster` becomes its constant and the eight terms of that
    /// frequency; those with 0 stay.
    pub fn polynomial_logits(&self, cluster: &[usize]) -> GridLogits {
        polynomials(&self.unablated, cluster)
    }

    /// The logits that an ablation leaves; the whole model's own if it changes nothing.
    ///
    /// # Errors
    /// As [`Self::scores`].
    pub fn ablated_logits(&self, task: &ModularTask, ablation: &Ablation) -> Result<Cow<'_, GridLogits>> {
        let shape = self.weights.shape();
        if task.p != modulus(shape) {
            return Err(LabError::setting("p", task.p, format!("the model adds modulo {}", modulus(shape))));
        }
        ablation.validate(modulus(shape), shape.n_heads)?;
        if *ablation == Ablation::default() {
            return Ok(Cow::Borrowed(&self.unablated.logits));
        }
        Ok(Cow::Owned(self.logits(ablation)))
    }

    /// The logits that an ablation leaves. It must be valid for the model.
    fn logits(&self, ablation: &Ablation) -> GridLogits {
        let changed;
        let run = if ablation.leaves_inputs() {
            &self.unablated
        } else {
            let weights = filter_embedding(&self.weights, &ablation.embedding);
            changed = ForwardCache::with_attention(&weights, &ablation.attention);
            &changed
        };
        let mut logits = edit_neurons(run, &ablation.neurons);
        edit_skip(&mut logits, &run.model, ablation.mlp_skip);
        let untouched = ablation.neurons == NeuronEdit::default() && ablation.mlp_skip == SkipEdit::Keep;
        let marginals = (untouched && ablation.logits.freqs != FreqSelection::All).then(|| run.marginals());
        edit_grid(&mut logits, &ablation.logits, marginals);
        remove_components(&mut logits, &ablation.removed_components);
        logits
    }
}

/// Keeps or removes frequencies of the numbers' embeddings.
fn filter_embedding<'a>(weights: &'a Weights, waves: &FreqSelection) -> Cow<'a, Weights> {
    if *waves == FreqSelection::All {
        return Cow::Borrowed(weights);
    }
    let shape = weights.shape().clone();
    let (p, d_vocab) = (modulus(&shape), shape.d_vocab);
    let mut filtered = weights.clone();
    let W_E = filtered.get_mut(Param::W_E);
    let tokens = Matrix::from_fn(p, shape.d_model, |x, d| W_E[d * d_vocab + x]);
    let part = project_rows(&tokens, &FourierBasis::new(p), waves.named());
    let mean = column_means(&tokens);
    for d in 0..shape.d_model {
        for x in 0..p {
            let value = &mut W_E[d * d_vocab + x];
            *value = match waves {
                FreqSelection::Only(_) => mean[d] + part[(x, d)],
                _ => *value - part[(x, d)],
            };
        }
    }
    Cow::Owned(filtered)
}
