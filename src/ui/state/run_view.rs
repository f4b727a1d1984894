//! The run on show, recorded, trained here or dropped in: all the time line and the panels know.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::modular::report::Report;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;
use crate::engine::row_thinning::{MAX_ROWS, thin};
use crate::ui::state::format::count;

/// A run as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Where it comes from.
    pub origin: Origin,
    /// The experiment.
    pub config: ExperimentConfig,
    /// Losses and accuracies by step, ascending: all that were measured, or of very many the extremes.
    pub rows: Vec<MetricsRow>,
    /// How many rows were left out between those.
    pub n_rows_left_out: usize,
    /// The progress measures by step, ascending.
    pub progress: Vec<(usize, ProgressMeasures)>,
    /// The phases that follow from them.
    pub phases: Phases,
    /// The checkpoints that were analysed.
    pub snapshots: BTreeMap<usize, Arc<CheckpointAnalysis>>,
    /// Reports that came with the run, of checkpoints that were analysed elsewhere.
    pub reports: BTreeMap<usize, Arc<Report>>,
    /// The weights that are at hand, as safetensors files; a snapshot of any of them can be had.
    pub weights: BTreeMap<usize, Arc<Vec<u8>>>,
    /// The steps whose weights lie beside the page and were not fetched yet.
    pub fetchable: Vec<usize>,
    /// That of them which is on its way.
    pub fetching: Option<usize>,
    /// What the last weights lose without each frequency, as far as it is known.
    pub without_freqs: WithoutFreqs,
    /// Counts what was measured or analysed: a figure of it has changed when this has.
    pub edition: usize,
}

/// The losses of some weights without each frequency of the logits in turn (paper figure 6).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WithoutFreqs {
    /// The step of the weights.
    pub step: usize,
    /// For k = 1, 2, …, over all pairs, in nats: (p - 1) / 2 of them once they are all there.
    pub losses: Vec<f64>,
}

/// Where a run comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The recorded run that the page comes with.
    Recorded,
    /// Trained in this tab.
    Own,
    /// A file that was dropped in; its name, with a number where another file has the same.
    File(String),
    /// A run kept in this browser.
    Stored {
        /// What it is kept under.
        key: String,
        /// What it is called.
        name: String,
    },
}

impl Origin {
    /// A run's name.
    pub fn name(&self) -> String {
        match self {
            Self::Recorded => "Recorded run".into(),
            Self::Own => "Your run".into(),
            Self::File(name) | Self::Stored { name, .. } => name.clone(),
        }
    }
}

impl RunView {
    /// The modulus, if the run's task has one.
    pub fn modulus(&self) -> Option<usize> {
        self.config.data.modular().map(|modular| modular.p)
    }

    /// Adds rows, each step once and in order: a worker that repeats a row does not bend the curve. `n_left_out`
    /// rows were left out between them; if there are too many, more are.
    pub fn add_rows(&mut self, new: Vec<MetricsRow>, n_left_out: usize) {
        self.n_rows_left_out += n_left_out;
        for row in new {
            if self.rows.last().is_none_or(|last| last.step < row.step) {
                self.rows.push(row);
            }
        }
        self.n_rows_left_out += thin(&mut self.rows, MAX_ROWS);
    }

    /// Changes whenever the rows do.
    pub fn rows_revision(&self) -> (usize, usize) {
        // Rows that were thinned can be as many as before.
        (self.rows.len(), self.rows.last().map_or(0, |row| row.step))
    }

    /// What was left out of the rows, in a sentence; none if they are all there.
    pub fn thinned_words(&self) -> Option<String> {
        (self.n_rows_left_out > 0).then(|| {
            format!(
                "Of {} rows of metrics {} are held: the first, the last, and of each stretch of steps those with the \
                 lowest and the highest value of every column.",
                count(self.rows.len() + self.n_rows_left_out),
                count(self.rows.len())
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::row_thinning::MAX_ROWS;
    use crate::ui::state::run_view_sample::{row, run_view};

    #[test]
    fn rows_are_bounded_and_what_was_left_out_is_told() {
        let mut run = run_view(1);
        assert_eq!(run.thinned_words(), None);
        let mut revisions = vec![run.rows_revision()];
        for from in (1..1_000_000).step_by(1_000) {
            // Of each thousand the worker left a half out.
            run.add_rows((from..from + 1_000).step_by(2).map(row).collect(), 500);
            assert!(run.rows.len() <= MAX_ROWS);
            revisions.push(run.rows_revision());
        }
        assert_eq!(run.rows.len() + run.n_rows_left_out, 1_000_001);
        assert_eq!((run.rows[0].step, run.rows[run.rows.len() - 1].step), (0, 999_999));
        assert!(revisions.windows(2).all(|two| two[0] != two[1]), "each addition is seen");
        let words = run.thinned_words().expect("rows were left out");
        assert!(words.starts_with("Of 1,000,001 rows"), "{words}");
        run.add_rows(vec![row(5)], 0);
        assert_eq!(run.rows_revision(), revisions[revisions.len() - 1], "a row that was there is not added");
    }
}
