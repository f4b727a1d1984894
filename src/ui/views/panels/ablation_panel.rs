//! The controls of an ablation, what it leaves, and the model's answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;

use crate::analysis::modular::ablation::{NeuronEdit, SkipEdit};
use crate::ui::state::State;
use crate::ui::state::ablated_model::{self, ablated_report, ablated_snapshot};
use crate::ui::state::ablation_editor::{AblationEdit, AppliedAblation};
use crate::ui::state::format;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::panels::ablation_result::ablation_result;
use crate::ui::views::panels::ask::ask;
use crate::ui::views::panels::paper_ablation_rows::{ablation_button, each, paper_rows};

/// The section. It is built once: a new checkpoint changes its words, and nothing loses the keyboard's focus.
#[component]
pub(crate) fn AblationPanel() -> impl IntoView {
    let store = Store::get();
    let step = store.memo(|state| ablated_snapshot(state).map(|snapshot| snapshot.step));
    let words = move || match step.get() {
        None => "There are no weights of this run to ablate.".to_owned(),
        Some(step) => format!("On the weights of step {}.", format::count(step)),
    };
    view! {
        <section class="ablation-panel" id="ablate" data-testid="knife" aria-labelledby="ablate-title">
            <div class="section-head">
                <h2 id="ablate-title">"Ablate and query"</h2>
                <p>
                    "Remove parts of the model, here or by a click in the figures above, and see what the rest still \
                     knows; or ask it a sum."
                </p>
            </div>
            <div class="panels">
                <section class="panel figure-panel" aria-label="Ablation">
                    <p class="finding" data-testid="ablate-step">{words}</p>
                    <div class="ablation-body" hidden=move || step.get().is_none()>
                        {controls(store)}
                        {ablation_result(store)}
                    </div>
                </section>
                {ask(store)}
            </div>
        </section>
    }
    .into_any()
}

/// The kinds of parts that have a row of buttons of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Freqs,
    Embedding,
    Heads,
    Clusters,
    Components,
}

impl Kind {
    /// What stands before its buttons.
    fn label(self) -> &'static str {
        match self {
            Self::Freqs => "Remove from the logits",
            Self::Embedding => "Removed from the embedding",
            Self::Heads => "Remove",
            Self::Clusters => "Remove the neurons of",
            Self::Components => "Removed components",
        }
    }

    /// Its ablations: the parts that matter in the model, and whatever else of the kind is removed.
    fn edits(self, state: &State) -> Vec<AblationEdit> {
        let AppliedAblation { ablation, model } = ablated_model::applied_ablation(state);
        let and = |known: Vec<usize>, edit: &[usize], of: fn(usize) -> AblationEdit| {
            let all: BTreeSet<usize> = known.into_iter().chain(edit.iter().copied()).collect();
            all.into_iter().map(of).collect()
        };
        match self {
            Self::Freqs => and(model.key_freqs, ablation.logits.freqs.named(), AblationEdit::Freq),
            Self::Embedding => and(Vec::new(), ablation.embedding.named(), AblationEdit::Embedding),
            Self::Heads => (0..model.n_heads).map(AblationEdit::Head).collect(),
            Self::Clusters => {
                let known = ablated_report(state).map(|report| &report.neurons.per_freq);
                let known = known.map(|clusters| clusters.keys().copied().collect()).unwrap_or_default();
                let edit = match &ablation.neurons {
                    NeuronEdit::WithoutClusters { freqs, .. } => freqs.as_slice(),
                    _ => &[],
                };
                and(known, edit, AblationEdit::Cluster)
            }
            Self::Components => {
                ablation.removed_components.into_iter().map(AblationEdit::Component).collect()
            }
        }
    }
}

/// A row of buttons; it is not there if there are none.
fn row(store: Store, applied_ablation: Memo<AppliedAblation>, kind: Kind) -> AnyView {
    let edits = store.memo(move |state| kind.edits(state));
    let buttons = each(
        edits,
        Arc::new(move |edit| {
            ablation_button(applied_ablation, "ablate", "ablation-button", edit.name(), edit)
        }),
    );
    view! {
        <div class="ablation-row" role="group" aria-label=kind.label() hidden=move || edits.with(Vec::is_empty)>
            <span>{kind.label()}</span>
            {buttons}
        </div>
    }
    .into_any()
}

fn controls(store: Store) -> AnyView {
    let applied_ablation = store.memo(ablated_model::applied_ablation);
    let row = move |kind| row(store, applied_ablation, kind);
    let fixed = move |edit: AblationEdit| {
        ablation_button(applied_ablation, "ablate", "ablation-button", edit.name(), edit)
    };
    let undo = store.memo(|state| state.ablation_editor.can_undo());
    let whole = store.memo(|state| state.ablation_editor.is_whole());
    let report = store.memo(|state| ablated_report(state).map(|report| report.ablations.clone()));
    view! {
        {row(Kind::Freqs)}
        {row(Kind::Embedding)}
        {row(Kind::Components)}
        {row(Kind::Heads)}
        {row(Kind::Clusters)}
        <div class="ablation-row" role="group" aria-label="Attention"><span>"Attention"</span>
            {fixed(AblationEdit::AttentionSkip)} {fixed(AblationEdit::AttentionToEq)}
        </div>
        <div class="ablation-row" role="group" aria-label="The MLP\u{2019}s skip connection"><span>"The MLP\u{2019}s skip connection"</span>
            {fixed(AblationEdit::MlpSkip(SkipEdit::Zero))} {fixed(AblationEdit::MlpSkip(SkipEdit::Mean))}
        </div>
        <div class="ablation-row">
            <button type="button" data-testid="ablate-undo" disabled=move || !undo.get() on:click=move |_| store.send(Message::EditAblation(AblationEdit::Undo))>"Undo"</button>
            <button type="button" data-testid="ablate-reset" disabled=move || whole.get() on:click=move |_| store.send(Message::EditAblation(AblationEdit::Whole))>"Restore the full model"</button>
        </div>
        <details class="fold">
            <summary>"The paper\u{2019}s ablations"</summary>
            <div class="table-wide" tabindex="0" role="region" aria-label="The paper\u{2019}s ablations">
                <table class="paper-ablations">
                    <thead><tr><th scope="col">"ablation"</th><th scope="col">"paper, loss over all"</th><th scope="col">"these weights"</th></tr></thead>
                    <tbody>{paper_rows(applied_ablation, "ablate", report)}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::analysis::modular::ablation::PaperAblation;
    use crate::ui::state::ablated_model;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Message, update};

    #[test]
    fn whatever_is_cut_has_a_button_that_puts_it_back() {
        let mut state = analysed();
        let key_freqs = ablated_model::applied_ablation(&state).model.key_freqs;
        assert_eq!(
            Kind::Freqs.edits(&state),
            key_freqs.iter().copied().map(AblationEdit::Freq).collect::<Vec<_>>()
        );
        for kind in [Kind::Embedding, Kind::Components, Kind::Clusters] {
            assert_eq!(kind.edits(&state), [], "{kind:?}: random weights have none");
        }
        for (kind, edit) in [
            (Kind::Freqs, AblationEdit::Freq(2)),
            (Kind::Embedding, AblationEdit::Embedding(3)),
            (Kind::Components, AblationEdit::Component([0, 2])),
            (Kind::Heads, AblationEdit::Head(0)),
            (Kind::Clusters, AblationEdit::Cluster(1)),
        ] {
            update(&mut state, Message::EditAblation(edit.clone()));
            assert!(kind.edits(&state).contains(&edit), "{kind:?}");
            assert!(ablated_model::applied_ablation(&state).is_applied(&edit), "{kind:?}");
        }
        update(&mut state, Message::EditAblation(AblationEdit::Paper(PaperAblation::KeepKeyComponents)));
        update(&mut state, Message::EditAblation(AblationEdit::Freq(key_freqs[0])));
        assert!(
            Kind::Freqs.edits(&state).contains(&AblationEdit::Freq(key_freqs[0])),
            "also of those that are kept"
        );
    }
}
