//! Files of every kind on pages in every state: nothing that was there is lost.

use std::sync::Arc;

use crate::analysis::modular::report::analyse;
use crate::config::{Preset, settings};
use crate::engine::DeviceKind;
use crate::engine::row_thinning::MAX_ROWS;
use crate::error::LabError;
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::protocol::analyst::AnalystReply;
use crate::protocol::capsule::{Capsule, Saved};
use crate::protocol::{DeviceReport, Event, PROTOCOL_VERSION, RunState};
use crate::task::modular::ModularTask;
use crate::ui::state::State;
use crate::ui::state::capsules::shown_capsule;
use crate::ui::state::capsules::{CAPSULE_BUDGET_BYTES, checkpoints_left_out_of, slim_capsule};
use crate::ui::state::checkpoints::{BUDGET_BYTES, MOST};
use crate::ui::state::draft::Draft;
use crate::ui::state::opened_file::Found;
use crate::ui::state::run::Phase;
use crate::ui::state::run_view::Origin;
use crate::ui::state::run_view_sample::row;
use crate::ui::state::stored_runs::StorageEvent;
use crate::ui::update::notices::MAX_PROBLEMS;
use crate::ui::update::{Message, update};

fn tell(state: &mut State, event: Event) {
    update(state, Message::FromWorker(event));
}

fn ready() -> State {
    let mut state = State { tab: "tab".into(), ..State::new(Draft::new(Preset::Tiny), Vec::new()) };
    tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
    let report =
        DeviceReport { device: DeviceKind::Cpu, name: "CPU".into(), software: false, probe_checks: vec![] };
    tell(&mut state, Event::Device(report));
    state
}

fn training() -> State {
    let mut state = ready();
    update(&mut state, Message::Start);
    tell(&mut state, Event::State { run_id: 1, step: 0, state: RunState::Training });
    tell(
        &mut state,
        Event::Progress {
            run_id: 1,
            step: 10,
            steps_per_s: None,
            rows: vec![row(0), row(10)],
            n_rows_left_out: 0,
        },
    );
    state
}

fn run() -> Capsule {
    let mut capsule = Capsule::new(Preset::Quick.config());
    capsule.rows = vec![row(0), row(50)];
    capsule.state = Some(Saved { step: 50, state: Arc::new(vec![7]) });
    capsule
}

fn open(state: &mut State, name: &str, found: Found) {
    update(state, Message::FileRead { name: name.into(), found: Ok(Box::new(found)) });
}

fn origins(state: &State) -> Vec<Origin> {
    state.run_views().map(|run_view| run_view.origin.clone()).collect()
}

#[test]
fn a_run_from_a_file_can_be_gone_on_with() {
    let mut state = ready();
    open(&mut state, "a.zip", Found::Run(Box::new(run())));
    assert_eq!((state.phase(), state.can_resume_from_saved()), (Some(Phase::Detached), true));
    assert_eq!(state.last_row(), Some(&row(50)), "its curves are on show");
    assert_eq!(state.draft.preset, Preset::Quick, "the form follows");
    assert_eq!(
        shown_capsule(&state).map(|capsule| capsule.state),
        Some(run().state),
        "and can be saved again"
    );
    assert_eq!(state.run.as_ref().map(|run| run.key.as_str()), Some("tab-file-1"));
}

#[test]
fn a_run_under_way_is_never_pushed_aside() {
    for finish in [false, true] {
        let mut state = training();
        if finish {
            tell(&mut state, Event::Saved { run_id: 1, step: 300, state: vec![9] });
            tell(&mut state, Event::State { run_id: 1, step: 300, state: RunState::Finished });
        }
        open(&mut state, "a.zip", Found::Run(Box::new(run())));
        assert_eq!(state.run.as_ref().map(|run| run.id), Some(1), "finished: {finish}");
        assert_eq!(origins(&state), [Origin::File("a.zip".into()), Origin::Own]);
        assert!(state.remarks[0].contains("beside"), "{:?}", state.remarks);
        if finish {
            // Once it is kept, it may go: it can be opened again.
            update(
                &mut state,
                Message::FromStorage(StorageEvent::Saved { key: "tab-1".into(), step: 300, remark: None }),
            );
            open(&mut state, "a.zip", Found::Run(Box::new(run())));
            assert_eq!(state.phase(), Some(Phase::Detached));
        }
    }
}

#[test]
fn weights_rows_and_settings_come_beside_what_is_there() {
    let mut state = training();
    let config = Box::new(Preset::Paper.config());
    open(&mut state, "w", Found::Weights { config: config.clone(), step: Some(9), file: Arc::new(vec![1]) });
    let shown = state.run_view.as_ref().expect("the weights are on show");
    assert_eq!((shown.weights.contains_key(&9), shown.rows.len()), (true, 0));
    open(&mut state, "m.csv", Found::Rows(vec![row(0), row(5)]));
    assert_eq!(state.run_view.as_ref().map(|run_view| run_view.rows.len()), Some(2));
    assert!(state.remarks[0].contains("assumed"), "{:?}", state.remarks);
    open(&mut state, "c.json", Found::Config(config));
    assert_eq!((state.draft.preset, state.draft.text(&settings::P)), (Preset::Paper, "113".into()));
    assert_eq!(state.own().map(|own| own.rows.len()), Some(2), "the run is as it was");
    assert_eq!(state.phase(), Some(Phase::Training));
}

#[test]
fn a_bad_file_is_named_and_changes_nothing() {
    let mut state = training();
    let before = state.clone();
    let error = LabError::content("archive", "cut short");
    update(&mut state, Message::FileRead { name: "x.zip".into(), found: Err(error) });
    let problems = std::mem::take(&mut state.file_problems);
    assert!(problems[0].contains("x.zip") && problems[0].contains("cut short"), "{problems:?}");
    assert_eq!(state, before, "nothing else has changed");
}

#[test]
fn every_bad_file_stays_named_until_it_is_dismissed() {
    let mut state = ready();
    let error = || LabError::content("archive", "cut short");
    for i in 0..40 {
        update(&mut state, Message::FileRead { name: format!("bad-{i}"), found: Err(error()) });
    }
    open(&mut state, "good", Found::Config(Box::new(Preset::Tiny.config())));
    assert_eq!(state.file_problems.len(), MAX_PROBLEMS, "as many as can be read");
    assert!(state.file_problems.last().is_some_and(|words| words.contains("bad-39 ")), "the last is there");
    let again = state.file_problems.clone();
    update(&mut state, Message::FileRead { name: "bad-39".into(), found: Err(error()) });
    assert_eq!(state.file_problems, again, "once is enough");
    update(&mut state, Message::DismissFileProblems);
    assert!(state.file_problems.is_empty());
}

#[test]
fn two_files_of_one_name_are_two_runs_and_one_file_is_one() {
    let mut state = ready();
    let file = |byte| Found::Weights {
        config: Box::new(Preset::Tiny.config()),
        step: Some(1),
        file: Arc::new(vec![byte]),
    };
    for byte in [1, 2, 1, 2] {
        open(&mut state, "w", file(byte));
    }
    assert_eq!(origins(&state), [Origin::File("w (2)".into()), Origin::File("w".into())]);
}

#[test]
fn a_file_that_cannot_be_analysed_is_named() {
    let mut state = ready();
    state.analyst.ready = true;
    let config = Box::new(Preset::Tiny.config());
    open(&mut state, "odd", Found::Weights { config, step: None, file: Arc::new(vec![1]) });
    let id = state.analyst.last_request;
    let reply =
        AnalystReply::Failed { id: Some(id), error: LabError::content("weights", "a weight is NaN").into() };
    update(&mut state, Message::FromAnalyst(reply));
    let told = &state.file_problems;
    assert!(told.len() == 1 && told[0].contains("odd") && told[0].contains("a weight is NaN"), "{told:?}");
}

#[test]
fn reports_of_a_file_are_handed_on() {
    let mut state = ready();
    let config = Preset::Quick.config();
    let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
    let report = analyse(&weights, &ModularTask::of(&config.data).expect("a modular task"))
        .expect("the model is whole");
    let mut capsule = run();
    capsule.reports = [(50, Arc::new(report))].into();
    state.host.build = Some("build-7".into());
    state.host.user_agent = "a browser".into();
    open(&mut state, "a.zip", Found::Run(Box::new(capsule.clone())));
    let again = shown_capsule(&state).expect("it is on show");
    assert_eq!(again.reports, capsule.reports);
    assert!(again.head.build.ends_with(" build-7"), "{}", again.head.build);
    assert_eq!(again.head.user_agent.as_deref(), Some("a browser"));
}

#[test]
fn a_capsule_to_be_sent_stays_small_and_keeps_its_ends() {
    let file = Arc::new(vec![0; 1 << 20]);
    let mut capsule = run();
    capsule.checkpoints = (0..=40).map(|i| (100 * i, file.clone())).collect();
    let told = checkpoints_left_out_of(&capsule).expect("some have to stay out");
    assert!(told.contains("20 of 41 checkpoints"), "{told}");
    let slim = slim_capsule(capsule);
    assert_eq!(checkpoints_left_out_of(&slim), None);
    assert_eq!(slim.checkpoints.len(), CAPSULE_BUDGET_BYTES >> 20);
    assert!(slim.checkpoints.contains_key(&0) && slim.checkpoints.contains_key(&4000));
    assert_eq!(slim.state, run().state, "the state to go on from is never left out");
}

#[test]
fn a_capsule_of_a_long_run_is_opened_within_the_bounds_of_an_own_run() {
    let mut capsule = Capsule::new(Preset::Tiny.config());
    capsule.config.run.epochs = 10_000_000;
    capsule.rows = (0..100_000).map(row).collect();
    capsule.checkpoints = (0..2_000).map(|i| (10 * i, Arc::new(vec![0; 100_000]))).collect();
    // First as the page's own run, then beside one that trains.
    for mut state in [ready(), training()] {
        let found = Ok(Box::new(Found::Run(Box::new(capsule.clone()))));
        update(&mut state, Message::FileRead { name: "long.capsule.zip".into(), found });
        let shown = state.run_view.as_ref().expect("it is on show");
        assert!(shown.rows.len() <= MAX_ROWS && shown.rows.len() + shown.n_rows_left_out == 100_000);
        assert!(shown.weights.len() <= MOST, "{} checkpoints", shown.weights.len());
        assert!(shown.weights.values().map(|file| file.len()).sum::<usize>() <= BUDGET_BYTES);
    }
}
