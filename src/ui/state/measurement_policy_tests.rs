//! Which frequencies a run is followed by, from what is at hand of it.

use std::sync::Arc;

use super::{freqs_for, is_at_rest, last_report, settled_freqs, to_measure, words};
use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use crate::analysis::progress::ProgressMeasures;
use crate::config::Preset;
use crate::ui::state::State;
use crate::ui::state::draft::Draft;
use crate::ui::state::inconsistent_measures::{FEW, inconsistent_steps};
use crate::ui::state::run::{Phase, Run};
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::run_view_sample::{measures, run_view};
use crate::ui::update::analyst_sample::{file_with_key_freqs, weights_and_task};

fn with(freqs: &[usize]) -> ProgressMeasures {
    ProgressMeasures { key_freqs: freqs.to_vec(), ..measures(1.0) }
}

/// A page that shows a run of this tab in a phase, with these measures and weights.
fn state(phase: Phase, measured: &[(usize, &[usize])], weights: &[usize]) -> State {
    let mut run = run_view(5);
    run.progress = measured.iter().map(|(step, freqs)| (*step, with(freqs))).collect();
    run.weights = weights.iter().map(|step| (*step, file_with_key_freqs(&[2], *step))).collect();
    let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
    state.run = Some(Run { phase, ..Run::new(1, run.config.clone()) });
    state.run_view = Some(run);
    state
}

fn shown(state: &State) -> &RunView {
    state.run_view.as_ref().expect("a run is on show")
}

/// Takes the weights of a step apart.
fn take_apart(state: &mut State, step: usize) {
    let run = state.run_view.as_mut().expect("a run is on show");
    let (weights, task) = weights_and_task(&run.weights[&step]);
    let snapshot = ModularAnalysis::new(&weights, &task, None).expect("it can be taken apart");
    let snapshot = CheckpointAnalysis::of_modular(step, snapshot);
    run.snapshots.insert(step, Arc::new(snapshot));
}

fn next(state: &State) -> Option<usize> {
    to_measure(state, shown(state)).map(|(step, _)| step)
}

#[test]
fn a_run_that_trains_is_measured_with_the_frequencies_of_the_moment() {
    let state = state(Phase::Training, &[(0, &[1, 2, 3]), (20, &[1, 3])], &[0, 10, 20, 30]);
    let run = shown(&state);
    assert!(!is_at_rest(&state, run));
    assert_eq!(next(&state), Some(30), "the newest first, and none again");
    assert_eq!(freqs_for(&state, run, 30), None, "with its own");
    assert_eq!(freqs_for(&state, run, 10), Some(&[1, 3][..]), "with those of the newest that was measured");
    assert_eq!((settled_freqs(&state, run), last_report(&state, run)), (None, None));
    assert!(words(&state).is_some_and(|words| words.contains("of its moment")));
}

#[test]
fn a_run_that_stands_is_measured_again_with_those_of_its_last_weights() {
    for phase in [Phase::Paused, Phase::Finished, Phase::Broken, Phase::Detached] {
        let mut state = state(phase, &[(0, &[1, 2, 3]), (20, &[2]), (30, &[1, 3])], &[0, 10, 20, 30]);
        assert_eq!(
            (settled_freqs(&state, shown(&state)), next(&state)),
            (None, None),
            "not before they are known"
        );
        assert!(words(&state).is_some_and(|words| words.contains("weights of step 30 are being analysed")));
        take_apart(&mut state, 20);
        assert_eq!(next(&state), None, "an earlier one does not tell");
        take_apart(&mut state, 30);
        assert_eq!(settled_freqs(&state, shown(&state)), Some(&[2][..]));
        assert_eq!(last_report(&state, shown(&state)).map(|report| report.key_freqs.clone()), Some(vec![2]));
        let run = state.run_view.as_mut().expect("a run is on show");
        run.progress[2].1 = with(&[2]);
        assert_eq!(next(&state), Some(10), "20 and 30 are as they should be, 10 was never measured");
        let told = words(&state).expect("something was measured");
        assert!(told.contains("step 30: 2 of 4"), "{told}");
        state.run_view.as_mut().expect("as above").progress =
            [0, 10, 20, 30].map(|step| (step, with(&[2]))).into();
        assert_eq!(next(&state), None);
        assert_eq!(words(&state).as_deref(), Some("Measured with the key frequencies of step 30: k = 2."));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_waited_for() {
    let mut state = state(Phase::Detached, &[(0, &[1])], &[0, 30]);
    let broken = Arc::clone(&shown(&state).weights[&30]);
    state.analyst.refused.push(broken);
    take_apart(&mut state, 0);
    assert_eq!(settled_freqs(&state, shown(&state)), Some(&[2][..]), "those of the newest that can be read");
    assert_eq!(next(&state), Some(0));
}

#[test]
fn where_most_weights_are_gone_what_was_measured_alike_decides() {
    let alike: Vec<(usize, &[usize])> = (0..8).map(|i| (10 * i, &[1, 3][..])).collect();
    let mut state = state(Phase::Detached, &alike, &[60, 75]);
    take_apart(&mut state, 75);
    assert_eq!(settled_freqs(&state, shown(&state)), Some(&[1, 3][..]), "not the 2 of the last weights");
    assert_eq!(next(&state), Some(75), "which are measured with them");
    assert_eq!(inconsistent_steps(&state, shown(&state)), [0; 0]);
    state.run_view.as_mut().expect("a run is on show").weights.clear();
    assert_eq!(next(&state), None);
    assert_eq!(words(&state).as_deref(), Some("Measured with the key frequencies of step 70: k = 1, 3."));
}

#[test]
fn measures_that_compare_with_no_other_are_given_up_last_and_not_for_a_few() {
    let steps: Vec<usize> = (0..FEW).map(|i| 100 + 10 * i).collect();
    let mut measured: Vec<(usize, &[usize])> = steps.iter().map(|step| (*step, &[2][..])).collect();
    measured.splice(0..0, [(0, &[1, 2, 3][..]), (1, &[1, 2][..])]);
    let mut of_many = state(Phase::Detached, &measured, &steps);
    take_apart(&mut of_many, steps[FEW - 1]);
    assert_eq!(inconsistent_steps(&of_many, shown(&of_many)), [0, 1]);
    let run = of_many.run_view.as_mut().expect("a run is on show");
    run.progress[4].1 = with(&[1]);
    assert_eq!(inconsistent_steps(&of_many, shown(&of_many)), [0; 0], "there is still something to measure");

    let mixed: [(usize, &[usize]); 5] = [(0, &[1]), (1, &[2]), (2, &[3]), (3, &[1]), (30, &[2])];
    let mut of_few = state(Phase::Detached, &mixed, &[30]);
    take_apart(&mut of_few, 30);
    assert_eq!(
        inconsistent_steps(&of_few, shown(&of_few)),
        [0; 0],
        "two of five alike are no course of a run"
    );
    assert!(
        words(&of_few).is_some_and(|words| words.starts_with("2 of 5 checkpoints")),
        "{:?}",
        words(&of_few)
    );
}

#[test]
fn the_recorded_run_stays_as_it_was_recorded() {
    let mut state = state(Phase::Training, &[(0, &[1, 3]), (30, &[1, 3])], &[30]);
    state.run_view.as_mut().expect("a run is on show").origin = Origin::Recorded;
    assert!(is_at_rest(&state, shown(&state)), "whatever trains beside it");
    assert_eq!((settled_freqs(&state, shown(&state)), next(&state)), (Some(&[1, 3][..]), None));
    take_apart(&mut state, 30);
    assert_eq!(next(&state), None, "nothing is measured again");
    assert_eq!(words(&state).as_deref(), Some("Measured with the key frequencies of step 30: k = 1, 3."));
    state.run_view = None;
    assert_eq!(words(&state), None, "nothing on show");
}
