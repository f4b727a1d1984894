//! What the reader has cut out of the model on show, and what is left of it. Pure.

mod description;

pub use crate::plot::figures::checkpoint::{Answer, ModelPart};

use crate::analysis::ablation::{Ablation, FreqSelection, NeuronEdit, PaperAblation, SkipEdit};
use crate::analysis::grid::Scores;
use crate::analysis::neurons::MIN_CLUSTER_FVE;

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
    /// One of the paper's ablations, in place of what was cut; the whole model if it is what was cut.
    Paper(PaperAblation),
    /// Back to what was before.
    Undo,
    /// The whole model again.
    Whole,
}

impl From<ModelPart> for Cut {
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

/// What a cut has to know of the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Anatomy {
    /// The key frequencies of its W_L.
    pub key_freqs: Vec<usize>,
    /// Heads of a block.
    pub n_heads: usize,
}

/// What is cut out of which model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Operation {
    /// What is cut out.
    pub ablation: Ablation,
    /// The model.
    pub model: Anatomy,
}

impl Operation {
    /// Whether a control's part is cut out.
    pub fn is_cut(&self, cut: &Cut) -> bool {
        let ablation = &self.ablation;
        match cut {
            Cut::Embedding(freq) => lacks(&ablation.embedding, *freq),
            Cut::Freq(freq) => lacks(&ablation.logits.freqs, *freq),
            Cut::Head(head) => ablation.attention.removed_heads.contains(head),
            Cut::Cluster(freq) => {
                matches!(&ablation.neurons, NeuronEdit::WithoutClusters { freqs, .. } if freqs.contains(freq))
            }
            Cut::Component(freqs) => ablation.removed_components.contains(freqs),
            Cut::AttentionSkip => !ablation.attention.skip,
            Cut::AttentionToEq => !ablation.attention.to_eq,
            Cut::MlpSkip(edit) => ablation.mlp_skip == *edit,
            Cut::Paper(paper) => *ablation == paper.ablation(&self.model.key_freqs, self.model.n_heads),
            Cut::Undo => false,
            Cut::Whole => *ablation == Ablation::default(),
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
        with_its_freq || self.is_cut(&part.into())
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

    /// Applies a change.
    pub fn apply(&mut self, cut: &Cut, model: &Anatomy) {
        let mut next = self.ablation.clone();
        match cut {
            Cut::Embedding(freq) => toggle_freq(&mut next.embedding, *freq),
            Cut::Freq(freq) => toggle_freq(&mut next.logits.freqs, *freq),
            Cut::Head(head) => toggle(&mut next.attention.removed_heads, *head),
            Cut::Cluster(freq) => toggle_cluster(&mut next.neurons, *freq),
            Cut::Component(freqs) => toggle(&mut next.removed_components, *freqs),
            Cut::AttentionSkip => next.attention.skip = !next.attention.skip,
            Cut::AttentionToEq => next.attention.to_eq = !next.attention.to_eq,
            Cut::MlpSkip(edit) => {
                next.mlp_skip = if next.mlp_skip == *edit { SkipEdit::Keep } else { *edit };
            }
            Cut::Paper(paper) => {
                next = paper.ablation(&model.key_freqs, model.n_heads);
                if next == self.ablation {
                    next = Ablation::default();
                }
            }
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
    use super::{Anatomy, Cut, ModelPart, Operation, Surgery};
    use crate::analysis::ablation::{FreqSelection, NeuronEdit, PaperAblation, SkipEdit};

    fn model() -> Anatomy {
        Anatomy { key_freqs: vec![3, 9], n_heads: 4 }
    }

    fn operated(cuts: &[Cut]) -> Surgery {
        let mut surgery = Surgery::default();
        for cut in cuts {
            surgery.apply(cut, &model());
        }
        surgery
    }

    fn is_cut(surgery: &Surgery, cut: &Cut) -> bool {
        Operation { ablation: surgery.ablation.clone(), model: model() }.is_cut(cut)
    }

    fn is_gone(surgery: &Surgery, part: ModelPart) -> bool {
        Operation { ablation: surgery.ablation.clone(), model: model() }.is_gone(part)
    }

    #[test]
    fn a_second_click_puts_a_part_back() {
        for cut in [
            Cut::Embedding(5),
            Cut::Freq(9),
            Cut::Head(2),
            Cut::Cluster(3),
            Cut::Component([3, 9]),
            Cut::AttentionSkip,
            Cut::AttentionToEq,
            Cut::MlpSkip(SkipEdit::Mean),
            Cut::Paper(PaperAblation::KeepKeyComponents),
        ] {
            let once = operated(std::slice::from_ref(&cut));
            assert!(!once.is_whole() && is_cut(&once, &cut), "{cut:?} once");
            assert_eq!(once.ablation.validate(113, 4), Ok(()), "{cut:?}");
            let twice = operated(&[cut.clone(), cut.clone()]);
            assert!(twice.is_whole() && !is_cut(&twice, &cut), "{cut:?} twice");
        }
        let surgery = operated(&[Cut::Freq(9), Cut::Freq(3), Cut::Freq(5), Cut::Freq(9)]);
        assert_eq!(surgery.ablation.logits.freqs, FreqSelection::Without(vec![3, 5]), "in order");
        let surgery = operated(&[Cut::Component([9, 3]), Cut::Component([3, 9])]);
        assert_eq!(surgery.ablation.removed_components, [[3, 9], [9, 3]], "in order");
    }

    #[test]
    fn parts_combine_and_the_papers_settings_replace_them() {
        let surgery =
            operated(&[Cut::Freq(9), Cut::MlpSkip(SkipEdit::Zero), Cut::Head(1), Cut::Embedding(2)]);
        let ablation = &surgery.ablation;
        assert_eq!(ablation.attention.removed_heads, [1]);
        assert_eq!(ablation.logits.freqs, FreqSelection::Without(vec![9]));
        assert_eq!(
            (&ablation.embedding, ablation.mlp_skip),
            (&FreqSelection::Without(vec![2]), SkipEdit::Zero)
        );
        let surgery = operated(&[Cut::Head(1), Cut::Paper(PaperAblation::KeepKeyComponents)]);
        assert!(surgery.ablation.attention.removed_heads.is_empty(), "the head is back");
        for paper in PaperAblation::ALL {
            let ablation = paper.ablation(&[3, 9], 4);
            assert_eq!(ablation.validate(113, 4), Ok(()), "{paper:?}");
            let pressed =
                PaperAblation::ALL.map(|other| is_cut(&operated(&[Cut::Paper(paper)]), &Cut::Paper(other)));
            assert_eq!(pressed, PaperAblation::ALL.map(|other| other == paper), "{paper:?} alone is pressed");
        }
    }

    #[test]
    fn what_is_kept_alone_shrinks_by_a_click_and_grows_by_another() {
        let only = Cut::Paper(PaperAblation::KeepKeyComponents);
        let waves = |cuts: &[Cut]| operated(cuts).ablation.logits.freqs;
        assert_eq!(waves(std::slice::from_ref(&only)), FreqSelection::Only(vec![3, 9]));
        assert_eq!(waves(&[only.clone(), Cut::Freq(9)]), FreqSelection::Only(vec![3]), "less is kept");
        assert_eq!(waves(&[only.clone(), Cut::Freq(5)]), FreqSelection::Only(vec![3, 5, 9]), "more is kept");
        let surgery = operated(&[only.clone(), Cut::Freq(9)]);
        let is_out = |freq: usize| is_cut(&surgery, &Cut::Freq(freq));
        assert_eq!([3, 5, 9].map(is_out), [false, true, true]);
        assert!(!is_cut(&surgery, &only), "that is not the paper's any more");
    }

    #[test]
    fn a_cluster_takes_the_place_of_another_edit_of_the_neurons() {
        let polynomials = Cut::Paper(PaperAblation::PolynomialNeurons);
        let surgery = operated(&[polynomials.clone(), Cut::Cluster(9), Cut::Cluster(3)]);
        let freqs = match &surgery.ablation.neurons {
            NeuronEdit::WithoutClusters { freqs, .. } => freqs.as_slice(),
            _ => &[],
        };
        assert_eq!(freqs, [3, 9]);
        assert!(!is_cut(&surgery, &polynomials));
    }

    #[test]
    fn components_go_with_their_frequency() {
        let gone = |cut: Cut| {
            let surgery = operated(&[cut]);
            [[0, 0], [3, 0], [0, 3], [3, 3], [3, 5], [5, 0], [5, 5]]
                .map(|cell| is_gone(&surgery, ModelPart::Component(cell)))
        };
        assert_eq!(gone(Cut::Freq(3)), [false, true, true, true, false, false, false]);
        let kept = [false, false, false, false, true, true, true];
        assert_eq!(gone(Cut::Paper(PaperAblation::KeepKeyComponents)), kept, "the constant stays");
        assert_eq!(gone(Cut::Component([3, 5])), [false, false, false, false, true, false, false]);
        assert!(is_gone(&operated(&[Cut::Paper(PaperAblation::ZeroAttention)]), ModelPart::Head(3)));
    }

    #[test]
    fn undo_goes_back_one_by_one_and_whole_can_be_undone() {
        let mut cuts = vec![Cut::Freq(9), Cut::Head(1), Cut::Whole];
        assert!(operated(&cuts).is_whole());
        cuts.push(Cut::Undo);
        assert_eq!(operated(&cuts).ablation.attention.removed_heads, [1], "before the whole model");
        cuts.push(Cut::Undo);
        let surgery = operated(&cuts);
        assert!(is_cut(&surgery, &Cut::Freq(9)), "before the head");
        assert!(!is_cut(&surgery, &Cut::Head(1)), "before the head");
        cuts.extend([Cut::Undo, Cut::Undo]);
        let surgery = operated(&cuts);
        assert!(surgery.is_whole() && !surgery.can_undo(), "nothing before the first");
    }
}
