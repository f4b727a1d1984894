//! The weights of the recorded run that lie beside the page: fetched once the reader asks for something of them.

use std::sync::Arc;

use crate::error::Result;
use crate::ui::state::State;
use crate::ui::state::ablated_model::weights_to_fetch;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::run_view::Origin;
use crate::ui::update::Effect;

/// Fetches the weights at the cursor if something is asked of them.
pub(super) fn follow(state: &mut State) -> Vec<Effect> {
    let is_asked = !state.ablation_editor.is_whole()
        || state.ablation_requests.pair.is_some()
        || state.section == PageSection::Ablate;
    // A cursor on the move would have all of them fetched.
    if !is_asked || state.view.playing {
        return Vec::new();
    }
    let Some(step) = weights_to_fetch(state) else { return Vec::new() };
    let Some(run_view) = state.run_view.as_mut() else { return Vec::new() };
    if run_view.fetching.is_some() {
        return Vec::new();
    }
    run_view.fetching = Some(step);
    vec![Effect::FetchWeights(step)]
}

/// Takes them in; those that could not be fetched are not asked for again.
pub(super) fn on_fetched(state: &mut State, step: usize, file: Result<Vec<u8>>) {
    let Some(run_view) = state.run_view_mut(&Origin::Recorded) else { return };
    run_view.fetching = None;
    run_view.fetchable.retain(|of| *of != step);
    match file {
        Ok(file) => {
            run_view.weights.insert(step, Arc::new(file));
        }
        Err(error) => state.remarks.push(format!("The weights of step {step} could not be fetched: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::error::LabError;
    use crate::protocol::analyst::AnalystRequest;
    use crate::ui::state::State;
    use crate::ui::state::ablated_model::weights_at;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::snapshot;
    use crate::ui::state::view_choices::ViewChange;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Effect, Message, update};

    /// The recorded run, of whose three snapshots the first and the last have weights here, the second beside the page.
    fn recorded() -> State {
        let mut state = analysed();
        let run = state.run_view.take().expect("a run is on show");
        let mut run = RunView { origin: Origin::Recorded, fetchable: vec![10], ..run };
        run.snapshots.insert(10, Arc::new(snapshot(10)));
        update(&mut state, Message::AddRunView { run_view: Box::new(run), show: true });
        state
    }

    fn fetched(effects: &[Effect]) -> Vec<usize> {
        let step = |effect: &Effect| match effect {
            Effect::FetchWeights(step) => Some(*step),
            _ => None,
        };
        effects.iter().filter_map(step).collect()
    }

    fn pin(state: &mut State, step: f64) -> Vec<Effect> {
        update(state, Message::ChangeView(ViewChange::Pin(step)))
    }

    #[test]
    fn they_are_fetched_when_something_is_asked_of_them_and_the_answer_waits() {
        let mut state = recorded();
        assert_eq!(fetched(&pin(&mut state, 10.0)), [0; 0], "looking at figures needs none");
        let effects = update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert_eq!(
            (fetched(&effects), effects.len()),
            (vec![10], 1),
            "and nothing is asked of others meanwhile"
        );
        assert_eq!(fetched(&update(&mut state, Message::Ask(1, 2))), [0; 0], "they are on their way");
        let effects = update(&mut state, Message::WeightsFetched { step: 10, file: Ok(vec![10]) });
        assert_eq!(weights_at(&state), Some(10));
        let is_loaded = effects.iter().any(|effect| {
            matches!(effect, Effect::AskAnalyst(AnalystRequest::LoadWeights { file, .. }) if file == &[10])
        });
        assert!(is_loaded && effects.len() == 3, "loaded, ablated and asked: {effects:?}");
        assert_eq!(fetched(&pin(&mut state, 0.0)), [0; 0], "these are here");
        assert_eq!(fetched(&pin(&mut state, 10.0)), [0; 0], "and these are by now");
    }

    #[test]
    fn those_whose_snapshot_has_not_come_wait_for_it() {
        let mut state = recorded();
        let run = state.run_view.as_mut().expect("a run is on show");
        run.fetchable.push(20);
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert_eq!(fetched(&pin(&mut state, 21.0)), [0; 0], "step 10 is here, but 20 is nearer");
        let snapshots = vec![Arc::new(snapshot(20))];
        let effects =
            update(&mut state, Message::CheckpointsAnalysed { origin: Origin::Recorded, snapshots });
        assert_eq!(fetched(&effects), [20]);
    }

    #[test]
    fn a_failed_fetch_is_told_and_the_nearest_weights_answer() {
        let mut state = recorded();
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        assert_eq!(fetched(&pin(&mut state, 9.0)), [10]);
        let file = Err(LabError::file("fetch", "step-000010", "the site answers with status 404"));
        let effects = update(&mut state, Message::WeightsFetched { step: 10, file });
        assert_eq!((fetched(&effects), weights_at(&state)), (vec![], Some(0)));
        assert!(!effects.is_empty(), "the ablation is made in the nearest");
        assert!(state.remarks.iter().any(|remark| remark.contains("step 10") && remark.contains("404")));
    }
}
