//! What is ablated, in words.

use crate::analysis::modular::ablation::{Ablation, FreqSelection, GridEdit, NeuronEdit, SkipEdit};
use crate::analysis::modular::forward::AttentionEdit;
use crate::analysis::modular::marginals::GridTerms;
use crate::ui::state::ablation_editor::{AblationEdit, AblationEditor, ModelPart};

/// As many numbers of a list are written out.
const MOST: usize = 8;

impl AblationEditor {
    /// What is ablated, in a line; nothing of a whole model.
    pub fn words(&self) -> String {
        let Ablation { embedding, attention, neurons, mlp_skip, logits, removed_components } = &self.ablation;
        let mut parts = Vec::new();
        parts.extend(of_waves("the embedding", embedding));
        of_attention(attention, &mut parts);
        parts.extend(of_neurons(neurons));
        match mlp_skip {
            SkipEdit::Keep => {}
            SkipEdit::Zero => parts.push("no MLP skip connection".to_owned()),
            SkipEdit::Mean => parts.push("the MLP skip connection is its mean".to_owned()),
        }
        parts.extend(of_waves("the logits", &logits.freqs));
        parts.extend(several(
            removed_components.iter().map(|&freqs| format!("no {}", ModelPart::Component(freqs))),
        ));
        parts.join("; ")
    }
}

impl AblationEdit {
    /// What its button says beside those of its kind.
    pub fn name(&self) -> String {
        match self {
            Self::Embedding(freq) | Self::Freq(freq) | Self::Cluster(freq) => format!("k = {freq}"),
            Self::Head(head) => format!("head {head}"),
            Self::Component([i, j]) => format!("({i}, {j})"),
            Self::AttentionSkip => "no skip".to_owned(),
            Self::AttentionToEq => "Block \u{201c}=\u{201d} attending to itself".to_owned(),
            Self::MlpSkip(SkipEdit::Keep) => "keep".to_owned(),
            Self::MlpSkip(SkipEdit::Zero) => "zero".to_owned(),
            Self::MlpSkip(SkipEdit::Mean) => "mean".to_owned(),
            Self::Paper(paper) => paper.description().to_owned(),
            Self::Undo => "Undo".to_owned(),
            Self::Whole => "Restore the full model".to_owned(),
        }
    }
}

/// A list with commas, the end of a long one as a number; none of nothing.
fn several(names: impl Iterator<Item = String>) -> Option<String> {
    let mut names: Vec<String> = names.collect();
    let rest = names.len().saturating_sub(MOST);
    if rest > 1 {
        names.truncate(MOST);
        names.push(format!("and {rest} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

fn freqs(freqs: &[usize]) -> String {
    several(freqs.iter().map(usize::to_string))
        .map_or_else(|| "none".to_owned(), |list| format!("k = {list}"))
}

fn of_waves(what: &str, waves: &FreqSelection) -> Option<String> {
    match waves {
        FreqSelection::All => None,
        FreqSelection::Without(out) => Some(format!("{what} without {}", freqs(out))),
        FreqSelection::Only(kept) if kept.is_empty() => Some(format!("of {what} only the constant")),
        FreqSelection::Only(kept) => Some(format!("of {what} only {}", freqs(kept))),
    }
}

fn of_attention(attention: &AttentionEdit, parts: &mut Vec<String>) {
    let AttentionEdit { removed_heads, skip, to_eq } = attention;
    parts.extend(several(removed_heads.iter().map(|head| format!("no head {head}"))));
    if !skip {
        parts.push("no attention skip connection".to_owned());
    }
    if !to_eq {
        parts.push("\u{201c}=\u{201d} does not attend to itself".to_owned());
    }
}

fn of_neurons(neurons: &NeuronEdit) -> Option<String> {
    match neurons {
        NeuronEdit::Grid(GridEdit { freqs, terms: GridTerms::AllProducts }) => of_waves("the neurons", freqs),
        NeuronEdit::Grid(GridEdit { freqs, terms: GridTerms::SumOnly }) => {
            of_waves("the neurons", freqs).map(|words| format!("{words} in a + b"))
        }
        NeuronEdit::Polynomials { .. } => Some("clustered neurons as polynomials".to_owned()),
        NeuronEdit::WithoutClusters { freqs: out, .. } => Some(format!("no neurons of {}", freqs(out))),
        NeuronEdit::OnlyDirections(kept) => {
            Some(format!("of the neurons only what W_L reads at {}", freqs(kept)))
        }
        NeuronEdit::WithoutDirections(out) => {
            Some(format!("the neurons without what W_L reads at {}", freqs(out)))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::modular::ablation::{PaperAblation, SkipEdit};
    use crate::ui::state::ablation_editor::{AblationEdit, AblationEditor, ModelInfo};

    fn words(edits: &[AblationEdit]) -> String {
        let mut ablation_editor = AblationEditor::default();
        for edit in edits {
            ablation_editor.apply(edit, &ModelInfo { key_freqs: vec![3, 9], n_heads: 2 });
        }
        ablation_editor.words()
    }

    #[test]
    fn every_edit_is_named_and_a_whole_model_has_no_words() {
        assert_eq!(words(&[]), "");
        let edits = [
            (AblationEdit::Embedding(4), "the embedding without k = 4"),
            (AblationEdit::Head(1), "no head 1"),
            (AblationEdit::AttentionSkip, "no attention skip connection"),
            (AblationEdit::AttentionToEq, "\u{201c}=\u{201d} does not attend to itself"),
            (AblationEdit::Cluster(9), "no neurons of k = 9"),
            (AblationEdit::MlpSkip(SkipEdit::Zero), "no MLP skip connection"),
            (AblationEdit::Freq(3), "the logits without k = 3"),
            (AblationEdit::Component([0, 2]), "no component (0, 2) of the logits"),
        ];
        for (edit, expected) in &edits {
            assert_eq!(words(std::slice::from_ref(edit)), *expected);
        }
        let all = edits.iter().map(|(_, words)| *words).collect::<Vec<_>>().join("; ");
        assert_eq!(words(&edits.map(|(edit, _)| edit)), all);
        for paper in PaperAblation::ALL {
            assert!(!words(&[AblationEdit::Paper(paper)]).is_empty(), "{paper:?}");
        }
    }

    #[test]
    fn what_is_kept_is_named_and_long_lists_end_in_a_number() {
        let only = AblationEdit::Paper(PaperAblation::KeepKeyComponents);
        assert_eq!(words(std::slice::from_ref(&only)), "of the logits only k = 3, 9");
        assert_eq!(
            words(&[only, AblationEdit::Freq(3), AblationEdit::Freq(9)]),
            "of the logits only the constant"
        );
        let many: Vec<AblationEdit> = (1..=12).map(AblationEdit::Freq).collect();
        assert_eq!(words(&many), "the logits without k = 1, 2, 3, 4, 5, 6, 7, 8, and 4 more");
    }
}
