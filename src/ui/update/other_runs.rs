//! The runs at hand, and which of them is on show.

use crate::ui::state::State;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::view_choices::ViewChange;
use crate::ui::update::ablation_requests;

/// Takes a run in, in place of one of the same origin.
pub(super) fn add(state: &mut State, run_view: RunView, at_once: bool) {
    let origin = run_view.origin.clone();
    if state.run_view.as_ref().is_some_and(|shown| shown.origin == origin) {
        state.run_view = Some(run_view);
        state.view.reset_for_another_run();
        ablation_requests::clear(state);
        return;
    }
    state.other_runs.retain(|other| other.origin != origin);
    state.other_runs.push(run_view);
    if at_once || state.run_view.is_none() {
        show(state, &origin);
    }
}

/// The recorded run plays once by itself when the page opens on it: a visitor sees what happens in it before reading
/// a word. Not for those who asked the system for little motion, and not where a link leads to a step or a section.
pub(super) fn play_once(state: &mut State) {
    let is_recorded = state.run_view.as_ref().is_some_and(|run_view| run_view.origin == Origin::Recorded);
    let is_free = state.linked_view.is_none() && state.view.cursor().is_none() && !state.view.playing;
    if is_recorded && is_free && state.section == PageSection::Explore && !state.host.prefers_little_motion {
        state.view.apply(ViewChange::TogglePlay, state.run_view.as_ref());
    }
}

/// A name that no run at hand has: this one, or this one with a number.
pub(super) fn free_name(state: &State, name: &str) -> String {
    let is_taken = |wanted: &str| {
        state.run_views().any(|run_view| match &run_view.origin {
            Origin::File(name) | Origin::Stored { name, .. } => name == wanted,
            Origin::Recorded | Origin::Own => false,
        })
    };
    let numbered = (2..).map(|i| format!("{name} ({i})"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// Shows the run of an origin, if there is one.
pub(super) fn show(state: &mut State, origin: &Origin) {
    let Some(i) = state.other_runs.iter().position(|run_view| run_view.origin == *origin) else { return };
    let next = state.other_runs.remove(i);
    state.other_runs.extend(state.run_view.replace(next));
    state.view.reset_for_another_run();
    ablation_requests::clear(state);
}

/// Removes the run of an origin. If it was on show, the recorded one is, or any other.
pub(super) fn remove(state: &mut State, origin: &Origin) {
    state.other_runs.retain(|run_view| run_view.origin != *origin);
    if state.run_view.take_if(|shown| shown.origin == *origin).is_some() {
        let next = state.other_runs.iter().find(|run_view| run_view.origin == Origin::Recorded);
        if let Some(next) = next.or(state.other_runs.first()).map(|run_view| run_view.origin.clone()) {
            show(state, &next);
        }
        state.view.reset_for_another_run();
        ablation_requests::clear(state);
    }
}

/// What the run of this tab has measured, to be added to.
pub(super) fn own_mut(state: &mut State) -> Option<&mut RunView> {
    state.run_view.iter_mut().chain(&mut state.other_runs).find(|run_view| run_view.origin == Origin::Own)
}
