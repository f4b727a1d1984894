//! What the reader has cut out of the model on show, and what is left of it. Pure.

use crate::analysis::ablation::{Ablation, GridEdit, NeuronEdit, SkipEdit, Waves};
use crate::analysis::grid::Scores;
use crate::analysis::marginals::Terms;
use crate::analysis::neurons::MIN_CLUSTER_FVE;
use crate::analysis::report::AblationReport;

/// An ablation in the making.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surgery {
    /// What is cut out now.
    pub ablation: Ablation,
    /// What was before, the last one at the end.
    before: Vec<Ablation>,
    /// What is left of the model, once the analyst has said so.
    pub left: Option<Left>,
}

/// What an ablation leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Losses and accuracies.
    pub scores: Scores,
    /// For each pair, row a, column b, the answer's logit minus the largest other.
    pub margins: Vec<f32>,
}

/// A change of the ablation.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// Remove a frequency from the logits, or put it back.
    Freq(usize),
    /// Remove a head, or put it back.
    Head(usize),
    /// Remove the residual stream around the attention, or put it back.
    AttentionSkip,
    /// Keep "=" from attending to itself, or let it.
    AttentionToEq,
    /// Change the residual stream around the MLP, or put it back.
    MlpSkip(SkipEdit),
    /// One of the paper's ablations, in place of what was cut.
    Paper(PaperCut),
    /// Back to what was before.
    Undo,
    /// The whole model again.
    Whole,
}

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
        let only = || Waves::Only(key_freqs.to_vec());
        match self {
            Self::PolynomialNeurons => {
                ablation.neurons = NeuronEdit::Polynomials { min_fve: MIN_CLUSTER_FVE };
            }
            Self::SumWaveNeurons => {
                ablation.neurons = NeuronEdit::Grid(GridEdit { waves: only(), terms: Terms::Sums });
            }
            Self::KeyComponents => ablation.logits = GridEdit { waves: only(), terms: Terms::Block },
            Self::WithoutKeyComponents => {
                let waves = Waves::Without(key_freqs.to_vec());
                ablation.logits = GridEdit { waves, terms: Terms::Block };
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

impl Surgery {
    /// Whether nothing is cut out.
    pub fn is_whole(&self) -> bool {
        self.ablation == Ablation::default()
    }

    /// Whether there is something to go back to.
    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    /// The frequencies removed from the logits.
    pub fn removed_freqs(&self) -> &[usize] {
        match &self.ablation.logits.waves {
            Waves::Without(freqs) => freqs,
            Waves::All | Waves::Only(_) => &[],
        }
    }

    /// Applies a change for a model with these key frequencies and heads.
    pub fn apply(&mut self, cut: &Cut, key_freqs: &[usize], n_heads: usize) {
        let mut next = self.ablation.clone();
        match cut {
            Cut::Freq(k) => {
                let mut freqs = self.removed_freqs().to_vec();
                toggle(&mut freqs, *k);
                let waves = if freqs.is_empty() { Waves::All } else { Waves::Without(freqs) };
                next.logits = GridEdit { waves, terms: Terms::Block };
            }
            Cut::Head(head) => toggle(&mut next.attention.removed_heads, *head),
            Cut::AttentionSkip => next.attention.skip = !next.attention.skip,
            Cut::AttentionToEq => next.attention.to_eq = !next.attention.to_eq,
            Cut::MlpSkip(edit) => {
                next.mlp_skip = if next.mlp_skip == *edit { SkipEdit::Keep } else { *edit };
            }
            Cut::Paper(paper) => next = paper.ablation(key_freqs, n_heads),
            Cut::Whole => next = Ablation::default(),
            Cut::Undo => {
                if let Some(before) = self.before.pop() {
                    self.ablation = before;
                    self.left = None;
                }
                return;
            }
        }
        if next != self.ablation {
            self.before.push(std::mem::replace(&mut self.ablation, next));
            self.left = None;
        }
    }
}

/// The model's answer to a + b.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The two numbers.
    pub pair: (usize, usize),
    /// The p logits.
    pub logits: Vec<f32>,
    /// Each key frequency's part of them.
    pub votes: Vec<(usize, Vec<f32>)>,
}

/// Adds an item to an ascending list, or takes it out.
fn toggle(list: &mut Vec<usize>, item: usize) {
    match list.binary_search(&item) {
        Ok(i) => {
            list.remove(i);
        }
        Err(i) => list.insert(i, item),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, PaperCut, Surgery};
    use crate::analysis::ablation::{SkipEdit, Waves};

    fn operated(cuts: &[Cut]) -> Surgery {
        let mut surgery = Surgery::default();
        for cut in cuts {
            surgery.apply(cut, &[3, 9], 4);
        }
        surgery
    }

    #[test]
    fn a_second_click_puts_a_part_back() {
        for cut in [Cut::Freq(9), Cut::Head(2), Cut::AttentionSkip, Cut::AttentionToEq] {
            assert!(!operated(std::slice::from_ref(&cut)).is_whole(), "{cut:?} once");
            assert!(operated(&[cut.clone(), cut.clone()]).is_whole(), "{cut:?} twice");
        }
        let surgery = operated(&[Cut::Freq(9), Cut::Freq(3), Cut::Freq(5), Cut::Freq(9)]);
        assert_eq!(surgery.removed_freqs(), [3, 5], "in order");
    }

    #[test]
    fn parts_combine_and_the_papers_settings_replace_them() {
        let surgery = operated(&[Cut::Freq(9), Cut::MlpSkip(SkipEdit::Zero), Cut::Head(1)]);
        let ablation = &surgery.ablation;
        assert_eq!(ablation.attention.removed_heads, [1]);
        assert_eq!((surgery.removed_freqs(), ablation.mlp_skip), (&[9][..], SkipEdit::Zero));
        let surgery = operated(&[Cut::Head(1), Cut::Paper(PaperCut::KeyComponents)]);
        assert!(surgery.ablation.attention.removed_heads.is_empty(), "the head is back");
        assert_eq!(surgery.ablation.logits.waves, Waves::Only(vec![3, 9]));
        for paper in PaperCut::ALL {
            let ablation = paper.ablation(&[3, 9], 4);
            assert_eq!(ablation.validate(113, 4), Ok(()), "{paper:?}");
        }
    }

    #[test]
    fn undo_goes_back_one_by_one_and_whole_can_be_undone() {
        let mut cuts = vec![Cut::Freq(9), Cut::Head(1), Cut::Whole];
        assert!(operated(&cuts).is_whole());
        cuts.push(Cut::Undo);
        assert_eq!(operated(&cuts).ablation.attention.removed_heads, [1], "before the whole model");
        cuts.push(Cut::Undo);
        assert_eq!(operated(&cuts).removed_freqs(), [9], "before the head");
        cuts.extend([Cut::Undo, Cut::Undo]);
        let surgery = operated(&cuts);
        assert!(surgery.is_whole() && !surgery.can_undo(), "nothing before the first");
    }
}
