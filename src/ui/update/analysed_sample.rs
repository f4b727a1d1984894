//! A page for the tests of the panels and of what they ask the analyst.

use std::sync::Arc;

use crate::config::Preset;
use crate::ui::state::State;
use crate::ui::state::draft::Draft;
use crate::ui::state::run_view_sample::{run_view, snapshot};
use crate::ui::update::{Message, update};

/// A page that shows a run with weights at steps 0 and 30, both analysed.
pub(in crate::ui) fn analysed() -> State {
    let mut run = run_view(4);
    for step in [0, 30] {
        let snapshot = snapshot(step);
        let measures = &snapshot.modular.as_ref().expect("a model that adds").measures;
        run.progress.push((step, measures.clone()));
        run.snapshots.insert(step, Arc::new(snapshot));
        run.weights.insert(step, Arc::new(vec![step as u8]));
    }
    let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
    state.analyst.ready = true;
    update(&mut state, Message::AddRunView { run_view: Box::new(run), show: true });
    state
}
