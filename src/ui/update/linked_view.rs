//! What a link says of the recorded run is done as soon as that run is there.

use crate::ui::state::State;
use crate::ui::state::ablated_model::model_info;
use crate::ui::state::run_view::Origin;
use crate::ui::state::run_view::RunView;
use crate::ui::state::view_choices::ViewChange;
use crate::ui::state::view_link;
use crate::ui::update::{Effect, ablation_requests};

/// Follows the link as far as the run on show allows; what has to wait for its weights stays.
pub(super) fn follow(state: &mut State) {
    let is_recorded = state.run_view.as_ref().is_some_and(|run_view| run_view.origin == Origin::Recorded);
    let Some(mut linked) = state.linked_view.take_if(|_| is_recorded) else { return };
    if let Some(step) = linked.step.take() {
        state.view.apply(ViewChange::Pin(step as f64), state.run_view.as_ref());
    }
    if let Some(scale) = linked.x.take() {
        state.view.x = scale;
    }
    state.view.circle = linked.circle.take().or(state.view.circle);
    let freqs = state.run_view.as_ref().and_then(RunView::modulus).map_or(0, |p| p / 2);
    match model_info(state) {
        Some(model) => {
            for edit in linked.edits {
                let mut next = state.ablation_editor.clone();
                next.apply(&edit, &model);
                // A part that this model does not have is no part of the link's ablation.
                if next.ablation.validate(2 * freqs + 1, model.n_heads).is_ok() {
                    ablation_requests::edit(state, &edit);
                }
            }
        }
        None if linked.edits.is_empty() => {}
        None => state.linked_view = Some(linked),
    }
}

/// Puts the page as it is into its address, if that has changed.
pub(super) fn save(state: &mut State) -> Vec<Effect> {
    // Until the link was followed it says more than the page shows.
    if state.linked_view.is_some() {
        return Vec::new();
    }
    let link = view_link::to_query(state);
    if link == state.link {
        return Vec::new();
    }
    state.link.clone_from(&link);
    vec![Effect::SaveLink(link)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::config::Preset;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::linked_view::LinkedView;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::{run_view, snapshot};
    use crate::ui::state::view_choices::ViewChange;
    use crate::ui::state::{State, ablated_model};
    use crate::ui::update::{Effect, Message, update};

    fn recorded() -> RunView {
        let mut run = RunView { origin: Origin::Recorded, ..run_view(4) };
        run.weights.insert(30, Arc::new(vec![30]));
        run
    }

    #[test]
    fn a_link_is_followed_when_the_recorded_run_comes_and_its_ablation_with_the_weights() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        let edits = vec![AblationEdit::Freq(2), AblationEdit::Freq(999), AblationEdit::Head(99)];
        state.linked_view = Some(LinkedView { step: Some(20), edits, ..LinkedView::default() });
        update(&mut state, Message::AddRunView { run_view: Box::new(recorded()), show: false });
        assert_eq!(state.view.cursor(), Some(20));
        assert!(state.ablation_editor.is_whole(), "nothing is known of its parts yet");
        let snapshots = vec![Arc::new(snapshot(30))];
        update(&mut state, Message::CheckpointsAnalysed { origin: Origin::Recorded, snapshots });
        let applied = ablated_model::applied_ablation(&state);
        assert!(applied.is_applied(&AblationEdit::Freq(2)));
        assert!(!applied.is_applied(&AblationEdit::Head(99)), "there is no such head");
        assert_eq!(state.linked_view, None);
    }

    #[test]
    fn the_address_follows_the_view_once_a_second() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        update(&mut state, Message::AddRunView { run_view: Box::new(recorded()), show: false });
        update(&mut state, Message::ChangeView(ViewChange::Pin(20.0)));
        let saved = |state: &mut State| {
            let effects = update(state, Message::Clock(state.now_ms + 1_000.0));
            effects.into_iter().find(|effect| matches!(effect, Effect::SaveLink(_)))
        };
        assert_eq!(saved(&mut state), Some(Effect::SaveLink("v=2&preset=tiny&step=20".into())));
        assert_eq!(saved(&mut state), None, "it has not changed since");
    }
}
