//! How a run that the worker does not hold comes onto the page and goes on from its saved state.

use crate::analysis::phases::Phases;
use crate::config::{DeviceChoice, settings};
use crate::protocol::Command;
use crate::protocol::capsule::Capsule;
use crate::ui::state::checkpoints::{BUDGET_BYTES, Checkpoints};
use crate::ui::state::own_lock::LockOutcome;
use crate::ui::state::run::{Phase, Run};
use crate::ui::state::run_name;
use crate::ui::state::run_view::RunView;
use crate::ui::state::{Start, State, Worker};
use crate::ui::update::{Effect, linked_view, other_runs, run, run_claim};

/// Makes a run out of a capsule the page's own: its curves, and all that it takes to go on.
pub(super) fn take_in(state: &mut State, key: String, capsule: Capsule) -> Vec<Effect> {
    let step = capsule.state.as_ref().map_or_else(|| capsule.step(), |saved| saved.step);
    let Capsule { head, config, rows, measures, reports, state: saved, checkpoints: files, .. } = capsule;
    let mut checkpoints = Checkpoints::default();
    for (step, file) in files {
        checkpoints.add(step, file, BUDGET_BYTES);
    }
    let mut run_view = RunView {
        phases: Phases::find(&measures),
        progress: measures,
        reports,
        weights: checkpoints.files().clone(),
        ..RunView::own(config.clone())
    };
    run_view.add_rows(rows, head.n_rows_left_out);
    state.draft = run_name::draft(&config);
    state.run = Some(Run {
        key,
        began_ms: head.began_ms.unwrap_or(state.now_ms),
        phase: Phase::Detached,
        step,
        engine: head.engine,
        checkpoints,
        saved,
        ..Run::new(0, config)
    });
    other_runs::add(state, run_view, true);
    linked_view::save(state)
}

/// Goes on from the newest saved state, on the device the run had or on another.
pub(super) fn resume_from_saved(state: &mut State, device: Option<DeviceChoice>) -> Vec<Effect> {
    if !state.can_resume_from_saved() {
        return Vec::new();
    }
    if let Some(claims) = run_claim::claim_before_resuming(state, device) {
        return claims;
    }
    let Some(run) = &mut state.run else { return Vec::new() };
    if let Some(device) = device {
        run.config.run.device = device;
        let text = settings::DEVICE.read(&run.config);
        state.draft.set(&settings::DEVICE, text);
    }
    let wanted = run.config.run.device;
    let mut effects = if device.is_some() { linked_view::save(state) } else { Vec::new() };
    match state.worker {
        Worker::Ready(_) if wanted == state.connected_choice => effects.extend(start_from_saved(state)),
        Worker::Loading | Worker::Connecting if wanted == state.connected_choice => {
            prepare(state);
        }
        _ => {
            effects.extend(run::respawn_for(state, wanted));
            prepare(state);
        }
    }
    effects
}

/// The run goes on as soon as there is a device.
fn prepare(state: &mut State) {
    if let Some(run) = &mut state.run {
        run.phase = Phase::Preparing;
    }
    state.queued = Some(Start::FromSaved);
}

/// The browser has answered whether this tab may train a run: if it was asked for in order to go on, it does.
pub(super) fn on_lock_answer(state: &mut State, key: String, outcome: LockOutcome) -> Vec<Effect> {
    let granted = run_claim::on_answer(state, key, outcome);
    granted.map_or_else(Vec::new, |device| resume_from_saved(state, device))
}

/// The worker is there: asks it to go on.
pub(super) fn start_from_saved(state: &mut State) -> Vec<Effect> {
    let id = state.next_run_id;
    let Some(run) = &mut state.run else { return Vec::new() };
    let Some(saved) = run.saved.clone() else { return Vec::new() };
    state.next_run_id += 1;
    run.id = id;
    run.phase = Phase::Preparing;
    run.asked = None;
    run.step = saved.step;
    run.checkpoints.truncate(saved.step);
    run.remade_after = Some(saved.step);
    let (config, held) = (Box::new(run.config.clone()), run.checkpoints.files().clone());
    if let Some(own) = other_runs::own_mut(state) {
        // What lies beyond is made anew: it was never saved.
        own.rows.retain(|row| row.step <= saved.step);
        own.progress.retain(|(step, _)| *step <= saved.step);
        own.snapshots.retain(|step, _| *step <= saved.step);
        own.reports.retain(|step, _| *step <= saved.step);
        own.phases = Phases::find(&own.progress);
        own.weights = held;
    }
    let state = saved.state.as_ref().clone();
    vec![Effect::Post(Command::Start { run_id: id, config, paused: false, saved: state })]
}
