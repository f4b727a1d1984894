//! The state that `--resume` starts from: the newest that is whole of the two that a run keeps.

use std::path::Path;

use super::file_io::{is_there, read_bytes, rename, write_whole_keeping};
use super::output::quoted;
use super::run_dir::RunDir;
use super::start::{named, read_fitting};
use crate::config::ExperimentConfig;
use crate::engine::state_file::StateFile;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::model::safetensors::WeightsFile;

/// A state that was read, from which nothing has followed yet.
#[derive(Debug)]
pub(super) struct SavedState {
    /// The state.
    pub(super) file: StateFile,
    /// The experiment as it was when the state was written, if the file says so.
    pub(super) config: Option<ExperimentConfig>,
    /// Why it is not the newest, for the user.
    pub(super) note: Option<String>,
}

impl SavedState {
    /// Reads the newest state of a run that is whole.
    ///
    /// # Errors
    /// [`LabError::Content`] if none is, with what can be done; [`LabError::File`] if one cannot be read.
    pub(super) fn read(dir: &RunDir, config: &ExperimentConfig) -> Result<Self> {
        let shape = ModelShape::new(&config.data, &config.model);
        let why_not_newest = match read_state(&dir.state_path(), &shape)? {
            Ok(newest) => return Ok(newest),
            Err(reason) => reason,
        };
        match read_state(&dir.previous_state_path(), &shape)? {
            Ok(previous) => {
                let step = previous.file.state.step;
                let note =
                    Some(format!("{why_not_newest}; the run goes on from the state before, of step {step}"));
                Ok(Self { note, ..previous })
            }
            Err(why_not_previous) => {
                let reason = format!("{why_not_newest}; {why_not_previous}; {}", what_is_left(dir, &shape));
                Err(LabError::content(dir.root().display().to_string(), reason))
            }
        }
    }

    /// Puts the state in the place of the newest, if it is not; a damaged one is kept under another name.
    ///
    /// # Errors
    /// [`LabError::File`] if the system refuses.
    pub(super) fn make_newest(&self, dir: &RunDir) -> Result<()> {
        if self.note.is_none() {
            return Ok(());
        }
        let newest = dir.state_path();
        if is_there(&newest) {
            rename(&newest, &dir.damaged_state_path())?;
        }
        rename(&dir.previous_state_path(), &newest)
    }
}

/// Writes the newest state, and keeps the one before it.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write(dir: &RunDir, state: &StateFile, config: &ExperimentConfig) -> Result<()> {
    write_whole_keeping(&dir.state_path(), &dir.previous_state_path(), &state.to_bytes(config))
}

/// The most bytes of a state of this model: three 64-bit floats a parameter and a header.
pub(super) fn max_state_bytes(shape: &ModelShape) -> u64 {
    const MAX_HEADER_BYTES: u64 = 1 << 20;
    3 * 8 * shape.n_values() as u64 + 8 + MAX_HEADER_BYTES
}

/// A state, or why there is none in this file.
fn read_state(path: &Path, shape: &ModelShape) -> Result<Result<SavedState, String>> {
    if !is_there(path) {
        return Ok(Err(format!("{} is missing", path.display())));
    }
    let bytes = read_bytes(path, max_state_bytes(shape))?;
    let read = StateFile::from_bytes(&bytes, shape).and_then(|file| {
        let config = WeightsFile::from_bytes(&bytes)?.config;
        Ok(SavedState { file, config, note: None })
    });
    Ok(read.map_err(|error| named(path, &error).to_string()))
}

/// What a run without a state can be used for.
fn what_is_left(dir: &RunDir, shape: &ModelShape) -> String {
    // The most that are named: a message is one line.
    const MOST_NAMED: usize = 8;
    let checkpoints = dir.checkpoints();
    let whole: Vec<_> = checkpoints.iter().filter(|(_, path)| read_fitting(path, shape).is_ok()).collect();
    let Some((last_step, last)) = whole.last() else {
        return "no checkpoint is whole either, so the run can only be started anew, with --force or in another \
                directory"
            .to_owned();
    };
    let named = whole.iter().rev().take(MOST_NAMED).rev().map(|(step, _)| step.to_string());
    let named = named.collect::<Vec<_>>().join(", ");
    let before = if whole.len() > MOST_NAMED { ".., " } else { "" };
    format!(
        "the run cannot go on bit for bit, since checkpoints hold the weights without the optimiser's state; \
         whole are {} of {} checkpoints, of steps {before}{named}; to start a new run from the weights of step \
         {last_step}: grok train --init {} --out ANOTHER_DIR, with the run's settings",
        whole.len(),
        checkpoints.len(),
        quoted(last)
    )
}
