//! Which run this tab claims: the one it trains. Another tab that has the same run on show must not train it too,
//! for each would write over what the other keeps.

use crate::config::DeviceChoice;
use crate::ui::state::State;
use crate::ui::state::own_lock::{LockOutcome, OwnLock};
use crate::ui::state::run::Phase;
use crate::ui::state::stored_runs::StoredRun;
use crate::ui::update::Effect;

/// The browser is asked this often which runs other tabs train: it answers in a millisecond.
const LIST_EVERY_MS: f64 = 5_000.0;

/// Claims the run that trains in this tab, and gives up the one that made room for it. One that was stopped or broke
/// off stays claimed while it is on the page: it can go on here at any moment.
pub(super) fn follow(state: &mut State) -> Vec<Effect> {
    let key = match &state.run {
        Some(run) if run.phase != Phase::Detached => Some(&run.key),
        Some(run) => Some(&run.key).filter(|key| state.own_lock.key.as_ref() == Some(key)),
        None => None,
    };
    if state.own_lock.key.as_ref() == key {
        return Vec::new();
    }
    let key = key.cloned();
    state.own_lock = OwnLock { key: key.clone(), then_resume: None };
    vec![key.map_or(Effect::UnlockRun, Effect::LockRun)]
}

/// Before a run that was only shown goes on: claims it first. None if it is claimed.
pub(super) fn claim_before_resuming(state: &mut State, device: Option<DeviceChoice>) -> Option<Vec<Effect>> {
    let key = state.run.as_ref().map(|run| run.key.clone())?;
    if state.own_lock.key.as_ref() == Some(&key) {
        // A second press while the browser is being asked.
        return state.own_lock.then_resume.is_some().then(Vec::new);
    }
    state.own_lock = OwnLock { key: Some(key.clone()), then_resume: Some(device) };
    Some(vec![Effect::LockRun(key)])
}

/// The browser has answered for a run. If the run was claimed to go on with it: on which device.
pub(super) fn on_answer(
    state: &mut State,
    key: String,
    outcome: LockOutcome,
) -> Option<Option<DeviceChoice>> {
    if state.own_lock.key.as_ref() != Some(&key) {
        return None;
    }
    // Nobody else can hold the lock of a run that began here.
    let device = state.own_lock.then_resume.take()?;
    if outcome == LockOutcome::HeldElsewhere {
        state.own_lock = OwnLock::default();
        state.stored_runs.locked.insert(key);
        let words =
            "Another tab of this browser trains this run. Go on with it there, or close that tab first.";
        state.remarks.push(words.into());
        return None;
    }
    // What was known of other tabs may be some seconds old.
    state.stored_runs.locked.remove(&key);
    Some(device)
}

/// A second has passed: other tabs may have begun or ended.
pub(super) fn tick(state: &mut State) -> Vec<Effect> {
    let can_matter = |run: &StoredRun| run.is_unfinished() || state.is_trained_elsewhere(&run.key);
    let is_due = state.now_ms - state.stored_runs.locks_listed_at_ms >= LIST_EVERY_MS;
    if !is_due || !state.stored_runs.runs.iter().any(can_matter) {
        return Vec::new();
    }
    state.stored_runs.locks_listed_at_ms = state.now_ms;
    vec![Effect::ListLockedRuns]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::config::Preset;
    use crate::engine::DeviceKind;
    use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, RunState};
    use crate::ui::state::draft::Draft;
    use crate::ui::state::own_lock::LockOutcome;
    use crate::ui::state::permissions::newest_unfinished;
    use crate::ui::state::run::Phase;
    use crate::ui::state::stored_runs::{StorageCommand, StorageEvent};
    use crate::ui::state::{OpenIntent, State};
    use crate::ui::update::stored_runs::tests::{kept, loaded, stored};
    use crate::ui::update::{Effect, Message, update};

    /// A page with a worker that sees a kept run of key `a`.
    fn page(locked: &[&str]) -> (State, Vec<Effect>) {
        let mut state = State { tab: "tab".into(), ..State::new(Draft::new(Preset::Tiny), Vec::new()) };
        update(&mut state, Message::FromWorker(Event::Ready { version: PROTOCOL_VERSION }));
        let report = DeviceReport {
            device: DeviceKind::Cpu,
            name: "CPU".into(),
            software: false,
            probe_checks: Vec::new(),
        };
        update(&mut state, Message::FromWorker(Event::Device(report)));
        let runs = vec![kept("a", Preset::Tiny.config(), 20)];
        let locked = locked.iter().map(|key| (*key).to_owned()).collect();
        let effects =
            update(&mut state, Message::FromStorage(StorageEvent::Listed { runs, damaged: vec![], locked }));
        (state, effects)
    }

    fn answered(state: &mut State, outcome: LockOutcome) -> Vec<Effect> {
        update(state, Message::RunLocked { key: "a".into(), outcome })
    }

    fn is_started(effects: &[Effect]) -> bool {
        effects.iter().any(|effect| matches!(effect, Effect::Post(Command::Start { .. })))
    }

    #[test]
    fn a_run_that_another_tab_trains_is_not_offered_until_that_tab_is_gone() {
        let (mut state, effects) = page(&["a"]);
        assert_eq!((effects, newest_unfinished(&state)), (vec![], None));
        state.now_ms = 60_000.0;
        update(&mut state, Message::LockedRuns(Default::default()));
        assert_eq!(newest_unfinished(&state).map(|run| run.key), Some("a".into()));
        let (_, effects) = page(&[]);
        assert_eq!(effects, [Effect::Store(StorageCommand::Load("a".into()))], "no other tab has it");
    }

    #[test]
    fn a_page_that_met_the_locks_it_had_before_a_reload_shows_its_run_as_soon_as_they_are_gone() {
        let load = [Effect::Store(StorageCommand::Load("a".into()))];
        let free = || Message::LockedRuns(Default::default());
        let (mut state, effects) = page(&["a"]);
        assert_eq!(effects, []);
        assert_eq!(update(&mut state, free()), load);
        let (mut state, _) = page(&["a"]);
        state.now_ms += 20_000.0;
        assert_eq!(update(&mut state, free()), [], "later the reader looks at something else");
        assert!(newest_unfinished(&state).is_some(), "but it is offered");
    }

    #[test]
    fn a_run_goes_on_only_once_this_tab_has_its_lock() {
        for (outcome, goes_on) in
            [(LockOutcome::Held, true), (LockOutcome::Unsupported, true), (LockOutcome::HeldElsewhere, false)]
        {
            let (mut state, _) = page(&[]);
            update(&mut state, loaded("a", stored(Preset::Tiny.config(), 20)));
            let effects = update(&mut state, Message::ResumeFromSaved(None));
            assert_eq!(effects, [Effect::LockRun("a".into())]);
            assert_eq!(is_started(&answered(&mut state, outcome)), goes_on, "{outcome:?}");
            assert_eq!(state.remarks.join(" ").contains("Another tab"), !goes_on);
            assert_eq!(state.phase(), Some(if goes_on { Phase::Preparing } else { Phase::Detached }));
            assert!(!state.can_resume_from_saved(), "it trains, here or there");
        }
    }

    #[test]
    fn a_run_that_another_tab_trains_can_be_looked_at_and_neither_closed_nor_deleted() {
        let (mut state, _) = page(&["a"]);
        update(&mut state, Message::OpenStored { key: "a".into(), intent: OpenIntent::Show });
        update(&mut state, loaded("a", stored(Preset::Tiny.config(), 20)));
        assert!(state.own().is_some() && !state.can_resume_from_saved());
        assert_eq!(update(&mut state, Message::ResumeFromSaved(None)), []);
        assert_eq!(update(&mut state, Message::DeleteStored("a".into())), []);
        let effects = update(&mut state, Message::Reset);
        assert!(!effects.contains(&Effect::Store(StorageCommand::Close("a".into()))), "{effects:?}");
    }

    #[test]
    fn the_run_of_this_tab_is_claimed_while_it_is_on_the_page() {
        let (mut state, _) = page(&[]);
        let effects = update(&mut state, Message::Start);
        assert!(effects.contains(&Effect::LockRun("tab-1".into())), "{effects:?}");
        update(&mut state, Message::LockedRuns(["tab-1".to_owned()].into()));
        assert!(!state.is_trained_elsewhere("tab-1"), "the lock is this tab's");
        let paused = Event::State { run_id: 1, step: 0, state: RunState::Paused };
        assert_eq!(update(&mut state, Message::FromWorker(paused)), []);
        let effects = update(&mut state, Message::Stop);
        assert!(!effects.contains(&Effect::UnlockRun), "a stopped run can go on here: {effects:?}");
        let effects = update(&mut state, Message::Reset);
        assert!(effects.contains(&Effect::UnlockRun), "{effects:?}");
    }

    #[test]
    fn other_tabs_are_looked_for_now_and_then_while_a_run_could_go_on() {
        let (mut state, _) = page(&[]);
        let asked = (1..=10).filter(|&second| {
            let effects = update(&mut state, Message::Clock(1000.0 * f64::from(second)));
            effects.contains(&Effect::ListLockedRuns)
        });
        assert_eq!(asked.count(), 2);
    }

    /// The reset gives the run's lock back, and the storage lists what it held when it was asked.
    #[test]
    fn a_run_that_was_reset_does_not_come_back_by_itself() {
        let (mut state, _) = page(&["a"]);
        update(&mut state, Message::Start);
        let saved = Event::Saved { run_id: 1, step: 20, state: vec![7] };
        update(&mut state, Message::FromWorker(saved));
        let effects = update(&mut state, Message::Reset);
        let close = Effect::Store(StorageCommand::Close("tab-1".into()));
        assert!(effects.contains(&close), "its state was on its way to the storage: {effects:?}");
        assert_eq!(update(&mut state, Message::LockedRuns(BTreeSet::new())), [], "nor does another");

        let (mut state, _) = page(&[]);
        update(&mut state, loaded("a", stored(Preset::Tiny.config(), 20)));
        update(&mut state, Message::Reset);
        assert_eq!(update(&mut state, Message::LockedRuns(BTreeSet::new())), [], "shown, then reset");
    }
}
