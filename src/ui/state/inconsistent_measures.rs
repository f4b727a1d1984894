//! Measures that were taken with other frequencies than the rest of the run. Pure.

use crate::ui::state::State;
use crate::ui::state::measurement_policy::{is_at_rest, settled_freqs, to_measure};
use crate::ui::state::run_view::RunView;

/// The steps whose measures were taken otherwise than all others and cannot be taken again, their weights being
/// gone. They are given up once the rest is done, but not for a few others.
pub fn inconsistent_steps(state: &State, run_view: &RunView) -> Vec<usize> {
    let Some(settled) = settled_freqs(state, run_view) else { return Vec::new() };
    if !is_at_rest(state, run_view) || to_measure(state, run_view).is_some() {
        return Vec::new();
    }
    let inconsistent_steps = run_view.progress.iter().filter(|(_, measures)| measures.key_freqs != settled);
    let inconsistent_steps: Vec<usize> = inconsistent_steps.map(|(step, _)| *step).collect();
    let n_rest = run_view.progress.len() - inconsistent_steps.len();
    if n_rest >= FEW || n_rest >= inconsistent_steps.len() { inconsistent_steps } else { Vec::new() }
}

/// Fewer measures than this are no course of a run: others are not given up for them.
pub(in crate::ui) const FEW: usize = 10;
