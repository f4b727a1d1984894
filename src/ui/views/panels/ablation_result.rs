//! What an ablation leaves: losses and accuracies beside those of the whole model.

use leptos::prelude::*;

use crate::analysis::general::BySplit;
use crate::ui::state::State;
use crate::ui::state::ablated_model::ablated_snapshot;
use crate::ui::state::format;
use crate::ui::store::Store;

/// Losses in nats and accuracies, of train, test and all sums.
type Numbers = (BySplit, BySplit);

/// What the whole model scores, by the snapshot of the weights that are ablated.
fn full(state: &State) -> Option<Numbers> {
    ablated_snapshot(state).map(|snapshot| (snapshot.general.loss, snapshot.general.accuracy))
}

/// What the ablated model scores; else what stands in its place.
fn ablated(state: &State) -> Result<Numbers, &'static str> {
    let ablation_result = state
        .ablation_editor
        .result
        .as_ref()
        .map(|ablation_result| (ablation_result.scores.loss, ablation_result.scores.accuracy));
    let numbers = if state.ablation_editor.is_whole() { full(state) } else { ablation_result };
    let waits = state.analyst.ready && state.ablation_requests.ablation_failure().is_none();
    numbers.ok_or(if waits { "\u{2026}" } else { "\u{2013}" })
}

/// What is removed and what that leaves, in a line; nothing of a whole model.
pub(super) fn result_words(state: &State) -> String {
    if state.ablation_editor.is_whole() {
        return String::new();
    }
    let outcome = match (ablated(state), state.ablation_requests.ablation_failure()) {
        (Ok((loss, accuracy)), _) => format!(
            "Loss {} on train and {} on test sums; {} of all sums are right.",
            format::number(loss.train),
            format::number(loss.test),
            format::percent(accuracy.all)
        ),
        (Err(_), Some(failure)) => format!("The result could not be computed: {failure}"),
        (Err(_), None) if !state.analyst.ready => {
            "Ablation results are unavailable: the analysis worker is not running.".to_owned()
        }
        (Err(_), None) => "The result is being computed.".to_owned(),
    };
    format!("Ablated: {}. {outcome}", state.ablation_editor.words())
}

/// The table.
pub(super) fn ablation_result(store: Store) -> AnyView {
    let full = store.memo(full);
    let ablated = store.memo(ablated);
    let words = store.memo(result_words);
    let row = move |name: &'static str, of: fn(&BySplit) -> f64| {
        let before = move || full.get().map(|(loss, _)| format::number(of(&loss)));
        let loss = move || ablated.get().map_or_else(str::to_owned, |(loss, _)| format::number(of(&loss)));
        let right =
            move || ablated.get().map_or_else(str::to_owned, |(_, right)| format::percent(of(&right)));
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td data-testid=format!("whole-{name}-loss")>{before}</td>
                <td data-testid=format!("ablated-{name}-loss")>{loss}</td>
                <td data-testid=format!("ablated-{name}-accuracy")>{right}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <table class="ablation-result">
            <thead><tr><th scope="col">"sums"</th><th scope="col">"loss, full"</th><th scope="col">"loss, ablated"</th><th scope="col">"accuracy, ablated"</th></tr></thead>
            <tbody>
                {row("train", |parts| parts.train)}
                {row("test", |parts| parts.test)}
                {row("all", |parts| parts.all)}
            </tbody>
        </table>
        <p class="finding" role="status" data-testid="ablation-result">{move || words.get()}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::{ablated, full, result_words};
    use crate::analysis::general::BySplit;
    use crate::analysis::modular::grid::Scores;
    use crate::error::{ErrorKind, ErrorReport};
    use crate::protocol::analyst::AnalystReply;
    use crate::ui::state::State;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::view_choices::ViewChange;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Message, update};

    fn say(state: &mut State, reply: AnalystReply) {
        update(state, Message::FromAnalyst(reply));
    }

    #[test]
    fn a_cut_is_waited_for_known_or_failed_and_never_left_open() {
        let mut state = analysed();
        assert_eq!((ablated(&state).ok(), result_words(&state)), (full(&state), String::new()), "whole");
        assert!(full(&state).is_some());
        update(&mut state, Message::EditAblation(AblationEdit::Head(1)));
        assert_eq!(ablated(&state), Err("\u{2026}"));
        assert_eq!(result_words(&state), "Ablated: no head 1. The result is being computed.");

        let parts = |train, test, all| BySplit { train, test, all };
        let scores = Scores { loss: parts(1.5, 2.5, 2.0), accuracy: parts(0.5, 0.25, 0.375) };
        let id = state.analyst.last_request;
        say(&mut state, AnalystReply::Ablated { id, scores, margins: Vec::new() });
        assert_eq!(ablated(&state), Ok((scores.loss, scores.accuracy)));
        let words =
            "Ablated: no head 1. Loss 1.500 on train and 2.500 on test sums; 37.50 % of all sums are right.";
        assert_eq!(result_words(&state), words);

        update(&mut state, Message::EditAblation(AblationEdit::Head(0)));
        for _ in 0..2 {
            let id = Some(state.analyst.last_request);
            say(
                &mut state,
                AnalystReply::Failed { id, error: ErrorReport::new(ErrorKind::Protocol, "gone") },
            );
        }
        assert_eq!(ablated(&state), Err("\u{2013}"));
        assert!(result_words(&state).ends_with("could not be computed: gone"), "{}", result_words(&state));
        update(&mut state, Message::EditAblation(AblationEdit::Undo));
        assert_eq!(ablated(&state), Err("\u{2026}"), "a new attempt");
        update(&mut state, Message::AnalystDied("killed".into()));
        assert_eq!(ablated(&state), Err("\u{2013}"));
        assert!(result_words(&state).ends_with("is not running."));
    }

    #[test]
    fn the_whole_is_that_of_the_weights_that_are_cut_wherever_the_pointer_is() {
        let mut state = analysed();
        let run = state.run_view.as_mut().expect("a run is on show");
        let first = run.snapshots.get_mut(&0).expect("step 0 was taken apart");
        std::sync::Arc::make_mut(first).general.loss.all = 9.0;
        let all = |state: &State| full(state).map(|(loss, _)| loss.all);
        let last = all(&state);
        update(&mut state, Message::ChangeView(ViewChange::Hover(0.0)));
        assert_eq!(all(&state), last, "a pointer that reads step 0 changes nothing");
        update(&mut state, Message::ChangeView(ViewChange::Pin(0.0)));
        assert_eq!(all(&state), Some(9.0), "a pin does");
    }
}
