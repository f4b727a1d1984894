//! Which weights are ablated, and what is known of them. Pure.

use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::ui::state::State;
use crate::ui::state::ablation_editor::{AppliedAblation, ModelInfo};
use crate::ui::state::measurement_policy::is_at_rest;

/// The step of the weights that are cut.
pub fn weights_at(state: &State) -> Option<usize> {
    ablated_weights(state).map(|(step, _)| step)
}

/// The snapshot of the weights that are cut.
pub fn ablated_snapshot(state: &State) -> Option<&Arc<CheckpointAnalysis>> {
    state.run_view.as_ref()?.snapshots.get(&ablated_weights(state)?.0)
}

/// What a cut has to know of the weights that are cut.
pub fn model_info(state: &State) -> Option<ModelInfo> {
    let report = &ablated_snapshot(state)?.report;
    Some(ModelInfo { key_freqs: report.key_freqs.clone(), n_heads: report.attention.len() })
}

/// What is cut out of the weights that are cut; of a model without parts if there are none.
pub fn applied_ablation(state: &State) -> AppliedAblation {
    let model = model_info(state).unwrap_or_default();
    AppliedAblation { ablation: state.ablation_editor.ablation.clone(), model }
}

/// The step of the weights that are cut, and the file: of those that were analysed, so that all that is said
/// beside them is said of them.
pub fn ablated_weights(state: &State) -> Option<(usize, &Arc<Vec<u8>>)> {
    let run_view = state.run_view.as_ref()?;
    // A hovering pointer would have every checkpoint carried over.
    let step = state.view.pin.unwrap_or_else(|| run_view.last_step());
    let known = run_view.weights.iter().filter(|(at, _)| run_view.snapshots.contains_key(at));
    known.min_by_key(|(at, _)| at.abs_diff(step)).map(|(at, file)| (*at, file))
}

/// The weights that the next cut will be of, unless the analyst has them: it can make ready ahead. Not while
/// they change by themselves.
pub fn weights_to_prepare(state: &State) -> Option<(usize, &Arc<Vec<u8>>)> {
    let stays = state.view.pin.is_some() || is_at_rest(state, state.run_view.as_ref()?);
    if state.ablation_requests.is_held || state.view.playing || !stays {
        None
    } else {
        ablated_weights(state)
    }
}
