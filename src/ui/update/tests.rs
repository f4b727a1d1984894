//! The reducer, told a story at a time.

use crate::config::{DeviceChoice, Precision, Preset, settings};
use crate::engine::row_thinning::MAX_ROWS;
use crate::engine::{DeviceKind, EngineInfo, EngineKind, Evaluation, MetricsRow};
use crate::error::{ErrorKind, ErrorReport, FailedDevice, LabError};
use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, RunState};
use crate::ui::state::advice::FailureKind;
use crate::ui::state::capsules::shown_capsule;
use crate::ui::state::checkpoints::{BUDGET_BYTES, MOST};
use crate::ui::state::draft::Draft;
use crate::ui::state::run::{Phase, Run};
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::run_view_sample::run_view;
use crate::ui::state::view_choices::ViewChange;
use crate::ui::state::{LoadState, State, Worker};
use crate::ui::update::{Effect, Message, update};

fn report() -> DeviceReport {
    DeviceReport { device: DeviceKind::Cpu, name: "CPU".into(), software: false, probe_checks: Vec::new() }
}

fn row(step: usize, train_loss: f64) -> MetricsRow {
    MetricsRow {
        step,
        evaluation: Evaluation {
            train_loss,
            test_loss: 4.0,
            train_accuracy: 0.5,
            test_accuracy: 0.1,
            softmax_collapse_fraction: None,
        },
    }
}

fn tell(state: &mut State, event: Event) -> Vec<Effect> {
    update(state, Message::FromWorker(event))
}

fn run_state(run_id: u32, step: usize, state: RunState) -> Event {
    Event::State { run_id, step, state }
}

/// A page whose worker has a device.
fn ready() -> State {
    let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
    tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    tell(&mut state, Event::Device(report()));
    state
}

/// A page whose run number 1 trains.
fn training() -> State {
    let mut state = ready();
    update(&mut state, Message::Start);
    let engine = EngineInfo {
        engine: EngineKind::Folded,
        device: DeviceKind::Cpu,
        device_name: "CPU".into(),
        precision: Precision::F32,
        reason: None,
    };
    tell(&mut state, Event::Started { run_id: 1, engine, n_train: 34, threads: 0 });
    tell(&mut state, run_state(1, 0, RunState::Training));
    state
}

/// start, pause, resume, step, reset; for stop see `stop.rs`.
fn buttons(state: &State) -> [bool; 5] {
    [state.can_start(), state.can_pause(), state.can_resume(), state.can_step(), state.can_reset()]
}

#[test]
fn the_handshake_asks_for_the_device_of_the_link() {
    let mut draft = Draft::new(Preset::Quick);
    draft.set(&settings::DEVICE, "webgpu".into());
    let mut state = State::new(draft, Vec::new());
    assert_eq!(buttons(&state), [false; 5], "nothing can be done before there is a device");
    let effects = tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    assert_eq!(
        effects,
        [Effect::Post(Command::Connect { version: PROTOCOL_VERSION, device: DeviceChoice::Gpu })]
    );
    tell(&mut state, Event::Device(report()));
    assert_eq!(state.worker, Worker::Ready(report()));
    assert_eq!(buttons(&state), [true, false, false, true, false], "start or step");
}

#[test]
fn a_worker_of_another_version_is_refused() {
    let mut state = State::new(Draft::new(Preset::Quick), Vec::new());
    assert_eq!(tell(&mut state, Event::Ready { version: PROTOCOL_VERSION + 1 }), []);
    let failure = state.failure.expect("it is told");
    assert!(failure.message.contains("versions"), "{failure:?}");
    assert_eq!(failure.kind, Some(FailureKind::NotLoaded));
}

#[test]
fn each_button_works_exactly_when_it_makes_sense() {
    let mut state = training();
    assert_eq!(buttons(&state), [false, true, false, false, true], "training");
    assert_eq!(update(&mut state, Message::Start), [], "a second start does nothing");
    assert_eq!(update(&mut state, Message::Pause), [Effect::Post(Command::Pause { run_id: 1 })]);
    assert_eq!(buttons(&state), [false, false, false, false, true], "pausing");
    tell(&mut state, run_state(1, 12, RunState::Paused));
    assert_eq!(buttons(&state), [false, false, true, true, true], "paused");
    assert_eq!(update(&mut state, Message::Step), [Effect::Post(Command::Step { run_id: 1 })]);
    tell(&mut state, run_state(1, 13, RunState::Paused));
    assert_eq!(update(&mut state, Message::Resume), [Effect::Post(Command::Resume { run_id: 1 })]);
    tell(&mut state, run_state(1, 13, RunState::Training));
    tell(&mut state, run_state(1, 300, RunState::Finished));
    assert_eq!(buttons(&state), [true, false, false, true, true], "finished");
}

#[test]
fn a_step_without_a_run_starts_one_paused_and_makes_one_update() {
    let mut state = ready();
    let effects = update(&mut state, Message::Step);
    assert!(
        matches!(effects[..], [Effect::Post(Command::Start { paused: true, .. }), Effect::LockRun(_)]),
        "{effects:?}"
    );
    tell(&mut state, run_state(1, 0, RunState::Preparing));
    let effects = tell(&mut state, run_state(1, 0, RunState::Paused));
    assert_eq!(effects, [Effect::Post(Command::Step { run_id: 1 })]);
    assert_eq!(tell(&mut state, run_state(1, 1, RunState::Paused)), [], "one update, not more");
}

#[test]
fn events_of_a_run_that_was_replaced_are_dropped() {
    let mut state = training();
    assert_eq!(
        update(&mut state, Message::Reset),
        [Effect::Post(Command::Reset { run_id: 1 }), Effect::UnlockRun]
    );
    assert_eq!(state.run, None, "the page forgets the run at once");
    update(&mut state, Message::Start);
    let late = Event::Progress {
        run_id: 1,
        step: 99,
        steps_per_s: Some(1.0),
        rows: vec![row(99, 1.0)],
        n_rows_left_out: 0,
    };
    tell(&mut state, late);
    tell(&mut state, run_state(1, 99, RunState::Dropped));
    let run = state.run.as_ref().expect("run 2 is there");
    assert_eq!((run.id, run.step), (2, 0));
    assert_eq!(state.run_view.map(|run_view| run_view.rows.len()), Some(0), "nothing of the first run");
}

#[test]
fn rows_arrive_once_and_in_order() {
    let mut state = training();
    for rows in [vec![row(0, 2.0), row(5, 1.5)], vec![row(5, 9.0), row(10, 1.0)]] {
        tell(
            &mut state,
            Event::Progress { run_id: 1, step: 10, steps_per_s: None, rows, n_rows_left_out: 0 },
        );
    }
    let rows = &state.own().expect("a run").rows;
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [0, 5, 10]);
    assert_eq!(state.last_row(), Some(&row(10, 1.0)));
}

#[test]
fn the_time_left_follows_the_speed_and_ends_with_a_pause() {
    let mut state = training();
    for _ in 0..60 {
        tell(
            &mut state,
            Event::Progress {
                run_id: 1,
                step: 100,
                steps_per_s: Some(50.0),
                rows: vec![],
                n_rows_left_out: 0,
            },
        );
    }
    let left = state.run.as_ref().and_then(Run::secs_left).expect("warm");
    assert!((left - 4.0).abs() < 1e-6, "200 steps at 50 a second take 4 s, not {left}");
    tell(&mut state, run_state(1, 100, RunState::Paused));
    assert_eq!(state.run.and_then(|run| run.secs_left()), None, "a paused run has no speed");
}

#[test]
fn a_dead_worker_leaves_the_curves_and_offers_a_restart() {
    let mut state = training();
    tell(
        &mut state,
        Event::Progress {
            run_id: 1,
            step: 5,
            steps_per_s: None,
            rows: vec![row(5, 1.0)],
            n_rows_left_out: 0,
        },
    );
    let effects = update(
        &mut state,
        Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "unreachable executed")),
    );
    assert_eq!(effects, [Effect::End], "it may train on, unseen");
    assert!(state.failure.as_ref().is_some_and(|f| f.message.contains("unreachable executed")));
    assert_eq!(state.phase(), Some(Phase::Broken));
    assert_eq!(state.last_row(), Some(&row(5, 1.0)), "what was measured stays");
    update(&mut state, Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "script error")));
    assert!(
        state.failure.as_ref().is_some_and(|f| f.message.contains("unreachable")),
        "the first reason stays"
    );
    assert_eq!(update(&mut state, Message::Restart), [Effect::Respawn]);
    assert_eq!(state.failure, None);
    tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    tell(&mut state, Event::Device(report()));
    assert!(state.can_start(), "a new run can begin");
}

#[test]
fn webgpu_that_cannot_be_had_offers_the_cpu() {
    let mut draft = Draft::new(Preset::Tiny);
    draft.set(&settings::DEVICE, "webgpu".into());
    let mut state = State::new(draft, Vec::new());
    tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    let error = ErrorReport::new(ErrorKind::Device(FailedDevice::Gpu), "no adapter");
    tell(&mut state, Event::Failed { run_id: None, error, probe_checks: vec![] });
    let failure = state.failure.as_ref().expect("it is told");
    assert_eq!((failure.offers_cpu, failure.kind), (true, Some(FailureKind::NoWebGpu)));
    let effects = update(&mut state, Message::UseCpu);
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::Respawn).count(), 1, "{effects:?}");
    assert!(effects.contains(&Effect::SaveLink("v=2&preset=tiny&backend=cpu".into())), "{effects:?}");
    let effects = tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    assert!(matches!(effects[..], [Effect::Post(Command::Connect { device: DeviceChoice::Cpu, .. })]));
}

#[test]
fn another_device_is_fetched_at_once_while_nothing_runs_and_else_with_the_next_run() {
    let mut state = ready();
    assert!(update(&mut state, Message::Edit(&settings::DEVICE, "cpu".into())).contains(&Effect::Respawn));

    let mut state = training();
    let effects = update(&mut state, Message::Edit(&settings::DEVICE, "cpu".into()));
    assert!(!effects.contains(&Effect::Respawn), "the run goes on");
    assert_eq!(state.phase(), Some(Phase::Training));
    tell(&mut state, run_state(1, 300, RunState::Finished));
    assert_eq!(update(&mut state, Message::Start), [Effect::Respawn, Effect::UnlockRun], "first the device");
    tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    let effects = tell(&mut state, Event::Device(report()));
    assert!(
        matches!(effects[..], [Effect::Post(Command::Start { run_id: 2, .. }), Effect::LockRun(_)]),
        "then the run: {effects:?}"
    );
}

#[test]
fn invalid_settings_cannot_be_started() {
    let mut state = ready();
    update(&mut state, Message::Edit(&settings::P, "100".into()));
    assert!(!state.can_start() && !state.can_step(), "100 is not prime");
    assert_eq!(update(&mut state, Message::Start), []);
    update(&mut state, Message::ResetField(&settings::P));
    assert!(state.can_start());
}

#[test]
fn editing_the_form_during_a_run_is_noticed() {
    let mut state = training();
    assert!(!state.form_left_run());
    update(&mut state, Message::Edit(&settings::LR, "0.01".into()));
    assert!(state.form_left_run(), "the run has the old rate");
    update(&mut state, Message::ResetFields);
    assert!(!state.form_left_run());
}

#[test]
fn a_run_of_this_tab_comes_on_show_and_the_recorded_one_returns_after_it() {
    let mut state = ready();
    let recorded = RunView { origin: Origin::Recorded, ..run_view(4) };
    update(&mut state, Message::AddRunView { run_view: Box::new(recorded), show: false });
    let shown = |state: &State| state.run_view.as_ref().map(|run_view| run_view.origin.clone());
    assert_eq!(shown(&state), Some(Origin::Recorded), "the page opens on it");
    update(&mut state, Message::ChangeView(ViewChange::Pin(20.0)));
    update(&mut state, Message::Start);
    assert_eq!((shown(&state), state.view.pin), (Some(Origin::Own), None), "the new run, from its end");
    update(&mut state, Message::Show(Origin::Recorded));
    let progress = Event::Progress {
        run_id: 1,
        step: 5,
        steps_per_s: None,
        rows: vec![row(5, 1.0)],
        n_rows_left_out: 0,
    };
    tell(&mut state, progress);
    assert_eq!(state.last_row(), Some(&row(5, 1.0)), "it measures on, unseen");
    assert_eq!(state.run_views().count(), 2);
    update(&mut state, Message::Show(Origin::Own));
    update(&mut state, Message::Reset);
    assert_eq!((shown(&state), state.run_views().count()), (Some(Origin::Recorded), 1));
    update(&mut state, Message::Show(Origin::Own));
    assert_eq!(shown(&state), Some(Origin::Recorded), "what is gone cannot be shown");
}

#[test]
fn a_run_names_the_workers_it_has_and_so_does_its_link() {
    let started = |threads| Event::Started {
        run_id: 1,
        engine: EngineInfo {
            engine: EngineKind::Folded,
            device: DeviceKind::Cpu,
            device_name: "CPU".into(),
            precision: Precision::F32,
            reason: None,
        },
        n_train: 34,
        threads,
    };
    let mut state = training();
    tell(&mut state, started(3));
    let threads = |state: &State| state.run.as_ref().map(|run| run.config.run.threads);
    assert_eq!((threads(&state), state.draft.text(&settings::THREADS).as_str()), (Some(3), "3"));

    // Settings that were changed meanwhile are another run's.
    let mut state = training();
    state.draft.set(&settings::SEED, "9".into());
    tell(&mut state, started(3));
    assert_eq!((threads(&state), state.draft.text(&settings::THREADS).as_str()), (Some(3), "0"));
}

#[test]
fn each_bulky_message_is_acknowledged_even_of_a_run_that_is_gone() {
    let mut state = training();
    let acknowledged = |run_id| vec![Effect::Post(Command::Acknowledge { run_id })];
    let progress =
        |run_id| Event::Progress { run_id, step: 5, steps_per_s: None, rows: vec![], n_rows_left_out: 0 };
    assert_eq!(tell(&mut state, progress(1)), acknowledged(1));
    assert_eq!(tell(&mut state, Event::Checkpoint { run_id: 1, step: 5, weights: vec![1] }), acknowledged(1));
    assert_eq!(tell(&mut state, progress(9)), acknowledged(9), "or the worker would wait for ever");
}

#[test]
fn ten_million_rows_and_a_checkpoint_every_ten_steps_stay_within_bounds() {
    let mut state = training();
    let spike = 1_234_567;
    for from in (0..10_000_000).step_by(2_000) {
        let mut rows: Vec<_> = (from..from + 2_000).step_by(100).map(|step| row(step, 0.5)).collect();
        if (from..from + 2_000).contains(&spike) {
            rows.push(row(spike, 77.0));
            rows.sort_by_key(|row| row.step);
        }
        let n_rows_left_out = 2_000 - rows.len();
        let step = from + 2_000;
        tell(&mut state, Event::Progress { run_id: 1, step, steps_per_s: None, rows, n_rows_left_out });
        tell(&mut state, Event::Checkpoint { run_id: 1, step, weights: vec![0; 100_000] });
    }
    let own = state.own().expect("the run is on show");
    assert!(own.rows.len() <= MAX_ROWS && own.rows.len() + own.n_rows_left_out == 10_000_000);
    assert!(own.rows.contains(&row(spike, 77.0)), "the spike is seen");
    assert_eq!((own.rows[0].step, own.rows[own.rows.len() - 1].step), (0, 9_999_900));
    let checkpoints = &state.run.as_ref().expect("it is there").checkpoints;
    assert!(checkpoints.n_bytes() <= BUDGET_BYTES && checkpoints.files().len() <= MOST);
    assert_eq!(checkpoints.files().keys().next_back(), Some(&10_000_000));
    let capsule = shown_capsule(&state).expect("the run");
    assert_eq!(capsule.head.n_rows_left_out, own.n_rows_left_out, "the file says that rows are missing");
}

#[test]
fn the_rest_of_the_page_is_fetched_again_only_if_it_is_missing() {
    let mut state = ready();
    assert_eq!(update(&mut state, Message::FetchLazyBundle), [], "it is on its way");
    update(&mut state, Message::LazyBundleFetched(Err(LabError::file("fetch", "the rest", "no network"))));
    assert_eq!(state.lazy_bundle, LoadState::Failed("cannot fetch the rest: no network".into()));
    assert!(state.can_start(), "training needs none of it");
    assert_eq!(update(&mut state, Message::FetchLazyBundle), [Effect::FetchLazyBundle]);
    assert_eq!(update(&mut state, Message::FetchLazyBundle), [], "a second press");
    update(&mut state, Message::LazyBundleFetched(Ok(())));
    assert_eq!(
        (update(&mut state, Message::FetchLazyBundle), state.lazy_bundle),
        (Vec::new(), LoadState::Loaded)
    );
}
