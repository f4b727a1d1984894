//! Runs that outlive the tab: what is kept, what is read again, and how a run goes on from there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::phases::Phases;
use crate::analysis::report::Report;
use crate::config::{DeviceChoice, settings};
use crate::protocol::Command;
use crate::protocol::capsule::{Capsule, Head};
use crate::ui::state::checkpoints::{BUDGET_BYTES, Checkpoints};
use crate::ui::state::run::{Phase, Run};
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::state::stored_runs::{KeepCommand, KeepEvent, KeptRun, ToKeep};
use crate::ui::state::{Start, State, Wish, Worker};
use crate::ui::state::{comparison, link, run_name};
use crate::ui::update::opened_files::exhibit_of;
use crate::ui::update::{Effect, other_runs, run, run_claim};

/// How long after a failure the storage is tried again: seldom enough that a copy of the run costs nothing.
const RETRY_EVERY_MS: f64 = 30_000.0;

/// For so long after the page has opened a run that was left off comes on show by itself.
const OFFER_FOR_MS: f64 = 10_000.0;

/// Takes in what the keeper tells.
pub(super) fn on_event(state: &mut State, event: KeepEvent) -> Vec<Effect> {
    match event {
        KeepEvent::Listed { runs, damaged, locked } => {
            state.kept.locked = locked;
            state.kept.runs = runs;
            state.kept.damaged = damaged;
            storage_answered(state);
            if !std::mem::replace(&mut state.kept.is_listed, true) {
                state.kept.offer_until_ms = state.now_ms + OFFER_FOR_MS;
                return offer(state);
            }
        }
        KeepEvent::Saved { key, step, remark } => {
            state.kept.trouble = None;
            if state.kept.left_out != remark {
                (state.kept.left_out, state.kept.is_notice_dismissed) = (remark, false);
            }
            if let Some(run) = state.run.as_mut().filter(|run| run.key == key) {
                run.kept_step = Some(step);
                run.remade_after = None;
            }
            // It was on its way when its place was taken.
            let _ =
                state.aside.take_if(|(aside, capsule)| *aside == key && state_step(capsule) == Some(step));
        }
        KeepEvent::Unreadable { key, reason } => {
            let _ = state.wanted.take_if(|(wanted, _)| *wanted == key);
            state.remarks.push(format!("The kept run could not be opened: {reason}"));
        }
        KeepEvent::Loaded { key, capsule, remarks } => {
            storage_answered(state);
            return on_loaded(state, key, *capsule, remarks);
        }
        KeepEvent::Room(room) => state.kept.room = room,
        KeepEvent::Failed(reason) => {
            state.wanted = None;
            state.kept.failed_at_ms = state.now_ms;
            let reason = Some(reason);
            if state.kept.trouble != reason {
                (state.kept.trouble, state.kept.is_notice_dismissed) = (reason, false);
            }
        }
    }
    Vec::new()
}

/// The storage could be read. That it can be written is known only once what waits for that is kept.
fn storage_answered(state: &mut State) {
    if !state.is_at_risk() {
        state.kept.trouble = None;
    }
}

/// A storage that failed is tried again: what is held in memory may find its place yet.
pub(super) fn tick(state: &mut State) -> Vec<Effect> {
    let has_waited = state.now_ms - state.kept.failed_at_ms >= RETRY_EVERY_MS;
    if state.kept.trouble.is_none() || !has_waited {
        return Vec::new();
    }
    state.kept.failed_at_ms = state.now_ms;
    if state.is_at_risk() { save(state) } else { vec![Effect::Keep(KeepCommand::List)] }
}

/// On opening: the newest unfinished run comes on show if the page was opened for it, or for nothing else.
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
    if state.run.is_some()
        || state.queued.is_some()
        || state.wanted.is_some()
        || !(asked_for || opened_for_nothing)
    {
        return Vec::new();
    }
    open(state, newest.key, Wish::Show)
}

/// The run that was left off last, if it has steps left and no other tab trains it.
pub fn newest_unfinished(state: &State) -> Option<KeptRun> {
    let is_free = |run: &&KeptRun| run.is_unfinished() && !state.is_trained_elsewhere(&run.key);
    state.kept.runs.iter().find(is_free).cloned()
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
        let origin = kept_origin(state, key, &capsule);
        other_runs::add(state, exhibit_of(capsule, origin.clone()), false);
        comparison::choose(&mut state.compared, origin, true);
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

/// What a kept run is at hand as: by its key, and shown by a name that no other run has.
fn kept_origin(state: &State, key: String, capsule: &Capsule) -> Origin {
    let known = state.exhibits().map(|exhibit| &exhibit.origin);
    let same = known.filter(|origin| matches!(origin, Origin::Kept { key: other, .. } if *other == key));
    if let Some(origin) = same.last() {
        return origin.clone();
    }
    let name = capsule.head.name.clone().unwrap_or_else(|| run_name::name(&capsule.config));
    Origin::Kept { key, name: other_runs::free_name(state, &name) }
}

/// Makes a run out of a capsule the page's own: its curves, and all that it takes to go on.
pub(super) fn take_in(state: &mut State, key: String, capsule: Capsule) -> Vec<Effect> {
    let step = capsule.state.as_ref().map_or_else(|| capsule.step(), |saved| saved.step);
    let Capsule { head, config, rows, measures, reports, state: saved, checkpoints: files, .. } = capsule;
    let mut checkpoints = Checkpoints::default();
    for (step, file) in files {
        checkpoints.add(step, file, BUDGET_BYTES);
    }
    let mut exhibit = Exhibit {
        phases: Phases::find(&measures),
        progress: measures,
        reports,
        weights: checkpoints.files().clone(),
        ..Exhibit::own(config.clone())
    };
    exhibit.add_rows(rows, head.n_rows_left_out);
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
    other_runs::add(state, exhibit, true);
    vec![Effect::SaveLink(link::to_query(&state.draft))]
}

/// Goes on from the newest saved state, on the device the run had or on another.
pub(super) fn go_on(state: &mut State, device: Option<DeviceChoice>) -> Vec<Effect> {
    if !state.can_go_on() {
        return Vec::new();
    }
    if let Some(claims) = run_claim::before_going_on(state, device) {
        return claims;
    }
    let Some(run) = &mut state.run else { return Vec::new() };
    let mut effects = Vec::new();
    if let Some(device) = device {
        run.config.run.device = device;
        let text = settings::DEVICE.read(&run.config);
        state.draft.set(&settings::DEVICE, text);
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

/// What this page can say of any run it writes.
pub(super) fn head(state: &State) -> Head {
    let plain = Head::default();
    let build = state.host.build.iter().fold(plain.build.clone(), |text, build| format!("{text} {build}"));
    let user_agent = Some(state.host.user_agent.clone()).filter(|text| !text.is_empty());
    Head { build, user_agent, ..plain }
}

/// Every report of a run that is at hand.
pub(super) fn reports(exhibit: &Exhibit) -> BTreeMap<usize, Arc<Report>> {
    let mut reports = exhibit.reports.clone();
    for (step, snapshot) in &exhibit.snapshots {
        reports.insert(*step, Arc::new(snapshot.report.clone()));
    }
    reports
}

/// All there is of the run of this tab.
pub fn capsule(state: &State) -> Option<Capsule> {
    let (run, own) = (state.run.as_ref()?, state.own()?);
    let title = state.kept.runs.iter().find(|kept| kept.key == run.key).and_then(|kept| kept.title.clone());
    let head = Head {
        name: title,
        began_ms: Some(run.began_ms),
        engine: run.engine.clone(),
        n_rows_left_out: own.n_rows_left_out,
        ..head(state)
    };
    Some(Capsule {
        head,
        config: run.config.clone(),
        rows: own.rows.clone(),
        measures: own.progress.clone(),
        reports: reports(own),
        state: run.saved.clone(),
        checkpoints: run.checkpoints.files().clone(),
    })
}

/// Holds on to the run of this tab if it exists nowhere else.
fn set_aside(state: &mut State) {
    if !state.is_at_risk() {
        return;
    }
    let Some(capsule) = capsule(state) else { return };
    let key = state.run.as_ref().map(|run| run.key.clone()).unwrap_or_default();
    if state.aside.replace((key, capsule)).is_some() {
        state.remarks.push("The run that was set aside before had to go: only one can be.".into());
    }
}

/// Makes the run that was set aside the page's own again.
pub(super) fn bring_back(state: &mut State) -> Vec<Effect> {
    if state.is_live() {
        state.remarks.push("A run is under way. Reset it to bring the other one back.".into());
        return Vec::new();
    }
    let Some((key, capsule)) = state.aside.take() else { return Vec::new() };
    let mut effects = put_away(state);
    effects.extend(take_in(state, key, capsule));
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
    vec![Effect::Keep(KeepCommand::Save(Box::new(ToKeep { key, capsule, remade_after })))]
}

/// Before another run takes its place: the run is not offered again by itself. It stays in the list. One that
/// exists nowhere else is set aside.
pub(super) fn put_away(state: &mut State) -> Vec<Effect> {
    set_aside(state);
    match &state.run {
        Some(run) if state.is_trained_elsewhere(&run.key) => Vec::new(),
        Some(run) if run.kept_step.is_some() && run.phase != Phase::Finished => {
            vec![Effect::Keep(KeepCommand::Close(run.key.clone()))]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "stored_runs_tests.rs"]
pub(super) mod tests;
