//! The run on show, recorded, trained here or dropped in: all the time line and the panels know.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::snapshot::Snapshot;
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
    pub snapshots: BTreeMap<usize, Arc<Snapshot>>,
    /// The weights that are at hand, as safetensors files; a snapshot of any of them can be had.
    pub weights: BTreeMap<usize, Arc<Vec<u8>>>,
}

/// Where a run comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The recorded run that the page comes with.
    Recorded,
    /// Trained in this tab.
    Own,
    /// A file that was dropped in; its name.
    File(String),
    /// A run kept in this browser; its name.
    Kept(String),
}
