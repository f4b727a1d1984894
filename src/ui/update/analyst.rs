//! What the analyst is asked, one job at a time. First the checkpoint at the cursor, then the last one of each
//! run that stands, then the measures of checkpoints that have none, or have them with other frequencies than
//! the rest, then what figure 6 shows, and last it prepares for ablations. Only the newest wish is sent; what lies
//! between two jobs is passed over. Beside a run that trains on the processors the analyst rests after each job
//! as long as that took: it takes half of a core at most.

use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::engine::DeviceKind;
use crate::maths::fourier::n_freqs;
use crate::protocol::PROTOCOL_VERSION;
use crate::protocol::analyst::{AnalystReply, AnalystRequest, WeightsId};
use crate::ui::state::State;
use crate::ui::state::ablated_model;
use crate::ui::state::analyst::{Job, MOST_ENDS, Work};
use crate::ui::state::inconsistent_measures::inconsistent_steps;
use crate::ui::state::measurement_policy::{
    freqs_for, is_at_rest, is_refused, last_snapshot, last_weights, to_measure,
};
use crate::ui::state::run::Phase;
use crate::ui::state::run_view::{Origin, RunView, WithoutFreqs};
use crate::ui::update::{Effect, ablation_requests, notices};

/// The number of the weights of the page's own wishes: each takes the place of the one before it, so that none
/// pushes out those the reader works at.
const WEIGHTS: WeightsId = 0;

/// Frequencies removed in one job: a fifth of a second, after which a newer wish comes first.
const FREQS_AT_ONCE: usize = 8;

/// A checkpoint, and what is wanted of it.
struct Wanted {
    origin: Origin,
    step: usize,
    file: Arc<Vec<u8>>,
    work: Work,
}

/// The next job, if the analyst is free and there is one.
pub(super) fn next(state: &mut State) -> Vec<Effect> {
    adopt_saved(state);
    if state.analyst.is_down {
        let is_wanted = state.analyst.n_ends <= MOST_ENDS && is_wanted(state);
        state.analyst.is_down = !is_wanted;
        return if is_wanted { vec![Effect::BeginAnalyst] } else { Vec::new() };
    }
    if !state.analyst.ready || state.analyst.job.is_some() {
        return Vec::new();
    }
    let Some(Wanted { origin, step, file, work }) = most_wanted(state) else { return Vec::new() };
    let Some(run_view) = state.run_views().find(|run_view| run_view.origin == origin) else {
        return Vec::new();
    };
    let followed_freqs = freqs_for(state, run_view, step).map(<[usize]>::to_vec);
    let config = Some(Box::new(run_view.config.clone()));
    let is_ahead = work == Work::Prepare;
    let weights_id = if is_ahead { ablation_requests::WEIGHTS } else { WEIGHTS };
    let is_held = !is_ahead && state.analyst.held.as_ref().is_some_and(|held| Arc::ptr_eq(held, &file));
    let hold = (!is_held).then_some(state.analyst.last_request + 1);
    let id = hold.unwrap_or(state.analyst.last_request) + 1;
    state.analyst.last_request = id;
    let ask = match work.clone() {
        Work::Snapshot => AnalystRequest::Snapshot { id, weights_id, followed_freqs },
        Work::Measure => AnalystRequest::Measure { id, weights_id, followed_freqs },
        Work::WithoutFreqs(freqs) => AnalystRequest::WithoutFreqs { id, weights_id, freqs },
        Work::Prepare => AnalystRequest::Prepare { id, weights_id },
    };
    let hold_it =
        hold.map(|id| AnalystRequest::LoadWeights { id, weights_id, config, file: file.as_ref().clone() });
    if is_ahead {
        ablation_requests::note_held(state);
    } else {
        state.analyst.held = Some(Arc::clone(&file));
    }
    state.analyst.job = Some(Job { origin, step, file, work, hold, request: id });
    hold_it.into_iter().chain([ask]).map(Effect::AskAnalyst).collect()
}

/// Whether there is something to ask of it.
pub(super) fn is_wanted(state: &State) -> bool {
    ablation_requests::is_waiting(state) || most_wanted(state).is_some()
}

/// Between two checkpoints a run may be paused: then what it can go on from are its newest weights.
fn adopt_saved(state: &mut State) {
    let stands = state.run.as_ref().filter(|run| !matches!(run.phase, Phase::Preparing | Phase::Training));
    let Some(saved) = stands.and_then(|run| run.saved.clone()) else { return };
    if let Some(own) = state.run_view_mut(&Origin::Own)
        && own.weights.last_key_value().is_none_or(|(step, _)| *step < saved.step)
    {
        own.weights.insert(saved.step, saved.state);
    }
}

/// Whether a run computes where the analyst does.
fn trains_on_cpu(state: &State) -> bool {
    let training = state.run.as_ref().filter(|run| matches!(run.phase, Phase::Preparing | Phase::Training));
    training.and_then(|run| run.engine.as_ref()).is_some_and(|engine| engine.device == DeviceKind::Cpu)
}

/// What is wanted most.
fn most_wanted(state: &State) -> Option<Wanted> {
    let of = |run_view: &RunView, (step, file): (usize, &Arc<Vec<u8>>), work: Work| Wanted {
        origin: run_view.origin.clone(),
        step,
        file: Arc::clone(file),
        work,
    };
    // The recorded run is analysed already: its weights are there to be ablated.
    let is_open = |run_view: &&RunView| run_view.origin != Origin::Recorded;
    let at_cursor = state.run_view.as_ref().filter(is_open).and_then(|run_view| {
        let cursor = state.view.step(run_view);
        let (step, file) = run_view.weights.iter().min_by_key(|(at, _)| at.abs_diff(cursor))?;
        let is_missing = !run_view.snapshots.contains_key(step) && !is_refused(state, file);
        is_missing.then(|| of(run_view, (*step, file), Work::Snapshot))
    });
    if state.analyst.rests && trains_on_cpu(state) {
        // What the reader looks at does not wait. A cursor that goes along with the run looks at nothing yet.
        let goes_along = |run_view: &RunView| run_view.origin == Origin::Own && state.view.cursor().is_none();
        return at_cursor.filter(|_| !state.run_view.as_ref().is_some_and(goes_along));
    }
    let last = || {
        let standing = state.run_views().filter(is_open).filter(|run_view| is_at_rest(state, run_view));
        let mut missing = standing.filter_map(|run_view| {
            let last = last_weights(state, run_view)?;
            (!run_view.snapshots.contains_key(&last.0)).then(|| of(run_view, last, Work::Snapshot))
        });
        missing.next()
    };
    let unmeasured = || {
        state.run_views().find_map(|run_view| Some(of(run_view, to_measure(state, run_view)?, Work::Measure)))
    };
    let without_freqs = || {
        let run_view = state.run_view.as_ref().filter(|run_view| is_at_rest(state, run_view))?;
        // It can wait until the processors are free.
        if matches!(state.phase(), Some(Phase::Preparing | Phase::Training)) {
            return None;
        }
        let last = last_weights(state, run_view)?;
        let p = last_snapshot(state, run_view)?.report()?.p;
        let known = &run_view.without_freqs;
        let n_known = if known.step == last.0 { known.losses.len() } else { 0 };
        let freqs: Vec<usize> = (n_known + 1..=n_freqs(p)).take(FREQS_AT_ONCE).collect();
        (!freqs.is_empty()).then(|| of(run_view, last, Work::WithoutFreqs(freqs)))
    };
    let ahead = || {
        let (run_view, next) = (state.run_view.as_ref()?, ablated_model::weights_to_prepare(state)?);
        (!is_refused(state, next.1)).then(|| of(run_view, next, Work::Prepare))
    };
    at_cursor.or_else(last).or_else(unmeasured).or_else(without_freqs).or_else(ahead)
}

/// The analyst said something, so it lives.
fn note_reply(state: &mut State, reply: &AnalystReply) {
    state.analyst.silent_secs = 0.0;
    if !matches!(reply, AnalystReply::Ready { .. } | AnalystReply::Failed { id: None, .. }) {
        (state.analyst.n_ends, state.analyst.suspect) = (0, None);
    }
}

/// Takes in what the analyst says: answers to the reader first.
pub(super) fn on_message(state: &mut State, reply: AnalystReply) -> Vec<Effect> {
    note_reply(state, &reply);
    ablation_requests::take(state, reply).map_or_else(Vec::new, |reply| on_reply(state, reply))
}

/// Takes an answer in.
fn on_reply(state: &mut State, reply: AnalystReply) -> Vec<Effect> {
    match reply {
        AnalystReply::Ready { version } if version == PROTOCOL_VERSION => state.analyst.ready = true,
        AnalystReply::Ready { .. } => {
            state.analyst.n_ends = MOST_ENDS;
            end(state, "it is of another build than the page.");
        }
        AnalystReply::Snapshot { id, snapshot } => {
            if let Some(Job { origin, step, .. }) = finished(state, id) {
                if let Some(modular) = &snapshot.modular {
                    measured(state, &origin, step, &modular.measures);
                }
                // A file that does not tell its step is known by the one it was kept under.
                add_snapshots(state, &origin, vec![Arc::new(CheckpointAnalysis { step, ..*snapshot })]);
                drop_inconsistent_measures(state, &origin);
            }
        }
        AnalystReply::Measures { id, measures, .. } => {
            if let Some(Job { origin, step, .. }) = finished(state, id) {
                measured(state, &origin, step, &measures);
                drop_inconsistent_measures(state, &origin);
            }
        }
        AnalystReply::WithoutFreqs { id, losses } => {
            if let Some(Job { origin, step, work: Work::WithoutFreqs(freqs), .. }) = finished(state, id)
                && let Some(run_view) = state.run_view_mut(&origin)
            {
                let known = &mut run_view.without_freqs;
                if known.step != step {
                    *known = WithoutFreqs { step, losses: Vec::new() };
                }
                if freqs.first() == Some(&(known.losses.len() + 1)) {
                    known.losses.extend(losses);
                    run_view.edition += 1;
                }
            }
        }
        AnalystReply::Prepared { id } => drop(finished(state, id)),
        AnalystReply::Failed { id: None, error } => end(state, &error.message),
        AnalystReply::Failed { id: Some(id), error } => {
            // Either of a job's two requests: the second fails with the first.
            if state.analyst.job.as_ref().is_some_and(|job| job.request == id || job.hold == Some(id)) {
                refuse(state, &error.message);
            }
        }
        // Nobody knows which message it was, so that nothing under way can be waited for.
        AnalystReply::Misread { error } => {
            ablation_requests::misread(state, &error.message);
            refuse(state, &error.message);
        }
        AnalystReply::WeightsLoaded { .. } | AnalystReply::Ablated { .. } | AnalystReply::Answer { .. } => {}
    }
    Vec::new()
}

/// The job cannot be done: its file is not sent again.
fn refuse(state: &mut State, reason: &str) {
    state.analyst.held = None;
    let Some(job) = end_job(state, |_| true) else { return };
    if job.work == Work::Prepare {
        // Then the first ablation takes longer.
        return;
    }
    if let Origin::File(name) = &job.origin {
        notices::refuse_file(state, format!("{name} could not be analysed: {reason}"));
    }
    state.analyst.refused.push(job.file);
}

/// Ends the job of a request; what it was, if the run still has that file.
fn finished(state: &mut State, request: u32) -> Option<Job> {
    let job = end_job(state, |job| job.request == request)?;
    let run_view = state.run_views().find(|run_view| run_view.origin == job.origin)?;
    let is_there = run_view.weights.get(&job.step).is_some_and(|file| Arc::ptr_eq(file, &job.file));
    is_there.then_some(job)
}

/// The job, if it is the one; then it is over, and the analyst rests beside a run that wants the processors.
fn end_job(state: &mut State, is_it: impl Fn(&Job) -> bool) -> Option<Job> {
    let job = state.analyst.job.take_if(|job| is_it(job))?;
    state.analyst.rests = trains_on_cpu(state);
    Some(job)
}

/// Takes in the measures of a step. Those that are there give way to ones with the frequencies that are wanted.
fn measured(state: &mut State, origin: &Origin, step: usize, measures: &ProgressMeasures) {
    let Some(run_view) = state.run_views().find(|run_view| run_view.origin == *origin) else { return };
    let is_wanted = freqs_for(state, run_view, step).is_none_or(|freqs| freqs == measures.key_freqs);
    let Some(run_view) = state.run_view_mut(origin) else { return };
    match run_view.progress.binary_search_by_key(&step, |(at, _)| *at) {
        Ok(place) if is_wanted => run_view.progress[place].1 = measures.clone(),
        Ok(_) => return,
        Err(place) => run_view.progress.insert(place, (step, measures.clone())),
    }
    run_view.phases = Phases::find(&run_view.progress);
    run_view.edition += 1;
}

/// Once all that can be measured alike is, the rest goes.
fn drop_inconsistent_measures(state: &mut State, origin: &Origin) {
    let Some(run_view) = state.run_views().find(|run_view| run_view.origin == *origin) else { return };
    let inconsistent_steps = inconsistent_steps(state, run_view);
    if inconsistent_steps.is_empty() {
        return;
    }
    if let Some(run_view) = state.run_view_mut(origin) {
        run_view.progress.retain(|(step, _)| !inconsistent_steps.contains(step));
        run_view.phases = Phases::find(&run_view.progress);
        run_view.edition += 1;
    }
}

/// Checkpoints were analysed elsewhere.
pub(super) fn on_snapshots(
    state: &mut State,
    origin: &Origin,
    snapshots: Vec<Arc<CheckpointAnalysis>>,
) -> Vec<Effect> {
    add_snapshots(state, origin, snapshots);
    Vec::new()
}

/// Adds what checkpoints hold to their run.
fn add_snapshots(state: &mut State, origin: &Origin, snapshots: Vec<Arc<CheckpointAnalysis>>) {
    if let Some(run_view) = state.run_view_mut(origin) {
        run_view.snapshots.extend(snapshots.into_iter().map(|snapshot| (snapshot.step, snapshot)));
        run_view.edition += 1;
    }
}

/// The analyst is no more. The next wish begins another one, unless it has ended too often.
pub(super) fn end(state: &mut State, reason: &str) {
    if state.analyst.is_down {
        return;
    }
    let analyst = &mut state.analyst;
    (analyst.ready, analyst.is_down, analyst.held, analyst.rests) = (false, true, None, false);
    analyst.silent_secs = 0.0;
    analyst.n_ends += 1;
    if let Some(Job { file, .. }) = analyst.job.take() {
        // A file that it ended at twice is left alone.
        match analyst.suspect.take() {
            Some(suspect) if Arc::ptr_eq(&suspect, &file) => analyst.refused.push(file),
            _ => analyst.suspect = Some(file),
        }
    }
    if state.analyst.n_ends > MOST_ENDS {
        state.remarks.push(format!(
            "Checkpoints can no longer be analysed: {}. Reload the page to try again, and close other tabs if memory \
             is short. Training goes on, and what was measured stays.",
            reason.trim_end_matches('.')
        ));
    }
}

#[cfg(test)]
#[path = "analyst_tests.rs"]
pub(super) mod tests;
