//! A model's activations on all pairs, and what was computed from them so far.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::analysis::modular::direction_projection::DirectionProjection;
use crate::analysis::modular::forward::{AttentionEdit, HostModel};
use crate::analysis::modular::grid::GridLogits;
use crate::analysis::modular::marginals::Marginals;
use crate::analysis::modular::moments::NeuronMoments;
use crate::analysis::modular::neurons::{self, NeuronFit};
use crate::model::Weights;

/// A model's activations on all pairs.
#[derive(Debug)]
pub struct ForwardCache {
    /// The model, its inputs changed or not.
    pub model: HostModel,
    /// Its logits.
    pub logits: GridLogits,
    neurons: OnceCell<NeuronMoments>,
    fits: OnceCell<Vec<NeuronFit>>,
    marginals: OnceCell<Marginals>,
    pub(super) projection: Option<DirectionProjection>,
}

impl ForwardCache {
    /// One pass that also takes in the neurons, and what these frequencies' directions read from them.
    pub(super) fn unablated(weights: &Weights, key_freqs: &[usize]) -> Self {
        let model = HostModel::new(weights, &AttentionEdit::default());
        let p = model.p();
        let mut logits = GridLogits::zeros(p);
        let mut neurons = NeuronMoments::zeros(p, model.d_mlp());
        let mut projection = DirectionProjection::empty(&model, key_freqs);
        let mut block = model.new_block();
        for a in 0..p {
            model.fill(a, &mut block);
            logits.block_mut(a).copy_from_slice(block.logits.values());
            for b in 0..p {
                neurons.add_pair(a, b, block.neurons.row(b));
            }
            projection.add_block(a, &block);
        }
        let (fits, marginals) = Default::default();
        Self { model, logits, neurons: neurons.into(), fits, marginals, projection: Some(projection) }
    }

    /// A pass that takes in the logits alone.
    pub(super) fn with_attention(weights: &Weights, attention: &AttentionEdit) -> Self {
        let model = HostModel::new(weights, attention);
        let (neurons, fits, marginals) = Default::default();
        Self { logits: model.logits(), model, neurons, fits, marginals, projection: None }
    }

    /// The neurons' moments.
    pub fn neurons(&self) -> &NeuronMoments {
        self.neurons.get_or_init(|| NeuronMoments::of_neurons(&self.model))
    }

    /// The neurons' frequencies.
    pub fn fits(&self) -> &[NeuronFit] {
        self.fits.get_or_init(|| neurons::fits(self.neurons()))
    }

    /// The logits' means along the directions of the grid.
    pub fn marginals(&self) -> &Marginals {
        self.marginals.get_or_init(|| Marginals::of(self.logits.p(), self.logits.values()))
    }

    /// What the directions of some frequencies read.
    pub fn projection(&self, freqs: &[usize]) -> Cow<'_, DirectionProjection> {
        match &self.projection {
            Some(known) if known.freqs == freqs => Cow::Borrowed(known),
            _ => Cow::Owned(DirectionProjection::new(&self.model, freqs)),
        }
    }
}
