//! Questions that the reader answers before the run on show does. Pure.

use crate::analysis::modular::report::Report;
use crate::ui::state::format::{count, percent};
use crate::ui::state::run_view::RunView;
use crate::ui::state::story::memorised;

/// A question with choices, answered by the run on show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prediction {
    /// A name for tests.
    pub(super) id: &'static str,
    /// The question.
    pub(super) question: &'static str,
    /// What can be chosen.
    pub(super) choices: &'static [&'static str],
    /// The number of the right choice, from 0, and what the run shows; else why it shows nothing.
    pub(super) answer: fn(&RunView) -> Result<(usize, String), &'static str>,
}

impl Prediction {
    /// What is said when the answer is shown to a reader who has chosen.
    pub(super) fn reveal(&self, run: Option<&RunView>, chosen: usize) -> String {
        let run = run.ok_or("There is no run on show yet.");
        match run.and_then(|run| (self.answer)(run)) {
            Ok((right, shows)) if right == chosen => format!("As you said. {shows}"),
            Ok((right, shows)) => format!("Not in this run: {}. {shows}", self.choices[right]),
            Err(why_not) => why_not.to_owned(),
        }
    }
}

/// What a network that has only memorised knows of the test set.
pub(super) const AFTER_MEMORISING: Prediction = Prediction {
    id: "after-memorising",
    question: "The network has just learned every sum it was shown. How many of the others does it get right?",
    choices: &["Fewer than 5 %", "5 to 40 %", "40 to 90 %", "More than 90 %"],
    answer: |run| {
        let row =
            memorised(run).ok_or("The run on show has not memorised yet: let it train, or show another.")?;
        let accuracy = row.evaluation.test_accuracy;
        let bounds = [0.05, 0.4, 0.9];
        let shows = format!("At step {} it gets {} of them right.", count(row.step), percent(accuracy));
        Ok((bounds.iter().filter(|bound| accuracy >= **bound).count(), shows))
    },
};

/// Two steps are about the same if neither is larger by more than this part of itself.
const SAME: f64 = 0.1;
/// A loss below this is far better than a guess, in nats.
const LOW_LOSS: f64 = 1.0;

/// Which falls first, the restricted loss or the test loss.
pub(super) const WHICH_FALLS_FIRST: Prediction = Prediction {
    id: "which-falls-first",
    question: "Which loss falls below 1 first: that of the algorithm\u{2019}s part alone, or that of the whole \
               network on the test set?",
    choices: &[
        "The algorithm\u{2019}s part alone",
        "Both at about the same step",
        "The whole network on the test set",
    ],
    answer: |run| {
        let from =
            memorised(run).ok_or("The run on show has not memorised yet: let it train, or show another.")?;
        let restricted = run.progress.iter().find(|(_, measures)| measures.restricted_loss.all < LOW_LOSS);
        let is_low =
            |row: &&crate::engine::MetricsRow| row.step > from.step && row.evaluation.test_loss < LOW_LOSS;
        let test = run.rows.iter().find(is_low).map(|row| row.step);
        let restricted = restricted.map(|(step, _)| *step);
        let (Some(restricted), Some(test)) = (restricted, test) else {
            return Err("In the run on show they have not both fallen below 1.");
        };
        let shows = format!(
            "The algorithm\u{2019}s part is below 1 at step {}, the test loss at step {}.",
            count(restricted),
            count(test)
        );
        let right = if (restricted as f64) < (1.0 - SAME) * test as f64 {
            0
        } else if (test as f64) < (1.0 - SAME) * restricted as f64 {
            2
        } else {
            1
        };
        Ok((right, shows))
    },
};

/// How few frequencies the finished network uses.
pub(super) const HOW_MANY_FREQS: Prediction = Prediction {
    id: "how-many-freqs",
    question: "At the start no frequency stands out. How many of them does the network use in the end?",
    choices: &["One", "Two to eight", "Nine to twenty", "More than twenty"],
    answer: |run| {
        let report =
            |snapshot: &crate::analysis::checkpoint::CheckpointAnalysis| snapshot.report().map(n_used);
        let last = run.snapshots.last_key_value();
        let (step, used) = last
            .and_then(|(step, snapshot)| Some((*step, report(snapshot)?)))
            .ok_or("No weights of the run on show have been analysed.")?;
        let right = [2, 9, 21].iter().filter(|bound| used >= **bound).count();
        let shows = format!("At step {} {used} stand out of W_L.", count(step));
        Ok((right, shows))
    },
};

fn n_used(report: &Report) -> usize {
    report.key_freqs.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{AFTER_MEMORISING, HOW_MANY_FREQS, WHICH_FALLS_FIRST};
    use crate::config::Preset;
    use crate::ui::state::run_view::RunView;
    use crate::ui::state::run_view_sample::{measures, run_view, snapshot};

    /// A run whose rows have these test losses; it memorises at step 10 with a quarter of the test sums right.
    fn run(test_losses: &[f64]) -> RunView {
        let mut run = run_view(test_losses.len());
        for (row, loss) in run.rows.iter_mut().zip(test_losses) {
            row.evaluation.test_loss = *loss;
        }
        run.rows[0].evaluation.train_accuracy = 0.1;
        run
    }

    #[test]
    fn the_run_on_show_answers() {
        let mut shown = run(&[2.0, 9.0, 9.0, 9.0, 0.5]);
        assert_eq!((AFTER_MEMORISING.answer)(&shown).map(|(right, _)| right), Ok(1), "a quarter");
        let told = AFTER_MEMORISING.reveal(Some(&shown), 1);
        assert_eq!(told, "As you said. At step 10 it gets 25.00 % of them right.");
        let told = AFTER_MEMORISING.reveal(Some(&shown), 3);
        assert!(told.starts_with("Not in this run: 5 to 40 %."), "{told}");
        for (fallen, right) in [(10, 0), (40, 1), (50, 2)] {
            shown.progress = vec![(0, measures(5.0)), (fallen, measures(0.5))];
            let found = (WHICH_FALLS_FIRST.answer)(&shown).expect("both have fallen");
            assert_eq!(found.0, right, "{}", found.1);
        }
    }

    #[test]
    fn the_number_of_frequencies_is_that_of_the_last_weights() {
        let mut shown = run(&[2.0; 3]);
        assert!((HOW_MANY_FREQS.answer)(&shown).is_err(), "nothing was analysed");
        for (n, right) in [(1, 0), (2, 1), (8, 1), (9, 2), (20, 2), (21, 3)] {
            let mut last = snapshot(20);
            last.modular.as_mut().expect("a model that adds").report.key_freqs = (1..=n).collect();
            shown.snapshots.insert(20, Arc::new(last));
            assert_eq!((HOW_MANY_FREQS.answer)(&shown).map(|(right, _)| right), Ok(right), "{n}");
        }
    }

    #[test]
    fn a_run_that_cannot_answer_says_why() {
        let begun = RunView::own(Preset::Tiny.config());
        for prediction in [AFTER_MEMORISING, WHICH_FALLS_FIRST, HOW_MANY_FREQS] {
            assert!(prediction.reveal(Some(&begun), 0).contains("run on show"), "{}", prediction.id);
            assert_eq!(prediction.reveal(None, 0), "There is no run on show yet.");
        }
        let flat = run(&[9.0; 4]);
        assert!(WHICH_FALLS_FIRST.reveal(Some(&flat), 0).contains("not both"), "the test loss stays");
    }
}
