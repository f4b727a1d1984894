//! Buttons that ablate, and the paper's ablations among them: with the loss that the paper found and that of the
//! weights.

use std::sync::Arc;

use leptos::prelude::*;

use crate::analysis::modular::ablation::PaperAblation;
use crate::analysis::modular::report::AblationReport;
use crate::ui::state::ablation_editor::{AblationEdit, AppliedAblation};
use crate::ui::state::format;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// A button that is pressed while its part is removed. Its `data-testid` is the prefix and the edit's id.
pub(super) fn ablation_button(
    applied_ablation: Memo<AppliedAblation>,
    prefix: &'static str,
    class: &'static str,
    words: String,
    edit: AblationEdit,
) -> AnyView {
    let store = Store::get();
    let hook = format!("{prefix}-{}", edit.id());
    let seen = edit.clone();
    let pressed =
        Memo::new(move |_| applied_ablation.with(|applied_ablation| applied_ablation.is_applied(&seen)));
    let click = move |_| store.send(Message::EditAblation(edit.clone()));
    view! {
        <button type="button" class=class data-testid=hook aria-pressed=move || pressed.get().to_string() on:click=click>{words}</button>
    }
    .into_any()
}

/// A view for each edit of a list. Those that stay keep their elements, and with them the keyboard's focus.
pub(super) fn each(
    edits: Memo<Vec<AblationEdit>>,
    view: Arc<dyn Fn(AblationEdit) -> AnyView + Send + Sync>,
) -> AnyView {
    view! { <For each=move || edits.get() key=AblationEdit::id children=move |edit| view(edit) /> }.into_any()
}

/// A row of a table for each of the paper's ablations: a button, the paper's loss over all pairs, and that of
/// a report.
pub(super) fn paper_rows(
    applied_ablation: Memo<AppliedAblation>,
    prefix: &'static str,
    report: Memo<Option<AblationReport>>,
) -> AnyView {
    PaperAblation::ALL
        .map(|paper| {
            let (words, value) = (paper.description().to_owned(), paper.paper_loss());
            let button = ablation_button(applied_ablation, prefix, "ablation-button in-table", words, AblationEdit::Paper(paper));
            let ours =
                move || report.with(|report| report.as_ref().map(|r| format::number(r.losses[paper])));
            view! { <tr><th scope="row" class="words">{button}</th><td class="words">{value}</td><td>{ours}</td></tr> }
                .into_any()
        })
        .collect_view()
        .into_any()
}
