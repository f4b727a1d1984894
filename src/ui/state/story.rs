//! The story of a run in six moments, each found in its own numbers. Pure.

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::engine::MetricsRow;
use crate::ui::state::format::{count, number, percent};
use crate::ui::state::run_view::RunView;

/// An accuracy from which on a set counts as learned.
const LEARNED: f64 = 0.99;
/// A test accuracy from which on the run counts as grokking.
const GROKS: f64 = 0.95;
/// A test accuracy from which on the model is about to generalise: far above what mirror pairs give a model that
/// memorised (14 % in the paper's experiment).
const TURNING: f64 = 0.5;
/// The numbers lie on a circle when the standard deviation of their distances from its middle is below this part of
/// the mean: points spread evenly over a disc have 0.35.
const ROUND: f64 = 0.25;

/// A moment of the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    /// Its number, from 1.
    pub number: usize,
    /// What happens, in a few words.
    pub title: &'static str,
    /// When.
    pub step: usize,
    /// What is to be seen, in sentences with the run's numbers.
    pub text: String,
    /// The figure to look at, by its `data-testid`.
    pub figure: &'static str,
    /// The frequency whose circle it speaks of.
    pub circle: Option<usize>,
}

/// How many moments a run has that groks.
pub const N_BEATS: usize = 6;

/// The moments that a run has reached, in order.
pub fn beats(run: &RunView) -> Vec<Beat> {
    let found = [start(run), learned_train_set(run), plateau(run), circle(run), grokked(run), finished(run)];
    let mut beats: Vec<Beat> = Vec::new();
    for (number, beat) in (1..).zip(found) {
        // A moment that lies before the one that should precede it tells another story than this one.
        let Some(beat) = beat.filter(|beat| beats.last().is_none_or(|last| last.step < beat.step)) else {
            continue;
        };
        beats.push(Beat { number, ..beat });
    }
    beats
}

/// The moment that a step belongs to: the last one up to it.
pub fn beat_at(beats: &[Beat], step: usize) -> Option<usize> {
    beats.partition_point(|beat| beat.step <= step).checked_sub(1)
}

/// What happened, in two sentences; none while the train set is not learned.
pub fn headline(run: &RunView) -> Option<String> {
    let memorised = memorised(run)?.step;
    Some(match grok_moment(run) {
        Some(row) => format!(
            "It memorised by step {}. It understood at {}. What happened in between?",
            count(memorised),
            count(row.step)
        ),
        None if understood(run).is_some() => {
            format!("It memorised and understood at once, by step {}.", count(memorised))
        }
        None => format!("It memorised by step {}. It has not grokked yet.", count(memorised)),
    })
}

/// The row at which the run groks: the first at which most test sums are right, after one at which the train set was
/// learned and they were not. A run that learns both at once does not grok.
pub fn grok_moment(run: &RunView) -> Option<&MetricsRow> {
    let memorised = memorised(run).filter(|row| row.evaluation.test_accuracy < GROKS)?.step;
    first(run, |row| row.step > memorised && row.evaluation.test_accuracy >= GROKS)
}

/// That it groks, in a sentence; none before it does.
pub fn grok_sentence(run: &RunView) -> Option<String> {
    let row = grok_moment(run)?;
    Some(format!(
        "It groks at step {}: {} of the sums it never saw come out right.",
        count(row.step),
        percent(row.evaluation.test_accuracy)
    ))
}

/// The first row at which the train set is learned.
pub fn memorised(run: &RunView) -> Option<&MetricsRow> {
    first(run, |row| row.evaluation.train_accuracy >= LEARNED)
}

/// The first row at which the test set is learned.
pub fn understood(run: &RunView) -> Option<&MetricsRow> {
    first(run, |row| row.evaluation.test_accuracy >= LEARNED)
}

fn first(run: &RunView, is_met: impl Fn(&MetricsRow) -> bool) -> Option<&MetricsRow> {
    run.rows.iter().find(|row| is_met(row))
}

fn beat(title: &'static str, step: usize, figure: &'static str, text: String) -> Beat {
    Beat { number: 0, title, step, text, figure, circle: None }
}

fn start(run: &RunView) -> Option<Beat> {
    let row = run.rows.first()?;
    let data = run.config.data.modular()?;
    let (n_train, n_pairs) = (data.n_train(), data.n_pairs());
    let text = format!(
        "Random weights. Of {} sums a + b mod {} it will be shown {}. Its test accuracy is {}, as by guessing, and \
         the numbers lie on no circle.",
        count(n_pairs),
        data.p,
        count(n_train),
        percent(row.evaluation.test_accuracy)
    );
    Some(beat("It knows nothing", row.step, "panel-field", text))
}

fn learned_train_set(run: &RunView) -> Option<Beat> {
    let row = memorised(run)?;
    let text = format!(
        "The blue cells are pale: {} of the sums it trains on are right. Of the others {} are, most of them because \
         their mirror image b + a was trained on.",
        percent(row.evaluation.train_accuracy),
        percent(row.evaluation.test_accuracy)
    );
    Some(beat("It has memorised", row.step, "panel-field", text))
}

fn plateau(run: &RunView) -> Option<Beat> {
    let end = run.phases.memorisation_end?;
    let row = run.row_near(end.step)?;
    let text = format!(
        "Train loss {}, test loss {}. Training looks finished, and nothing else moves in these curves; but from here \
         on weight decay makes memorising expensive.",
        number(row.evaluation.train_loss),
        number(row.evaluation.test_loss)
    );
    Some(beat("Nothing seems to happen", end.step, "loss-chart", text))
}

fn circle(run: &RunView) -> Option<Beat> {
    let turned = first(run, |row| row.evaluation.test_accuracy >= TURNING)?.step;
    let (step, freq) = run.snapshots.range(..turned).find_map(|(step, snapshot)| {
        let from = run.phases.memorisation_end.map_or(0, |end| end.step);
        (*step > from).then(|| round_circle(snapshot)).flatten().map(|freq| (*step, freq))
    })?;
    let row = run.row_near(step)?;
    let text = format!(
        "Test accuracy is still {}. Look: the circle of k = {freq} has closed. The numbers 0 to {} stand in the order \
         in which adding turns them.",
        percent(row.evaluation.test_accuracy),
        run.modulus()? - 1
    );
    Some(Beat { circle: Some(freq), ..beat("A circle closes", step, "panel-circle", text) })
}

/// The frequency of the roundest circle, if the numbers lie on one.
fn round_circle(snapshot: &CheckpointAnalysis) -> Option<usize> {
    let circles = snapshot.modular.as_ref()?.maps.circles.iter();
    let roundest = circles.min_by(|a, b| a.roundness().1.total_cmp(&b.roundness().1))?;
    (roundest.roundness().1 < ROUND).then_some(roundest.freq)
}

fn grokked(run: &RunView) -> Option<Beat> {
    let row = first(run, |row| row.evaluation.test_accuracy >= TURNING)?;
    let then = understood(run).map_or_else(
        || "It is not done yet.".to_owned(),
        |learned| {
            format!("At step {} it is {}.", count(learned.step), percent(learned.evaluation.test_accuracy))
        },
    );
    let text = format!(
        "Test accuracy passes {}. {then} The orange field turns pale: sums that it never saw come out right.",
        percent(TURNING)
    );
    Some(beat("It groks", row.step, "accuracy-chart", text))
}

fn finished(run: &RunView) -> Option<Beat> {
    let row = run.rows.last().filter(|row| row.evaluation.test_accuracy >= LEARNED)?;
    let freqs = run.snapshots.last_key_value().and_then(|(_, snapshot)| Some(&snapshot.report()?.key_freqs));
    let freqs = freqs.map_or_else(String::new, |freqs| {
        let list: Vec<String> = freqs.iter().map(usize::to_string).collect();
        format!(" Of all waves it has kept {}: k = {}.", freqs.len(), list.join(", "))
    });
    let text = format!(
        "Test loss {}, test accuracy {}.{freqs} What it memorised is gone.",
        number(row.evaluation.test_loss),
        percent(row.evaluation.test_accuracy)
    );
    Some(beat("A clean algorithm", row.step, "spectrum-chart", text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{N_BEATS, beat_at, beats, grok_moment, grok_sentence, headline};
    use crate::engine::{Evaluation, MetricsRow};
    use crate::protocol::recording::Recording;
    use crate::ui::state::run_view::RunView;
    use crate::ui::state::run_view_sample::run_view;

    /// A run of 100 steps a row, with a train and a test accuracy for each.
    fn run(accuracies: &[(f64, f64)]) -> RunView {
        let row = |(i, &(train_accuracy, test_accuracy)): (usize, &(f64, f64))| MetricsRow {
            step: 100 * i,
            evaluation: Evaluation {
                train_loss: 1.0 - train_accuracy,
                test_loss: 1.0 - test_accuracy,
                train_accuracy,
                test_accuracy,
                softmax_collapse_fraction: None,
            },
        };
        RunView { rows: accuracies.iter().enumerate().map(row).collect(), ..run_view(1) }
    }

    #[test]
    fn a_story_is_told_as_far_as_the_run_has_come() {
        let start = [(0.1, 0.1), (1.0, 0.2), (1.0, 0.2), (1.0, 0.6), (1.0, 1.0)];
        let steps = |n: usize| beats(&run(&start[..n])).iter().map(|beat| beat.step).collect::<Vec<_>>();
        assert_eq!(steps(1), [0]);
        assert_eq!(steps(3), [0, 100], "memorised and no further");
        assert_eq!(steps(5), [0, 100, 300, 400]);
        let told = beats(&run(&start));
        assert!(told.iter().all(|beat| (1..=N_BEATS).contains(&beat.number)));
        assert!(told[1].text.contains("100 %") && told[1].text.contains("20.00 %"), "{}", told[1].text);
        assert!(beats(&run(&[])).is_empty(), "no rows, no story");
    }

    #[test]
    fn the_cursor_is_in_the_last_beat_before_it() {
        let told = beats(&run(&[(0.1, 0.1), (1.0, 0.2), (1.0, 1.0)]));
        assert_eq!(told.iter().map(|beat| beat.step).collect::<Vec<_>>(), [0, 100, 200]);
        for (step, at) in [(0, 0), (99, 0), (100, 1), (250, 2)] {
            assert_eq!(beat_at(&told, step), Some(at), "step {step}");
        }
        assert_eq!(beat_at(&[], 7), None);
    }

    #[test]
    fn a_run_groks_when_most_test_sums_are_right_long_after_the_train_sums() {
        let moment = |accuracies: &[(f64, f64)]| grok_moment(&run(accuracies)).map(|row| row.step);
        assert_eq!(moment(&[(0.1, 0.1), (1.0, 0.2), (1.0, 0.94)]), None, "not yet");
        assert_eq!(
            moment(&[(0.1, 0.1), (1.0, 0.2), (1.0, 0.95), (1.0, 1.0)]),
            Some(200),
            "the first such row"
        );
        assert_eq!(moment(&[(0.1, 0.1), (1.0, 0.97), (1.0, 1.0)]), None, "both at once");
        assert_eq!(moment(&[(0.5, 0.96), (1.0, 0.2), (1.0, 0.99)]), Some(200), "after memorisation");
        let groks = run(&[(0.1, 0.1), (1.0, 0.2), (1.0, 0.955)]);
        let said = "It groks at step 200: 95.50 % of the sums it never saw come out right.";
        assert_eq!(grok_sentence(&groks).as_deref(), Some(said));
        let headline = headline(&groks).expect("memorised");
        assert_eq!(
            headline, "It memorised by step 100. It understood at 200. What happened in between?",
            "the headline agrees with the mark"
        );
    }

    #[test]
    fn the_headline_says_when_it_memorised_and_when_it_understood() {
        assert_eq!(headline(&run(&[(0.1, 0.1)])), None);
        let memorised = headline(&run(&[(0.1, 0.1), (1.0, 0.2)])).expect("memorised");
        assert!(memorised.contains("by step 100") && memorised.contains("not grokked"), "{memorised}");
        let grokked = headline(&run(&[(0.1, 0.1), (1.0, 0.2), (1.0, 0.999)])).expect("grokked");
        assert_eq!(grokked, "It memorised by step 100. It understood at 200. What happened in between?");
        let at_once = headline(&run(&[(0.1, 0.1), (1.0, 1.0)])).expect("at once");
        assert!(at_once.contains("at once"), "{at_once}");
    }

    #[test]
    fn the_recorded_runs_story_is_whole() {
        let recording =
            Recording::from_bytes(include_bytes!("../../../www/data/recorded-run.grok")).expect("whole");
        let mut run = RunView {
            rows: recording.rows.clone(),
            progress: recording.progress.clone(),
            phases: recording.phases,
            ..RunView::own(recording.config.clone())
        };
        for i in 0..recording.steps().len() {
            let snapshot = recording.snapshot(i).expect("every snapshot is whole");
            run.snapshots.insert(snapshot.step, Arc::new(snapshot));
        }
        let told = beats(&run);
        let steps: Vec<usize> = told.iter().map(|beat| beat.step).collect();
        assert_eq!(told.len(), N_BEATS, "{steps:?}");
        let circle = &told[3];
        assert!((2_000..10_000).contains(&circle.step), "the circle closes at {}", circle.step);
        assert!(circle.circle.is_some(), "{}", circle.text);
        let row = run.row_near(circle.step).expect("a row");
        assert!(row.evaluation.test_accuracy < 0.2, "long before it groks: {}", circle.text);
        assert_eq!(steps[4], 10_200, "half of the test sums are right");
    }
}
