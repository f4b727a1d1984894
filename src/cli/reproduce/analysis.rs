//! Every checkpoint of a run, measured with the key frequencies of the last.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use super::stored_run::StoredRun;
use crate::analysis::modular::freq_ablation::losses_without_each_freq;
use crate::analysis::modular::report::{Report, ReportMaps, analyse_with_maps};
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::cli::start::named;
use crate::engine::MetricsRow;
use crate::error::Result;
use crate::plot::figures::FigureData;
use crate::task::modular::ModularTask;

/// Everything the report shows.
#[derive(Debug)]
pub(in crate::cli) struct RunAnalysis {
    /// On the last checkpoint.
    pub(in crate::cli) report: Report,
    maps: ReportMaps,
    /// The measures of each checkpoint.
    pub(in crate::cli) history: Vec<(usize, ProgressMeasures)>,
    /// The phases found in them.
    pub(in crate::cli) phases: Phases,
    phase_ends: Vec<(&'static str, usize)>,
    loss_without_freq: Vec<f64>,
    /// The metrics of further runs that differ in their seeds alone.
    pub(in crate::cli) other_seeds: Vec<Vec<MetricsRow>>,
}

impl RunAnalysis {
    /// Analyses a run; none if the user stopped it.
    ///
    /// # Errors
    /// What reading and analysing a checkpoint returns.
    pub(in crate::cli) fn new(
        run: &StoredRun,
        is_asked_to_stop: impl Fn() -> bool + Sync,
    ) -> Result<Option<Self>> {
        let task = ModularTask::of(&run.config.data)?;
        let last_path = run.last_checkpoint()?;
        let last = run.last_weights()?;
        let (report, maps) = analyse_with_maps(&last, &task).map_err(|error| named(last_path, &error))?;
        let bar = bar(run.checkpoints.len());
        let measures = run.checkpoints.par_iter().map(|checkpoint| {
            if is_asked_to_stop() {
                return Ok(None);
            }
            let measures = run.measures_of(checkpoint, &task, &report.key_freqs);
            bar.inc(1);
            measures.map(Some)
        });
        let history = measures.collect::<Result<Option<Vec<_>>>>();
        bar.finish_and_clear();
        let Some(history) = history? else { return Ok(None) };
        let phases = Phases::find(&history);
        let loss_without_freq = losses_without_each_freq(&last, &task)?;
        let phase_ends = phases.ends();
        Ok(Some(Self {
            report,
            maps,
            history,
            phases,
            phase_ends,
            loss_without_freq,
            other_seeds: Vec::new(),
        }))
    }

    /// What the figures are made from.
    pub(in crate::cli) fn figure_data<'a>(&'a self, run: &'a StoredRun) -> FigureData<'a> {
        FigureData {
            metrics: &run.metrics,
            other_seeds: &self.other_seeds,
            progress: &self.history,
            phase_ends: &self.phase_ends,
            report: Some(&self.report),
            maps: Some(&self.maps),
            loss_without_freq: &self.loss_without_freq,
        }
    }
}

/// A bar on a terminal, nothing elsewhere.
fn bar(n_checkpoints: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:12} {pos}/{len} checkpoints analysed  {eta} left")
        .expect("the template is a constant");
    ProgressBar::new(n_checkpoints as u64).with_style(style)
}
