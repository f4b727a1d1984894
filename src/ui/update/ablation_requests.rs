//! What is asked of the analyst: what an ablation leaves, and sums.

use crate::protocol::analyst::{AnalystReply, AnalystRequest, RequestId, WeightsId};
use crate::ui::state::State;
use crate::ui::state::ablated_model::{ablated_weights, model_info};
use crate::ui::state::ablation_editor::{AblationEdit, AblationEditor, AblationResult, Answer};
use crate::ui::state::ablation_requests::{AblationRequests, PendingRequest};
use crate::ui::state::run_view::RunView;
use crate::ui::update::Effect;

/// The number the weights that are ablated have with the analyst; the page's other requests count upwards.
pub(super) const WEIGHTS: WeightsId = WeightsId::MAX;

fn next_id(state: &mut State) -> RequestId {
    state.analyst.last_request += 1;
    state.analyst.last_request
}

/// They are on their way.
pub(super) fn note_held(state: &mut State) {
    state.ablation_requests.is_held = true;
}

/// Applies an edit of the ablation.
pub(super) fn edit(state: &mut State, edit: &AblationEdit) {
    let Some(model) = model_info(state) else { return };
    state.ablation_editor.apply(edit, &model);
    // The sum is asked of the ablated model.
    (state.ablation_requests.ablating, state.ablation_requests.asking, state.ablation_requests.answer) =
        Default::default();
}

/// Asks for a sum, if there is such a sum.
pub(super) fn ask(state: &mut State, a: usize, b: usize) {
    let p = state.run_view.as_ref().and_then(RunView::modulus).unwrap_or(0);
    if a < p && b < p {
        state.ablation_requests.pair = Some((a, b));
        state.ablation_requests.asking = PendingRequest::default();
    }
}

/// Another run is on show: nothing of it is ablated.
pub(super) fn clear(state: &mut State) {
    (state.ablation_editor, state.ablation_requests) =
        (AblationEditor::default(), AblationRequests::default());
}

/// Whether there is something to be asked that was not.
pub(super) fn is_waiting(state: &State) -> bool {
    let ablation_requests = &state.ablation_requests;
    let answered = ablation_requests.answer.as_ref().map(|answer| answer.pair);
    let ablates = !state.ablation_editor.is_whole()
        && state.ablation_editor.result.is_none()
        && ablation_requests.ablating.is_to_be_sent();
    ablates
        || (ablation_requests.pair.is_some()
            && ablation_requests.pair != answered
            && ablation_requests.asking.is_to_be_sent())
}

/// A message was lost, on the way there or back: nothing that was sent can be waited for.
pub(super) fn misread(state: &mut State, reason: &str) {
    let ablation_requests = &mut state.ablation_requests;
    for request in [&mut ablation_requests.ablating, &mut ablation_requests.asking] {
        if request.sent.is_some() {
            request.fail(reason.to_owned());
            ablation_requests.is_held = false;
        }
    }
}

/// Sends what has to be asked and was not.
pub(super) fn work(state: &mut State) -> Vec<Effect> {
    let here = ablated_weights(state).map(|(step, _)| step);
    let here = here.and_then(|step| Some((state.run_view.as_ref()?.origin.clone(), step)));
    let ablation_requests = &mut state.ablation_requests;
    if ablation_requests.about != here {
        *ablation_requests =
            AblationRequests { about: here, pair: ablation_requests.pair, ..AblationRequests::default() };
        state.ablation_editor.result = None;
    }
    // What is nearer to the cursor is on its way.
    if state.run_view.as_ref().is_some_and(|run_view| run_view.fetching.is_some()) {
        return Vec::new();
    }
    let ablation_requests = &mut state.ablation_requests;
    if !state.analyst.ready {
        // What was sent to an analyst that is no more is not answered.
        ablation_requests.is_held = false;
        (ablation_requests.ablating.sent, ablation_requests.asking.sent) = (None, None);
        return Vec::new();
    }
    let ablates = !state.ablation_editor.is_whole()
        && state.ablation_editor.result.is_none()
        && ablation_requests.ablating.is_to_be_sent();
    let answered = ablation_requests.answer.as_ref().map(|answer| answer.pair);
    let asks = ablation_requests
        .pair
        .filter(|pair| Some(*pair) != answered && ablation_requests.asking.is_to_be_sent());
    if !ablates && asks.is_none() {
        return Vec::new();
    }
    let mut requests = Vec::new();
    if !state.ablation_requests.is_held {
        let Some(file) = ablated_weights(state).map(|(_, file)| file.to_vec()) else { return Vec::new() };
        let config = state.run_view.as_ref().map(|run_view| Box::new(run_view.config.clone()));
        requests.push(AnalystRequest::LoadWeights { id: next_id(state), weights_id: WEIGHTS, config, file });
        state.ablation_requests.is_held = true;
    }
    let ablation = Box::new(state.ablation_editor.ablation.clone());
    if ablates {
        let id = next_id(state);
        state.ablation_requests.ablating.sent = Some(id);
        requests.push(AnalystRequest::Ablate { id, weights_id: WEIGHTS, ablation: ablation.clone() });
    }
    if let Some((a, b)) = asks {
        let id = next_id(state);
        state.ablation_requests.asking.sent = Some(id);
        requests.push(AnalystRequest::Ask { id, weights_id: WEIGHTS, a, b, ablation });
    }
    requests.into_iter().map(Effect::AskAnalyst).collect()
}

/// Takes in what the analyst says to the reader's requests; gives back what is for others.
pub(super) fn take(state: &mut State, reply: AnalystReply) -> Option<AnalystReply> {
    let ablation_requests = &mut state.ablation_requests;
    match reply {
        AnalystReply::Ablated { id, scores, margins } => {
            if ablation_requests.ablating.sent == Some(id) {
                ablation_requests.ablating = PendingRequest::default();
                state.ablation_editor.result = Some(AblationResult { scores, margins });
            }
            None
        }
        AnalystReply::Answer { id, logits, votes } => {
            if let Some(pair) = ablation_requests.pair.filter(|_| ablation_requests.asking.sent == Some(id)) {
                ablation_requests.asking = PendingRequest::default();
                ablation_requests.answer = Some(Answer { pair, logits, votes });
            }
            None
        }
        AnalystReply::Failed { id: Some(id), error } => {
            let mut requests = [&mut ablation_requests.ablating, &mut ablation_requests.asking].into_iter();
            let Some(request) = requests.find(|request| request.sent == Some(id)) else {
                return Some(AnalystReply::Failed { id: Some(id), error });
            };
            request.fail(error.message);
            // It holds a few sets of weights only: ours may have had to go.
            ablation_requests.is_held = false;
            None
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::general::BySplit;
    use crate::analysis::modular::ablation::Ablation;
    use crate::analysis::modular::grid::Scores;
    use crate::error::{ErrorKind, ErrorReport};
    use crate::protocol::analyst::{AnalystReply, AnalystRequest};
    use crate::ui::state::State;
    use crate::ui::state::ablated_model::ablated_snapshot;
    use crate::ui::state::ablated_model::weights_at;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::view_choices::ViewChange;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Effect, Message, update};

    fn kinds(effects: &[Effect]) -> Vec<&'static str> {
        let kind = |effect: &Effect| match effect {
            Effect::AskAnalyst(AnalystRequest::LoadWeights { .. }) => "load",
            Effect::AskAnalyst(AnalystRequest::Ablate { .. }) => "ablate",
            Effect::AskAnalyst(AnalystRequest::Ask { .. }) => "ask",
            _ => "other",
        };
        effects.iter().map(kind).collect()
    }

    fn say(state: &mut State, reply: AnalystReply) -> Vec<Effect> {
        update(state, Message::FromAnalyst(reply))
    }

    fn scores(value: f64) -> Scores {
        let parts = BySplit { train: value, test: value, all: value };
        Scores { loss: parts, accuracy: parts }
    }

    #[test]
    fn the_weights_are_sent_once_and_then_only_cuts() {
        let mut state = analysed();
        let effects = update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert_eq!(kinds(&effects), ["load", "ablate"], "the last weights");
        assert!(
            matches!(&effects[0], Effect::AskAnalyst(AnalystRequest::LoadWeights { file, .. }) if file == &[30])
        );
        let first = state.analyst.last_request;
        assert_eq!(
            kinds(&update(&mut state, Message::EditAblation(AblationEdit::Head(0)))),
            ["ablate"],
            "they are there"
        );

        say(&mut state, AnalystReply::Ablated { id: first, scores: scores(9.0), margins: Vec::new() });
        assert_eq!(
            state.ablation_editor.result, None,
            "the answer to an ablation that was changed since is dropped"
        );
        say(&mut state, AnalystReply::Ablated { id: first + 1, scores: scores(5.0), margins: vec![1.0] });
        assert_eq!(state.ablation_editor.result.as_ref().map(|left| left.scores.loss.all), Some(5.0));

        let effects = update(&mut state, Message::ChangeView(ViewChange::Pin(0.0)));
        assert_eq!(kinds(&effects), ["load", "ablate"], "the same ablation, of the cursor's weights");
        assert_eq!(
            kinds(&update(&mut state, Message::ChangeView(ViewChange::Hover(30.0)))),
            [""; 0],
            "hovering waits"
        );
        assert_eq!(
            kinds(&update(&mut state, Message::EditAblation(AblationEdit::Whole))),
            [""; 0],
            "nothing to ask"
        );
        assert_eq!(state.ablation_editor.ablation, Ablation::default());
    }

    /// The analyst fails a request of this page's, counted back from the last.
    fn fail(state: &mut State, back: u32) -> Vec<&'static str> {
        let id = Some(state.analyst.last_request - back);
        kinds(&say(state, AnalystReply::Failed { id, error: ErrorReport::new(ErrorKind::Protocol, "gone") }))
    }

    #[test]
    fn weights_that_the_analyst_let_go_are_sent_again_once() {
        let mut state = analysed();
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert_eq!(fail(&mut state, 0), ["load", "ablate"], "again");
        assert_eq!(fail(&mut state, 0), [""; 0], "not for ever");
        assert_eq!(state.ablation_requests.ablation_failure(), Some("gone"), "said on the page");
        assert_eq!(
            kinds(&update(&mut state, Message::ChangeView(ViewChange::Hover(0.0)))),
            [""; 0],
            "and left at that"
        );

        assert_eq!(
            kinds(&update(&mut state, Message::EditAblation(AblationEdit::Head(0)))),
            ["load", "ablate"],
            "a new ablation"
        );
        assert_eq!(state.ablation_requests.ablation_failure(), None, "is a new attempt");
        assert_eq!(fail(&mut state, 0), ["load", "ablate"], "with two tries of its own");
        fail(&mut state, 0);
        update(&mut state, Message::EditAblation(AblationEdit::Whole));
        assert_eq!(state.ablation_requests.ablation_failure(), None, "nothing is wrong with a whole model");
        update(&mut state, Message::EditAblation(AblationEdit::Undo));
        let effects = update(&mut state, Message::ChangeView(ViewChange::Pin(0.0)));
        assert_eq!(kinds(&effects), ["load", "ablate"], "other weights are another attempt");
    }

    #[test]
    fn a_sum_that_fails_leaves_the_cut_alone_and_ends() {
        let mut state = analysed();
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        update(&mut state, Message::Ask(3, 6));
        let ablate = state.analyst.last_request - 1;
        say(&mut state, AnalystReply::Ablated { id: ablate, scores: scores(5.0), margins: Vec::new() });
        assert_eq!(fail(&mut state, 0), ["load", "ask"], "again, and the ablation is not");
        assert_eq!(fail(&mut state, 0), [""; 0], "not for ever");
        assert_eq!(
            (state.ablation_requests.ablation_failure(), state.ablation_requests.answer_failure()),
            (None, Some("gone"))
        );
        assert!(state.ablation_editor.result.is_some(), "the result of the ablation stays");
        assert_eq!(kinds(&update(&mut state, Message::Ask(3, 5))), ["load", "ask"], "another sum");
        assert_eq!(state.ablation_requests.answer_failure(), None);
    }

    #[test]
    fn an_analyst_that_ends_takes_what_it_was_asked_with_it() {
        let mut state = analysed();
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        update(&mut state, Message::AnalystDied("killed".into()));
        assert_eq!(
            kinds(&update(&mut state, Message::EditAblation(AblationEdit::Head(0)))),
            [""; 0],
            "nobody is there"
        );
        state.analyst.ready = true;
        let effects = update(&mut state, Message::ChangeView(ViewChange::Leave));
        assert_eq!(kinds(&effects)[..2], ["load", "ablate"], "a new one is asked again");
    }

    #[test]
    fn only_weights_that_were_taken_apart_are_cut() {
        let mut state = analysed();
        let run = state.run_view.as_mut().expect("a run is on show");
        run.snapshots.remove(&30);
        assert_eq!(weights_at(&state), Some(0), "step 30 is not known yet");
        assert_eq!(ablated_snapshot(&state).map(|snapshot| snapshot.step), Some(0));
        let effects = update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert!(effects.iter().any(
            |effect| matches!(effect, Effect::AskAnalyst(AnalystRequest::LoadWeights { file, .. }) if file == &[0])
        ));
        state.run_view.as_mut().expect("a run is on show").snapshots.clear();
        let whole = state.ablation_editor.clone();
        update(&mut state, Message::EditAblation(AblationEdit::Head(0)));
        assert_eq!(state.ablation_editor.ablation, whole.ablation, "nothing to ablate");
    }

    #[test]
    fn a_sum_is_asked_once_and_only_if_there_is_such_a_sum() {
        let mut state = analysed();
        assert_eq!(kinds(&update(&mut state, Message::Ask(7, 0))), [""; 0], "there is no 7 modulo 7");
        assert_eq!(kinds(&update(&mut state, Message::Ask(3, 6))), ["load", "ask"]);
        let id = state.analyst.last_request;
        let answer = AnalystReply::Answer { id, logits: vec![0.5; 7], votes: Vec::new() };
        assert_eq!(kinds(&say(&mut state, answer)), [""; 0]);
        assert_eq!(state.ablation_requests.answer.as_ref().map(|answer| answer.pair), Some((3, 6)));
        let effects = update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert_eq!(kinds(&effects), ["ablate", "ask"], "the ablated model is asked the same");
        let asked = matches!(&effects[1], Effect::AskAnalyst(AnalystRequest::Ask { ablation, .. })
            if **ablation == state.ablation_editor.ablation);
        assert!(asked && state.ablation_requests.answer.is_none());
    }
}
