//! The paper's ablations (section 4.4 and appendix A.1): what each does, in words and as an edit, and the loss
//! that the paper found.

use super::{Ablation, FreqSelection, GridEdit, NeuronEdit, SkipEdit};
use crate::analysis::modular::marginals::GridTerms;
use crate::analysis::modular::neurons::MIN_CLUSTER_FVE;

/// An ablation of the paper's. A report holds one loss for each; figure 6 has a further one for each key
/// frequency: [`remove_freq`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaperAblation {
    /// Each clustered neuron becomes its constant and the eight terms of its frequency.
    PolynomialNeurons,
    /// Of the neurons only the constant and the waves in a + b of the key frequencies.
    SumWaveNeurons,
    /// Of the logits only the constant and the eight terms of each key frequency.
    KeepKeyComponents,
    /// The logits without the eight terms of each key frequency.
    RemoveKeyComponents,
    /// The neurons projected on the directions u_k, v_k of the key frequencies in W_L.
    ProjectWl,
    /// The neurons projected on the rest.
    ComplementWl,
    /// No residual stream around the MLP.
    ZeroMlpSkip,
    /// Its mean over all pairs instead.
    MeanMlpSkip,
    /// No heads.
    ZeroAttention,
    /// No residual stream around the attention.
    ZeroAttentionSkip,
    /// "=" does not attend to itself.
    NoAttentionToEq,
}

/// The loss over all pairs of the paper's unablated model, in nats.
pub const PAPER_LOSS_UNABLATED: &str = "2.41e-7";

/// What the paper finds without the eight terms of one key frequency (figure 6).
pub const PAPER_LOSS_WITHOUT_FREQ: &str = "much worse";

/// The ablation of figure 6: the logits without the eight terms of one frequency.
pub fn remove_freq(freq: usize) -> Ablation {
    of_logits(FreqSelection::Without(vec![freq]))
}

/// What [`remove_freq`] does, in words.
pub fn remove_freq_description(freq: usize) -> String {
    format!("Logits: remove k = {freq}")
}

impl PaperAblation {
    /// All of them, in the paper's order.
    pub const ALL: [Self; 11] = [
        Self::PolynomialNeurons,
        Self::SumWaveNeurons,
        Self::KeepKeyComponents,
        Self::RemoveKeyComponents,
        Self::ProjectWl,
        Self::ComplementWl,
        Self::ZeroMlpSkip,
        Self::MeanMlpSkip,
        Self::ZeroAttention,
        Self::ZeroAttentionSkip,
        Self::NoAttentionToEq,
    ];

    /// Its key in a report.
    pub fn id(self) -> &'static str {
        match self {
            Self::PolynomialNeurons => "polynomial_neurons",
            Self::SumWaveNeurons => "sum_wave_neurons",
            Self::KeepKeyComponents => "keep_key_components",
            Self::RemoveKeyComponents => "remove_key_components",
            Self::ProjectWl => "project_w_l",
            Self::ComplementWl => "complement_w_l",
            Self::ZeroMlpSkip => "zero_mlp_skip",
            Self::MeanMlpSkip => "mean_mlp_skip",
            Self::ZeroAttention => "zero_attention",
            Self::ZeroAttentionSkip => "zero_attention_skip",
            Self::NoAttentionToEq => "no_attention_to_eq",
        }
    }

    /// What is done, in words.
    pub fn description(self) -> &'static str {
        match self {
            Self::PolynomialNeurons => "Neurons: replace clustered ones by one-frequency polynomials",
            Self::SumWaveNeurons => "Neurons: keep only the (a + b) waves",
            Self::KeepKeyComponents => "Logits: keep only the key frequencies",
            Self::RemoveKeyComponents => "Logits: remove the key frequencies",
            Self::ProjectWl => "Neurons: keep only what W_L's key directions read",
            Self::ComplementWl => "Neurons: keep only what W_L's key directions ignore",
            Self::ZeroMlpSkip => "Remove the MLP's skip connection",
            Self::MeanMlpSkip => "Replace the MLP's skip connection by its mean",
            Self::ZeroAttention => "Remove all attention heads",
            Self::ZeroAttentionSkip => "Remove the attention's skip connection",
            Self::NoAttentionToEq => "Block '=' attending to itself",
        }
    }

    /// The loss over all pairs that the paper found, in nats, or what it says of it.
    pub fn paper_loss(self) -> &'static str {
        match self {
            Self::PolynomialNeurons => "2.48e-7",
            Self::SumWaveNeurons => "5.54e-8",
            Self::KeepKeyComponents => "7.24e-8",
            Self::RemoveKeyComponents => "worse than chance",
            Self::ProjectWl => "1.19e-7",
            Self::ComplementWl => "5.27",
            Self::ZeroMlpSkip => "9.12e-7",
            Self::MeanMlpSkip => "7.25e-7",
            Self::ZeroAttention => "24.3",
            Self::ZeroAttentionSkip => "19.1",
            Self::NoAttentionToEq => "harmless",
        }
    }

    /// The edit, for a model with these key frequencies and number of heads.
    pub fn ablation(self, key_freqs: &[usize], n_heads: usize) -> Ablation {
        let keys = || key_freqs.to_vec();
        let mut ablation = Ablation::default();
        match self {
            Self::PolynomialNeurons => {
                ablation.neurons = NeuronEdit::Polynomials { min_fve: MIN_CLUSTER_FVE };
            }
            Self::SumWaveNeurons => {
                let freqs = FreqSelection::Only(keys());
                ablation.neurons = NeuronEdit::Grid(GridEdit { freqs, terms: GridTerms::SumOnly });
            }
            Self::KeepKeyComponents => return of_logits(FreqSelection::Only(keys())),
            Self::RemoveKeyComponents => return of_logits(FreqSelection::Without(keys())),
            Self::ProjectWl => ablation.neurons = NeuronEdit::OnlyDirections(keys()),
            Self::ComplementWl => ablation.neurons = NeuronEdit::WithoutDirections(keys()),
            Self::ZeroMlpSkip => ablation.mlp_skip = SkipEdit::Zero,
            Self::MeanMlpSkip => ablation.mlp_skip = SkipEdit::Mean,
            Self::ZeroAttention => ablation.attention.removed_heads = (0..n_heads).collect(),
            Self::ZeroAttentionSkip => ablation.attention.skip = false,
            Self::NoAttentionToEq => ablation.attention.to_eq = false,
        }
        ablation
    }
}

/// All eight terms of some frequencies of the logits kept or removed.
fn of_logits(freqs: FreqSelection) -> Ablation {
    let logits = GridEdit { freqs, terms: GridTerms::AllProducts };
    Ablation { logits, ..Ablation::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PaperAblation;
    use crate::analysis::modular::ablation::Ablation;

    #[test]
    fn each_has_its_own_id_words_and_edit() {
        let all = PaperAblation::ALL;
        let ids: BTreeSet<_> = all.iter().map(|ablation| ablation.id()).collect();
        let words: BTreeSet<_> = all.iter().map(|ablation| ablation.description()).collect();
        assert_eq!((ids.len(), words.len()), (all.len(), all.len()));
        let edits = all.map(|ablation| ablation.ablation(&[3, 9], 4));
        for (i, edit) in edits.iter().enumerate() {
            assert_eq!(edit.validate(113, 4), Ok(()), "{:?}", all[i]);
            assert!(*edit != Ablation::default() && !edits[..i].contains(edit), "{:?}", all[i]);
        }
    }
}
