//! What is asked of the training worker, how it is replaced, and how it fails.

use crate::config::DeviceChoice;
use crate::engine::DeviceKind;
use crate::error::{ErrorKind, ErrorReport, FailedDevice};
use crate::protocol::{Command, ProbeCheck};
use crate::ui::state::advice::FailureKind;
use crate::ui::state::run::{Asked, Phase, Run};
use crate::ui::state::run_view::Origin;
use crate::ui::state::verification::Verify;
use crate::ui::state::{Failure, State, Watchdog, Worker};
use crate::ui::update::{Effect, other_runs};

/// Asks the worker something about the run.
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

/// Replaces the worker by one that looks for the device in the form.
pub(super) fn respawn(state: &mut State) -> Vec<Effect> {
    let device = state.draft.device();
    respawn_for(state, device)
}

/// Replaces the worker by one that looks for this device.
pub(super) fn respawn_for(state: &mut State, device: DeviceChoice) -> Vec<Effect> {
    state.worker = Worker::Loading;
    state.watchdog = Watchdog::default();
    state.failure = None;
    state.connected_choice = device;
    state.bench.running = false;
    // Another worker may compute on another device.
    state.verify = Verify::Idle;
    break_run(state);
    vec![Effect::Respawn]
}

pub(super) fn break_run(state: &mut State) {
    if let Some(run) =
        state.run.as_mut().filter(|run| !matches!(run.phase, Phase::Finished | Phase::Detached))
    {
        run.phase = Phase::Broken;
        run.asked = None;
        run.steps_per_s = None;
    }
}

/// The worker stopped by itself.
pub(super) fn died(state: &mut State, error: &ErrorReport) -> Vec<Effect> {
    // A worker that panics says why before it dies of it: the first reason stays.
    if state.worker != Worker::Failed || state.failure.is_none() {
        let kind = failure_kind_of(state, error.kind);
        fail(state, kind, format!("The training worker stopped: {error}"), Vec::new());
    }
    vec![Effect::End]
}

/// Begins the analyst and then the training worker, if they have not begun yet.
pub(super) fn begin_workers(state: &mut State) -> Vec<Effect> {
    if std::mem::replace(&mut state.are_workers_begun, true) {
        return Vec::new();
    }
    vec![Effect::BeginAnalyst, Effect::Respawn]
}

/// What a failure of the worker itself means to the reader.
pub(super) fn failure_kind_of(state: &State, kind: ErrorKind) -> FailureKind {
    match kind {
        // The worker says so of a card that was asked for and cannot be had.
        ErrorKind::Device(FailedDevice::Gpu) => FailureKind::NoWebGpu,
        ErrorKind::WorkerNotLoaded | ErrorKind::Version => FailureKind::NotLoaded,
        // It never said that it is ready.
        _ if state.worker == Worker::Loading => FailureKind::NotLoaded,
        _ if is_on_gpu(state) => FailureKind::LostDevice,
        _ => FailureKind::DeadWorker,
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
pub(super) fn is_device_lost(state: &State, kind: ErrorKind) -> bool {
    let is_built = state.run.as_ref().is_some_and(|run| run.engine.is_some());
    let is_to_blame = match kind {
        ErrorKind::Training => false,
        ErrorKind::Device(FailedDevice::Gpu | FailedDevice::Backend) => true,
        _ => is_built,
    };
    is_on_gpu(state) && is_to_blame
}

/// The worker can no longer be used.
pub(super) fn fail(state: &mut State, kind: FailureKind, message: String, probe_checks: Vec<ProbeCheck>) {
    let offers_cpu = state.connected_choice == DeviceChoice::Gpu || is_on_gpu(state);
    state.worker = Worker::Failed;
    state.watchdog = Watchdog::default();
    state.queued = None;
    state.bench.running = false;
    if state.verify == Verify::Running {
        state.verify = Verify::Failed(message.clone());
    }
    state.failure = Some(Failure { kind: Some(kind), message, probe_checks, offers_cpu });
    break_run(state);
}

/// Drops the run and what it measured.
pub(super) fn forget(state: &mut State) -> Option<Run> {
    other_runs::remove(state, &Origin::Own);
    state.run.take()
}
