//! The runs at hand, and which of them is on show.

use crate::ui::state::State;
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::update::ablation_requests;

/// Takes a run in, in place of one of the same origin.
pub(super) fn add(state: &mut State, exhibit: Exhibit, at_once: bool) {
    let origin = exhibit.origin.clone();
    if state.exhibit.as_ref().is_some_and(|shown| shown.origin == origin) {
        state.exhibit = Some(exhibit);
        state.view.turn_to_another_run();
        ablation_requests::clear(state);
        return;
    }
    state.shelf.retain(|other| other.origin != origin);
    state.shelf.push(exhibit);
    if at_once || state.exhibit.is_none() {
        show(state, &origin);
    }
}

/// A name that no run at hand has: this one, or this one with a number.
pub(super) fn free_name(state: &State, name: &str) -> String {
    let is_taken = |wanted: &str| {
        state.exhibits().any(|exhibit| match &exhibit.origin {
            Origin::File(name) | Origin::Kept { name, .. } => name == wanted,
            Origin::Recorded | Origin::Own => false,
        })
    };
    let numbered = (2..).map(|i| format!("{name} ({i})"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// Shows the run of an origin, if there is one.
pub(super) fn show(state: &mut State, origin: &Origin) {
    let Some(i) = state.shelf.iter().position(|exhibit| exhibit.origin == *origin) else { return };
    let next = state.shelf.remove(i);
    state.shelf.extend(state.exhibit.replace(next));
    state.view.turn_to_another_run();
    ablation_requests::clear(state);
}

/// Removes the run of an origin. If it was on show, the recorded one is, or any other.
pub(super) fn remove(state: &mut State, origin: &Origin) {
    state.shelf.retain(|exhibit| exhibit.origin != *origin);
    if state.exhibit.take_if(|shown| shown.origin == *origin).is_some() {
        let next = state.shelf.iter().find(|exhibit| exhibit.origin == Origin::Recorded);
        if let Some(next) = next.or(state.shelf.first()).map(|exhibit| exhibit.origin.clone()) {
            show(state, &next);
        }
        state.view.turn_to_another_run();
        ablation_requests::clear(state);
    }
}

/// What the run of this tab has measured, to be added to.
pub(super) fn own_mut(state: &mut State) -> Option<&mut Exhibit> {
    state.exhibit.iter_mut().chain(&mut state.shelf).find(|exhibit| exhibit.origin == Origin::Own)
}
