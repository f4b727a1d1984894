//! Edits of the settings.

use crate::config::settings;
use crate::ui::state::State;
use crate::ui::state::draft::Draft;
use crate::ui::update::{Effect, linked_view, run};

/// Changes the form. A device is fetched at once while nothing runs; otherwise with the next run.
pub(super) fn edit(state: &mut State, change: impl FnOnce(&mut Draft)) -> Vec<Effect> {
    change(&mut state.draft);
    let mut effects = linked_view::save(state);
    if state.run.is_none() && state.draft.device() != state.connected_choice {
        effects.extend(run::respawn(state));
    }
    effects
}

/// Computes on the CPU from now on, with another worker.
pub(super) fn use_cpu(state: &mut State) -> Vec<Effect> {
    let mut effects = edit(state, |draft| draft.set(&settings::DEVICE, "cpu".into()));
    if !effects.contains(&Effect::Respawn) {
        effects.extend(run::respawn(state));
    }
    effects
}
