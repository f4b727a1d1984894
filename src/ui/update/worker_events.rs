//! What the training worker says.

use std::sync::Arc;

use crate::config::settings;
use crate::engine::EngineInfo;
use crate::error::{ErrorReport, LabError};
use crate::protocol::capsule::Saved;
use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, ProbeCheck, RunId, RunState};
use crate::ui::state::advice::FailureKind;
use crate::ui::state::checkpoints::{BUDGET_BYTES, MOST};
use crate::ui::state::run::{Asked, Phase, Run, Spectrum};
use crate::ui::state::verification::Verify;
use crate::ui::state::{Failure, State, Watchdog, Worker};
use crate::ui::update::effect::no_effects;
use crate::ui::update::run::{ask, break_run, fail, failure_kind_of, forget, is_device_lost};
use crate::ui::update::run_controls::start;
use crate::ui::update::{Effect, other_runs, speed_measurement, stop, stored_runs};
/// How much a new reading of the speed counts: readable digits within a second of ten readings.
const SMOOTHING: f64 = 0.2;

/// Takes in what the worker says: any word of it shows that it is there.
pub(super) fn on_event(state: &mut State, event: Event) -> Vec<Effect> {
    state.watchdog = Watchdog::default();
    speed_measurement::note_event(state, &event);
    match event {
        Event::Ready { version } => on_ready(state, version),
        Event::Device(report) => on_device(state, report),
        // `speed_measurement` has taken it in.
        Event::Pong | Event::SpeedMeasured { .. } => Vec::new(),
        Event::Failed { run_id: None, error, probe_checks } => {
            no_effects(|| fail(state, failure_kind_of(state, error.kind), error.message, probe_checks))
        }
        Event::Failed { run_id: Some(id), error, probe_checks } => {
            on_run_failed(state, id, error, probe_checks)
        }
        Event::Started { run_id, engine, n_train, threads } => {
            on_started(state, run_id, engine, n_train, threads)
        }
        Event::State { run_id, step, state: run_state } => on_run_state(state, run_id, step, run_state),
        Event::Progress { run_id, step, steps_per_s, rows, n_rows_left_out } => {
            on_progress(state, run_id, step, steps_per_s);
            if let Some(own) = current(state, run_id).is_some().then(|| other_runs::own_mut(state)).flatten()
            {
                own.add_rows(rows, n_rows_left_out);
            }
            vec![Effect::Post(Command::Acknowledge { run_id })]
        }
        Event::Checkpoint { run_id, step, weights } => {
            on_checkpoint(state, run_id, step, weights);
            vec![Effect::Post(Command::Acknowledge { run_id })]
        }
        Event::Spectrum { run_id, step, norms } => no_effects(|| {
            if let Some(run) = current(state, run_id) {
                run.spectrum = Some(Spectrum { step, norms });
            }
        }),
        Event::Saved { run_id, step, state: file } => on_saved(state, run_id, step, file),
        Event::Timed(timing) => no_effects(|| state.bench.timings.push(timing)),
        Event::NotTimed { message } => no_effects(|| state.bench.failures.push(message)),
        Event::BenchOver => no_effects(|| state.bench.running = false),
        Event::Verified(verification) => no_effects(|| state.verify = Verify::Done(verification)),
        Event::VerifyFailed { message } => no_effects(|| state.verify = Verify::Failed(message)),
    }
}

fn on_ready(state: &mut State, version: u32) -> Vec<Effect> {
    if version == PROTOCOL_VERSION {
        state.worker = Worker::Connecting;
        return vec![Effect::Post(Command::Connect { version, device: state.connected_choice })];
    }
    let error = LabError::Version { theirs: version, ours: PROTOCOL_VERSION };
    fail(state, failure_kind_of(state, error.kind()), error.to_string(), Vec::new());
    Vec::new()
}

fn on_device(state: &mut State, report: DeviceReport) -> Vec<Effect> {
    state.worker = Worker::Ready(report);
    state.queued.take().map_or_else(Vec::new, |how| start(state, how))
}

fn on_run_failed(
    state: &mut State,
    id: RunId,
    error: ErrorReport,
    probe_checks: Vec<ProbeCheck>,
) -> Vec<Effect> {
    if current(state, id).is_none() {
        return Vec::new();
    }
    if is_device_lost(state, error.kind) {
        // The worker would hand out the lost card again: only another one asks for it anew.
        fail(state, FailureKind::LostDevice, error.message, probe_checks);
        return vec![Effect::End];
    }
    break_run(state);
    state.failure = Some(Failure { kind: None, message: error.message, probe_checks, offers_cpu: false });
    Vec::new()
}

fn on_started(
    state: &mut State,
    id: RunId,
    engine: EngineInfo,
    n_train: usize,
    threads: usize,
) -> Vec<Effect> {
    let Some(run) = current(state, id) else { return Vec::new() };
    run.engine = Some(engine);
    run.n_train = Some(n_train);
    fix_threads(state, threads);
    state.failure = None;
    let was_asked = std::mem::replace(&mut state.stored_runs.is_persistence_asked, true);
    if was_asked { Vec::new() } else { vec![Effect::AskForPersistence] }
}

fn on_progress(state: &mut State, id: RunId, step: usize, steps_per_s: Option<f64>) {
    if let Some(run) = current(state, id) {
        run.step = step;
        run.steps_per_s = smooth(run.steps_per_s, steps_per_s).filter(|_| run.phase == Phase::Training);
    }
}

fn on_checkpoint(state: &mut State, id: RunId, step: usize, weights: Vec<u8>) {
    let Some(run) = current(state, id) else { return };
    run.checkpoints.add(step, Arc::new(weights), BUDGET_BYTES);
    let held = run.checkpoints.files().clone();
    let Some(own) = other_runs::own_mut(state) else { return };
    // What was measured of checkpoints that are gone stays as long as it is little.
    if own.progress.len() > 2 * MOST {
        own.progress.retain(|(step, _)| held.contains_key(step));
    }
    if own.snapshots.len() > MOST {
        own.snapshots.retain(|step, _| held.contains_key(step));
    }
    own.weights = held;
}

fn on_saved(state: &mut State, id: RunId, step: usize, file: Vec<u8>) -> Vec<Effect> {
    let now_ms = state.now_ms;
    let Some(run) = current(state, id) else { return Vec::new() };
    run.saved = Some(Saved { step, state: Arc::new(file) });
    run.saved_at_ms = Some(now_ms);
    stored_runs::save(state)
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
        return stop::detach(state);
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

fn current(state: &mut State, id: RunId) -> Option<&mut Run> {
    state.run.as_mut().filter(|run| run.id == id)
}

fn smooth(old: Option<f64>, new: Option<f64>) -> Option<f64> {
    match (old, new) {
        (Some(old), Some(new)) => Some(old + SMOOTHING * (new - old)),
        (old, new) => new.or(old),
    }
}
