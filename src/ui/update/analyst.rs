//! What the analyst is asked, one job at a time: the checkpoint at the cursor first, then the measures of
//! checkpoints that have none. Only the newest wish is sent; what lies between two jobs is passed over.

use std::sync::Arc;

use super::{Effect, files};
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::snapshot::Snapshot;
use crate::protocol::PROTOCOL_VERSION;
use crate::protocol::analyst::{AnalystReply, AnalystRequest};
use crate::ui::exhibit::{Exhibit, Origin};
use crate::ui::state::{Job, State};

/// The next job, if the analyst is free and there is one.
pub(super) fn next(state: &mut State) -> Vec<Effect> {
    if !state.analyst.ready || state.analyst.job.is_some() {
        return Vec::new();
    }
    let Some((origin, step, file, whole)) = wish(state) else { return Vec::new() };
    let exhibit = state.exhibits().find(|exhibit| exhibit.origin == origin);
    let config = exhibit.map(|exhibit| Box::new(exhibit.config.clone()));
    let followed_freqs = exhibit.and_then(followed);
    let id = state.analyst.last_request + 1;
    let request = id + 1;
    state.analyst.last_request = request;
    let bytes = file.as_ref().clone();
    state.analyst.job = Some(Job { origin, step, file, request });
    let hold = AnalystRequest::Hold { id, weights_id: request, config, file: bytes };
    let ask = match whole {
        true => AnalystRequest::Snapshot { id: request, weights_id: request, followed_freqs },
        false => AnalystRequest::Measure { id: request, weights_id: request, followed_freqs },
    };
    vec![Effect::AskAnalyst(hold), Effect::AskAnalyst(ask)]
}

/// The frequencies that a finished run was followed by; a live one is measured with those of the moment.
fn followed(exhibit: &Exhibit) -> Option<Vec<usize>> {
    let measured = exhibit.progress.last().filter(|_| exhibit.origin == Origin::Recorded);
    measured.map(|(_, measures)| measures.key_freqs.clone())
}

/// What is wanted most: a file, and whether all of it.
fn wish(state: &State) -> Option<(Origin, usize, Arc<Vec<u8>>, bool)> {
    let refused = |file: &Arc<Vec<u8>>| state.analyst.refused.iter().any(|known| Arc::ptr_eq(known, file));
    let of = |exhibit: &Exhibit, (step, file): (&usize, &Arc<Vec<u8>>), whole| {
        (exhibit.origin.clone(), *step, Arc::clone(file), whole)
    };
    let at_cursor = state.exhibit.as_ref().and_then(|exhibit| {
        let step = state.view.step(exhibit);
        let nearest = exhibit.weights.iter().min_by_key(|(at, _)| at.abs_diff(step))?;
        // The recorded run is taken apart already: its weights are there to be ablated.
        let missing = exhibit.origin != Origin::Recorded && !exhibit.snapshots.contains_key(nearest.0);
        (missing && !refused(nearest.1)).then(|| of(exhibit, nearest, true))
    });
    at_cursor.or_else(|| {
        state.exhibits().filter(|exhibit| exhibit.origin != Origin::Recorded).find_map(|exhibit| {
            let unmeasured =
                |step: &usize| exhibit.progress.binary_search_by_key(step, |(at, _)| *at).is_err();
            let newest = exhibit.weights.iter().rev().find(|(step, file)| unmeasured(step) && !refused(file));
            newest.map(|newest| of(exhibit, newest, false))
        })
    })
}

/// Takes an answer in.
pub(super) fn on_reply(state: &mut State, reply: AnalystReply) -> Vec<Effect> {
    match reply {
        AnalystReply::Ready { version } if version == PROTOCOL_VERSION => state.analyst.ready = true,
        AnalystReply::Ready { .. } => end(state, "it is of another build than the page: reload the page."),
        AnalystReply::Snapshot { id, snapshot } => {
            if let Some((origin, step)) = finished(state, id) {
                measured(state, &origin, step, &snapshot.measures);
                // A file that does not tell its step is known by the one it was kept under.
                add_snapshots(state, &origin, vec![Arc::new(Snapshot { step, ..*snapshot })]);
            }
        }
        AnalystReply::Measures { id, measures, .. } => {
            if let Some((origin, step)) = finished(state, id) {
                measured(state, &origin, step, &measures);
            }
        }
        AnalystReply::Failed { id: None, message } => end(state, &message),
        AnalystReply::Failed { id: Some(id), message } => {
            // Either of a job's two requests; the second fails with the first.
            let own = |job: &mut Job| job.request == id;
            if let Some(job) = state.analyst.job.take_if(own) {
                if let Origin::File(name) = &job.origin {
                    files::refuse(state, format!("{name} could not be analysed: {message}"));
                }
                state.analyst.refused.push(job.file);
            }
        }
        AnalystReply::Held { .. } | AnalystReply::Ablated { .. } | AnalystReply::Answer { .. } => {}
    }
    Vec::new()
}

/// Ends the job of a request; its run and step, if the run still has that file.
fn finished(state: &mut State, request: u32) -> Option<(Origin, usize)> {
    let job = state.analyst.job.take_if(|job| job.request == request)?;
    let exhibit = state.exhibits().find(|exhibit| exhibit.origin == job.origin)?;
    let is_there = exhibit.weights.get(&job.step).is_some_and(|file| Arc::ptr_eq(file, &job.file));
    is_there.then_some((job.origin, job.step))
}

fn exhibit_mut<'a>(state: &'a mut State, origin: &Origin) -> Option<&'a mut Exhibit> {
    state.exhibit.iter_mut().chain(&mut state.shelf).find(|exhibit| exhibit.origin == *origin)
}

fn measured(state: &mut State, origin: &Origin, step: usize, measures: &ProgressMeasures) {
    let Some(exhibit) = exhibit_mut(state, origin) else { return };
    if let Err(place) = exhibit.progress.binary_search_by_key(&step, |(at, _)| *at) {
        exhibit.progress.insert(place, (step, measures.clone()));
        exhibit.phases = Phases::find(&exhibit.progress);
    }
}

/// Adds what checkpoints hold to their run.
pub(super) fn add_snapshots(state: &mut State, origin: &Origin, snapshots: Vec<Arc<Snapshot>>) {
    if let Some(exhibit) = exhibit_mut(state, origin) {
        exhibit.snapshots.extend(snapshots.into_iter().map(|snapshot| (snapshot.step, snapshot)));
    }
}

/// The analyst is no more.
pub(super) fn end(state: &mut State, reason: &str) {
    state.analyst.ready = false;
    state.analyst.job = None;
    state.remarks.push(format!("Checkpoints can no longer be analysed: {reason}"));
}
