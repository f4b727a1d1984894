//! The directory of a run, and the rule that nothing in it is lost.
//!
//! A file is either not there or whole: it is written beside its place and then renamed. Only
//! `metrics.csv` grows in place ([`super::metrics`]).

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::ExperimentConfig;
use crate::error::{LabError, Result};

/// Where the files of a run lie.
#[derive(Debug)]
pub(super) struct RunDir {
    root: PathBuf,
    /// Held as long as the run lasts; the system lets go of it however the program ends.
    _lock: File,
}

const LOCK: &str = ".lock";
const CHECKPOINTS: &str = "checkpoints";

impl RunDir {
    /// Checks that a new run may use the directory.
    ///
    /// # Errors
    /// [`LabError::Content`] if there is something in it and `force` is not set, [`LabError::File`] if
    /// it is no directory.
    pub(super) fn check_free(root: &Path, force: bool) -> Result<()> {
        let is_occupied = match fs::read_dir(root) {
            Ok(entries) => entries.flatten().any(|entry| entry.file_name() != LOCK),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(LabError::file("use as a directory", root, error)),
        };
        if !is_occupied || force {
            return Ok(());
        }
        let reason = if root.join("config.json").exists() {
            "it already holds a run: --resume goes on with it, --force starts anew in its place"
        } else {
            "it is not empty: name a new directory, or use --force to write between its files"
        };
        Err(LabError::content(root.display().to_string(), reason))
    }

    /// Makes the directory, and removes the files of an earlier run; other files stay.
    ///
    /// # Errors
    /// [`LabError::File`] if the system refuses, [`LabError::Content`] if another program runs in it.
    pub(super) fn create(root: &Path) -> Result<Self> {
        fs::create_dir_all(root.join(CHECKPOINTS)).map_err(|e| LabError::file("create", root, e))?;
        let dir = Self::lock(root)?;
        for path in [dir.config_path(), dir.metrics_path(), dir.state_path(), dir.report_path()] {
            remove_if_there(&path)?;
        }
        let checkpoints = root.join(CHECKPOINTS);
        let entries = fs::read_dir(&checkpoints).map_err(|e| LabError::file("read", &checkpoints, e))?;
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| is_checkpoint(path)) {
            remove_if_there(&path)?;
        }
        Ok(dir)
    }

    /// Opens the directory of an earlier run and reads its configuration.
    ///
    /// # Errors
    /// [`LabError::File`] if there is no run, [`LabError::Content`] if its configuration cannot be
    /// read or another program runs in it.
    pub(super) fn open(root: &Path) -> Result<(Self, ExperimentConfig)> {
        let path = root.join("config.json");
        let text = fs::read_to_string(&path).map_err(|e| {
            LabError::file("resume, for lack of", &path, format!("{e}; start the run without --resume"))
        })?;
        let wrong = |reason: String| LabError::content(path.display().to_string(), reason);
        let config: ExperimentConfig = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        config.validate().map_err(|e| wrong(e.to_string()))?;
        Ok((Self::lock(root)?, config))
    }

    fn lock(root: &Path) -> Result<Self> {
        let path = root.join(LOCK);
        let lock = File::create(&path).map_err(|e| LabError::file("create", &path, e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => {
                Err(LabError::content(root.display().to_string(), "another grok trains in this directory"))
            }
            Err(fs::TryLockError::Error(error)) => Err(LabError::file("lock", &path, error)),
        }
    }

    /// The directory itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The experiment.
    pub(super) fn config_path(&self) -> PathBuf {
        self.root.join("config.json")
    }

    /// One row per evaluated step.
    pub(super) fn metrics_path(&self) -> PathBuf {
        self.root.join("metrics.csv")
    }

    /// What `--resume` starts from.
    pub(super) fn state_path(&self) -> PathBuf {
        self.root.join("state.safetensors")
    }

    /// The analysis of the last weights.
    pub(super) fn report_path(&self) -> PathBuf {
        self.root.join("report.json")
    }

    /// The weights after `step` updates.
    pub(super) fn checkpoint_path(&self, step: usize) -> PathBuf {
        self.root.join(CHECKPOINTS).join(format!("step-{step:06}.safetensors"))
    }
}

/// Writes a whole file, or leaves what was there.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|e| LabError::file("write", path, e))
}

/// Writes a value as indented JSON.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| LabError::file("write", path, e))?;
    text.push('\n');
    write_whole(path, text.as_bytes())
}

/// Reads a whole file.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn read_whole(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| LabError::file("read", path, e))
}

fn is_checkpoint(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("step-") && name.ends_with(".safetensors")
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(LabError::file("remove", path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{RunDir, write_json, write_whole};
    use crate::config::Preset;

    #[test]
    fn a_directory_with_anything_in_it_is_not_free() {
        let dir = temp_dir::TempDir::new().unwrap();
        RunDir::check_free(&dir.path().join("new"), false).unwrap();
        RunDir::check_free(dir.path(), false).unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        let error = RunDir::check_free(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("--force") && !error.contains("--resume"), "{error}");
        RunDir::check_free(dir.path(), true).unwrap();
        let error = RunDir::check_free(&dir.path().join("notes.txt"), true).unwrap_err().to_string();
        assert!(error.contains("notes.txt"), "{error}");
    }

    #[test]
    fn starting_anew_removes_the_old_run_and_nothing_else() {
        let dir = temp_dir::TempDir::new().unwrap();
        let run = RunDir::create(dir.path()).unwrap();
        write_json(&run.config_path(), &Preset::Tiny.config()).unwrap();
        write_whole(&run.checkpoint_path(12), b"old").unwrap();
        fs::write(dir.path().join("checkpoints/notes.txt"), "mine").unwrap();
        assert!(run.checkpoint_path(12).ends_with("checkpoints/step-000012.safetensors"));
        let error = RunDir::check_free(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("--force") && error.contains("--resume"), "{error}");
        drop(run);

        let run = RunDir::create(dir.path()).unwrap();
        assert!(!run.config_path().exists() && !run.checkpoint_path(12).exists(), "the old run is gone");
        assert!(dir.path().join("checkpoints/notes.txt").exists(), "a stranger's file stays");
    }

    #[test]
    fn two_programs_cannot_share_a_directory() {
        let dir = temp_dir::TempDir::new().unwrap();
        let first = RunDir::create(dir.path()).unwrap();
        write_json(&first.config_path(), &Preset::Tiny.config()).unwrap();
        let error = RunDir::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("another grok"), "{error}");
        drop(first);
        assert_eq!(RunDir::open(dir.path()).unwrap().1, Preset::Tiny.config());
    }
}
