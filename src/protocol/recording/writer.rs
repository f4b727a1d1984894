//! Writes a recording, snapshot by snapshot.

use serde_json::Value;

use super::columns::to_columns;
use super::container::{self, wrong};
use super::fields::{Grid, N_PLANES, Planes};
use super::numbers::{NumericStreams, not_finite};
use super::{Curves, Header, Parts, SnapshotIndex, floats};
use crate::analysis::checkpoint::ModularAnalysis;
use crate::analysis::measure::{MEASURES, Measure, Need, Source};
use crate::analysis::modular::forward::NeuronTable;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;
use crate::error::Result;
use crate::model::safetensors::WeightsFile;

/// Lists of the report that are longer keep three digits.
const LONG: usize = 32;

/// A recording in the making.
#[derive(Debug)]
pub struct RecordingWriter {
    header: Header,
    grid: Grid,
    skeletons: Vec<Value>,
    numbers: NumericStreams<Vec<u8>>,
    planes: Planes<Vec<u8>>,
}

impl RecordingWriter {
    /// Begins with the curves: metrics and measures by step, ascending.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if one of the numbers is not finite.
    pub fn new(
        build: impl Into<String>,
        config: &ExperimentConfig,
        rows: &[MetricsRow],
        progress: &[(usize, ProgressMeasures)],
        phases: Phases,
    ) -> Result<Self> {
        let (steps, measures): (Vec<usize>, Vec<&ProgressMeasures>) =
            progress.iter().map(|(step, measures)| (*step, measures)).unzip();
        let curves =
            Curves { rows: to_columns(rows)?, progress_steps: steps, progress: to_columns(&measures)? };
        let mut numbers = NumericStreams::default();
        let value = serde_json::to_value(&curves).map_err(wrong)?;
        let skeletons = vec![numbers.take_from(&value, usize::MAX)?];
        let header = Header {
            build: build.into(),
            config: config.clone(),
            phases,
            step: 0,
            differences: [false; N_PLANES],
            curves_end: numbers.each().map(Vec::len),
            shots: Vec::new(),
        };
        Ok(Self { header, grid: Grid::new(config)?, skeletons, numbers, planes: Default::default() })
    }

    /// Checks that the measures of a checkpoint can be recorded.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if one of the numbers is not finite.
    pub fn check(measures: &ProgressMeasures) -> Result<()> {
        // A measure that is not finite is left out where measures are taken.
        let is_left_out = |measure: &Measure| {
            matches!(measure.needs, Need::Weights | Need::Activations)
                && matches!(measure.source, Source::Computed(_))
                && measure.value(measures).is_none()
        };
        if MEASURES.iter().any(|measure| is_left_out(measure)) {
            return Err(not_finite());
        }
        let value = serde_json::to_value(measures).map_err(wrong)?;
        NumericStreams::default().take_from(&value, usize::MAX).map(drop)
    }

    /// Adds the snapshot of the next step, which must have measures. `neurons` are the tables of its neurons, in
    /// their order; without them none are kept.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if one of its numbers is not finite.
    pub fn push(&mut self, step: usize, snapshot: &ModularAnalysis, neurons: &[NeuronTable]) -> Result<()> {
        let (scales, planes) = self.grid.quantise(&snapshot.maps, neurons)?;
        let parts = Parts { report: snapshot.report.clone(), scales };
        let value = serde_json::to_value(&parts).map_err(wrong)?;
        self.skeletons.push(self.numbers.take_from(&value, LONG)?);
        for (all, plane) in self.planes.iter_mut().zip(planes) {
            all.extend(plane);
        }
        self.header.shots.push(SnapshotIndex {
            step,
            numbers: self.numbers.each().map(Vec::len),
            planes: self.planes.each_ref().map(Vec::len),
        });
        Ok(())
    }

    /// Ends with the last weights, and gives the file.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the parts cannot be packed.
    pub fn finish(mut self, weights: &WeightsFile) -> Result<Vec<u8>> {
        self.header.step = weights.step.unwrap_or(0);
        let n = self.header.shots.len();
        for (plane, differs) in self.planes.iter_mut().zip(&mut self.header.differences) {
            let differences = differences(plane, n)
                .filter(|differences| container::packed_len(differences) < container::packed_len(plane));
            if let Some(differences) = differences {
                (*plane, *differs) = (differences, true);
            }
        }
        let json = |value: serde_json::Result<Vec<u8>>| value.map_err(wrong);
        let mut sections =
            vec![json(serde_json::to_vec(&self.header))?, json(serde_json::to_vec(&self.skeletons))?];
        sections.extend(self.numbers.each().into_iter().cloned());
        sections.extend(self.planes);
        sections.push(floats::to_planes(weights.weights.flat()));
        container::pack(&sections)
    }
}

/// Each snapshot's bytes minus those of the one before, if all have equally many.
fn differences(plane: &[u8], n: usize) -> Option<Vec<u8>> {
    let len = plane.len().checked_div(n).filter(|len| len * n == plane.len() && *len > 0)?;
    Some(
        plane
            .iter()
            .enumerate()
            .map(|(i, &byte)| if i < len { byte } else { byte.wrapping_sub(plane[i - len]) })
            .collect(),
    )
}
