//! What the figures are made from.

use crate::analysis::domain::Domain;
use crate::analysis::modular::report::{Report, ReportMaps};
use crate::analysis::progress::ProgressMeasures;
use crate::engine::MetricsRow;

/// Everything a run has to show; what is not there leaves its figures out.
#[derive(Debug, Clone, Copy, Default)]
pub struct FigureData<'a> {
    /// Losses and accuracies by step, ascending.
    pub metrics: &'a [MetricsRow],
    /// The same of runs that differ in their seeds alone (figure 2 shows them behind).
    pub other_seeds: &'a [Vec<MetricsRow>],
    /// The progress measures at each checkpoint, by step, ascending; all with the same key frequencies.
    pub progress: &'a [(usize, ProgressMeasures)],
    /// The steps at which memorisation, circuit formation and cleanup end, as far as they are known.
    pub phase_ends: &'a [(&'static str, usize)],
    /// The report on the last weights.
    pub report: Option<&'a Report>,
    /// The grids that go with it.
    pub maps: Option<&'a ReportMaps>,
    /// For k = 1 … (p-1)/2, the loss over all pairs of the logits without the eight terms of k.
    pub loss_without_freq: &'a [f64],
}

/// A part of [`FigureData`], as a figure declares that it is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataNeed {
    /// [`FigureData::metrics`].
    Metrics,
    /// [`FigureData::other_seeds`].
    OtherSeeds,
    /// [`FigureData::progress`], with the phases' ends.
    Progress,
    /// [`FigureData::report`].
    Report,
    /// [`FigureData::maps`], which take milliseconds to make.
    Maps,
    /// [`FigureData::loss_without_freq`].
    LossWithoutFreq,
}

impl DataNeed {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Metrics, Self::OtherSeeds, Self::Progress, Self::Report, Self::Maps, Self::LossWithoutFreq];

    /// Whether the data are there.
    pub fn is_met(self, data: &FigureData<'_>) -> bool {
        match self {
            Self::Metrics => !data.metrics.is_empty(),
            Self::OtherSeeds => !data.other_seeds.is_empty(),
            Self::Progress => !data.progress.is_empty(),
            Self::Report => data.report.is_some(),
            Self::Maps => data.maps.is_some(),
            Self::LossWithoutFreq => !data.loss_without_freq.is_empty(),
        }
    }

    /// The tasks whose runs have such data.
    pub fn domain(self) -> Domain {
        match self {
            Self::Metrics | Self::OtherSeeds => Domain::AnyTask,
            Self::Progress | Self::Report | Self::Maps | Self::LossWithoutFreq => Domain::Modular,
        }
    }

    /// What is said in place of a figure that cannot do without.
    pub fn missing_words(self) -> &'static str {
        match self {
            Self::Metrics => "no metrics were recorded",
            Self::OtherSeeds => "no run with another seed is at hand",
            Self::Progress => "no checkpoints have been analysed",
            Self::Report | Self::Maps => "no weights have been analysed",
            Self::LossWithoutFreq => "the losses without each frequency have not been computed",
        }
    }
}

impl FigureData<'_> {
    /// The last step of which anything is known; 0 of nothing.
    pub(super) fn last_step(&self) -> usize {
        let metrics = self.metrics.last().map_or(0, |row| row.step);
        metrics.max(self.progress.last().map_or(0, |(step, _)| *step))
    }

    /// The key frequencies of the progress measures.
    pub(super) fn tracked_freqs(&self) -> &[usize] {
        self.progress.last().map_or(&[], |(_, measures)| &measures.key_freqs)
    }

    /// One quantity of the progress measures by step.
    pub(super) fn series(&self, of: impl Fn(&ProgressMeasures) -> f64) -> Vec<(f64, f64)> {
        self.progress.iter().map(|(step, measures)| (*step as f64, of(measures))).collect()
    }
}
