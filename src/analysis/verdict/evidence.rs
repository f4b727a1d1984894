//! What a verdict is based on.

use super::Missing;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
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
    pub(super) fn paper_like(&self) -> Result<RunRecord<'a>, Missing> {
        let (ours, paper) = (self.run.config, Preset::Paper.config());
        let sizes = |c: &ExperimentConfig| {
            (c.data.p, c.model.n_layers, c.model.d_model, c.model.n_heads, c.model.d_mlp)
        };
        if sizes(ours) != sizes(&paper) || ours.model.activation != Activation::Relu {
            return Err(Missing(format!(
                "the range is known for the paper's model only: p = 113, one block, d_model 128, 4 heads, 512 ReLUs; \
                 this run has p = {}, {} blocks, d_model {}, {} heads, {} neurons. grok reproduce --preset paper makes \
                 one",
                ours.data.p, ours.model.n_layers, ours.model.d_model, ours.model.n_heads, ours.model.d_mlp
            )));
        }
        if ours.data.frac_train != paper.data.frac_train {
            return Err(Missing(format!(
                "the range is known for 30 % of the pairs; this run has {:.0} %",
                100.0 * ours.data.frac_train
            )));
        }
        Ok(self.run)
    }

    /// The report of a run that the paper's ranges are meant for.
    pub(super) fn report(&self) -> Result<&'a Report, Missing> {
        self.paper_like()?.report.ok_or_else(|| Missing("no report on the last weights".into()))
    }

    /// The metrics of such a run.
    pub(super) fn metrics(&self) -> Result<&'a [MetricsRow], Missing> {
        match self.paper_like()?.metrics {
            [] => Err(Missing("no metrics: metrics.csv of the run is needed".into())),
            metrics => Ok(metrics),
        }
    }

    /// The progress measures of such a run, from step 0.
    pub(super) fn progress(&self) -> Result<&'a [(usize, ProgressMeasures)], Missing> {
        match self.paper_like()?.progress {
            [(0, _), _, ..] => Ok(self.run.progress),
            _ => Err(Missing(
                "progress measures of at least two checkpoints, the first of them step 0, are needed".into(),
            )),
        }
    }

    /// The phases of such a run.
    pub(super) fn phases(&self) -> Result<Phases, Missing> {
        Ok(Phases::find(self.progress()?))
    }

    /// The judged run and the others.
    pub(super) fn all(&self) -> impl Iterator<Item = RunRecord<'a>> + '_ {
        std::iter::once(self.run).chain(self.others.iter().copied())
    }
}

impl RunRecord<'_> {
    /// The first step at which the test loss is below a limit.
    pub(super) fn test_below(&self, limit: f64) -> Option<usize> {
        self.metrics.iter().find(|row| row.evaluation.test_loss < limit).map(|row| row.step)
    }
}
