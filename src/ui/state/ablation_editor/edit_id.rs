//! Edits by name, for the controls that make them and for links.

use crate::analysis::modular::ablation::{Ablation, FreqSelection, NeuronEdit, PaperAblation, SkipEdit};
use crate::ui::state::ablation_editor::AblationEdit;

impl AblationEdit {
    /// A name for the controls that make it, and for links.
    pub fn id(&self) -> String {
        match self {
            Self::Embedding(freq) => format!("embedding-{freq}"),
            Self::Freq(freq) => format!("freq-{freq}"),
            Self::Head(head) => format!("head-{head}"),
            Self::Cluster(freq) => format!("cluster-{freq}"),
            Self::Component([i, j]) => format!("component-{i}-{j}"),
            Self::AttentionSkip => "attention-skip".to_owned(),
            Self::AttentionToEq => "to-eq".to_owned(),
            Self::MlpSkip(SkipEdit::Keep) => "mlp-skip".to_owned(),
            Self::MlpSkip(SkipEdit::Zero) => "mlp-skip-zero".to_owned(),
            Self::MlpSkip(SkipEdit::Mean) => "mlp-skip-mean".to_owned(),
            Self::Paper(paper) => format!("paper-{}", paper.id().replace('_', "-")),
            Self::Undo => "undo".to_owned(),
            Self::Whole => "reset".to_owned(),
        }
    }

    /// The edit of a name; none of one that ablates nothing.
    pub fn from_id(id: &str) -> Option<Self> {
        let numbered = |prefix: &str| id.strip_prefix(prefix)?.parse::<usize>().ok();
        let component = || {
            let (i, j) = id.strip_prefix("component-")?.split_once('-')?;
            Some(Self::Component([i.parse().ok()?, j.parse().ok()?]))
        };
        let fixed = [Self::AttentionSkip, Self::AttentionToEq]
            .into_iter()
            .chain([SkipEdit::Zero, SkipEdit::Mean].map(Self::MlpSkip))
            .chain(PaperAblation::ALL.map(Self::Paper));
        numbered("embedding-")
            .map(Self::Embedding)
            .or_else(|| numbered("freq-").map(Self::Freq))
            .or_else(|| numbered("head-").map(Self::Head))
            .or_else(|| numbered("cluster-").map(Self::Cluster))
            .or_else(component)
            .or_else(|| fixed.into_iter().find(|edit| edit.id() == id))
    }
}

/// The edits that lead to an ablation from the whole model, as far as single parts do: what the paper keeps or
/// projects is left out.
pub fn edits_of(ablation: &Ablation) -> Vec<AblationEdit> {
    let Ablation { embedding, attention, neurons, mlp_skip, logits, removed_components } = ablation;
    let freqs = |selection: &FreqSelection, of: fn(usize) -> AblationEdit| -> Vec<AblationEdit> {
        match selection {
            FreqSelection::Without(freqs) => freqs.iter().copied().map(of).collect(),
            FreqSelection::All | FreqSelection::Only(_) => Vec::new(),
        }
    };
    let mut edits = freqs(embedding, AblationEdit::Embedding);
    edits.extend(freqs(&logits.freqs, AblationEdit::Freq));
    edits.extend(attention.removed_heads.iter().copied().map(AblationEdit::Head));
    if let NeuronEdit::WithoutClusters { freqs, .. } = neurons {
        edits.extend(freqs.iter().copied().map(AblationEdit::Cluster));
    }
    edits.extend(removed_components.iter().copied().map(AblationEdit::Component));
    edits.extend((!attention.skip).then_some(AblationEdit::AttentionSkip));
    edits.extend((!attention.to_eq).then_some(AblationEdit::AttentionToEq));
    edits.extend((*mlp_skip != SkipEdit::Keep).then_some(AblationEdit::MlpSkip(*mlp_skip)));
    edits
}

/// One edit of each kind of part.
#[cfg(test)]
pub(super) fn one_of_each_part() -> [AblationEdit; 8] {
    [
        AblationEdit::Embedding(5),
        AblationEdit::Freq(9),
        AblationEdit::Head(2),
        AblationEdit::Cluster(3),
        AblationEdit::Component([3, 9]),
        AblationEdit::AttentionSkip,
        AblationEdit::AttentionToEq,
        AblationEdit::MlpSkip(SkipEdit::Mean),
    ]
}

#[cfg(test)]
mod tests {
    use super::{edits_of, one_of_each_part};
    use crate::analysis::modular::ablation::PaperAblation;
    use crate::ui::state::ablation_editor::{AblationEdit, AblationEditor, ModelInfo};

    #[test]
    fn every_edit_has_a_name_of_its_own_that_reads_back() {
        let parts = one_of_each_part();
        for edit in parts.iter().cloned().chain(PaperAblation::ALL.map(AblationEdit::Paper)) {
            assert_eq!(AblationEdit::from_id(&edit.id()), Some(edit));
        }
        for id in ["", "freq-", "freq-x", "component-3", "tail-1", "undo", "reset"] {
            assert_eq!(AblationEdit::from_id(id), None, "{id}");
        }
        let mut editor = AblationEditor::default();
        parts.iter().for_each(|edit| editor.apply(edit, &ModelInfo::default()));
        let mut again = AblationEditor::default();
        edits_of(&editor.ablation).iter().for_each(|edit| again.apply(edit, &ModelInfo::default()));
        assert_eq!(again.ablation, editor.ablation, "all parts at once");
    }
}
