//! The run on show, recorded, trained here or dropped in: all the time line and the panels know.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::report::Report;
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;

/// A run as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Exhibit {
    /// Where it comes from.
    pub origin: Origin,
    /// The experiment.
    pub config: ExperimentConfig,
    /// Losses and accuracies by step, ascending.
    pub rows: Vec<MetricsRow>,
    /// The progress measures by step, ascending.
    pub progress: Vec<(usize, ProgressMeasures)>,
    /// The phases that follow from them.
    pub phases: Phases,
    /// The checkpoints that were taken apart.
    pub snapshots: BTreeMap<usize, Arc<CheckpointAnalysis>>,
    /// Reports that came with the run, of checkpoints that were taken apart elsewhere.
    pub reports: BTreeMap<usize, Arc<Report>>,
    /// The weights that are at hand, as safetensors files; a snapshot of any of them can be had.
    pub weights: BTreeMap<usize, Arc<Vec<u8>>>,
    /// What the last weights lose without each frequency, as far as it is known.
    pub without_freqs: WithoutFreqs,
    /// Counts what was measured or taken apart: a figure of it has changed when this has.
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
    Kept {
        /// What it is kept under.
        key: String,
        /// What it is called.
        name: String,
    },
}
