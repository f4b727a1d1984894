//! Ablations: parts of the computation kept or removed, then what the rest still scores (paper section
//! 4.4 and appendix A).

mod ablator;
mod edits;
mod forward_cache;
mod paper;

pub use ablator::Ablator;
pub use forward_cache::ForwardCache;
pub use paper::{
    PAPER_LOSS_UNABLATED, PAPER_LOSS_WITHOUT_FREQ, PaperAblation, remove_freq, remove_freq_description,
};

use serde::{Deserialize, Serialize};

use crate::analysis::modular::forward::AttentionEdit;
use crate::analysis::modular::marginals::GridTerms;
use crate::error::{LabError, Result};
use crate::maths::fourier::n_freqs;

/// What is done to the model, from the tokens to the logits. The parts combine freely; the default changes
/// nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ablation {
    /// Frequencies of the numbers' embeddings. The constant stays, and "=" is not touched.
    pub embedding: FreqSelection,
    /// Heads, the residual stream around them, and the attention of "=" to itself.
    pub attention: AttentionEdit,
    /// The neurons of the last block.
    pub neurons: NeuronEdit,
    /// The residual stream around the last block's MLP.
    pub mlp_skip: SkipEdit,
    /// The logits as functions on the grid of pairs. The constant stays.
    pub logits: GridEdit,
    /// Components of the logits' 2-D spectrum that are removed after that: a frequency of a and one of b, 0 for
    /// the constant.
    pub removed_components: Vec<[usize; 2]>,
}

/// Some of the frequencies 1 to (p - 1) / 2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FreqSelection {
    /// Everything, whatever its frequency.
    #[default]
    All,
    /// These alone.
    Only(Vec<usize>),
    /// Everything but these.
    Without(Vec<usize>),
}

/// Waves on the grid of pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GridEdit {
    /// Which frequencies.
    pub freqs: FreqSelection,
    /// Which of their terms.
    pub terms: GridTerms,
}

impl Default for GridEdit {
    /// Nothing is changed.
    fn default() -> Self {
        Self { freqs: FreqSelection::All, terms: GridTerms::AllProducts }
    }
}

/// What is done to the neurons of the last block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronEdit {
    /// All neurons as functions on the grid of pairs.
    Grid(GridEdit),
    /// Each neuron that one frequency explains to this fraction becomes exactly that: the constant and
    /// the eight terms of its frequency. The others stay.
    Polynomials {
        /// The least fraction of variance explained.
        min_fve: f64,
    },
    /// The clusters of some frequencies give 0.
    WithoutClusters {
        /// The clusters' frequencies.
        freqs: Vec<usize>,
        /// The least fraction of variance explained.
        min_fve: f64,
    },
    /// Only what the directions u_k, v_k of these frequencies in W_L read.
    OnlyDirections(Vec<usize>),
    /// Only what they do not read.
    WithoutDirections(Vec<usize>),
}

impl Default for NeuronEdit {
    /// Nothing is changed.
    fn default() -> Self {
        Self::Grid(GridEdit::default())
    }
}

/// What is done to the residual stream around the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipEdit {
    /// It stays.
    #[default]
    Keep,
    /// It is 0 in the logits.
    Zero,
    /// It is its mean over all pairs.
    Mean,
}

impl Ablation {
    /// Whether the neurons' inputs are what they are without it.
    pub(super) fn leaves_inputs(&self) -> bool {
        self.embedding == FreqSelection::All && self.attention == AttentionEdit::default()
    }

    /// Checks frequencies and heads against a model.
    ///
    /// # Errors
    /// [`LabError::Setting`] for the first one that the model does not have.
    pub fn validate(&self, p: usize, n_heads: usize) -> Result<()> {
        let check = |freqs: &[usize]| check_freqs(p, freqs);
        check(self.embedding.named())?;
        check(self.logits.freqs.named())?;
        match &self.neurons {
            NeuronEdit::Grid(edit) => check(edit.freqs.named())?,
            NeuronEdit::WithoutClusters { freqs, .. }
            | NeuronEdit::OnlyDirections(freqs)
            | NeuronEdit::WithoutDirections(freqs) => check(freqs)?,
            NeuronEdit::Polynomials { .. } => {}
        }
        for [i, j] in &self.removed_components {
            check(&[(*i).max(1), (*j).max(1)])?;
        }
        match self.attention.removed_heads.iter().find(|&&head| head >= n_heads) {
            Some(head) => Err(LabError::setting("head", head, format!("there are 0 to {}", n_heads - 1))),
            None => Ok(()),
        }
    }
}

impl FreqSelection {
    /// The frequencies it names.
    pub fn named(&self) -> &[usize] {
        match self {
            Self::All => &[],
            Self::Only(freqs) | Self::Without(freqs) => freqs,
        }
    }
}

/// Checks that frequencies lie between 1 and (p - 1) / 2.
pub(in crate::analysis) fn check_freqs(p: usize, freqs: &[usize]) -> Result<()> {
    match freqs.iter().find(|&&k| !(1..=n_freqs(p)).contains(&k)) {
        Some(k) => Err(LabError::setting("freq", k, format!("for p = {p} there are 1 to {}", n_freqs(p)))),
        None => Ok(()),
    }
}
