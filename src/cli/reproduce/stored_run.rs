//! A run as its directory tells it, read only.

use std::path::{Path, PathBuf};

use crate::analysis::checkpoint_measures::measure;
use crate::analysis::progress::ProgressMeasures;
use crate::cli::file_io::{is_there, read_bytes};
use crate::cli::metrics::read_rows;
use crate::cli::output::print_note;
use crate::cli::run_dir::{checkpoints_in, read_config};
use crate::cli::saved_state::max_state_bytes;
use crate::cli::start::{named, read_fitting};
use crate::config::{ExperimentConfig, Precision};
use crate::engine::{EngineInfo, MetricsRow};
use crate::error::{LabError, Result};
use crate::model::safetensors::{WeightsFile, container};
use crate::model::{ModelShape, Weights};
use crate::task::modular::ModularTask;

/// What a run left.
#[derive(Debug)]
pub(in crate::cli) struct StoredRun {
    root: PathBuf,
    /// The experiment.
    pub(in crate::cli) config: ExperimentConfig,
    /// Rows of metrics by step, ascending.
    pub(in crate::cli) metrics: Vec<MetricsRow>,
    /// Steps and files of the checkpoints, ascending; there may be none.
    pub(in crate::cli) checkpoints: Vec<(usize, PathBuf)>,
    /// What made the last state, if the directory says.
    pub(in crate::cli) engine: Option<EngineInfo>,
}

impl StoredRun {
    /// Reads the directory of a run, finished or not.
    ///
    /// # Errors
    /// [`LabError::File`] if the configuration or the metrics cannot be read, [`LabError::Content`] if they are
    /// not what they should be.
    pub(in crate::cli) fn read(root: &Path) -> Result<Self> {
        let config = read_config(&root.join("config.json"))?;
        let metrics = read_rows(&root.join("metrics.csv"))?;
        let checkpoints = checkpoints_in(&root.join("checkpoints"));
        // A run that is still going, or whose state was deleted, can be analysed all the same.
        let state = read_state(root, &config).unwrap_or_else(|error| {
            print_note(&format!("{error}; the run is told by its checkpoints alone"));
            None
        });
        let engine = state.and_then(|bytes| engine_of(&bytes));
        Ok(Self { root: root.to_owned(), config, metrics, checkpoints, engine })
    }

    /// Its directory.
    pub(in crate::cli) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether another run is the same experiment with other seeds; how it was computed does not matter.
    pub(in crate::cli) fn is_like(&self, other: &Self) -> bool {
        self.config.differs_in_seeds_alone(&other.config)
    }

    /// Forgets what came after a step.
    ///
    /// # Errors
    /// [`LabError::Content`] if there is no checkpoint of that step.
    pub(in crate::cli) fn stop_at(&mut self, step: usize) -> Result<()> {
        self.checkpoints.retain(|(of, _)| *of <= step);
        self.metrics.retain(|row| row.step <= step);
        if self.checkpoints.last().is_none_or(|(last, _)| *last != step) {
            let reason = format!("it holds no checkpoint of step {step}");
            return Err(LabError::content(self.root.display().to_string(), reason));
        }
        Ok(())
    }

    /// The progress measures of one of its checkpoints, with some frequencies.
    ///
    /// # Errors
    /// What reading and measuring it returns, with the file's name.
    pub(in crate::cli) fn measures_of(
        &self,
        (step, path): &(usize, PathBuf),
        task: &ModularTask,
        freqs: &[usize],
    ) -> Result<(usize, ProgressMeasures)> {
        let measures = measure(&self.weights(path)?, task, freqs);
        Ok((*step, measures.map_err(|error| named(path, &error))?))
    }

    /// The step of the last checkpoint; 0 if there is none.
    pub(in crate::cli) fn last_step(&self) -> usize {
        self.checkpoints.last().map_or(0, |(step, _)| *step)
    }

    /// The file of the last checkpoint.
    ///
    /// # Errors
    /// [`LabError::Content`] if there is none.
    pub(in crate::cli) fn last_checkpoint(&self) -> Result<&Path> {
        self.checkpoints.last().map(|(_, path)| path.as_path()).ok_or_else(|| {
            let reason = "it holds no checkpoints/step-NNNNNN.safetensors, so there is nothing to analyse";
            LabError::content(self.root.display().to_string(), reason)
        })
    }

    /// The weights of the last checkpoint, in the run's own precision where the directory has them: checkpoints
    /// hold 32-bit floats, the state that a run goes on from holds all there is.
    ///
    /// # Errors
    /// As [`Self::last_checkpoint`] and [`read_fitting`].
    pub(in crate::cli) fn last_weights(&self) -> Result<Weights> {
        let checkpoint = self.last_checkpoint()?;
        match self.config.run.precision {
            Precision::F32 => self.weights(checkpoint),
            Precision::F64 => self.state_of_last_step().map_or_else(|| self.weights(checkpoint), Ok),
        }
    }

    /// The weights of the saved state, if it is of the last checkpoint's step.
    fn state_of_last_step(&self) -> Option<Weights> {
        let bytes = read_state(&self.root, &self.config).ok()??;
        let file = WeightsFile::from_bytes(&bytes).ok()?;
        let shape = ModelShape::new(&self.config.data, &self.config.model);
        let fits = file.step == Some(self.last_step()) && *file.weights.shape() == shape;
        fits.then_some(file.weights)
    }

    /// The weights of a checkpoint.
    ///
    /// # Errors
    /// As [`read_fitting`].
    pub(in crate::cli) fn weights(&self, path: &Path) -> Result<Weights> {
        read_fitting(path, &ModelShape::new(&self.config.data, &self.config.model))
    }
}

/// The file of the saved state, if there is one.
///
/// # Errors
/// [`LabError::File`] if it cannot be read, [`LabError::Content`] if it is damaged.
fn read_state(root: &Path, config: &ExperimentConfig) -> Result<Option<Vec<u8>>> {
    let path = root.join("state.safetensors");
    if !is_there(&path) {
        return Ok(None);
    }
    let limit = max_state_bytes(&ModelShape::new(&config.data, &config.model));
    let bytes = read_bytes(&path, limit)?;
    container::read(&bytes, |_| false).map_err(|error| named(&path, &error))?;
    Ok(Some(bytes))
}

fn engine_of(bytes: &[u8]) -> Option<EngineInfo> {
    let contents = container::read(bytes, |_| false).ok()?;
    serde_json::from_str(contents.metadata.get("engine")?).ok()
}
