//! What the reader has ablated in the model on show, and what is left of it. Pure.

mod description;
mod edit_id;

pub use edit_id::edits_of;

pub use crate::plot::figures::checkpoint::{Answer, ModelPart};

use crate::analysis::modular::ablation::{Ablation, FreqSelection, NeuronEdit, PaperAblation, SkipEdit};
use crate::analysis::modular::grid::Scores;
use crate::analysis::modular::neurons::MIN_CLUSTER_FVE;

/// An ablation in the making.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AblationEditor {
    /// What is ablated now.
    pub ablation: Ablation,
    /// What was before, the last one at the end.
    before: Vec<Ablation>,
    /// What is left of the model, once the analyst has said so.
    pub result: Option<AblationResult>,
}

/// What an ablation leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct AblationResult {
    /// Losses and accuracies.
    pub scores: Scores,
    /// For each pair, row a, column b, the answer's logit minus the largest other.
    pub margins: Vec<f32>,
}

/// A change of the ablation.
#[derive(Debug, Clone, PartialEq)]
pub enum AblationEdit {
    /// Remove a frequency from the embedding, or put it back.
    Embedding(usize),
    /// Remove a frequency from the logits, or put it back.
    Freq(usize),
    /// Remove a head, or put it back.
    Head(usize),
    /// Remove the neurons of a frequency, or put them back.
    Cluster(usize),
    /// Remove a component of the logits' 2-D spectrum, or put it back.
    Component([usize; 2]),
    /// Remove the residual stream around the attention, or put it back.
    AttentionSkip,
    /// Keep "=" from attending to itself, or let it.
    AttentionToEq,
    /// Change the residual stream around the MLP, or put it back.
    MlpSkip(SkipEdit),
    /// One of the paper's ablations, in place of what was ablated; the whole model if it is the one already made.
    Paper(PaperAblation),
    /// Back to what was before.
    Undo,
    /// The whole model again.
    Whole,
}

impl From<ModelPart> for AblationEdit {
    fn from(part: ModelPart) -> Self {
        match part {
            ModelPart::Embedding(freq) => Self::Embedding(freq),
            ModelPart::Freq(freq) => Self::Freq(freq),
            ModelPart::Head(head) => Self::Head(head),
            ModelPart::Cluster(freq) => Self::Cluster(freq),
            ModelPart::Component(freqs) => Self::Component(freqs),
        }
    }
}

/// What an ablation has to know of the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelInfo {
    /// The key frequencies of its W_L.
    pub key_freqs: Vec<usize>,
    /// Heads of a block.
    pub n_heads: usize,
}

/// What is ablated in which model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AppliedAblation {
    /// What is ablated.
    pub ablation: Ablation,
    /// The model.
    pub model: ModelInfo,
}

impl AppliedAblation {
    /// Whether a control's part is removed.
    pub fn is_applied(&self, edit: &AblationEdit) -> bool {
        let ablation = &self.ablation;
        match edit {
            AblationEdit::Embedding(freq) => lacks(&ablation.embedding, *freq),
            AblationEdit::Freq(freq) => lacks(&ablation.logits.freqs, *freq),
            AblationEdit::Head(head) => ablation.attention.removed_heads.contains(head),
            AblationEdit::Cluster(freq) => {
                matches!(&ablation.neurons, NeuronEdit::WithoutClusters { freqs, .. } if freqs.contains(freq))
            }
            AblationEdit::Component(freqs) => ablation.removed_components.contains(freqs),
            AblationEdit::AttentionSkip => !ablation.attention.skip,
            AblationEdit::AttentionToEq => !ablation.attention.to_eq,
            AblationEdit::MlpSkip(edit) => ablation.mlp_skip == *edit,
            AblationEdit::Paper(paper) => {
                *ablation == paper.ablation(&self.model.key_freqs, self.model.n_heads)
            }
            AblationEdit::Undo => false,
            AblationEdit::Whole => *ablation == Ablation::default(),
        }
    }

    /// Whether a part is missing, cut out by itself or with something that it belongs to.
    pub fn is_gone(&self, part: ModelPart) -> bool {
        let with_its_freq = match part {
            ModelPart::Component([0, 0]) => false,
            ModelPart::Component([i, j]) => {
                let is_of = |freq: &usize| [0, *freq].contains(&i) && [0, *freq].contains(&j);
                match &self.ablation.logits.freqs {
                    FreqSelection::All => false,
                    FreqSelection::Without(freqs) => freqs.iter().any(is_of),
                    FreqSelection::Only(freqs) => !freqs.iter().any(is_of),
                }
            }
            _ => false,
        };
        with_its_freq || self.is_applied(&part.into())
    }
}

impl AblationEditor {
    /// Whether nothing is cut out.
    pub fn is_whole(&self) -> bool {
        self.ablation == Ablation::default()
    }

    /// Whether there is something to go back to.
    pub fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    /// Applies a change.
    pub fn apply(&mut self, edit: &AblationEdit, model: &ModelInfo) {
        let mut next = self.ablation.clone();
        match edit {
            AblationEdit::Embedding(freq) => toggle_freq(&mut next.embedding, *freq),
            AblationEdit::Freq(freq) => toggle_freq(&mut next.logits.freqs, *freq),
            AblationEdit::Head(head) => toggle(&mut next.attention.removed_heads, *head),
            AblationEdit::Cluster(freq) => toggle_cluster(&mut next.neurons, *freq),
            AblationEdit::Component(freqs) => toggle(&mut next.removed_components, *freqs),
            AblationEdit::AttentionSkip => next.attention.skip = !next.attention.skip,
            AblationEdit::AttentionToEq => next.attention.to_eq = !next.attention.to_eq,
            AblationEdit::MlpSkip(edit) => {
                next.mlp_skip = if next.mlp_skip == *edit { SkipEdit::Keep } else { *edit };
            }
            AblationEdit::Paper(paper) => {
                next = paper.ablation(&model.key_freqs, model.n_heads);
                if next == self.ablation {
                    next = Ablation::default();
                }
            }
            AblationEdit::Whole => next = Ablation::default(),
            AblationEdit::Undo => {
                if let Some(before) = self.before.pop() {
                    self.ablation = before;
                    self.result = None;
                }
                return;
            }
        }
        if next != self.ablation {
            self.before.push(std::mem::replace(&mut self.ablation, next));
            self.result = None;
        }
    }
}

/// Whether a frequency is not among some waves.
fn lacks(waves: &FreqSelection, freq: usize) -> bool {
    match waves {
        FreqSelection::All => false,
        FreqSelection::Without(freqs) => freqs.contains(&freq),
        FreqSelection::Only(freqs) => !freqs.contains(&freq),
    }
}

/// Takes a frequency out of some waves, or puts it back. Where only some were kept, the others stay out.
fn toggle_freq(waves: &mut FreqSelection, freq: usize) {
    match waves {
        FreqSelection::All => *waves = FreqSelection::Without(vec![freq]),
        FreqSelection::Without(freqs) => {
            toggle(freqs, freq);
            if freqs.is_empty() {
                *waves = FreqSelection::All;
            }
        }
        FreqSelection::Only(freqs) => toggle(freqs, freq),
    }
}

/// Takes a cluster out, or puts it back. The model has one edit of its neurons: another one gives way.
fn toggle_cluster(neurons: &mut NeuronEdit, freq: usize) {
    let mut freqs = match neurons {
        NeuronEdit::WithoutClusters { freqs, .. } => std::mem::take(freqs),
        _ => Vec::new(),
    };
    toggle(&mut freqs, freq);
    *neurons = if freqs.is_empty() {
        NeuronEdit::default()
    } else {
        NeuronEdit::WithoutClusters { freqs, min_fve: MIN_CLUSTER_FVE }
    };
}

/// Adds an item to a list and sorts it, or takes it out.
fn toggle<T: Ord>(list: &mut Vec<T>, item: T) {
    match list.iter().position(|other| *other == item) {
        Some(i) => {
            list.remove(i);
        }
        None => {
            list.push(item);
            list.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::edit_id::one_of_each_part;
    use super::{AblationEdit, AblationEditor, AppliedAblation, ModelInfo, ModelPart};
    use crate::analysis::modular::ablation::{FreqSelection, NeuronEdit, PaperAblation, SkipEdit};

    fn model() -> ModelInfo {
        ModelInfo { key_freqs: vec![3, 9], n_heads: 4 }
    }

    fn operated(edits: &[AblationEdit]) -> AblationEditor {
        let mut ablation_editor = AblationEditor::default();
        for edit in edits {
            ablation_editor.apply(edit, &model());
        }
        ablation_editor
    }

    fn is_applied(ablation_editor: &AblationEditor, edit: &AblationEdit) -> bool {
        AppliedAblation { ablation: ablation_editor.ablation.clone(), model: model() }.is_applied(edit)
    }

    fn is_gone(ablation_editor: &AblationEditor, part: ModelPart) -> bool {
        AppliedAblation { ablation: ablation_editor.ablation.clone(), model: model() }.is_gone(part)
    }

    #[test]
    fn a_second_click_puts_a_part_back() {
        let paper = AblationEdit::Paper(PaperAblation::KeepKeyComponents);
        for edit in one_of_each_part().into_iter().chain([paper]) {
            let once = operated(std::slice::from_ref(&edit));
            assert!(!once.is_whole() && is_applied(&once, &edit), "{edit:?} once");
            assert_eq!(once.ablation.validate(113, 4), Ok(()), "{edit:?}");
            let twice = operated(&[edit.clone(), edit.clone()]);
            assert!(twice.is_whole() && !is_applied(&twice, &edit), "{edit:?} twice");
        }
        let ablation_editor = operated(&[
            AblationEdit::Freq(9),
            AblationEdit::Freq(3),
            AblationEdit::Freq(5),
            AblationEdit::Freq(9),
        ]);
        assert_eq!(ablation_editor.ablation.logits.freqs, FreqSelection::Without(vec![3, 5]), "in order");
        let ablation_editor = operated(&[AblationEdit::Component([9, 3]), AblationEdit::Component([3, 9])]);
        assert_eq!(ablation_editor.ablation.removed_components, [[3, 9], [9, 3]], "in order");
    }

    #[test]
    fn parts_combine_and_the_papers_settings_replace_them() {
        let ablation_editor = operated(&[
            AblationEdit::Freq(9),
            AblationEdit::MlpSkip(SkipEdit::Zero),
            AblationEdit::Head(1),
            AblationEdit::Embedding(2),
        ]);
        let ablation = &ablation_editor.ablation;
        assert_eq!(ablation.attention.removed_heads, [1]);
        assert_eq!(ablation.logits.freqs, FreqSelection::Without(vec![9]));
        assert_eq!(
            (&ablation.embedding, ablation.mlp_skip),
            (&FreqSelection::Without(vec![2]), SkipEdit::Zero)
        );
        let ablation_editor =
            operated(&[AblationEdit::Head(1), AblationEdit::Paper(PaperAblation::KeepKeyComponents)]);
        assert!(ablation_editor.ablation.attention.removed_heads.is_empty(), "the head is back");
        for paper in PaperAblation::ALL {
            let ablation = paper.ablation(&[3, 9], 4);
            assert_eq!(ablation.validate(113, 4), Ok(()), "{paper:?}");
            let pressed = PaperAblation::ALL.map(|other| {
                is_applied(&operated(&[AblationEdit::Paper(paper)]), &AblationEdit::Paper(other))
            });
            assert_eq!(pressed, PaperAblation::ALL.map(|other| other == paper), "{paper:?} alone is pressed");
        }
    }

    #[test]
    fn what_is_kept_alone_shrinks_by_a_click_and_grows_by_another() {
        let only = AblationEdit::Paper(PaperAblation::KeepKeyComponents);
        let waves = |edits: &[AblationEdit]| operated(edits).ablation.logits.freqs;
        assert_eq!(waves(std::slice::from_ref(&only)), FreqSelection::Only(vec![3, 9]));
        assert_eq!(
            waves(&[only.clone(), AblationEdit::Freq(9)]),
            FreqSelection::Only(vec![3]),
            "less is kept"
        );
        assert_eq!(
            waves(&[only.clone(), AblationEdit::Freq(5)]),
            FreqSelection::Only(vec![3, 5, 9]),
            "more is kept"
        );
        let ablation_editor = operated(&[only.clone(), AblationEdit::Freq(9)]);
        let is_out = |freq: usize| is_applied(&ablation_editor, &AblationEdit::Freq(freq));
        assert_eq!([3, 5, 9].map(is_out), [false, true, true]);
        assert!(!is_applied(&ablation_editor, &only), "that is not the paper's any more");
    }

    #[test]
    fn a_cluster_takes_the_place_of_another_edit_of_the_neurons() {
        let polynomials = AblationEdit::Paper(PaperAblation::PolynomialNeurons);
        let ablation_editor =
            operated(&[polynomials.clone(), AblationEdit::Cluster(9), AblationEdit::Cluster(3)]);
        let freqs = match &ablation_editor.ablation.neurons {
            NeuronEdit::WithoutClusters { freqs, .. } => freqs.as_slice(),
            _ => &[],
        };
        assert_eq!(freqs, [3, 9]);
        assert!(!is_applied(&ablation_editor, &polynomials));
    }

    #[test]
    fn components_go_with_their_frequency() {
        let gone = |edit: AblationEdit| {
            let ablation_editor = operated(&[edit]);
            [[0, 0], [3, 0], [0, 3], [3, 3], [3, 5], [5, 0], [5, 5]]
                .map(|cell| is_gone(&ablation_editor, ModelPart::Component(cell)))
        };
        assert_eq!(gone(AblationEdit::Freq(3)), [false, true, true, true, false, false, false]);
        let kept = [false, false, false, false, true, true, true];
        assert_eq!(gone(AblationEdit::Paper(PaperAblation::KeepKeyComponents)), kept, "the constant stays");
        assert_eq!(gone(AblationEdit::Component([3, 5])), [false, false, false, false, true, false, false]);
        assert!(is_gone(&operated(&[AblationEdit::Paper(PaperAblation::ZeroAttention)]), ModelPart::Head(3)));
    }

    #[test]
    fn undo_goes_back_one_by_one_and_whole_can_be_undone() {
        let mut edits = vec![AblationEdit::Freq(9), AblationEdit::Head(1), AblationEdit::Whole];
        assert!(operated(&edits).is_whole());
        edits.push(AblationEdit::Undo);
        assert_eq!(operated(&edits).ablation.attention.removed_heads, [1], "before the whole model");
        edits.push(AblationEdit::Undo);
        let ablation_editor = operated(&edits);
        assert!(is_applied(&ablation_editor, &AblationEdit::Freq(9)), "before the head");
        assert!(!is_applied(&ablation_editor, &AblationEdit::Head(1)), "before the head");
        edits.extend([AblationEdit::Undo, AblationEdit::Undo]);
        let ablation_editor = operated(&edits);
        assert!(ablation_editor.is_whole() && !ablation_editor.can_undo(), "nothing before the first");
    }
}
