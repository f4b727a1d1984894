//! Runs that outlive the tab: what is kept, and what is read again.

use std::collections::BTreeSet;

use crate::protocol::Command;
use crate::protocol::capsule::Capsule;
use crate::ui::state::capsules::{capsule, run_view_of};
use crate::ui::state::permissions::newest_unfinished;
use crate::ui::state::run::Phase;
use crate::ui::state::run_view::Origin;
use crate::ui::state::stored_runs::{RunToStore, StorageCommand, StorageEvent};
use crate::ui::state::{OpenIntent, State};
use crate::ui::state::{comparison, link, run_name};
use crate::ui::update::{Effect, other_runs, resume};

/// How long after a failure the storage is tried again: seldom enough that a copy of the run costs nothing.
const RETRY_EVERY_MS: f64 = 30_000.0;

/// For so long after the page has opened a run that was left off comes on show by itself.
const OFFER_FOR_MS: f64 = 10_000.0;

/// Takes in what the storage actor tells.
pub(super) fn on_event(state: &mut State, event: StorageEvent) -> Vec<Effect> {
    match event {
        StorageEvent::Listed { runs, damaged, locked } => {
            state.stored_runs.locked = locked;
            state.stored_runs.runs = runs;
            state.stored_runs.damaged = damaged;
            storage_answered(state);
            if !std::mem::replace(&mut state.stored_runs.is_listed, true) {
                state.stored_runs.offer_until_ms = state.now_ms + OFFER_FOR_MS;
                return offer(state);
            }
        }
        StorageEvent::Saved { key, step, remark } => {
            state.stored_runs.failure = None;
            if state.stored_runs.left_out != remark {
                (state.stored_runs.left_out, state.stored_runs.is_notice_dismissed) = (remark, false);
            }
            if let Some(run) = state.run.as_mut().filter(|run| run.key == key) {
                run.stored_step = Some(step);
                run.remade_after = None;
            }
            // It was on its way when its place was taken.
            let _ = state
                .unsaved_run
                .take_if(|(unsaved_run, capsule)| *unsaved_run == key && state_step(capsule) == Some(step));
        }
        StorageEvent::Unreadable { key, reason } => {
            let _ = state.wanted.take_if(|(wanted, _)| *wanted == key);
            state.remarks.push(format!("The kept run could not be opened: {reason}"));
        }
        StorageEvent::Loaded { key, capsule, remarks } => {
            storage_answered(state);
            return on_loaded(state, key, *capsule, remarks);
        }
        StorageEvent::Room(room) => state.stored_runs.room = room,
        StorageEvent::Failed(reason) => {
            state.wanted = None;
            state.stored_runs.failed_at_ms = state.now_ms;
            let reason = Some(reason);
            if state.stored_runs.failure != reason {
                (state.stored_runs.failure, state.stored_runs.is_notice_dismissed) = (reason, false);
            }
        }
    }
    Vec::new()
}

/// The storage could be read. That it can be written is known only once what waits for that is kept.
fn storage_answered(state: &mut State) {
    if !state.is_at_risk() {
        state.stored_runs.failure = None;
    }
}

/// The browser has said whether it will not clear the storage by itself.
pub(super) fn on_persistence(state: &mut State, is_granted: bool) -> Vec<Effect> {
    state.stored_runs.note_persistence(is_granted);
    Vec::new()
}

/// A storage that failed is tried again: what is held in memory may find its place yet.
pub(super) fn tick(state: &mut State) -> Vec<Effect> {
    let has_waited = state.now_ms - state.stored_runs.failed_at_ms >= RETRY_EVERY_MS;
    if state.stored_runs.failure.is_none() || !has_waited {
        return Vec::new();
    }
    state.stored_runs.failed_at_ms = state.now_ms;
    if state.is_at_risk() { save(state) } else { vec![Effect::Store(StorageCommand::List)] }
}

/// Which runs any tab trains. A page that was only just loaded anew may have met its own locks of before.
pub(super) fn on_locks_listed(state: &mut State, keys: BTreeSet<String>) -> Vec<Effect> {
    state.stored_runs.locked = keys;
    if state.now_ms < state.stored_runs.offer_until_ms { offer(state) } else { Vec::new() }
}

/// On opening: the newest unfinished run comes on show if the page was opened for it, or for nothing else. Not once
/// the reader has begun a run here: the one that was reset may still be listed as unfinished for a moment.
pub(super) fn offer(state: &mut State) -> Vec<Effect> {
    let Some(newest) = newest_unfinished(state) else { return Vec::new() };
    let asked_for = state.draft.config().is_ok_and(|mut config| {
        config.run.device = newest.config.run.device;
        // A run that began with as many threads as there are knows how many that were; the link may not.
        if config.run.threads == 0 {
            config.run.threads = newest.config.run.threads;
        }
        config == newest.config
    });
    let opened_for_nothing = link::to_query(&state.draft).is_empty();
    let has_begun_a_run = state.next_run_id > 1;
    if has_begun_a_run
        || state.run.is_some()
        || state.queued.is_some()
        || state.wanted.is_some()
        || !(asked_for || opened_for_nothing)
    {
        return Vec::new();
    }
    open(state, newest.key, OpenIntent::Show)
}

/// Reads a kept run.
pub(super) fn open(state: &mut State, key: String, intent: OpenIntent) -> Vec<Effect> {
    if state.run.as_ref().is_some_and(|run| run.key == key) {
        return if intent == OpenIntent::Resume {
            resume::resume_from_saved(state, None)
        } else {
            Vec::new()
        };
    }
    state.wanted = Some((key.clone(), intent));
    vec![Effect::Store(StorageCommand::Load(key))]
}

fn on_loaded(state: &mut State, key: String, capsule: Capsule, remarks: Vec<String>) -> Vec<Effect> {
    let Some((_, intent)) = state.wanted.take_if(|(wanted, _)| *wanted == key) else { return Vec::new() };
    state.remarks.extend(remarks);
    if intent == OpenIntent::Compare {
        let origin = kept_origin(state, key, &capsule);
        other_runs::add(state, run_view_of(capsule, origin.clone()), false);
        comparison::choose(&mut state.compared, origin, true);
        return Vec::new();
    }
    if state.is_live() {
        state.remarks.push("A run is under way. Reset it to open another one; it stays kept.".into());
        return Vec::new();
    }
    let mut effects = put_away(state);
    effects.extend(resume::take_in(state, key, capsule));
    if let Some(run) = &mut state.run {
        run.stored_step = run.saved.as_ref().map(|saved| saved.step);
    }
    if intent == OpenIntent::Resume {
        effects.extend(resume::resume_from_saved(state, None));
    }
    effects
}

/// What a kept run is at hand as: by its key, and shown by a name that no other run has.
fn kept_origin(state: &State, key: String, capsule: &Capsule) -> Origin {
    let known = state.run_views().map(|run_view| &run_view.origin);
    let same = known.filter(|origin| matches!(origin, Origin::Stored { key: other, .. } if *other == key));
    if let Some(origin) = same.last() {
        return origin.clone();
    }
    let name = capsule.head.name.clone().unwrap_or_else(|| run_name::name(&capsule.config));
    Origin::Stored { key, name: other_runs::free_name(state, &name) }
}

/// Holds on to the run of this tab if it exists nowhere else.
fn hold_unsaved_run(state: &mut State) {
    if !state.is_at_risk() {
        return;
    }
    let Some(capsule) = capsule(state) else { return };
    let key = state.run.as_ref().map(|run| run.key.clone()).unwrap_or_default();
    if state.unsaved_run.replace((key, capsule)).is_some() {
        state.remarks.push(
            "Only one unsaved run can be held: the one that was held before has been discarded.".into(),
        );
    }
}

/// Makes the run that was set aside the page's own again.
pub(super) fn restore_unsaved_run(state: &mut State) -> Vec<Effect> {
    if state.is_live() {
        state.remarks.push("A run is under way. Reset it to bring the other one back.".into());
        return Vec::new();
    }
    let Some((key, capsule)) = state.unsaved_run.take() else { return Vec::new() };
    let mut effects = put_away(state);
    effects.extend(resume::take_in(state, key, capsule));
    if let Some(run) = &mut state.run {
        // What is kept under its key may be older.
        run.remade_after = Some(0);
    }
    // The storage may have room by now.
    effects.extend(save(state));
    effects
}

/// Asks the worker for the state of a run that trains, to be kept.
pub(super) fn ask_for_save(state: &State) -> Vec<Effect> {
    let trains = state.run.as_ref().filter(|run| run.phase == Phase::Training && state.device().is_some());
    trains.map(|run| Effect::Post(Command::Save { run_id: run.id })).into_iter().collect()
}

fn state_step(capsule: &Capsule) -> Option<usize> {
    capsule.state.as_ref().map(|saved| saved.step)
}

/// Keeps the run as it is.
pub(super) fn save(state: &State) -> Vec<Effect> {
    let Some(capsule) = capsule(state).filter(|capsule| capsule.state.is_some()) else { return Vec::new() };
    let Some(run) = &state.run else { return Vec::new() };
    let (key, remade_after) = (run.key.clone(), run.remade_after);
    vec![Effect::Store(StorageCommand::Save(Box::new(RunToStore { key, capsule, remade_after })))]
}

/// Before another run takes its place: the run is not offered again by itself. It stays in the list. One that
/// exists nowhere else is set aside.
pub(super) fn put_away(state: &mut State) -> Vec<Effect> {
    hold_unsaved_run(state);
    state.stored_runs.offer_until_ms = 0.0;
    match &state.run {
        Some(run) if state.is_trained_elsewhere(&run.key) => Vec::new(),
        // A state that was saved is in the storage or on its way there; the storage performs commands in order.
        Some(run) if run.saved.is_some() && run.phase != Phase::Finished => {
            vec![Effect::Store(StorageCommand::Close(run.key.clone()))]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "stored_runs_tests.rs"]
pub(super) mod tests;
