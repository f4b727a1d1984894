//! The run of this tab: what is asked of the worker, and what it says.

use std::sync::Arc;

use crate::config::{DeviceChoice, settings};
use crate::engine::DeviceKind;
use crate::error::{ErrorKind, ErrorReport, FailedDevice, LabError};
use crate::protocol::capsule::Saved;
use crate::protocol::{Command, Event, LadderRung, PROTOCOL_VERSION, RunId, RunState};
use crate::ui::state::advice::Trouble;
use crate::ui::state::checkpoints::{BUDGET_BYTES, MOST};
use crate::ui::state::run::{Asked, Phase, Run, Spectrum};
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::state::stored_runs::KeepCommand;
use crate::ui::state::{Failure, Silence, Start, State, Worker};
use crate::ui::update::{Effect, other_runs, stop, stored_runs};
use crate::ui::views::bench::Bench;
use crate::ui::views::verify_device::Verify;

/// How much a new reading of the speed counts: readable digits within a second of ten readings.
const SMOOTHING: f64 = 0.2;

pub(super) fn start(state: &mut State, how: Start) -> Vec<Effect> {
    if how == Start::GoOn {
        return stored_runs::go_on_now(state);
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
    other_runs::add(state, Exhibit::own(config.clone()), true);
    let paused = how == Start::OneStep;
    effects.push(Effect::Post(Command::Start {
        run_id: id,
        config: Box::new(config),
        paused,
        saved: Vec::new(),
    }));
    effects
}

pub(super) fn ask(state: &mut State, asked: Asked) -> Vec<Effect> {
    let Some(run) = &mut state.run else { return Vec::new() };
    run.asked = Some(asked);
    let run_id = run.id;
    vec![Effect::Post(match asked {
        Asked::Pause | Asked::Stop => Command::Pause { run_id },
        Asked::Resume => Command::Resume { run_id },
        Asked::Step => Command::Step { run_id },
    })]
}

/// Times the engines on the experiment in the form.
pub(super) fn bench(state: &mut State) -> Vec<Effect> {
    let Ok(config) = state.draft.config() else { return Vec::new() };
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
    effects.push(Effect::Keep(KeepCommand::Delete(key)));
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

pub(super) fn respawn(state: &mut State) -> Vec<Effect> {
    let device = state.draft.device();
    respawn_for(state, device)
}

/// Replaces the worker by one that looks for this device.
pub(super) fn respawn_for(state: &mut State, device: DeviceChoice) -> Vec<Effect> {
    state.worker = Worker::Loading;
    state.silence = Silence::default();
    state.failure = None;
    state.connected_choice = device;
    state.bench.running = false;
    // Another worker may compute on another device.
    state.verify = Verify::Idle;
    break_run(state);
    vec![Effect::Respawn]
}

fn break_run(state: &mut State) {
    if let Some(run) = state.run.as_mut().filter(|run| !matches!(run.phase, Phase::Finished | Phase::Kept)) {
        run.phase = Phase::Broken;
        run.asked = None;
        run.steps_per_s = None;
    }
}

/// The worker stopped by itself.
pub(super) fn died(state: &mut State, error: &ErrorReport) {
    fail(state, trouble_of(state, error.kind), format!("The training worker stopped: {error}"), Vec::new());
}

/// What a failure of the worker itself means to the reader.
fn trouble_of(state: &State, kind: ErrorKind) -> Trouble {
    match kind {
        // The worker says so of a card that was asked for and cannot be had.
        ErrorKind::Device(FailedDevice::Gpu) => Trouble::NoWebGpu,
        ErrorKind::WorkerNotLoaded | ErrorKind::Version => Trouble::NotLoaded,
        // It never said that it is ready.
        _ if state.worker == Worker::Loading => Trouble::NotLoaded,
        _ if is_on_gpu(state) => Trouble::LostDevice,
        _ => Trouble::DeadWorker,
    }
}

/// Whether the run is, or else would be, computed by a graphics card.
fn is_on_gpu(state: &State) -> bool {
    match state.run.as_ref().and_then(|run| run.engine.as_ref()) {
        Some(engine) => engine.device == DeviceKind::Gpu,
        None => state.device().is_some_and(|report| report.device == DeviceKind::Gpu),
    }
}

/// Whether a run's error is the card's, and not for example that of a learning rate too large. Once the engine is
/// built whatever fails on the card is laid to it; before, settings may be to blame.
fn is_device_lost(state: &State, kind: ErrorKind) -> bool {
    let is_built = state.run.as_ref().is_some_and(|run| run.engine.is_some());
    let is_to_blame = match kind {
        ErrorKind::Training => false,
        ErrorKind::Device(FailedDevice::Gpu | FailedDevice::Backend) => true,
        _ => is_built,
    };
    is_on_gpu(state) && is_to_blame
}

/// The worker can no longer be used.
pub(super) fn fail(state: &mut State, trouble: Trouble, message: String, ladder: Vec<LadderRung>) {
    let offers_cpu = state.connected_choice == DeviceChoice::Gpu || is_on_gpu(state);
    state.worker = Worker::Failed;
    state.silence = Silence::default();
    state.queued = None;
    state.bench.running = false;
    if state.verify == Verify::Running {
        state.verify = Verify::Failed(message.clone());
    }
    state.failure = Some(Failure { trouble: Some(trouble), message, ladder, offers_cpu });
    break_run(state);
}

pub(super) fn on_event(state: &mut State, event: Event) -> Vec<Effect> {
    state.silence = Silence::default();
    match event {
        Event::Ready { version } if version == PROTOCOL_VERSION => {
            state.worker = Worker::Connecting;
            return vec![Effect::Post(Command::Connect { version, device: state.connected_choice })];
        }
        Event::Ready { version } => {
            let error = LabError::Version { theirs: version, ours: PROTOCOL_VERSION };
            fail(state, trouble_of(state, error.kind()), error.to_string(), Vec::new());
        }
        Event::Device(report) => {
            state.worker = Worker::Ready(report);
            if let Some(how) = state.queued.take() {
                return start(state, how);
            }
        }
        // `probe` has heard it.
        Event::Probed { .. } => {}
        Event::Timed(timing) => state.bench.timings.push(timing),
        Event::NotTimed { message } => state.bench.failures.push(message),
        Event::BenchOver => state.bench.running = false,
        Event::Failed { run_id: None, error, ladder } => {
            fail(state, trouble_of(state, error.kind), error.message, ladder);
        }
        Event::Failed { run_id: Some(id), error, ladder } => {
            if current(state, id).is_none() {
                return Vec::new();
            }
            if is_device_lost(state, error.kind) {
                // The worker would hand out the lost card again: only another one asks for it anew.
                fail(state, Trouble::LostDevice, error.message, ladder);
                return vec![Effect::End];
            }
            break_run(state);
            state.failure =
                Some(Failure { trouble: None, message: error.message, ladder, offers_cpu: false });
        }
        Event::Pong => {}
        Event::Verified(verification) => state.verify = Verify::Done(verification),
        Event::VerifyFailed { message } => state.verify = Verify::Failed(message),
        Event::Started { run_id, engine, n_train, threads } => {
            if let Some(run) = current(state, run_id) {
                run.engine = Some(engine);
                run.n_train = Some(n_train);
                fix_threads(state, threads);
                state.failure = None;
                if !std::mem::replace(&mut state.kept.is_persistence_asked, true) {
                    return vec![Effect::AskForPersistence];
                }
            }
        }
        Event::State { run_id, step, state: run_state } => {
            return on_run_state(state, run_id, step, run_state);
        }
        Event::Progress { run_id, step, steps_per_s, rows, n_rows_left_out } => {
            if let Some(run) = current(state, run_id) {
                run.step = step;
                run.steps_per_s =
                    smooth(run.steps_per_s, steps_per_s).filter(|_| run.phase == Phase::Training);
                if let Some(own) = other_runs::own_mut(state) {
                    own.add_rows(rows, n_rows_left_out);
                }
            }
            return vec![Effect::Post(Command::Acknowledge { run_id })];
        }
        Event::Spectrum { run_id, step, norms } => {
            if let Some(run) = current(state, run_id) {
                run.spectrum = Some(Spectrum { step, norms });
            }
        }
        Event::Checkpoint { run_id, step, weights } => {
            if let Some(run) = current(state, run_id) {
                run.checkpoints.add(step, Arc::new(weights), BUDGET_BYTES);
                let held = run.checkpoints.files().clone();
                if let Some(own) = other_runs::own_mut(state) {
                    // What was measured of checkpoints that are gone stays as long as it is little.
                    if own.progress.len() > 2 * MOST {
                        own.progress.retain(|(step, _)| held.contains_key(step));
                    }
                    if own.snapshots.len() > MOST {
                        own.snapshots.retain(|step, _| held.contains_key(step));
                    }
                    own.weights = held;
                }
            }
            return vec![Effect::Post(Command::Acknowledge { run_id })];
        }
        Event::Saved { run_id, step, state: file } => {
            let now_ms = state.now_ms;
            if let Some(run) = current(state, run_id) {
                run.saved = Some(Saved { step, state: Arc::new(file) });
                run.saved_at_ms = Some(now_ms);
                return stored_runs::save(state);
            }
        }
    }
    Vec::new()
}

fn on_run_state(state: &mut State, id: RunId, step: usize, run_state: RunState) -> Vec<Effect> {
    let Some(run) = current(state, id) else { return Vec::new() };
    let Some(phase) = run_state.into() else {
        forget(state);
        return Vec::new();
    };
    run.phase = phase;
    run.step = step;
    let asked = run.asked.take();
    if phase != Phase::Training {
        run.steps_per_s = None;
    }
    if phase == Phase::Paused && asked == Some(Asked::Stop) {
        return stop::let_go(state);
    }
    if phase == Phase::Paused && std::mem::take(&mut run.step_when_paused) {
        return ask(state, Asked::Step);
    }
    Vec::new()
}

/// From now on the run, its files and the link to it name the number of workers that there are: another
/// number gives other bits. The form's settings follow if they are this run's.
fn fix_threads(state: &mut State, threads: usize) {
    let Some(run) = state.run.as_mut() else { return };
    let is_drafted = state.draft.config().is_ok_and(|config| config == run.config);
    run.config.run.threads = threads;
    if let Some(own) = other_runs::own_mut(state) {
        own.config.run.threads = threads;
    }
    if is_drafted {
        state.draft.set(&settings::THREADS, threads.to_string());
    }
}

/// Drops the run and what it measured.
fn forget(state: &mut State) -> Option<Run> {
    other_runs::remove(state, &Origin::Own);
    state.run.take()
}

fn current(state: &mut State, id: RunId) -> Option<&mut Run> {
    state.run.as_mut().filter(|run| run.id == id)
}

fn smooth(old: Option<f64>, new: Option<f64>) -> Option<f64> {
    match (old, new) {
        (Some(old), Some(new)) => Some(old + SMOOTHING * (new - old)),
        (old, new) => new.or(old),
    }
}
