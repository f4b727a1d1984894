//! What a verdict is based on.

use super::NotApplicableReason;
use crate::analysis::paper_experiment::other_setup;
use crate::analysis::phases::Phases;
use crate::analysis::progress::{ProgressMeasures, share_freqs};
use crate::analysis::report::Report;
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;

/// A run, or the part of it that is known.
#[derive(Debug, Clone, Copy)]
pub struct RunRecord<'a> {
    /// The experiment.
    pub config: &'a ExperimentConfig,
    /// Losses and accuracies by step, ascending.
    pub metrics: &'a [MetricsRow],
    /// The progress measures by step, ascending, all taken with the last checkpoint's key frequencies.
    pub progress: &'a [(usize, ProgressMeasures)],
    /// The report on the last weights.
    pub report: Option<&'a Report>,
}

/// The run that is judged, and others that some claims are about.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// The run that is judged.
    pub run: RunRecord<'a>,
    /// Further runs, in any order; their reports and progress may be left out.
    pub others: Vec<RunRecord<'a>>,
}

impl<'a> Evidence<'a> {
    /// The judged run, if the paper's ranges are meant for it: its task, its train fraction and its model.
    /// Decay, duration, seeds and engine are free.
    pub(super) fn require_paper_setup(&self) -> Result<RunRecord<'a>, NotApplicableReason> {
        if let Some(reason) = other_setup(self.run.config) {
            return Err(NotApplicableReason::Other(reason));
        }
        Ok(self.run)
    }

    /// The report of a run that the paper's ranges are meant for.
    pub(super) fn report(&self) -> Result<&'a Report, NotApplicableReason> {
        self.require_paper_setup()?.report.ok_or(NotApplicableReason::NoReport)
    }

    /// The metrics of such a run.
    pub(super) fn metrics(&self) -> Result<&'a [MetricsRow], NotApplicableReason> {
        match self.require_paper_setup()?.metrics {
            [] => Err(NotApplicableReason::Other("no metrics: metrics.csv of the run is needed".into())),
            metrics => Ok(metrics),
        }
    }

    /// The progress measures of such a run, from step 0, all with the same frequencies.
    pub(super) fn progress(&self) -> Result<&'a [(usize, ProgressMeasures)], NotApplicableReason> {
        match self.require_paper_setup()?.progress {
            progress if !share_freqs(progress) => Err(NotApplicableReason::MixedFreqs),
            [(0, _), _, ..] => Ok(self.run.progress),
            _ => Err(NotApplicableReason::Other(
                "progress measures of at least two checkpoints, the first of them step 0, are needed".into(),
            )),
        }
    }

    /// The phases of such a run.
    pub(super) fn phases(&self) -> Result<Phases, NotApplicableReason> {
        Ok(Phases::find(self.progress()?))
    }

    /// Of the judged run and the others, those with metrics whose experiment is the wanted one.
    pub(super) fn runs(&self, wanted: &dyn Fn(&ExperimentConfig) -> bool) -> Vec<RunRecord<'a>> {
        let all = std::iter::once(&self.run).chain(&self.others);
        all.filter(|run| !run.metrics.is_empty() && wanted(run.config)).copied().collect()
    }
}

impl RunRecord<'_> {
    /// The last step of the metrics.
    pub(super) fn last_step(&self) -> usize {
        self.metrics.last().map_or(0, |row| row.step)
    }

    /// The first step at which the test loss is below a limit.
    pub(super) fn test_below(&self, limit: f64) -> Option<usize> {
        self.metrics.iter().find(|row| row.evaluation.test_loss < limit).map(|row| row.step)
    }
}
