//! With which frequencies a run is measured, and how far that has got. Pure.
//!
//! Measures compare from step to step only if all were taken with the same frequencies: those of the last
//! checkpoint (paper appendix C.2). While a run trains nobody knows them, and each checkpoint is measured with
//! the key frequencies of the moment; once it stands, all are measured again.

use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::modular::report::Report;
use crate::ui::state::State;
use crate::ui::state::format::count;
use crate::ui::state::run::Phase;
use crate::ui::state::run_view::{Origin, RunView};

/// Whether a run makes no steps now, so that its last checkpoint is known.
pub fn is_at_rest(state: &State, run_view: &RunView) -> bool {
    run_view.origin != Origin::Own || !matches!(state.phase(), Some(Phase::Preparing | Phase::Training))
}

/// The newest weights that can be read: their step and the file.
pub fn last_weights<'a>(state: &State, run_view: &'a RunView) -> Option<(usize, &'a Arc<Vec<u8>>)> {
    let mut readable = run_view.weights.iter().rev().filter(|(_, file)| !is_refused(state, file));
    readable.next().map(|(step, file)| (*step, file))
}

/// Whether the analyst could not read or analyse a file.
pub fn is_refused(state: &State, file: &Arc<Vec<u8>>) -> bool {
    state.analyst.refused.iter().any(|known| Arc::ptr_eq(known, file))
}

/// What the newest weights hold, once they were analysed.
pub fn last_snapshot<'a>(state: &State, run_view: &'a RunView) -> Option<&'a Arc<CheckpointAnalysis>> {
    run_view.snapshots.get(&last_weights(state, run_view)?.0)
}

/// The report on the end of a run at rest: on its newest weights, and where there are none the one that came with
/// it for its last step. None while they wait to be analysed.
pub fn last_report<'a>(state: &State, run_view: &'a RunView) -> Option<&'a Report> {
    if !is_at_rest(state, run_view) {
        return None;
    }
    let taken_apart = |step: &usize| run_view.snapshots.get(step).and_then(|snapshot| snapshot.report());
    let step = last_weights(state, run_view).map_or_else(|| run_view.last_step(), |(step, _)| step);
    taken_apart(&step).or_else(|| run_view.reports.get(&step).map(Arc::as_ref))
}

/// The frequencies that all of a run's measures are to be taken with; none while that is not known.
///
/// They are the key frequencies of the newest weights. But where most weights are gone and all that was measured
/// of them was measured alike, that stays what the others are measured with.
pub fn settled_freqs<'a>(state: &State, run_view: &'a RunView) -> Option<&'a [usize]> {
    let measured = &run_view.progress;
    if run_view.origin == Origin::Recorded {
        return measured.last().map(|(_, measures)| &measures.key_freqs[..]);
    }
    if !is_at_rest(state, run_view) {
        return None;
    }
    let mut gone = measured.iter().filter(|(step, _)| !is_at_hand(state, run_view, *step));
    if let Some((_, first)) = gone.next() {
        let n_gone = 1 + gone.clone().count();
        if 2 * n_gone > measured.len() && gone.all(|(_, other)| other.key_freqs == first.key_freqs) {
            return Some(&first.key_freqs);
        }
    }
    last_snapshot(state, run_view)?.report().map(|report| &report.key_freqs[..])
}

/// Whether the weights of a step can be measured.
fn is_at_hand(state: &State, run_view: &RunView, step: usize) -> bool {
    run_view.weights.get(&step).is_some_and(|file| !is_refused(state, file))
}

/// The frequencies that the weights of a step are to be measured with; none for their own.
pub fn freqs_for<'a>(state: &State, run_view: &'a RunView, step: usize) -> Option<&'a [usize]> {
    if is_at_rest(state, run_view) {
        return settled_freqs(state, run_view);
    }
    // Live, those of the newest weights: of these, or of newer ones that were measured before them.
    let newest = run_view.progress.last().filter(|(newest, _)| *newest > step);
    newest.map(|(_, measures)| &measures.key_freqs[..])
}

/// The newest weights that are to be measured, for the first time or again.
pub fn to_measure<'a>(state: &State, run_view: &'a RunView) -> Option<(usize, &'a Arc<Vec<u8>>)> {
    let live = !is_at_rest(state, run_view);
    let settled = settled_freqs(state, run_view);
    if run_view.origin == Origin::Recorded || !live && settled.is_none() {
        return None;
    }
    let is_open = |step: usize| match run_view.progress.binary_search_by_key(&step, |(at, _)| *at) {
        Ok(i) => !live && settled != Some(&run_view.progress[i].1.key_freqs),
        Err(_) => true,
    };
    let mut open =
        run_view.weights.iter().rev().filter(|(step, file)| is_open(**step) && !is_refused(state, file));
    open.next().map(|(step, file)| (*step, file))
}

/// With which frequencies the run on show is measured, in a sentence; none while nothing was measured.
pub fn words(state: &State) -> Option<String> {
    let run_view = state.run_view.as_ref()?;
    let measured = &run_view.progress;
    let (last, _) = measured.last()?;
    if !is_at_rest(state, run_view) {
        return Some(
            "Each checkpoint is measured with the key frequencies of its moment. When the run stands, all are \
             measured again with those of the last, and its phases are looked for."
                .into(),
        );
    }
    let Some(settled) = settled_freqs(state, run_view) else {
        return Some(match last_weights(state, run_view) {
            Some((step, _)) => format!(
                "The weights of step {} are being analysed; then all are measured with their key frequencies.",
                count(step)
            ),
            None => {
                "Measured with several sets of key frequencies, and without the weights it cannot be done \
                     again: no phases can be found."
                    .into()
            }
        });
    };
    let all = run_view.weights.keys().filter(|step| is_at_hand(state, run_view, **step));
    let all = all.filter(|step| measured.binary_search_by_key(*step, |(at, _)| *at).is_err()).count();
    let mut alike = measured.iter().filter(|(_, m)| m.key_freqs == settled);
    let (done, all) = (alike.clone().count(), measured.len() + all);
    let is_settled = |snapshot: &&Arc<CheckpointAnalysis>| {
        snapshot.report().is_some_and(|report| report.key_freqs == settled)
    };
    let own = last_snapshot(state, run_view).filter(is_settled);
    let step = own
        .map(|snapshot| snapshot.step)
        .or_else(|| alike.next_back().map(|(step, _)| *step))
        .unwrap_or(*last);
    Some(if to_measure(state, run_view).is_some() {
        format!("Being measured again with the key frequencies of step {}: {done} of {all}.", count(step))
    } else if done < all {
        format!(
            "{done} of {all} checkpoints are measured with the key frequencies of step {}; the weights of the \
             others are gone, and no phases can be found.",
            count(step)
        )
    } else {
        format!("Measured with the key frequencies of step {}: {}.", count(step), list(settled))
    })
}

fn list(freqs: &[usize]) -> String {
    const MOST: usize = 8;
    let mut parts: Vec<String> = freqs.iter().take(MOST).map(usize::to_string).collect();
    if freqs.len() > MOST {
        parts.push(format!("and {} more", freqs.len() - MOST));
    }
    format!("k = {}", parts.join(", "))
}

#[cfg(test)]
#[path = "measurement_policy_tests.rs"]
mod tests;
