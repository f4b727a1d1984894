//! Runs that outlive the tab: what is kept, what is read again, and how a run goes on from there.

use super::files::exhibit_of;
use super::{Effect, run, shelf};
use crate::analysis::phases::Phases;
use crate::config::DeviceChoice;
use crate::protocol::Command;
use crate::protocol::capsule::{Capsule, Head};
use crate::ui::checkpoints::{BUDGET_BYTES, Checkpoints};
use crate::ui::exhibit::{Exhibit, Origin};
use crate::ui::field::Field;
use crate::ui::keep::{KeepCommand, KeepEvent, KeptRun, ToKeep};
use crate::ui::state::{Phase, Run, Start, State, Wish, Worker};
use crate::ui::{compare, link, run_name};

/// Takes in what the keeper tells.
pub(super) fn on_event(state: &mut State, event: KeepEvent) -> Vec<Effect> {
    match event {
        KeepEvent::Listed { runs, room } => {
            state.kept.runs = runs;
            state.kept.room = room;
            if !std::mem::replace(&mut state.kept.is_listed, true) {
                return offer(state);
            }
        }
        KeepEvent::Saved { key, step, remark } => {
            state.kept.trouble = remark;
            if let Some(run) = state.run.as_mut().filter(|run| run.key == key) {
                run.kept_step = Some(step);
            }
        }
        KeepEvent::Loaded { key, capsule, remarks } => return on_loaded(state, key, *capsule, remarks),
        KeepEvent::Failed(reason) => {
            state.wanted = None;
            state.kept.trouble = Some(reason);
        }
    }
    Vec::new()
}

/// On opening: the newest unfinished run comes on show if the page was opened for it, or for nothing else.
fn offer(state: &mut State) -> Vec<Effect> {
    let Some(newest) = newest_unfinished(state) else { return Vec::new() };
    let asked_for = state.draft.config().is_ok_and(|mut config| {
        config.run.device = newest.config.run.device;
        config == newest.config
    });
    let opened_for_nothing = link::to_query(&state.draft).is_empty();
    if state.run.is_some() || state.queued.is_some() || !(asked_for || opened_for_nothing) {
        return Vec::new();
    }
    open(state, newest.key, Wish::Show)
}

/// The run that was left off last, if it has steps left.
pub fn newest_unfinished(state: &State) -> Option<KeptRun> {
    state.kept.runs.iter().find(|run| run.is_unfinished()).cloned()
}

/// Reads a kept run.
pub(super) fn open(state: &mut State, key: String, wish: Wish) -> Vec<Effect> {
    if state.run.as_ref().is_some_and(|run| run.key == key) {
        return if wish == Wish::GoOn { go_on(state, None) } else { Vec::new() };
    }
    state.wanted = Some((key.clone(), wish));
    vec![Effect::Keep(KeepCommand::Load(key))]
}

fn on_loaded(state: &mut State, key: String, capsule: Capsule, remarks: Vec<String>) -> Vec<Effect> {
    let Some((_, wish)) = state.wanted.take_if(|(wanted, _)| *wanted == key) else { return Vec::new() };
    state.remarks.extend(remarks);
    if wish == Wish::Compare {
        let name = capsule.head.name.clone().unwrap_or_else(|| run_name::name(&capsule.config));
        let origin = Origin::Kept(name);
        shelf::add(state, exhibit_of(capsule, origin.clone()), false);
        compare::choose(&mut state.compared, origin, true);
        return Vec::new();
    }
    if state.is_live() {
        state.remarks.push("A run is under way. Reset it to open another one; it stays kept.".into());
        return Vec::new();
    }
    let mut effects = put_away(state);
    effects.extend(take_in(state, key, capsule));
    if let Some(run) = &mut state.run {
        run.kept_step = run.saved.as_ref().map(|saved| saved.step);
    }
    if wish == Wish::GoOn {
        effects.extend(go_on(state, None));
    }
    effects
}

/// Makes a run out of a capsule the page's own: its curves, and all that it takes to go on.
pub(super) fn take_in(state: &mut State, key: String, capsule: Capsule) -> Vec<Effect> {
    let step = capsule.state.as_ref().map_or_else(|| capsule.step(), |saved| saved.step);
    let Capsule { head, config, rows, measures, state: saved, checkpoints: files, .. } = capsule;
    let mut checkpoints = Checkpoints::default();
    for (step, file) in files {
        checkpoints.add(step, file, BUDGET_BYTES);
    }
    let exhibit = Exhibit {
        rows,
        phases: Phases::find(&measures),
        progress: measures,
        weights: checkpoints.files().clone(),
        ..Exhibit::own(config.clone())
    };
    state.draft = run_name::draft(&config);
    state.run = Some(Run {
        key,
        began_ms: head.began_ms.unwrap_or(state.now_ms),
        phase: Phase::Kept,
        step,
        engine: head.engine,
        checkpoints,
        saved,
        ..Run::new(0, config)
    });
    shelf::add(state, exhibit, true);
    vec![Effect::SaveLink(link::to_query(&state.draft))]
}

/// Goes on from the newest saved state, on the device the run had or on another.
pub(super) fn go_on(state: &mut State, device: Option<DeviceChoice>) -> Vec<Effect> {
    if !state.can_go_on() {
        return Vec::new();
    }
    let Some(run) = &mut state.run else { return Vec::new() };
    let mut effects = Vec::new();
    if let Some(device) = device {
        run.config.run.device = device;
        let text = Field::Device.read(&run.config);
        state.draft.set(Field::Device, text);
        effects.push(Effect::SaveLink(link::to_query(&state.draft)));
    }
    let wanted = run.config.run.device;
    match state.worker {
        Worker::Ready(_) if wanted == state.connected_choice => effects.extend(go_on_now(state)),
        Worker::Loading | Worker::Connecting if wanted == state.connected_choice => {
            run.phase = Phase::Preparing;
            state.queued = Some(Start::GoOn);
        }
        _ => {
            effects.extend(run::respawn_for(state, wanted));
            if let Some(run) = &mut state.run {
                run.phase = Phase::Preparing;
            }
            state.queued = Some(Start::GoOn);
        }
    }
    effects
}

/// The worker is there: asks it to go on.
pub(super) fn go_on_now(state: &mut State) -> Vec<Effect> {
    let id = state.next_run_id;
    let Some(run) = &mut state.run else { return Vec::new() };
    let Some(saved) = run.saved.clone() else { return Vec::new() };
    state.next_run_id += 1;
    run.id = id;
    run.phase = Phase::Preparing;
    run.asked = None;
    run.step = saved.step;
    run.checkpoints.truncate(saved.step);
    let (config, held) = (Box::new(run.config.clone()), run.checkpoints.files().clone());
    if let Some(own) = shelf::own_mut(state) {
        // What lies beyond is made anew: it was never saved.
        own.rows.retain(|row| row.step <= saved.step);
        own.progress.retain(|(step, _)| *step <= saved.step);
        own.snapshots.retain(|step, _| *step <= saved.step);
        own.phases = Phases::find(&own.progress);
        own.weights = held;
    }
    let state = saved.state.as_ref().clone();
    vec![Effect::Post(Command::Start { run_id: id, config, paused: false, saved: state })]
}

/// All there is of the run of this tab.
pub fn capsule(state: &State) -> Option<Capsule> {
    let (run, own) = (state.run.as_ref()?, state.own()?);
    let title = state.kept.runs.iter().find(|kept| kept.key == run.key).and_then(|kept| kept.title.clone());
    let head =
        Head { name: title, began_ms: Some(run.began_ms), engine: run.engine.clone(), ..Head::default() };
    Some(Capsule {
        head,
        config: run.config.clone(),
        rows: own.rows.clone(),
        measures: own.progress.clone(),
        report: own.snapshots.last_key_value().map(|(_, snapshot)| snapshot.report.clone()),
        state: run.saved.clone(),
        checkpoints: run.checkpoints.files().clone(),
    })
}

/// Keeps the run as it is.
pub(super) fn save(state: &State) -> Vec<Effect> {
    let Some(capsule) = capsule(state).filter(|capsule| capsule.state.is_some()) else { return Vec::new() };
    let key = state.run.as_ref().map(|run| run.key.clone()).unwrap_or_default();
    vec![Effect::Keep(KeepCommand::Save(Box::new(ToKeep { key, capsule })))]
}

/// Before another run takes its place: the run is not offered again by itself. It stays in the list.
pub(super) fn put_away(state: &State) -> Vec<Effect> {
    match &state.run {
        Some(run) if run.kept_step.is_some() && run.phase != Phase::Finished => {
            vec![Effect::Keep(KeepCommand::Close(run.key.clone()))]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
