//! Which weights are ablated, and what is known of them. Pure.

use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::modular::report::Report;
use crate::ui::state::State;
use crate::ui::state::ablation_editor::{AppliedAblation, ModelInfo};
use crate::ui::state::measurement_policy::is_at_rest;
use crate::ui::state::run_view::RunView;

/// The step of the weights that are ablated.
pub fn weights_at(state: &State) -> Option<usize> {
    ablated_weights(state).map(|(step, _)| step)
}

/// The snapshot of the weights that are ablated.
pub fn ablated_snapshot(state: &State) -> Option<&Arc<CheckpointAnalysis>> {
    state.run_view.as_ref()?.snapshots.get(&ablated_weights(state)?.0)
}

/// The report on the weights that are ablated.
pub fn ablated_report(state: &State) -> Option<&Report> {
    ablated_snapshot(state)?.report()
}

/// What an ablation has to know of its weights.
pub fn model_info(state: &State) -> Option<ModelInfo> {
    let report = ablated_report(state)?;
    Some(ModelInfo { key_freqs: report.key_freqs.clone(), n_heads: report.attention.len() })
}

/// What is ablated, and of which model; of a model without parts if there are none.
pub fn applied_ablation(state: &State) -> AppliedAblation {
    let model = model_info(state).unwrap_or_default();
    AppliedAblation { ablation: state.ablation_editor.ablation.clone(), model }
}

/// The step of the weights that are ablated, and the file: of those that were analysed, so that all that is said
/// beside them is said of them.
pub fn ablated_weights(state: &State) -> Option<(usize, &Arc<Vec<u8>>)> {
    let run_view = state.run_view.as_ref()?;
    let step = pinned_or_last_step(state, run_view);
    // Outwards from the step, for this is asked at every message of a run with hundreds of checkpoints.
    let is_at_hand = |at: &usize| run_view.weights.contains_key(at);
    let before = run_view.snapshots.range(..=step).rev().map(|(at, _)| *at).find(is_at_hand);
    let after = run_view.snapshots.range(step..).map(|(at, _)| *at).find(is_at_hand);
    let nearest = before.into_iter().chain(after).min_by_key(|at| at.abs_diff(step))?;
    Some((nearest, run_view.weights.get(&nearest)?))
}

/// The step whose weights are of interest: a hovering pointer would have every checkpoint carried over.
fn pinned_or_last_step(state: &State, run_view: &RunView) -> usize {
    state.view.pin.unwrap_or_else(|| run_view.last_step())
}

/// The step of weights that lie beside the page and are nearer to the cursor than all that are at hand. Not before they
/// are analysed: snapshots come one after another, and a nearer one may follow.
pub fn weights_to_fetch(state: &State) -> Option<usize> {
    let run_view = state.run_view.as_ref()?;
    let step = pinned_or_last_step(state, run_view);
    let nearest = run_view.fetchable.iter().copied().min_by_key(|at| at.abs_diff(step))?;
    let at_hand = ablated_weights(state).map(|(at, _)| at.abs_diff(step));
    let is_nearer = at_hand.is_none_or(|distance| nearest.abs_diff(step) < distance);
    (is_nearer && run_view.snapshots.contains_key(&nearest)).then_some(nearest)
}

/// The weights that the next ablation will be of, unless the analyst has them: it can prepare ahead. Not while
/// they change by themselves.
pub fn weights_to_prepare(state: &State) -> Option<(usize, &Arc<Vec<u8>>)> {
    let stays = state.view.pin.is_some() || is_at_rest(state, state.run_view.as_ref()?);
    if state.ablation_requests.is_held || state.view.playing || !stays {
        None
    } else {
        ablated_weights(state)
    }
}
