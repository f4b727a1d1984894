//! Runs that are kept, offered again and gone on with.

use std::sync::Arc;

use crate::config::{DeviceChoice, ExperimentConfig, Precision, Preset, settings};
use crate::engine::{DeviceKind, EngineInfo, EngineKind};
use crate::error::{ErrorKind, ErrorReport, FailedDevice, LabError, StorageFault};
use crate::protocol::capsule::{Capsule, Saved};
use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, RunState};
use crate::ui::state::advice::FailureKind;
use crate::ui::state::capsules::capsule;
use crate::ui::state::comparison;
use crate::ui::state::draft::Draft;
use crate::ui::state::own_lock::LockOutcome;
use crate::ui::state::run::Phase;
use crate::ui::state::run_view::Origin;
use crate::ui::state::run_view_sample::row;
use crate::ui::state::stored_runs::{Room, StorageCommand, StorageEvent, StoredRun};
use crate::ui::state::{OpenIntent, State, Worker};
use crate::ui::update::{Effect, Message, update};

fn tell(state: &mut State, event: Event) -> Vec<Effect> {
    update(state, Message::FromWorker(event))
}

fn opened(preset: Preset) -> State {
    State { tab: "tab".into(), ..State::new(Draft::new(preset), Vec::new()) }
}

fn connect(state: &mut State) -> Vec<Effect> {
    tell(state, Event::Ready { version: PROTOCOL_VERSION });
    let report =
        DeviceReport { device: DeviceKind::Cpu, name: "CPU".into(), software: false, probe_checks: vec![] };
    tell(state, Event::Device(report))
}

/// A page whose run trains, has told rows to step 30, checkpoints to 30 and a state of step 20.
fn training() -> State {
    let mut state = opened(Preset::Tiny);
    connect(&mut state);
    update(&mut state, Message::Start);
    tell(&mut state, Event::State { run_id: 1, step: 0, state: RunState::Training });
    for step in [0, 10, 20, 30] {
        tell(
            &mut state,
            Event::Progress { run_id: 1, step, steps_per_s: None, rows: vec![row(step)], n_rows_left_out: 0 },
        );
        tell(&mut state, Event::Checkpoint { run_id: 1, step, weights: vec![step as u8; 4] });
        if step == 20 {
            tell(&mut state, Event::Saved { run_id: 1, step, state: vec![7] });
        }
    }
    state
}

pub(in crate::ui::update) fn kept(key: &str, config: ExperimentConfig, step: usize) -> StoredRun {
    StoredRun {
        key: key.into(),
        title: None,
        config,
        began_ms: 1.0,
        saved_ms: step as f64,
        step,
        n_bytes: 9,
        is_closed: false,
        engine: None,
    }
}

pub(in crate::ui::update) fn stored(config: ExperimentConfig, step: usize) -> Capsule {
    let mut capsule = Capsule::new(config);
    capsule.rows = (0..=step + 10).step_by(10).map(row).collect();
    capsule.state = Some(Saved { step, state: Arc::new(vec![7]) });
    capsule.checkpoints = [(0, Arc::new(vec![1])), (step, Arc::new(vec![2]))].into();
    capsule
}

fn listed(runs: Vec<StoredRun>) -> Message {
    Message::FromStorage(StorageEvent::Listed { runs, damaged: vec![], locked: Default::default() })
}

pub(in crate::ui::update) fn loaded(key: &str, capsule: Capsule) -> Message {
    Message::FromStorage(StorageEvent::Loaded {
        key: key.into(),
        capsule: Box::new(capsule),
        remarks: vec![],
    })
}

/// The browser gives this tab the lock of a run.
fn locked(state: &mut State, key: &str) -> Vec<Effect> {
    update(state, Message::RunLocked { key: key.into(), outcome: LockOutcome::Held })
}

fn started_from(effects: &[Effect]) -> Option<(&ExperimentConfig, &[u8])> {
    effects.iter().find_map(|effect| match effect {
        Effect::Post(Command::Start { config, saved, .. }) => Some((config.as_ref(), saved.as_slice())),
        _ => None,
    })
}

#[test]
fn every_saved_state_is_kept_with_all_that_belongs_to_it() {
    let mut state = training();
    let effects = tell(&mut state, Event::Saved { run_id: 1, step: 30, state: vec![8] });
    let [Effect::Store(StorageCommand::Save(run))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(run.key, "tab-1");
    assert_eq!(run.capsule.state, Some(Saved { step: 30, state: Arc::new(vec![8]) }));
    assert_eq!(run.capsule.rows.len(), 4);
    assert_eq!(run.capsule.checkpoints.keys().copied().collect::<Vec<_>>(), [0, 10, 20, 30]);
    update(
        &mut state,
        Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 30, remark: None }),
    );
    assert_eq!(state.run.and_then(|run| run.stored_step), Some(30));
}

#[test]
fn the_first_run_asks_once_not_to_be_cleared() {
    let mut state = training();
    let engine = EngineInfo {
        engine: EngineKind::Folded,
        device: DeviceKind::Cpu,
        device_name: "CPU".into(),
        precision: Precision::F32,
        reason: None,
    };
    let started = |run_id| Event::Started { run_id, engine: engine.clone(), n_train: 34, threads: 0 };
    assert_eq!(
        tell(&mut state, started(1)),
        [Effect::AskForPersistence],
        "apart from the queue of the storage"
    );
    update(&mut state, Message::Reset);
    update(&mut state, Message::Start);
    assert_eq!(tell(&mut state, started(2)), [], "once is enough");
}

#[test]
fn storage_that_refuses_is_told_and_the_run_goes_on() {
    let mut state = training();
    let full = ErrorReport::new(ErrorKind::Storage(StorageFault::Full), "it is full");
    update(&mut state, Message::FromStorage(StorageEvent::Failed(full.clone())));
    assert_eq!(state.stored_runs.failure, Some(full));
    assert_eq!((state.phase(), state.failure.is_none()), (Some(Phase::Training), true));
    let effects = tell(&mut state, Event::Saved { run_id: 1, step: 30, state: vec![8] });
    assert_eq!(effects.len(), 1, "it is tried again");
    update(
        &mut state,
        Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 30, remark: None }),
    );
    assert_eq!(state.stored_runs.failure, None, "once it works the trouble is over");
}

/// A storage that does not answer.
fn silent() -> ErrorReport {
    ErrorReport::new(ErrorKind::Storage(StorageFault::Silent), "no answer")
}

#[test]
fn storage_that_failed_is_tried_again_and_its_success_clears_the_notice() {
    let mut state = training();
    update(&mut state, Message::FromStorage(StorageEvent::Failed(silent())));
    assert_eq!(state.stored_runs.notice(), Some(&silent()));
    let tick = |state: &mut State, secs: f64| update(state, Message::Clock(state.now_ms + 1000.0 * secs));
    assert_eq!(tick(&mut state, 29.0), []);
    let effects = tick(&mut state, 1.0);
    let [Effect::Store(StorageCommand::Save(run))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(run.capsule.state.as_ref().map(|saved| saved.step), Some(20), "what is at risk");
    assert_eq!(tick(&mut state, 1.0), [], "not at every tick");
    update(&mut state, listed(vec![]));
    assert_eq!(state.stored_runs.notice(), Some(&silent()), "that it can be read does not save the run");
    update(
        &mut state,
        Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 20, remark: None }),
    );
    assert_eq!(state.stored_runs.notice(), None);
    assert_eq!(tick(&mut state, 60.0), []);

    let mut state = opened(Preset::Tiny);
    update(&mut state, Message::FromStorage(StorageEvent::Failed(silent())));
    assert_eq!(tick(&mut state, 30.0), [Effect::Store(StorageCommand::List)], "the list never came");
    update(&mut state, listed(vec![]));
    assert_eq!(state.stored_runs.notice(), None);
}

#[test]
fn a_dismissed_notice_stays_away_until_there_is_another() {
    let full = ErrorReport::new(ErrorKind::Storage(StorageFault::Full), "it is full");
    let mut state = training();
    update(&mut state, Message::FromStorage(StorageEvent::Failed(silent())));
    update(&mut state, Message::DismissStorageNotice);
    assert_eq!(state.stored_runs.notice(), None);
    assert!(state.would_lose_work(), "the notice is gone, the danger is not");
    update(&mut state, Message::FromStorage(StorageEvent::Failed(silent())));
    assert_eq!(state.stored_runs.notice(), None, "the same again");
    update(&mut state, Message::FromStorage(StorageEvent::Failed(full.clone())));
    assert_eq!(state.stored_runs.notice(), Some(&full));
    let left_out = ErrorReport::new(full.kind, "no checkpoints");
    let remark = Some(left_out.clone());
    update(&mut state, Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 20, remark }));
    assert_eq!((&state.stored_runs.failure, state.stored_runs.notice()), (&None, Some(&left_out)));
}

#[test]
fn the_room_and_the_promise_to_keep_it_come_whenever_they_do() {
    let mut state = opened(Preset::Tiny);
    update(&mut state, Message::PersistenceAnswered(true));
    let room = Room { used_bytes: 1.0, quota_bytes: 2.0, is_persistent: false };
    update(&mut state, Message::FromStorage(StorageEvent::Room(Some(room))));
    update(&mut state, listed(vec![]));
    assert_eq!(state.stored_runs.room, Some(room), "a list does not take it away");
    update(&mut state, Message::PersistenceAnswered(true));
    assert!(state.stored_runs.room.is_some_and(|room| room.is_persistent));
}

#[test]
fn a_page_opened_anew_shows_its_unfinished_run_and_goes_on_when_asked() {
    let mut state = opened(Preset::Tiny);
    let config = Preset::Tiny.config();
    let runs = vec![kept("done", config.clone(), 300), kept("a", config.clone(), 20)];
    let effects = update(&mut state, listed(runs));
    assert_eq!(effects, [Effect::Store(StorageCommand::Load("a".into()))], "the page's link is that run's");
    update(&mut state, loaded("a", stored(config.clone(), 20)));
    assert_eq!(state.phase(), Some(Phase::Detached));
    assert_eq!(state.last_row(), Some(&row(30)), "its curves are on show");
    assert!(state.can_resume_from_saved());

    assert_eq!(update(&mut state, Message::ResumeFromSaved(None)), [Effect::LockRun("a".into())]);
    let effects = locked(&mut state, "a");
    assert_eq!(started_from(&effects), None, "the worker is not there yet");
    let effects = connect(&mut state);
    assert_eq!(started_from(&effects), Some((&config, &[7u8][..])));
    assert_eq!(state.last_row(), Some(&row(20)), "what was not saved is made anew");
    assert_eq!(state.run.as_ref().map(|run| (run.id, run.key.as_str())), Some((1, "a")), "the same kept run");
    tell(
        &mut state,
        Event::Progress {
            run_id: 1,
            step: 30,
            steps_per_s: None,
            rows: vec![row(20), row(30)],
            n_rows_left_out: 0,
        },
    );
    assert_eq!(state.own().map(|own| own.rows.len()), Some(4));
}

#[test]
fn a_link_that_leaves_the_threads_to_the_machine_is_that_of_a_run_with_any_number() {
    let asks = |preset: Preset, threads: &str| {
        let mut state = opened(preset);
        state.draft.set(&settings::THREADS, threads.into());
        let mut config = Preset::Tiny.config();
        config.run.threads = 2;
        !update(&mut state, listed(vec![kept("a", config, 20)])).is_empty()
    };
    assert!(asks(Preset::Tiny, "0") && asks(Preset::Tiny, "2"), "its curves come on show");
    assert!(!asks(Preset::Tiny, "3"), "other bits");
    assert!(!asks(Preset::Paper, "0"), "another run");
}

#[test]
fn a_link_to_something_else_is_not_pushed_aside() {
    let mut state = opened(Preset::Tiny);
    let runs = vec![kept("a", Preset::Paper.config(), 20)];
    assert_eq!(update(&mut state, listed(runs.clone())), [], "the reader came for another run");
    assert_eq!(
        crate::ui::state::permissions::newest_unfinished(&state).map(|run| run.key),
        Some("a".into()),
        "but it is offered"
    );

    let mut state = State::new(Draft::new(crate::ui::state::link::DEFAULT_PRESET), Vec::new());
    assert_eq!(update(&mut state, listed(runs)).len(), 1, "who came for nothing else sees it");
    update(&mut state, loaded("a", stored(Preset::Paper.config(), 20)));
    assert_eq!(state.draft.preset, Preset::Paper, "and the form follows");
}

#[test]
fn a_run_that_was_begun_meanwhile_is_not_pushed_aside() {
    let mut state = opened(Preset::Tiny);
    connect(&mut state);
    update(&mut state, listed(vec![kept("a", Preset::Tiny.config(), 20)]));
    update(&mut state, Message::Start);
    update(&mut state, loaded("a", stored(Preset::Tiny.config(), 20)));
    assert_eq!(state.run.as_ref().map(|run| run.key.as_str()), Some("tab-1"));
    assert!(state.remarks[0].contains("under way"), "{:?}", state.remarks);
}

#[test]
fn a_dead_worker_costs_nothing_that_was_saved() {
    let mut state = training();
    update(&mut state, Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "unreachable")));
    assert!(state.can_resume_from_saved(), "there is a saved state");
    let effects = update(&mut state, Message::ResumeFromSaved(None));
    assert_eq!(effects, [Effect::Respawn], "first a worker");
    assert_eq!(state.failure, None);
    let effects = connect(&mut state);
    assert_eq!(started_from(&effects).map(|(_, saved)| saved), Some(&[7u8][..]));
    let run = state.run.as_ref().expect("the run is there");
    assert_eq!((run.id, run.step, run.phase), (2, 20, Phase::Preparing));
    assert_eq!(run.checkpoints.files().keys().copied().collect::<Vec<_>>(), [0, 10, 20]);
    assert_eq!(state.last_row(), Some(&row(20)));
}

#[test]
fn a_lost_graphics_card_leaves_the_cpu() {
    let mut state = training();
    let error = ErrorReport::from(LabError::device(FailedDevice::Gpu, "it is lost"));
    tell(&mut state, Event::Failed { run_id: Some(1), error, probe_checks: vec![] });
    let effects = update(&mut state, Message::ResumeFromSaved(Some(DeviceChoice::Cpu)));
    assert!(effects.contains(&Effect::Respawn), "{effects:?}");
    assert_eq!(state.draft.device(), DeviceChoice::Cpu);
    let effects = tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    assert!(matches!(effects[..], [Effect::Post(Command::Connect { device: DeviceChoice::Cpu, .. })]));
    let report =
        DeviceReport { device: DeviceKind::Cpu, name: "CPU".into(), software: false, probe_checks: vec![] };
    let effects = tell(&mut state, Event::Device(report));
    assert_eq!(started_from(&effects).map(|(config, _)| config.run.device), Some(DeviceChoice::Cpu));
}

#[test]
fn without_a_saved_state_there_is_nothing_to_go_on_from() {
    let mut state = opened(Preset::Tiny);
    connect(&mut state);
    update(&mut state, Message::Start);
    update(&mut state, Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "unreachable")));
    assert!(!state.can_resume_from_saved());
    assert_eq!(update(&mut state, Message::ResumeFromSaved(None)), []);
}

#[test]
fn a_run_that_is_reset_or_replaced_is_no_longer_offered_but_kept() {
    for message in [Message::Reset, Message::Start] {
        let mut state = training();
        let config = Preset::Tiny.config();
        update(
            &mut state,
            Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 20, remark: None }),
        );
        if message == Message::Start {
            update(
                &mut state,
                Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "unreachable")),
            );
            update(&mut state, Message::Restart);
            connect(&mut state);
        }
        let effects = update(&mut state, message.clone());
        assert!(
            effects.contains(&Effect::Store(StorageCommand::Close("tab-1".into()))),
            "{message:?}: {effects:?}"
        );
        assert!(!StoredRun { is_closed: true, ..kept("tab-1", config, 20) }.is_unfinished());
    }
}

#[test]
fn the_device_of_a_kept_run_is_fetched_before_it_goes_on() {
    let mut state = opened(Preset::Tiny);
    connect(&mut state);
    let mut config = Preset::Tiny.config();
    config.run.device = DeviceChoice::Cpu;
    update(&mut state, Message::OpenStored { key: "a".into(), intent: OpenIntent::Resume });
    let effects = update(&mut state, loaded("a", stored(config, 20)));
    assert!(effects.contains(&Effect::LockRun("a".into())), "{effects:?}");
    let effects = locked(&mut state, "a");
    assert!(effects.contains(&Effect::Respawn) && started_from(&effects).is_none(), "{effects:?}");
    assert_eq!(state.connected_choice, DeviceChoice::Cpu);
    assert_eq!(state.draft.text(&settings::DEVICE), "cpu");
    assert!(started_from(&connect(&mut state)).is_some());
}

#[test]
fn a_run_that_is_deleted_leaves_the_page_unless_it_is_under_way() {
    let delete = |state: &mut State, key: &str| update(state, Message::DeleteStored(key.into()));
    let gone = |key: &str| Effect::Store(StorageCommand::Delete(key.into()));
    let mut state = opened(Preset::Tiny);
    update(&mut state, listed(vec![kept("a", Preset::Tiny.config(), 20)]));
    update(&mut state, loaded("a", stored(Preset::Tiny.config(), 20)));
    assert_eq!(delete(&mut state, "b"), [gone("b")], "another one");
    assert!(state.can_resume_from_saved());
    assert_eq!(delete(&mut state, "a"), [gone("a")]);
    assert!(state.run.is_none() && state.own().is_none() && state.unsaved_run.is_none());

    let mut state = training();
    assert_eq!(delete(&mut state, "tab-1"), [gone("tab-1")]);
    assert_eq!(state.phase(), Some(Phase::Training), "it is kept again with its next state");
}

#[test]
fn a_kept_run_can_be_laid_over_one_that_trains() {
    let mut state = training();
    update(&mut state, Message::OpenStored { key: "a".into(), intent: OpenIntent::Compare });
    update(&mut state, loaded("a", stored(Preset::Quick.config(), 20)));
    assert_eq!(state.phase(), Some(Phase::Training), "the run is not disturbed");
    let found = comparison::compared(&state);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.name.as_str(), found[0].1.rows.len()), ("quick", 4));
}

#[test]
fn kept_runs_of_equal_settings_are_told_apart_by_their_keys() {
    let mut state = opened(Preset::Tiny);
    for key in ["a", "b", "a"] {
        update(&mut state, Message::OpenStored { key: key.into(), intent: OpenIntent::Compare });
        update(&mut state, loaded(key, stored(Preset::Quick.config(), 20)));
    }
    let origin = |key: &str, name: &str| Origin::Stored { key: key.into(), name: name.into() };
    let origins: Vec<_> = state.run_views().map(|run_view| run_view.origin.clone()).collect();
    assert_eq!(origins, [origin("a", "quick"), origin("b", "quick (2)")], "two runs, each once");
}

#[test]
fn a_run_that_cannot_be_read_is_no_trouble_of_the_storage() {
    let mut state = opened(Preset::Tiny);
    update(&mut state, Message::OpenStored { key: "a".into(), intent: OpenIntent::Show });
    let reason = "No whole state is left".into();
    update(&mut state, Message::FromStorage(StorageEvent::Unreadable { key: "a".into(), reason }));
    assert_eq!((state.stored_runs.failure, state.wanted), (None, None));
    assert!(state.remarks[0].contains("No whole state is left"), "{:?}", state.remarks);
}

/// An engine on a graphics card.
fn on_gpu() -> EngineInfo {
    EngineInfo {
        engine: EngineKind::Folded,
        device: DeviceKind::Gpu,
        device_name: "a card".into(),
        precision: Precision::F32,
        reason: None,
    }
}

#[test]
fn after_a_lost_card_another_worker_asks_for_it_anew() {
    let mut state = training();
    tell(&mut state, Event::Started { run_id: 1, engine: on_gpu(), n_train: 34, threads: 0 });
    let error = ErrorReport::from(LabError::device(FailedDevice::Gpu, "it is lost"));
    let lost = Event::Failed { run_id: Some(1), error, probe_checks: vec![] };
    assert_eq!(tell(&mut state, lost), [Effect::End], "it would hand out the lost card again");
    let failure = state.failure.clone().expect("it is told");
    assert_eq!((failure.kind, failure.offers_cpu), (Some(FailureKind::LostDevice), true));
    assert!(!state.can_start() && state.can_resume_from_saved());
    assert_eq!(update(&mut state, Message::ResumeFromSaved(None)), [Effect::Respawn]);
    assert_eq!(started_from(&connect(&mut state)).map(|(_, saved)| saved), Some(&[7u8][..]));
}

#[test]
fn a_worker_that_never_came_is_not_said_to_have_died() {
    let mut state = opened(Preset::Tiny);
    let error = ErrorReport::new(ErrorKind::WorkerStopped, "worker_bg.wasm is not there");
    update(&mut state, Message::WorkerDied(error));
    assert_eq!(state.failure.and_then(|failure| failure.kind), Some(FailureKind::NotLoaded));
    // The kind decides, whatever the words are.
    for (error_kind, message, failure_kind) in [
        (ErrorKind::WorkerStopped, "unreachable", FailureKind::DeadWorker),
        (
            ErrorKind::WorkerStopped,
            "its program could not be loaded: reload the page",
            FailureKind::DeadWorker,
        ),
        (ErrorKind::WorkerNotLoaded, "the network is down", FailureKind::NotLoaded),
        (ErrorKind::Version, "another build", FailureKind::NotLoaded),
    ] {
        let mut state = training();
        update(&mut state, Message::WorkerDied(ErrorReport::new(error_kind, message)));
        assert_eq!(state.failure.and_then(|failure| failure.kind), Some(failure_kind), "{message}");
    }
}

#[test]
fn numbers_that_run_away_are_no_fault_of_the_card() {
    let mut state = training();
    tell(&mut state, Event::Started { run_id: 1, engine: on_gpu(), n_train: 34, threads: 0 });
    let error = LabError::Training { step: 30, reason: "the train loss is NaN".into() };
    let failed = Event::Failed { run_id: Some(1), error: error.into(), probe_checks: vec![] };
    let effects = tell(&mut state, failed);
    assert_eq!((effects, state.failure.and_then(|failure| failure.kind)), (vec![], None));
    assert!(matches!(state.worker, Worker::Ready(_)), "the worker is well");
}

#[test]
fn before_the_engine_is_built_only_the_cards_own_error_is_laid_to_it() {
    let processor = LabError::device(FailedDevice::Cpu, "GPU: a step needs more memory than a tab has");
    let card = LabError::device(FailedDevice::Gpu, "it is lost");
    for (error, kind) in [(processor, None), (card, Some(FailureKind::LostDevice))] {
        let mut state = opened(Preset::Tiny);
        tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
        let report = DeviceReport {
            device: DeviceKind::Gpu,
            name: "a card".into(),
            software: false,
            probe_checks: vec![],
        };
        tell(&mut state, Event::Device(report));
        update(&mut state, Message::Start);
        tell(&mut state, Event::Failed { run_id: Some(1), error: error.into(), probe_checks: vec![] });
        assert_eq!(state.failure.and_then(|failure| failure.kind), kind);
    }
}

#[test]
fn a_page_that_goes_out_of_sight_asks_for_the_state_of_what_trains() {
    let mut state = training();
    assert_eq!(update(&mut state, Message::Hidden), [Effect::Post(Command::Save { run_id: 1 })]);
    tell(&mut state, Event::State { run_id: 1, step: 30, state: RunState::Paused });
    assert_eq!(update(&mut state, Message::Hidden), [], "a paused run was saved at the pause");
}

#[test]
fn leaving_is_warned_of_only_where_it_costs_something() {
    let mut state = training();
    assert!(!state.would_lose_work(), "the browser keeps it");
    let refused = ErrorReport::new(ErrorKind::Storage(StorageFault::Forbidden), "no");
    update(&mut state, Message::FromStorage(StorageEvent::Failed(refused)));
    assert!(state.would_lose_work());
    tell(&mut state, Event::State { run_id: 1, step: 300, state: RunState::Finished });
    assert!(state.would_lose_work(), "the state of step 20 lies nowhere else");
    update(
        &mut state,
        Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 20, remark: None }),
    );
    assert!(!state.would_lose_work());
}

#[test]
fn a_run_that_exists_nowhere_else_is_set_aside_and_can_be_brought_back() {
    let mut state = training();
    update(&mut state, Message::Reset);
    assert_eq!((state.run.is_none(), state.own().is_none()), (true, true));
    assert_eq!(
        state.unsaved_run.as_ref().map(|(key, capsule)| (key.as_str(), capsule.step())),
        Some(("tab-1", 30))
    );

    update(&mut state, Message::Start);
    assert_eq!(update(&mut state, Message::RestoreUnsavedRun), [], "a run is under way");
    assert!(state.unsaved_run.is_some());
    update(&mut state, Message::Reset);
    let effects = update(&mut state, Message::RestoreUnsavedRun);
    assert!(state.can_resume_from_saved() && state.unsaved_run.is_none());
    assert_eq!(state.last_row(), Some(&row(30)));
    let saved = effects.iter().find_map(|effect| match effect {
        Effect::Store(StorageCommand::Save(run)) => Some((run.key.as_str(), run.remade_after)),
        _ => None,
    });
    assert_eq!(saved, Some(("tab-1", Some(0))), "the storage is tried again");
    update(&mut state, Message::Start);
    assert!(state.unsaved_run.is_some(), "it still lies nowhere else");
}

#[test]
fn a_run_that_was_only_on_its_way_into_the_storage_is_not_set_aside_for_long() {
    let mut state = training();
    update(&mut state, Message::Reset);
    update(
        &mut state,
        Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 20, remark: None }),
    );
    assert_eq!(state.unsaved_run, None);
}

#[test]
fn checkpoints_that_are_made_anew_are_kept_anew() {
    let mut state = training();
    let remade = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Store(StorageCommand::Save(run))] => run.remade_after,
        other => panic!("{other:?}"),
    };
    update(&mut state, Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "unreachable")));
    update(&mut state, Message::ResumeFromSaved(None));
    connect(&mut state);
    let saved = |step| Event::Saved { run_id: 2, step, state: vec![8] };
    assert_eq!(remade(tell(&mut state, saved(25))), Some(20));
    assert_eq!(remade(tell(&mut state, saved(26))), Some(20), "until it is done");
    update(
        &mut state,
        Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 26, remark: None }),
    );
    assert_eq!(remade(tell(&mut state, saved(27))), None);
}

#[test]
fn the_capsule_of_a_run_is_the_run() {
    let state = training();
    let capsule = capsule(&state).expect("there is a run");
    assert_eq!(capsule.step(), 30);
    assert_eq!(capsule.config, Preset::Tiny.config());
    assert_eq!(capsule.state.map(|saved| saved.step), Some(20));
}
