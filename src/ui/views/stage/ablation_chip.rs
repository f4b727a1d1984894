//! What is ablated and what that leaves, in sight wherever the reader is on the page.

use leptos::prelude::*;

use crate::ui::state::State;
use crate::ui::state::ablated_model::ablated_snapshot;
use crate::ui::state::ablation_editor::AblationEdit;
use crate::ui::state::format;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The chip; absent while nothing is ablated.
#[component]
pub(in crate::ui) fn AblationChip() -> impl IntoView {
    let store = Store::get();
    let words = store.memo(words);
    move || {
        words.get().map(|words| {
            view! {
                <p class="ablation-chip" role="status">
                    <span data-testid="ablation-chip">{words}</span>
                    <button type="button" class="quiet" data-testid="chip-undo" on:click=move |_| store.send(Message::EditAblation(AblationEdit::Undo))>"Undo"</button>
                    <button type="button" class="quiet" data-testid="chip-restore" on:click=move |_| store.send(Message::EditAblation(AblationEdit::Whole))>"Restore"</button>
                </p>
            }
        })
    }
}

/// What is ablated, and the accuracy over all sums before and after; none of a whole model.
fn words(state: &State) -> Option<String> {
    let editor = &state.ablation_editor;
    if editor.is_whole() {
        return None;
    }
    let effect = match (ablated_snapshot(state), &editor.result) {
        (Some(whole), Some(left)) => format!(
            "{} \u{2192} {} of all sums right at step {}",
            format::percent(whole.general.accuracy.all),
            format::percent(left.scores.accuracy.all),
            format::count(whole.step)
        ),
        _ => "computing\u{2026}".to_owned(),
    };
    Some(format!("Ablated: {}. {effect}", editor.words()))
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::analysis::general::BySplit;
    use crate::analysis::modular::grid::Scores;
    use crate::ui::state::ablation_editor::{AblationEdit, AblationResult};
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Message, update};

    #[test]
    fn the_chip_says_what_is_gone_and_what_that_does() {
        let mut state = analysed();
        assert_eq!(words(&state), None);
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        let told = words(&state).expect("something is ablated");
        assert!(told.contains("k = 2") && told.contains("computing"), "{told}");
        let parts = BySplit { train: 0.5, test: 0.25, all: 0.25 };
        let scores = Scores { loss: parts, accuracy: parts };
        state.ablation_editor.result = Some(AblationResult { scores, margins: Vec::new() });
        let told = words(&state).expect("something is ablated");
        assert!(told.contains("\u{2192} 25") && told.ends_with("at step 30"), "{told}");
    }
}
