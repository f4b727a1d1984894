//! Measures that were taken with other frequencies than the rest of the run. Pure.

use crate::ui::state::State;
use crate::ui::state::measurement_policy::{is_at_rest, settled_freqs, to_measure};
use crate::ui::state::run_view::Exhibit;

/// The steps whose measures were taken otherwise than all others and cannot be taken again, their weights being
/// gone. They are given up once the rest is done, but not for a few others.
pub fn strays(state: &State, exhibit: &Exhibit) -> Vec<usize> {
    let Some(settled) = settled_freqs(state, exhibit) else { return Vec::new() };
    if !is_at_rest(state, exhibit) || to_measure(state, exhibit).is_some() {
        return Vec::new();
    }
    let strays = exhibit.progress.iter().filter(|(_, measures)| measures.key_freqs != settled);
    let strays: Vec<usize> = strays.map(|(step, _)| *step).collect();
    let n_rest = exhibit.progress.len() - strays.len();
    if n_rest >= FEW || n_rest >= strays.len() { strays } else { Vec::new() }
}

/// Fewer measures than this are no course of a run: others are not given up for them.
pub(in crate::ui) const FEW: usize = 10;
