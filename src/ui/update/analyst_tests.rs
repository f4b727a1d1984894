//! What the analyst is asked of runs that train and of runs that stand, and what becomes of one that ends.

use std::sync::Arc;

use super::FREQS_AT_ONCE;
use crate::analysis::checkpoint_measures::measure;
use crate::analysis::modular::freq_ablation::losses_without_each_freq;
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::analysis::modular::report::analyse;
use crate::analysis::phases::Phases;
use crate::analysis::progress::share_freqs;
use crate::config::{Precision, Preset};
use crate::engine::{DeviceKind, EngineInfo, EngineKind};
use crate::error::{ErrorKind, ErrorReport};
use crate::protocol::analyst::{AnalystReply, AnalystRequest};
use crate::protocol::capsule::Saved;
use crate::ui::state::State;
use crate::ui::state::ablation_editor::AblationEdit;
use crate::ui::state::analyst::MOST_ENDS;
use crate::ui::state::draft::Draft;
use crate::ui::state::run::{Phase, Run};
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::run_view_sample::{row, run_view};
use crate::ui::state::view_choices::ViewChange;
use crate::ui::update::analyst_sample::{PromptAnalyst, file_with_key_freqs, weights_and_task};
use crate::ui::update::{Effect, Message, update};

/// Four checkpoints with fewer and fewer key frequencies.
const CHECKPOINTS: [(usize, &[usize]); 4] = [(0, &[1, 2, 3]), (10, &[1, 2]), (20, &[2]), (30, &[1, 3])];

/// A page whose own run is in a phase; what it asks once the run is on show.
pub(in crate::ui::update) fn page(phase: Phase) -> (State, Vec<Effect>) {
    let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
    state.analyst.ready = true;
    let run = run_view(4);
    state.run = Some(Run { phase, ..Run::new(1, run.config.clone()) });
    let weights = CHECKPOINTS.map(|(step, freqs)| (step, file_with_key_freqs(freqs, step))).into();
    let run = Box::new(RunView { weights, ..run });
    let effects = update(&mut state, Message::AddRunView { run_view: run, show: true });
    (state, effects)
}

fn shown(state: &State) -> &RunView {
    state.run_view.as_ref().expect("a run is on show")
}

fn on(device: DeviceKind) -> EngineInfo {
    EngineInfo {
        engine: EngineKind::Folded,
        device,
        device_name: "one".into(),
        precision: Precision::F32,
        reason: None,
    }
}

fn is_asking(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::AskAnalyst(_)))
}

#[test]
fn a_run_that_stands_is_measured_as_grok_measures_it() {
    let (mut state, effects) = page(Phase::Finished);
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    let run = shown(&state);

    // As `grok reproduce` does: the report on the last checkpoint tells the frequencies of all.
    let (last, task) = weights_and_task(&run.weights[&30]);
    let key_freqs = analyse(&last, &task).unwrap().key_freqs;
    assert_eq!(key_freqs, [1, 3]);
    let expected: Vec<_> = run
        .weights
        .iter()
        .map(|(step, file)| (*step, measure(&weights_and_task(file).0, &task, &key_freqs).unwrap()))
        .collect();
    assert_eq!(run.progress, expected);
    assert_eq!(run.phases, Phases::find(&expected));
    assert_eq!(run.without_freqs.losses, losses_without_each_freq(&last, &task).unwrap());
    assert_eq!(
        analyst.asked,
        [
            "snapshot 30",
            "measure 20 [1, 3]",
            "measure 10 [1, 3]",
            "measure 0 [1, 3]",
            "without [1, 2, 3]",
            "prepare 30"
        ],
        "each once, the newest first"
    );
    assert!(task.p / 2 <= FREQS_AT_ONCE, "a small model takes one job");
}

#[test]
fn a_run_that_trained_is_measured_again_when_it_stands() {
    let (mut state, effects) = page(Phase::Training);
    let mut analyst = PromptAnalyst::default();
    // The cursor was at an early checkpoint: it does not tell what is last.
    let mut asked = effects;
    asked.extend(update(&mut state, Message::ChangeView(ViewChange::Pin(0.0))));
    analyst.work_off(&mut state, asked);
    assert_eq!(
        analyst.asked,
        ["snapshot 30", "snapshot 0 [1, 3]", "measure 20 [1, 3]", "measure 10 [1, 3]", "prepare 0"],
        "live, with the frequencies of the newest"
    );
    let run = state.run_view.as_mut().expect("a run is on show");
    run.weights.insert(40, file_with_key_freqs(&[2], 40));
    let effects = update(&mut state, Message::Clock(1.0));
    analyst.asked.clear();
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked, ["measure 40"], "the others stay as they are while it trains");
    assert!(!share_freqs(&shown(&state).progress));
    assert_eq!(shown(&state).phases, Phases::default(), "no phases of what does not compare");

    analyst.asked.clear();
    state.run.as_mut().expect("a run").phase = Phase::Detached;
    let effects = update(&mut state, Message::Clock(2.0));
    analyst.work_off(&mut state, effects);
    let expected = [
        "snapshot 40",
        "measure 30 [2]",
        "measure 20 [2]",
        "measure 10 [2]",
        "measure 0 [2]",
        "without [1, 2, 3]",
    ];
    assert_eq!(analyst.asked, expected, "the last one first, though the cursor is elsewhere");
    assert!(share_freqs(&shown(&state).progress) && shown(&state).progress.len() == 5);
}

#[test]
fn rows_are_replaced_one_by_one_and_the_cursor_comes_first() {
    let (mut state, effects) = page(Phase::Detached);
    let mut analyst = PromptAnalyst::default();
    let mut replies = Vec::new();
    for effect in effects {
        let Effect::AskAnalyst(request) = effect else { continue };
        replies.push(analyst.answer(request));
    }
    update(&mut state, Message::ChangeView(ViewChange::Pin(10.0)));
    let effects: Vec<_> =
        replies.into_iter().flat_map(|reply| update(&mut state, Message::FromAnalyst(reply))).collect();
    assert!(
        matches!(
            &effects[..],
            [Effect::AskAnalyst(AnalystRequest::LoadWeights { .. }), Effect::AskAnalyst(AnalystRequest::Snapshot { followed_freqs: Some(freqs), .. })]
            if freqs == &[1, 3]
        ),
        "what the reader looks at, before the measures: {effects:?}"
    );
    assert_eq!(shown(&state).progress.len(), 1, "one row so far");
}

#[test]
fn a_run_paused_between_two_checkpoints_ends_at_its_saved_state() {
    let (mut state, effects) = page(Phase::Training);
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    let run = state.run.as_mut().expect("a run");
    run.saved = Some(Saved { step: 35, state: file_with_key_freqs(&[2], 35) });
    update(&mut state, Message::Clock(1.0));
    assert!(!shown(&state).weights.contains_key(&35), "while it trains the checkpoints are enough");
    state.run.as_mut().expect("a run").phase = Phase::Paused;
    let effects = update(&mut state, Message::Clock(2.0));
    analyst.work_off(&mut state, effects);
    let run = shown(&state);
    assert_eq!(run.progress.last().map(|(step, m)| (*step, m.key_freqs.clone())), Some((35, vec![2])));
    assert!(run.snapshots.contains_key(&35) && share_freqs(&run.progress));
}

#[test]
fn every_run_that_stands_has_its_last_weights_taken_apart() {
    let (mut state, effects) = page(Phase::Detached);
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    let weights = [(0, file_with_key_freqs(&[1], 0)), (50, file_with_key_freqs(&[3], 50))].into();
    let other = RunView { origin: Origin::File("b".into()), weights, ..run_view(4) };
    analyst.asked.clear();
    let effects = update(&mut state, Message::AddRunView { run_view: Box::new(other), show: false });
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked, ["snapshot 50", "measure 0 [3]"], "of a run that is not on show, too");
}

#[test]
fn figure_6_waits_for_the_processors_and_gives_way() {
    let (mut state, effects) = page(Phase::Training);
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    let recorded = RunView {
        origin: Origin::Recorded,
        snapshots: shown(&state).snapshots.clone(),
        weights: [(30, file_with_key_freqs(&[1, 3], 30))].into(),
        ..run_view(4)
    };
    analyst.asked.clear();
    let effects = update(&mut state, Message::AddRunView { run_view: Box::new(recorded), show: false });
    analyst.work_off(&mut state, effects);
    let effects = update(&mut state, Message::Show(Origin::Recorded));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked, ["prepare 30"], "figure 6 not while a run trains");
    state.run.as_mut().expect("a run").phase = Phase::Broken;
    let effects = update(&mut state, Message::Show(Origin::Recorded));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked.last().map(String::as_str), Some("without [1, 2, 3]"));
    let run = shown(&state);
    assert_eq!((run.without_freqs.step, run.without_freqs.losses.len()), (30, 3));
    let edition = run.edition;
    let late = AnalystReply::WithoutFreqs { id: 1, losses: vec![9.0] };
    assert!(!is_asking(&update(&mut state, Message::FromAnalyst(late))));
    assert_eq!(
        (shown(&state).edition, shown(&state).without_freqs.losses.len()),
        (edition, 3),
        "nobody asked"
    );
}

#[test]
fn what_a_cut_needs_is_made_ready_once_and_only_for_weights_that_stay() {
    let (mut state, effects) = page(Phase::Training);
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    assert!(!analyst.asked.contains(&"prepare 30".into()), "the next checkpoint takes its place");
    analyst.asked.clear();
    let effects = update(&mut state, Message::ChangeView(ViewChange::Pin(30.0)));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked, ["prepare 30"]);

    let run = state.run_view.as_mut().expect("a run is on show");
    run.weights.insert(40, file_with_key_freqs(&[2], 40));
    analyst.asked.clear();
    let effects = update(&mut state, Message::Clock(1.0));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked, ["measure 40"], "the pin is where it was");
    let effects = update(&mut state, Message::EditAblation(AblationEdit::Head(0)));
    assert!(matches!(&effects[..], [Effect::AskAnalyst(AnalystRequest::Ablate { .. })]), "{effects:?}");

    update(&mut state, Message::EditAblation(AblationEdit::Whole));
    analyst.asked.clear();
    for change in [ViewChange::First, ViewChange::TogglePlay, ViewChange::Tick(0.05)] {
        let effects = update(&mut state, Message::ChangeView(change));
        analyst.work_off(&mut state, effects);
    }
    let prepared: Vec<_> = analyst.asked.iter().filter(|asked| asked.starts_with("prepare")).collect();
    assert_eq!(prepared, ["prepare 0"], "a cursor that moves by itself is let pass");
}

#[test]
fn beside_a_run_on_the_processors_it_rests_after_each_job_but_for_what_the_reader_looks_at() {
    let (mut state, effects) = page(Phase::Training);
    let mut analyst = PromptAnalyst::default();
    state.run.as_mut().expect("a run").engine = Some(on(DeviceKind::Cpu));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked, ["snapshot 30"], "then it rests");
    let run = state.run_view.as_mut().expect("a run is on show");
    run.rows.push(row(40));
    run.weights.insert(40, file_with_key_freqs(&[2], 40));
    assert!(!is_asking(&update(&mut state, Message::Clock(1.0))), "the cursor only goes along");
    let effects = update(&mut state, Message::ChangeView(ViewChange::Hover(10.0)));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked[1..], ["snapshot 10 [1, 3]"], "at once, and nothing more");

    update(&mut state, Message::ChangeView(ViewChange::Leave));
    let effects = update(&mut state, Message::AnalystRested);
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked[2..], ["snapshot 40"], "one job, the newest");
    state.run.as_mut().expect("a run").engine = Some(on(DeviceKind::Gpu));
    let effects = update(&mut state, Message::Clock(2.0));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked[3..], ["measure 20 [2]", "measure 0 [2]"], "a card's run is not in the way");
}

#[test]
fn a_run_that_stands_lets_it_work_on() {
    let (mut state, effects) = page(Phase::Training);
    state.run.as_mut().expect("a run").engine = Some(on(DeviceKind::Cpu));
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    assert!(state.analyst.rests);
    state.run.as_mut().expect("a run").phase = Phase::Paused;
    let effects = update(&mut state, Message::Clock(1.0));
    analyst.work_off(&mut state, effects);
    assert_eq!(analyst.asked.len(), 6, "all that there is: {:?}", analyst.asked);
}

#[test]
fn an_analyst_that_ends_is_begun_again_three_times_and_then_no_more() {
    let (mut state, _) = page(Phase::Detached);
    for i in 1..=MOST_ENDS {
        let effects = update(&mut state, Message::AnalystDied("unreachable executed".into()));
        assert_eq!(effects, [Effect::BeginAnalyst], "time {i}");
        assert!(state.remarks.is_empty() && state.analyst.job.is_none());
        let version = crate::protocol::PROTOCOL_VERSION;
        let effects = update(&mut state, Message::FromAnalyst(AnalystReply::Ready { version }));
        assert!(is_asking(&effects), "and goes on");
    }
    assert_eq!(update(&mut state, Message::AnalystDied("unreachable executed".into())), []);
    assert_eq!(update(&mut state, Message::Clock(1.0)), [], "for good");
    let told = state.remarks.join(" ");
    assert!(told.contains("unreachable executed. Reload the page"), "{told}");
    assert_eq!(state.remarks.len(), 1);
}

#[test]
fn an_answer_in_between_forgives_and_a_file_that_ends_it_twice_is_left_alone() {
    let (mut state, _) = page(Phase::Detached);
    let ready = || Message::FromAnalyst(AnalystReply::Ready { version: crate::protocol::PROTOCOL_VERSION });
    update(&mut state, Message::AnalystDied("out of memory".into()));
    update(&mut state, ready());
    let newest = Arc::clone(&shown(&state).weights[&30]);
    update(&mut state, Message::AnalystDied("out of memory".into()));
    assert!(state.analyst.refused.iter().any(|file| Arc::ptr_eq(file, &newest)), "twice at the same file");
    let effects = update(&mut state, ready());
    assert!(state.analyst.job.as_ref().is_some_and(|job| job.step == 20), "the next one");
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    assert_eq!(state.analyst.n_ends, 0);
    assert_eq!(shown(&state).progress.len(), 3, "all but the one that cannot be analysed");
}

#[test]
fn nothing_to_do_begins_no_analyst() {
    let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
    assert_eq!(update(&mut state, Message::AnalystDied("script error".into())), []);
    let weights = [(0, file_with_key_freqs(&[1], 0))].into();
    let run = RunView { origin: Origin::File("a".into()), weights, ..run_view(2) };
    let effects = update(&mut state, Message::AddRunView { run_view: Box::new(run), show: true });
    assert_eq!(effects, [Effect::BeginAnalyst], "the next wish does");
    let version = crate::protocol::PROTOCOL_VERSION + 1;
    assert_eq!(update(&mut state, Message::FromAnalyst(AnalystReply::Ready { version })), []);
    assert!(state.remarks.join(" ").contains("another build"), "a restart would not help");
}

#[test]
fn a_message_that_cannot_be_read_costs_its_job_and_nothing_more() {
    let (mut state, _) = page(Phase::Detached);
    let misread = AnalystReply::Misread { error: ErrorReport::new(ErrorKind::Protocol, "no such request") };
    let effects = update(&mut state, Message::FromAnalyst(misread));
    assert!(is_asking(&effects) && state.analyst.ready, "it lives");
    assert!(state.analyst.job.as_ref().is_some_and(|job| job.step == 20), "the next file");
    assert!(state.remarks.is_empty());
}

#[test]
fn weights_are_sent_once_for_all_that_is_asked_of_them() {
    let (mut state, effects) = page(Phase::Detached);
    let mut analyst = PromptAnalyst::default();
    analyst.work_off(&mut state, effects);
    assert_eq!(current_key_freqs(&weights_and_task(&shown(&state).weights[&30]).0), [1, 3]);
    // Figure 6 is of the last weights again, and others were sent in between.
    let held = state.analyst.held.as_ref().expect("the last that was sent");
    assert!(Arc::ptr_eq(held, &shown(&state).weights[&30]));
    state.run_view.as_mut().expect("a run is on show").without_freqs = Default::default();
    let effects = update(&mut state, Message::Clock(1.0));
    assert!(
        matches!(&effects[..], [Effect::AskAnalyst(AnalystRequest::WithoutFreqs { .. })]),
        "they are there: {effects:?}"
    );
}
