//! The page's one reducer: a message changes the state and asks for effects. Pure, so that it is
//! tested natively, without a browser or a worker.

use super::draft::Draft;
use super::field::Field;
use super::link;
use super::state::{Asked, Failure, Phase, Run, Spectrum, Start, State, Worker};
use crate::config::{DeviceChoice, Preset};
use crate::engine::MetricsRow;
use crate::protocol::{Command, Event, PROTOCOL_VERSION, RunId, RunState};

/// Something that happened to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The worker said something.
    FromWorker(Event),
    /// The worker broke, or could not be loaded; the reason in words.
    WorkerDied(String),
    /// A preset was chosen.
    Choose(Preset),
    /// A setting was edited.
    Edit(Field, String),
    /// A setting was put back to the preset.
    ResetField(Field),
    /// All settings were put back to the preset.
    ResetFields,
    /// The reader has read what was ignored in the link.
    DismissNotices,
    /// Start a run.
    Start,
    /// Pause it.
    Pause,
    /// Resume it.
    Resume,
    /// Make one update.
    Step,
    /// Drop it.
    Reset,
    /// Replace the worker by a new one.
    Restart,
    /// Replace the worker by one that uses the CPU.
    UseCpu,
}

/// Something for the outside world to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send a command to the worker.
    Post(Command),
    /// End the worker, whatever it does, and begin another.
    Respawn,
    /// End the worker: after an error it may train on, though nobody can rely on it.
    End,
    /// Write the settings into the page's address.
    SaveLink(String),
}

/// How much a new reading of the speed counts: readable digits within a second of ten readings.
const SMOOTHING: f64 = 0.2;

/// Applies a message.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::FromWorker(event) => on_event(state, event),
        // A worker that panics says why before it dies of it: the first reason stays.
        Message::WorkerDied(_) if state.worker == Worker::Failed && state.failure.is_some() => {
            vec![Effect::End]
        }
        Message::WorkerDied(reason) => {
            fail(state, format!("The training worker stopped: {reason}"), Vec::new());
            vec![Effect::End]
        }
        Message::Choose(preset) => edit(state, |draft| draft.choose(preset)),
        Message::Edit(field, text) => edit(state, |draft| draft.set(field, text)),
        Message::ResetField(field) => edit(state, |draft| draft.reset(field)),
        Message::ResetFields => edit(state, |draft| *draft = Draft::new(draft.preset)),
        Message::DismissNotices => {
            state.notices.clear();
            Vec::new()
        }
        Message::Start if state.can_start() => start(state, Start::Training),
        Message::Step if state.can_start() => start(state, Start::OneStep),
        Message::Pause if state.can_pause() => ask(state, Asked::Pause),
        Message::Resume if state.can_resume() => ask(state, Asked::Resume),
        Message::Step if state.can_resume() => ask(state, Asked::Step),
        // A key pressed twice, or a click on a button that was just disabled.
        Message::Start | Message::Step | Message::Pause | Message::Resume => Vec::new(),
        Message::Reset => reset(state),
        Message::Restart => respawn(state),
        Message::UseCpu => {
            let mut effects = edit(state, |draft| draft.set(Field::Device, "cpu".into()));
            if !effects.contains(&Effect::Respawn) {
                effects.extend(respawn(state));
            }
            effects
        }
    }
}

/// Changes the form. A device is fetched at once while nothing runs; otherwise with the next run.
fn edit(state: &mut State, change: impl FnOnce(&mut Draft)) -> Vec<Effect> {
    change(&mut state.draft);
    let mut effects = vec![Effect::SaveLink(link::to_query(&state.draft))];
    if state.run.is_none() && state.draft.device() != state.connected_choice {
        effects.extend(respawn(state));
    }
    effects
}

fn start(state: &mut State, how: Start) -> Vec<Effect> {
    let Ok(config) = state.draft.config() else { return Vec::new() };
    if config.run.device != state.connected_choice {
        state.run = None;
        state.queued = Some(how);
        return respawn(state);
    }
    let id = state.next_run_id;
    state.next_run_id += 1;
    state.run = Some(Run {
        id,
        config: config.clone(),
        phase: Phase::Preparing,
        asked: None,
        step_when_paused: how == Start::OneStep,
        step: 0,
        steps_per_s: None,
        engine: None,
        n_train: None,
        rows: Vec::new(),
        spectrum: None,
    });
    let paused = how == Start::OneStep;
    vec![Effect::Post(Command::Start { run_id: id, config: Box::new(config), paused })]
}

fn ask(state: &mut State, asked: Asked) -> Vec<Effect> {
    let Some(run) = &mut state.run else { return Vec::new() };
    run.asked = Some(asked);
    let run_id = run.id;
    vec![Effect::Post(match asked {
        Asked::Pause => Command::Pause { run_id },
        Asked::Resume => Command::Resume { run_id },
        Asked::Step => Command::Step { run_id },
    })]
}

/// The page forgets the run at once; what the worker still says of it is dropped by its number.
fn reset(state: &mut State) -> Vec<Effect> {
    let Some(run) = state.run.take() else { return Vec::new() };
    let mut effects = vec![];
    if matches!(state.worker, Worker::Ready(_)) {
        effects.push(Effect::Post(Command::Reset { run_id: run.id }));
        if state.draft.device() != state.connected_choice {
            effects.extend(respawn(state));
        }
    }
    effects
}

fn respawn(state: &mut State) -> Vec<Effect> {
    state.worker = Worker::Loading;
    state.failure = None;
    state.connected_choice = state.draft.device();
    break_run(state);
    vec![Effect::Respawn]
}

fn break_run(state: &mut State) {
    if let Some(run) = state.run.as_mut().filter(|run| run.phase != Phase::Finished) {
        run.phase = Phase::Broken;
        run.asked = None;
        run.steps_per_s = None;
    }
}

fn fail(state: &mut State, message: String, ladder: Vec<crate::protocol::LadderRung>) {
    state.worker = Worker::Failed;
    state.queued = None;
    let offers_cpu = state.connected_choice == DeviceChoice::Gpu;
    state.failure = Some(Failure { message, ladder, offers_cpu });
    break_run(state);
}

fn on_event(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Ready { version } if version == PROTOCOL_VERSION => {
            state.worker = Worker::Connecting;
            return vec![Effect::Post(Command::Connect { version, device: state.connected_choice })];
        }
        Event::Ready { version } => {
            let message = format!(
                "The page speaks version {PROTOCOL_VERSION} and its worker version {version}: \
                 one of them is an old copy. Reload the page without the cache."
            );
            fail(state, message, Vec::new());
        }
        Event::Device(report) => {
            state.worker = Worker::Ready(report);
            if let Some(how) = state.queued.take() {
                return start(state, how);
            }
        }
        Event::Failed { run_id: None, message, ladder } => fail(state, message, ladder),
        Event::Failed { run_id: Some(id), message, ladder } => {
            if current(state, id).is_some() {
                break_run(state);
                state.failure = Some(Failure { message, ladder, offers_cpu: false });
            }
        }
        Event::Started { run_id, engine, n_train } => {
            if let Some(run) = current(state, run_id) {
                run.engine = Some(engine);
                run.n_train = Some(n_train);
                state.failure = None;
            }
        }
        Event::State { run_id, step, state: run_state } => {
            return on_run_state(state, run_id, step, run_state);
        }
        Event::Progress { run_id, step, steps_per_s, rows } => {
            if let Some(run) = current(state, run_id) {
                run.step = step;
                run.steps_per_s =
                    smooth(run.steps_per_s, steps_per_s).filter(|_| run.phase == Phase::Training);
                append(&mut run.rows, rows);
            }
        }
        Event::Spectrum { run_id, step, norms } => {
            if let Some(run) = current(state, run_id) {
                run.spectrum = Some(Spectrum { step, norms });
            }
        }
    }
    Vec::new()
}

fn on_run_state(state: &mut State, id: RunId, step: usize, run_state: RunState) -> Vec<Effect> {
    let Some(run) = current(state, id) else { return Vec::new() };
    let Some(phase) = run_state.into() else {
        state.run = None;
        return Vec::new();
    };
    run.phase = phase;
    run.step = step;
    run.asked = None;
    if phase != Phase::Training {
        run.steps_per_s = None;
    }
    if phase == Phase::Paused && std::mem::take(&mut run.step_when_paused) {
        return ask(state, Asked::Step);
    }
    Vec::new()
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

/// Adds rows, each step once and in order: a worker that repeats a row does not bend the curve.
fn append(rows: &mut Vec<MetricsRow>, new: Vec<MetricsRow>) {
    for row in new {
        if rows.last().is_none_or(|last| last.step < row.step) {
            rows.push(row);
        }
    }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
