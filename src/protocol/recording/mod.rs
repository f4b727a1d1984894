//! A recorded run in one file: everything the page shows of it, without its checkpoints.
//!
//! # Format
//! A gzip file of sections. The first is a header in JSON; then come skeletons and streams of numbers
//! (`numbers`), planes of bytes for what is drawn (`fields`) and the last weights, exactly (`floats`). Where
//! neighbouring snapshots are alike, a plane holds differences to the one before.
//!
//! # Precision
//! Integers are exact. Floats of the report, the measures and the metrics keep four significant digits; in the
//! report's lists of more than 32 numbers three. The weights keep every bit.

mod columns;
mod container;
mod fields;
mod floats;
pub mod published_weights;
mod numbers;
mod writer;

pub use writer::RecordingWriter;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::columns::from_columns;
use self::container::wrong;
use self::fields::{Grid, N_PLANES, Planes, Scales};
use self::numbers::NumericStreams;
use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use crate::analysis::modular::report::Report;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;
use crate::error::Result;
use crate::model::safetensors::WeightsFile;
use crate::model::{ModelShape, Weights};
use crate::task::modular::ModularTask;

/// A run that was recorded.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The program that recorded it, for example `grokking-lab 0.1.0`.
    pub build: String,
    /// The experiment.
    pub config: ExperimentConfig,
    /// Losses and accuracies by step, ascending; not every step that was evaluated.
    pub rows: Vec<MetricsRow>,
    /// The progress measures by step, ascending, all with the same frequencies.
    pub progress: Vec<(usize, ProgressMeasures)>,
    /// The phases that followed from all of them.
    pub phases: Phases,
    /// The last weights, their experiment and step.
    pub weights: WeightsFile,
    grid: Grid,
    curves_end: [usize; 6],
    shots: Vec<SnapshotIndex>,
    skeletons: Vec<Value>,
    numbers: NumericStreams<Vec<u8>>,
    planes: Planes<Vec<u8>>,
}

/// The first section.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    build: String,
    config: ExperimentConfig,
    phases: Phases,
    /// Updates done at the weights.
    step: usize,
    /// Whether each plane holds differences between snapshots.
    differences: Planes<bool>,
    /// Where the numbers of the curves end, and those of the first snapshot begin.
    curves_end: [usize; 6],
    shots: Vec<SnapshotIndex>,
}

/// Where the parts of a snapshot end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SnapshotIndex {
    step: usize,
    numbers: [usize; 6],
    planes: Planes<usize>,
}

/// What of a snapshot is structured.
#[derive(Debug, Serialize, Deserialize)]
struct Parts {
    report: Report,
    scales: Scales,
}

/// What is told of the whole run.
#[derive(Debug, Serialize, Deserialize)]
struct Curves {
    rows: Value,
    progress_steps: Vec<usize>,
    progress: Value,
}

/// Header, skeletons, six streams of numbers, the planes, the weights.
const N_SECTIONS: usize = 2 + 6 + N_PLANES + 1;

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// [`LabError::Content`] if the bytes are no recording, or a damaged one; what they claim is believed only
    /// as far as they reach.
    pub fn from_bytes(file: &[u8]) -> Result<Self> {
        let sections = container::unpack::<N_SECTIONS>(file)?;
        let mut sections = sections.into_iter();
        let mut next = || sections.next().expect("as many as were unpacked");
        let header: Header =
            serde_json::from_slice(&next()).map_err(|e| wrong(format!("its header: {e}")))?;
        let skeletons: Vec<Value> =
            serde_json::from_slice(&next()).map_err(|e| wrong(format!("its skeletons: {e}")))?;
        let numbers = NumericStreams::from_each([(); 6].map(|()| next()));
        let mut planes: Planes<Vec<u8>> = [(); N_PLANES].map(|()| next());
        let Header { build, config, phases, step, differences, curves_end, shots } = header;
        config.validate().map_err(|e| wrong(format!("its configuration: {e}")))?;
        if skeletons.len() != shots.len() + 1 {
            return Err(wrong(format!("{} skeletons for {} snapshots", skeletons.len(), shots.len())));
        }
        for (plane, _) in planes.iter_mut().zip(differences).filter(|(_, differs)| *differs) {
            undo_differences(plane, shots.len())?;
        }
        let shape = ModelShape::new(&config.data, &config.model);
        let values = floats::from_planes(&next(), shape.n_values())?;
        let weights = WeightsFile {
            weights: Weights::from_flat(shape, values),
            config: Some(config.clone()),
            step: Some(step),
        };
        let grid = Grid::new(&config)?;
        let mut recording = Self {
            build,
            config,
            rows: Vec::new(),
            progress: Vec::new(),
            phases,
            weights,
            grid,
            curves_end,
            shots,
            skeletons,
            numbers,
            planes,
        };
        recording.read_curves()?;
        Ok(recording)
    }

    /// The steps of its snapshots, ascending.
    pub fn steps(&self) -> Vec<usize> {
        self.shots.iter().map(|shot| shot.step).collect()
    }

    /// One of its snapshots, counted from 0.
    ///
    /// # Errors
    /// [`LabError::Content`] if there is no such snapshot, or it is not what the file says it is.
    pub fn snapshot(&self, i: usize) -> Result<CheckpointAnalysis> {
        let shot = self.shots.get(i).ok_or_else(|| wrong(format!("it has no snapshot {i}")))?;
        let before = i.checked_sub(1).map(|i| &self.shots[i]);
        let value = self.value(i + 1, before.map_or(self.curves_end, |shot| shot.numbers), shot.numbers)?;
        let Parts { report, scales } =
            serde_json::from_value(value).map_err(|e| wrong(format!("its snapshot {i}: {e}")))?;
        let starts = before.map_or([0; N_PLANES], |shot| shot.planes);
        let mut planes: Planes<&[u8]> = [&[]; N_PLANES];
        for (j, plane) in planes.iter_mut().enumerate() {
            *plane = part(&self.planes[j], starts[j], shot.planes[j])?;
        }
        let fields = self.grid.restore(&scales, &planes)?;
        if report.p != self.grid.p {
            return Err(wrong(format!("a report with p = {} in a run with p = {}", report.p, self.grid.p)));
        }
        let measured = self.progress.binary_search_by_key(&shot.step, |(step, _)| *step);
        let measured = measured.map_err(|_| wrong(format!("there are no measures of step {}", shot.step)))?;
        let measures = self.progress[measured].1.clone();
        Ok(CheckpointAnalysis::of_modular(shot.step, ModularAnalysis { report, measures, maps: fields }))
    }

    /// What a skeleton becomes with its numbers.
    fn value(&self, skeleton: usize, starts: [usize; 6], ends: [usize; 6]) -> Result<Value> {
        let streams = self.numbers.each();
        let mut parts: [&[u8]; 6] = [&[]; 6];
        for (j, slot) in parts.iter_mut().enumerate() {
            *slot = part(streams[j], starts[j], ends[j])?;
        }
        NumericStreams::from_each(parts).put_into(&self.skeletons[skeleton])
    }

    fn read_curves(&mut self) -> Result<()> {
        let value = self.value(0, [0; 6], self.curves_end)?;
        let curves: Curves = serde_json::from_value(value).map_err(|e| wrong(format!("its curves: {e}")))?;
        self.rows = from_columns(&curves.rows)?;
        let measures: Vec<ProgressMeasures> = from_columns(&curves.progress)?;
        if measures.len() != curves.progress_steps.len() {
            return Err(wrong("its measures and their steps are not equally many"));
        }
        self.progress = curves.progress_steps.into_iter().zip(measures).collect();
        let ascending = |steps: &mut dyn Iterator<Item = usize>| steps.is_sorted_by(|a, b| a < b);
        let in_order = ascending(&mut self.rows.iter().map(|row| row.step))
            && ascending(&mut self.progress.iter().map(|(step, _)| *step))
            && ascending(&mut self.shots.iter().map(|shot| shot.step));
        if in_order { Ok(()) } else { Err(wrong("its steps do not ascend")) }
    }
}

fn part(bytes: &[u8], start: usize, end: usize) -> Result<&[u8]> {
    bytes
        .get(start..end)
        .ok_or_else(|| wrong(format!("a part from {start} to {end} of {} bytes", bytes.len())))
}

/// Adds up planes of equal length that hold differences to the one before.
fn undo_differences(plane: &mut [u8], n: usize) -> Result<()> {
    let len = plane.len().checked_div(n).filter(|len| len * n == plane.len());
    let len = len.ok_or_else(|| wrong(format!("{} bytes of {n} snapshots of equal size", plane.len())))?;
    for i in len..plane.len() {
        plane[i] = plane[i].wrapping_add(plane[i - len]);
    }
    Ok(())
}

impl Grid {
    fn new(config: &ExperimentConfig) -> Result<Self> {
        let task = ModularTask::of(&config.data)?;
        Ok(Self {
            p: task.p,
            n_heads: config.model.n_heads,
            activation: config.model.activation,
            is_train: task.is_train(),
        })
    }
}
