//! What a verdict is based on.

use super::NotApplicableReason;
use crate::analysis::milestones::{self, GENERALISED_LOSS_NATS, settles};
use crate::analysis::modular::controls::Controls;
use crate::analysis::modular::held_out::HeldOut;
use crate::analysis::modular::paper_experiment::{frac_train, other_setup};
use crate::analysis::modular::report::Report;
use crate::analysis::phases::Phases;
use crate::analysis::progress::{ProgressMeasures, share_freqs};
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;
use crate::maths::fourier::n_freqs;

/// With more of the table the network generalises as it memorises, and there is nothing to grok: with 50 % the authors'
/// test loss falls below 1 at step 744, with 60 % at 270, when the train set has just been learned.
const MOST_FOR_GROKKING: f64 = 0.5;

/// Two frequencies at least are needed to tell the answers apart, and a fifth of all is called a handful.
const FEWEST_FREQUENCIES: usize = 10;

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
    /// Further runs, in any order; their reports may be left out, and their progress where no claim asks for it.
    pub others: Vec<RunRecord<'a>>,
}

impl<'a> Evidence<'a> {
    /// Whether the judged run is of the paper's task, train fraction and model, so that its values can be held against
    /// those of the paper and of published models. Decay, duration, seeds and engine are free.
    pub(super) fn is_papers_setup(&self) -> bool {
        other_setup(self.run.config).is_none()
    }

    /// For claims that are about the paper's own experiment.
    pub(super) fn require_papers_setup(&self) -> Result<(), NotApplicableReason> {
        other_setup(self.run.config).map_or(Ok(()), |reason| Err(NotApplicableReason::Other(reason)))
    }

    /// ln p: the loss of guessing evenly, in nats; no number of another task.
    pub(super) fn guess(&self) -> f64 {
        self.run.config.data.modular().map_or(f64::NAN, |modular| libm::log(modular.p as f64))
    }

    /// The report on the last weights.
    pub(super) fn report(&self) -> Result<&'a Report, NotApplicableReason> {
        self.run.report.ok_or(NotApplicableReason::NoReport)
    }

    /// The report of a model with one block, with what earlier versions did not measure.
    pub(super) fn report_and_controls(&self) -> Result<(&'a Report, Controls), NotApplicableReason> {
        let report = self.report()?;
        Ok((report, report.controls.ok_or(NotApplicableReason::OldReport)?))
    }

    /// What the last weights know of the held-out pairs.
    pub(super) fn held_out(&self) -> Result<HeldOut, NotApplicableReason> {
        self.report()?.held_out.ok_or(NotApplicableReason::OldReport)
    }

    /// For claims about a handful of frequencies: a fifth of them must be two or more.
    pub(super) fn require_frequencies(&self) -> Result<(), NotApplicableReason> {
        let p = self.run.config.data.modular().map_or(1, |modular| modular.p);
        match n_freqs(p) {
            n if n >= FEWEST_FREQUENCIES => Ok(()),
            n => Err(NotApplicableReason::Other(format!(
                "p = {p} has {n} frequencies, too few for a handful of them to mean anything: it takes {FEWEST_FREQUENCIES}"
            ))),
        }
    }

    /// For claims about the one block of the paper's model.
    pub(super) fn require_one_block(&self) -> Result<(), NotApplicableReason> {
        match self.run.config.model.n_layers {
            1 => Ok(()),
            n => Err(NotApplicableReason::Other(format!("the claim is about one block; this model has {n}"))),
        }
    }

    /// The metrics.
    pub(super) fn metrics(&self) -> Result<&'a [MetricsRow], NotApplicableReason> {
        match self.run.metrics {
            [] => Err(NotApplicableReason::Other("no metrics: metrics.csv of the run is needed".into())),
            metrics => Ok(metrics),
        }
    }

    /// For claims about a delay between memorising and generalising.
    pub(super) fn require_room_to_grok(&self) -> Result<(), NotApplicableReason> {
        let frac = frac_train(self.run.config);
        if frac <= MOST_FOR_GROKKING {
            return Ok(());
        }
        Err(NotApplicableReason::Other(format!(
            "the claim is about a delay, and with more than 50 % of the pairs there is none in the paper (appendix C.2.2); \
             this run has {:.0} %",
            100.0 * frac
        )))
    }

    /// The progress measures from step 0, all with the same frequencies.
    pub(super) fn progress(&self) -> Result<&'a [(usize, ProgressMeasures)], NotApplicableReason> {
        match self.run.progress {
            progress if !share_freqs(progress) => Err(NotApplicableReason::MixedFreqs),
            progress @ [(0, _), _, ..] => Ok(progress),
            _ => Err(NotApplicableReason::Other(
                "progress measures of at least two checkpoints, the first of them step 0, are needed".into(),
            )),
        }
    }

    /// The phases.
    pub(super) fn phases(&self) -> Result<Phases, NotApplicableReason> {
        Ok(Phases::find(self.progress()?))
    }

    /// The step from which the test loss stays below 1: from the metrics, or else the coarser progress measures.
    pub(super) fn generalised_at(&self) -> Result<Option<usize>, NotApplicableReason> {
        match self.run.metrics {
            [] => {
                let progress = self.progress()?.iter();
                Ok(settles(progress.map(|(step, m)| (*step, m.loss.test < GENERALISED_LOSS_NATS))))
            }
            metrics => Ok(milestones::generalised_at(metrics)),
        }
    }

    /// The first step at which every train pair is right: from the metrics, or else the progress measures.
    pub(super) fn memorised_at(&self) -> Result<Option<usize>, NotApplicableReason> {
        match self.run.metrics {
            [] => {
                let is_memorised =
                    |m: &ProgressMeasures| m.accuracy.is_some_and(|accuracy| accuracy.train == 1.0);
                Ok(self.progress()?.iter().find(|(_, m)| is_memorised(m)).map(|(step, _)| *step))
            }
            metrics => Ok(milestones::memorised_at(metrics)),
        }
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
