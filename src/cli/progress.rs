//! What the user sees while a run goes: a bar on a terminal, else a line now and then.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::print_line;
use crate::engine::MetricsRow;
use crate::format::{number, percent};

/// Lines come no faster than this, so that a log of hours stays readable.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The display of one session.
#[derive(Debug)]
pub(super) enum Progress {
    /// Standard error is a terminal.
    Bar(ProgressBar),
    /// Nothing: somebody else tells how several runs are going.
    Silent,
    /// It is not: lines on standard output.
    Lines {
        /// The last step of the run.
        epochs: usize,
        /// When the last line was written.
        last: Option<Instant>,
    },
}

impl Progress {
    /// A display for the steps from `step` to `epochs`.
    pub(super) fn new(step: usize, epochs: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { epochs, last: None };
        }
        let style = ProgressStyle::with_template("{bar:12} {pos}/{len}  {eta} left  {wide_msg}")
            .expect("the template is a constant");
        let bar = ProgressBar::new(epochs as u64).with_style(style).with_position(step as u64);
        // Steps of an earlier session say nothing about the speed of this one.
        bar.reset_eta();
        Self::Bar(bar)
    }

    /// The run came to a step.
    pub(super) fn at(&mut self, step: usize) {
        if let Self::Bar(bar) = self {
            bar.set_position(step as u64);
        }
    }

    /// Weights were evaluated.
    pub(super) fn show(&mut self, row: &MetricsRow, steps_per_s: Option<f64>) {
        let speed = steps_per_s.map(|speed| format!("{speed:.1} steps/s")).unwrap_or_default();
        let text = scores_text(row);
        match self {
            // Cut at the terminal's width: what comes first matters most.
            Self::Bar(bar) => bar.set_message(format!("{text}  {speed}")),
            Self::Silent => {}
            Self::Lines { epochs, last } => {
                let is_due = last.is_none_or(|last| last.elapsed() >= LINE_EVERY);
                if is_due || row.step == *epochs {
                    *last = Some(Instant::now());
                    print_line(format!("step {}/{epochs}  {text}  {speed}", row.step).trim_end());
                }
            }
        }
    }

    /// The session is over; the last line of output says how it ended.
    pub(super) fn close(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// The scores of a row in words.
pub(super) fn scores_text(row: &MetricsRow) -> String {
    let scores = &row.evaluation;
    let collapsed = match scores.softmax_collapse_fraction {
        Some(share) if share > 0.0 => {
            format!("  probability rounds to 1 in float32: {} of train sums", percent(share))
        }
        _ => String::new(),
    };
    format!(
        "train {} ({})  test {} ({}){collapsed}",
        number(scores.train_loss),
        percent(scores.train_accuracy),
        number(scores.test_loss),
        percent(scores.test_accuracy)
    )
}

#[cfg(test)]
mod tests {
    use super::scores_text;
    use crate::engine::{Evaluation, MetricsRow};

    #[test]
    fn a_collapsed_softmax_is_told_where_there_is_one() {
        let row = |collapsed| MetricsRow {
            step: 7,
            evaluation: Evaluation {
                train_loss: 1e-9,
                test_loss: 2.5,
                train_accuracy: 1.0,
                test_accuracy: 0.25,
                softmax_collapse_fraction: collapsed,
            },
        };
        let plain = scores_text(&row(None));
        assert_eq!(plain, "train 1.000e-9 (100 %)  test 2.500 (25.00 %)");
        assert_eq!(scores_text(&row(Some(0.0))), plain, "nothing to tell");
        let told = scores_text(&row(Some(0.87)));
        assert!(told.starts_with(&plain), "{told}");
        assert!(told.ends_with("rounds to 1 in float32: 87.00 % of train sums"), "{told}");
    }
}
