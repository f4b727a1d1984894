//! What a verdict is based on.

use super::NotApplicableReason;
use crate::analysis::phases::Phases;
use crate::analysis::progress::{ProgressMeasures, share_freqs};
use crate::analysis::report::Report;
use crate::config::{Activation, ExperimentConfig, Preset};
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
        let (ours, paper) = (self.run.config, Preset::Paper.config());
        let sizes = |c: &ExperimentConfig| {
            (c.data.p, c.model.n_layers, c.model.d_model, c.model.n_heads, c.model.d_mlp)
        };
        if sizes(ours) != sizes(&paper) || ours.model.activation != Activation::Relu {
            return Err(NotApplicableReason::Other(format!(
                "the range is known for the paper's model only: p = 113, one block, d_model 128, 4 heads, 512 ReLUs; \
                 this run has p = {}, n_layers {}, d_model {}, n_heads {}, d_mlp {}. grok reproduce --preset paper makes one",
                ours.data.p, ours.model.n_layers, ours.model.d_model, ours.model.n_heads, ours.model.d_mlp
            )));
        }
        if ours.data.frac_train != paper.data.frac_train {
            return Err(NotApplicableReason::Other(format!(
                "the range is known for 30 % of the pairs; this run has {:.0} %",
                100.0 * ours.data.frac_train
            )));
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

/// Whether an experiment is the paper's but for what `change` changes: the seeds and how it is computed are free.
pub(super) fn is_paper_except(config: &ExperimentConfig, change: &dyn Fn(&mut ExperimentConfig)) -> bool {
    let mut paper = Preset::Paper.config();
    change(&mut paper);
    (paper.model.seed, paper.data.split) = (config.model.seed, config.data.split);
    paper.run = config.run.clone();
    paper == *config
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
