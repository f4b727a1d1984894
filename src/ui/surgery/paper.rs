//! The paper's ablations as settings of one click (section 4.4 and appendix A.1).

use crate::analysis::ablation::{Ablation, FreqSelection, GridEdit, NeuronEdit, SkipEdit};
use crate::analysis::marginals::GridTerms;
use crate::analysis::neurons::MIN_CLUSTER_FVE;
use crate::analysis::report::AblationReport;

/// An ablation of the paper's (section 4.4 and appendix A.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is described by its words")]
pub enum PaperCut {
    PolynomialNeurons,
    SumWaveNeurons,
    KeyComponents,
    WithoutKeyComponents,
    ProjectWl,
    ComplementWl,
    ZeroMlpSkip,
    MeanMlpSkip,
    ZeroAttention,
    ZeroAttentionSkip,
    NoAttentionToEq,
}

impl PaperCut {
    /// All of them, in the paper's order.
    pub const ALL: [Self; 11] = [
        Self::PolynomialNeurons,
        Self::SumWaveNeurons,
        Self::KeyComponents,
        Self::WithoutKeyComponents,
        Self::ProjectWl,
        Self::ComplementWl,
        Self::ZeroMlpSkip,
        Self::MeanMlpSkip,
        Self::ZeroAttention,
        Self::ZeroAttentionSkip,
        Self::NoAttentionToEq,
    ];

    /// A name for the controls that set it.
    pub fn id(self) -> &'static str {
        match self {
            Self::PolynomialNeurons => "polynomial-neurons",
            Self::SumWaveNeurons => "sum-wave-neurons",
            Self::KeyComponents => "key-components",
            Self::WithoutKeyComponents => "without-key-components",
            Self::ProjectWl => "project-w-l",
            Self::ComplementWl => "complement-w-l",
            Self::ZeroMlpSkip => "zero-mlp-skip",
            Self::MeanMlpSkip => "mean-mlp-skip",
            Self::ZeroAttention => "zero-attention",
            Self::ZeroAttentionSkip => "zero-attention-skip",
            Self::NoAttentionToEq => "no-attention-to-eq",
        }
    }

    /// What is done, and the loss over all pairs that the paper found.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::PolynomialNeurons => ("each clustered neuron as a polynomial of its frequency", "2.48e-7"),
            Self::SumWaveNeurons => ("of the neurons only waves of a + b", "5.54e-8"),
            Self::KeyComponents => ("of the logits only the key frequencies", "7.24e-8"),
            Self::WithoutKeyComponents => ("the logits without the key frequencies", "worse than chance"),
            Self::ProjectWl => ("of the neurons only what the directions of W_L read", "1.19e-7"),
            Self::ComplementWl => ("of the neurons only what they do not read", "5.27"),
            Self::ZeroMlpSkip => ("no skip around the MLP", "9.12e-7"),
            Self::MeanMlpSkip => ("the skip around the MLP as its mean", "7.25e-7"),
            Self::ZeroAttention => ("no heads", "24.3"),
            Self::ZeroAttentionSkip => ("no skip around the attention", "19.1"),
            Self::NoAttentionToEq => ("\u{201c}=\u{201d} does not attend to itself", "harmless"),
        }
    }

    /// The loss over all pairs that a report holds for it.
    pub fn reported(self, report: &AblationReport) -> f64 {
        match self {
            Self::PolynomialNeurons => report.polynomial_neurons,
            Self::SumWaveNeurons => report.sum_wave_neurons,
            Self::KeyComponents => report.keep_key_components,
            Self::WithoutKeyComponents => report.remove_key_components,
            Self::ProjectWl => report.project_w_l,
            Self::ComplementWl => report.complement_w_l,
            Self::ZeroMlpSkip => report.zero_mlp_skip,
            Self::MeanMlpSkip => report.mean_mlp_skip,
            Self::ZeroAttention => report.zero_attention,
            Self::ZeroAttentionSkip => report.zero_attention_skip,
            Self::NoAttentionToEq => report.no_attention_to_eq,
        }
    }

    /// The ablation, for a model with these key frequencies and heads.
    pub fn ablation(self, key_freqs: &[usize], n_heads: usize) -> Ablation {
        let mut ablation = Ablation::default();
        let only = || FreqSelection::Only(key_freqs.to_vec());
        match self {
            Self::PolynomialNeurons => {
                ablation.neurons = NeuronEdit::Polynomials { min_fve: MIN_CLUSTER_FVE };
            }
            Self::SumWaveNeurons => {
                ablation.neurons = NeuronEdit::Grid(GridEdit { freqs: only(), terms: GridTerms::SumOnly });
            }
            Self::KeyComponents => {
                ablation.logits = GridEdit { freqs: only(), terms: GridTerms::AllProducts }
            }
            Self::WithoutKeyComponents => {
                let freqs = FreqSelection::Without(key_freqs.to_vec());
                ablation.logits = GridEdit { freqs, terms: GridTerms::AllProducts };
            }
            Self::ProjectWl => ablation.neurons = NeuronEdit::OnlyDirections(key_freqs.to_vec()),
            Self::ComplementWl => ablation.neurons = NeuronEdit::WithoutDirections(key_freqs.to_vec()),
            Self::ZeroMlpSkip => ablation.mlp_skip = SkipEdit::Zero,
            Self::MeanMlpSkip => ablation.mlp_skip = SkipEdit::Mean,
            Self::ZeroAttention => ablation.attention.removed_heads = (0..n_heads).collect(),
            Self::ZeroAttentionSkip => ablation.attention.skip = false,
            Self::NoAttentionToEq => ablation.attention.to_eq = false,
        }
        ablation
    }
}
