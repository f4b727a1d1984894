//! The reader’s controls of the run: start, reset, delete; and the timing of the engines.

use crate::protocol::Command;
use crate::ui::state::bench::Bench;
use crate::ui::state::run::{Asked, Run};
use crate::ui::state::run_view::RunView;
use crate::ui::state::stored_runs::StorageCommand;
use crate::ui::state::verification::Verify;
use crate::ui::state::{Start, State, Worker};
use crate::ui::update::run::{ask, forget, respawn};
use crate::ui::update::{Effect, other_runs, resume, stored_runs};

/// Begins a run.
pub(super) fn start(state: &mut State, how: Start) -> Vec<Effect> {
    if how == Start::FromSaved {
        return resume::start_from_saved(state);
    }
    let Ok(config) = state.draft.config() else { return Vec::new() };
    let mut effects = stored_runs::put_away(state);
    if config.run.device != state.connected_choice {
        forget(state);
        state.queued = Some(how);
        effects.extend(respawn(state));
        return effects;
    }
    let id = state.next_run_id;
    state.next_run_id += 1;
    state.run = Some(Run {
        key: format!("{}-{id}", state.tab),
        began_ms: state.now_ms,
        step_when_paused: how == Start::OneStep,
        ..Run::new(id, config.clone())
    });
    other_runs::add(state, RunView::own(config.clone()), true);
    let paused = how == Start::OneStep;
    effects.push(Effect::Post(Command::Start {
        run_id: id,
        config: Box::new(config),
        paused,
        saved: Vec::new(),
    }));
    effects
}

/// Begins a run, if one can be started.
pub(super) fn start_if_possible(state: &mut State, how: Start) -> Vec<Effect> {
    if state.can_start() { start(state, how) } else { Vec::new() }
}

/// Makes one update: of the paused run, or as the first of a new one.
pub(super) fn step(state: &mut State) -> Vec<Effect> {
    if state.can_start() {
        start(state, Start::OneStep)
    } else {
        ask_if(state, State::can_resume, Asked::Step)
    }
}

/// Asks the worker something about the run, if that makes sense.
pub(super) fn ask_if(state: &mut State, is_possible: fn(&State) -> bool, asked: Asked) -> Vec<Effect> {
    if is_possible(state) { ask(state, asked) } else { Vec::new() }
}

/// Checks the device, if the worker is free.
pub(super) fn verify(state: &mut State) -> Vec<Effect> {
    if !state.can_verify() {
        return Vec::new();
    }
    state.verify = Verify::Running;
    vec![Effect::Post(Command::Verify)]
}

/// Times the engines on the experiment in the form, if the worker is free.
pub(super) fn bench(state: &mut State) -> Vec<Effect> {
    let Some(config) = state.draft.config().ok().filter(|_| state.can_bench()) else { return Vec::new() };
    state.bench = Bench { running: true, ..Bench::default() };
    vec![Effect::Post(Command::Bench { config: Box::new(config) })]
}

/// The page forgets the run at once; what the worker still says of it is dropped by its number.
pub(super) fn reset(state: &mut State) -> Vec<Effect> {
    let mut effects = stored_runs::put_away(state);
    effects.extend(drop_run(state));
    effects
}

/// Removes a run from the browser's storage; from the page too, if it is on it and makes no steps.
pub(super) fn delete(state: &mut State, key: String) -> Vec<Effect> {
    if state.is_trained_elsewhere(&key) {
        return Vec::new();
    }
    let is_open = state.run.as_ref().is_some_and(|run| run.key == key) && !state.is_live();
    let mut effects = if is_open { drop_run(state) } else { Vec::new() };
    effects.push(Effect::Store(StorageCommand::Delete(key)));
    effects
}

fn drop_run(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    let Some(run) = forget(state) else { return effects };
    if matches!(state.worker, Worker::Ready(_)) {
        effects.push(Effect::Post(Command::Reset { run_id: run.id }));
        if state.draft.device() != state.connected_choice {
            effects.extend(respawn(state));
        }
    }
    effects
}
