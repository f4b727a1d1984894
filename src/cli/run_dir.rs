//! The directory of a run, and the rule that nothing in it is lost.
//!
//! A file is either not there or whole ([`super::file_io`]). Only `metrics.csv` grows in place
//! ([`super::metrics`]).
//!
//! A run starts with its lock, `config.json`, an empty `checkpoints/` and a `metrics.csv` without rows; then comes
//! the first checkpoint and then the first state. A directory whose run ended before that state is free: nothing
//! in it can be gone on with, and the same start makes it again.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::disk_faults;
use super::file_io::{MAX_CONFIG_BYTES, is_there, names_in, part_path, read_bytes, remove_if_there};
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
const CONFIG: &str = "config.json";
const METRICS: &str = "metrics.csv";
const STATE: &str = "state.safetensors";
const PREVIOUS_STATE: &str = "state.previous.safetensors";
const DAMAGED_STATE: &str = "state.damaged.safetensors";
const REPORT: &str = "report.json";
const CHECKPOINTS: &str = "checkpoints";

impl RunDir {
    /// Checks that a new run may use the directory, before anything is made. [`Self::create`] checks again.
    ///
    /// # Errors
    /// [`LabError::Content`] if there is something in it and `force` is not set, [`LabError::File`] if
    /// it is no directory.
    pub(super) fn check_free(root: &Path, force: bool) -> Result<()> {
        let content = DirContent::of(root)?;
        let reason = match content {
            _ if force => return Ok(()),
            DirContent::Free => return Ok(()),
            DirContent::Run => {
                "it already holds a run: --resume goes on with it, --force starts anew in its place"
            }
            DirContent::RunWithoutState => {
                "it holds files of a run but no state that --resume could go on with: name another directory, or \
                 use --force to start anew in its place"
            }
            DirContent::Other => {
                "it is not empty: name a new directory, or use --force to write between its files"
            }
        };
        Err(LabError::content(root.display().to_string(), reason))
    }

    /// Makes the directory, and removes the files of an earlier run; other files stay. Whether the directory is
    /// free is decided while it is locked: another program may have begun, or even finished, a run in it since
    /// [`Self::check_free`].
    ///
    /// # Errors
    /// [`LabError::File`] if the system refuses, [`LabError::Content`] if another program runs in it, or as
    /// [`Self::check_free`].
    pub(super) fn create(root: &Path, force: bool) -> Result<Self> {
        let make = |folder: &Path| {
            let made = disk_faults::before_change().and_then(|()| fs::create_dir_all(folder));
            made.map_err(|e| LabError::file("create", folder, e))
        };
        make(root)?;
        let dir = Self::lock(root)?;
        Self::check_free(root, force)?;
        // The states first: without them the rest is no run that could be gone on with.
        for name in [STATE, PREVIOUS_STATE, DAMAGED_STATE, REPORT, METRICS, CONFIG] {
            let path = root.join(name);
            remove_if_there(&path)?;
            remove_if_there(&part_path(&path))?;
        }
        let checkpoints = root.join(CHECKPOINTS);
        make(&checkpoints)?;
        for name in names_in(&checkpoints)?.iter().filter(|name| is_checkpoint(name)) {
            remove_if_there(&checkpoints.join(name))?;
        }
        Ok(dir)
    }

    /// Opens the directory of an earlier run and reads its configuration.
    ///
    /// # Errors
    /// [`LabError::File`] if there is no run, [`LabError::Content`] if it ended before its first state, if its
    /// configuration cannot be read or if another program runs in it.
    pub(super) fn open(root: &Path) -> Result<(Self, ExperimentConfig)> {
        let path = root.join(CONFIG);
        let (content, has_config) = (DirContent::of(root)?, is_there(&path));
        let no_run = |reason: &str| Err(LabError::file("resume, for lack of", &path, reason));
        match content {
            DirContent::Free if has_config => {
                let reason =
                    "the run ended before its first state was saved; start it again without --resume";
                return Err(LabError::content(root.display().to_string(), reason));
            }
            DirContent::Free => return no_run("there is no run; start it without --resume"),
            _ if has_config => {}
            DirContent::Run | DirContent::RunWithoutState => {
                return no_run(
                    "other files of a run are there; bring this one back, or name another directory",
                );
            }
            DirContent::Other => return no_run("the directory holds no run; name the directory of one"),
        }
        let dir = Self::lock(root)?;
        Ok((dir, read_config(&path)?))
    }

    /// Whether another program trains in the directory.
    pub(super) fn is_in_use(root: &Path) -> bool {
        let lock = OpenOptions::new().read(true).write(true).open(root.join(LOCK));
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)))
    }

    fn lock(root: &Path) -> Result<Self> {
        let path = root.join(LOCK);
        let failed = |reason: String| LabError::file("lock", &path, reason);
        // Open for reading, too: a pipe in its place would else wait for its other end. What is in it stays.
        let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|e| failed(e.to_string()))?;
        if !lock.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Err(failed("it is not a regular file".to_owned()));
        }
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => {
                Err(LabError::content(root.display().to_string(), "another grok trains in this directory"))
            }
            Err(fs::TryLockError::Error(error)) => Err(failed(error.to_string())),
        }
    }

    /// The directory itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The experiment.
    pub(super) fn config_path(&self) -> PathBuf {
        self.root.join(CONFIG)
    }

    /// One row per evaluated step.
    pub(super) fn metrics_path(&self) -> PathBuf {
        self.root.join(METRICS)
    }

    /// What `--resume` starts from.
    pub(super) fn state_path(&self) -> PathBuf {
        self.root.join(STATE)
    }

    /// The state before that, for the case that the newest is damaged.
    pub(super) fn previous_state_path(&self) -> PathBuf {
        self.root.join(PREVIOUS_STATE)
    }

    /// A state that could not be read, kept for whoever can.
    pub(super) fn damaged_state_path(&self) -> PathBuf {
        self.root.join(DAMAGED_STATE)
    }

    /// Steps and files of the checkpoints, ascending.
    pub(super) fn checkpoints(&self) -> Vec<(usize, PathBuf)> {
        checkpoints_in(&self.root.join(CHECKPOINTS))
    }

    /// The analysis of the last weights.
    pub(super) fn report_path(&self) -> PathBuf {
        self.root.join(REPORT)
    }

    /// The weights after `step` updates.
    pub(super) fn checkpoint_path(&self, step: usize) -> PathBuf {
        self.root.join(CHECKPOINTS).join(format!("step-{step:06}.safetensors"))
    }
}

/// Reads and checks a file `config.json`.
///
/// # Errors
/// [`LabError::File`] if it cannot be read, [`LabError::Content`] if it is no configuration that can be run.
pub(super) fn read_config(path: &Path) -> Result<ExperimentConfig> {
    let wrong = |reason: String| LabError::content(path.display().to_string(), reason);
    let bytes = read_bytes(path, MAX_CONFIG_BYTES)?;
    let config: ExperimentConfig = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    config.validate().map_err(|e| wrong(e.to_string()))?;
    Ok(config)
}

/// The checkpoints in a folder by step, ascending; none if there is no folder.
pub(super) fn checkpoints_in(folder: &Path) -> Vec<(usize, PathBuf)> {
    let names = names_in(folder).unwrap_or_default();
    let mut found: Vec<_> =
        names.iter().filter_map(|name| Some((checkpoint_step(name)?, folder.join(name)))).collect();
    found.sort();
    found
}

/// What a directory holds for somebody who wants to start a run in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DirContent {
    /// Nothing, or what a run leaves that ended before its first state.
    Free,
    /// A run that can go on.
    Run,
    /// Files of a run without any state.
    RunWithoutState,
    /// Files that are none of a run's.
    Other,
}

impl DirContent {
    /// # Errors
    /// [`LabError::File`] if there is something that is no directory.
    fn of(root: &Path) -> Result<Self> {
        let names = match fs::read_dir(root) {
            Ok(entries) => entries.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Free),
            Err(error) => return Err(LabError::file("use as a directory", root, error)),
        };
        let has = |name: &str| names.iter().any(|found| found == name);
        // Without its lock no run has begun: a stranger's config.json is not to be written over.
        let is_of_start = |name: &std::ffi::OsString| match name.to_str() {
            Some(LOCK) => true,
            Some(CHECKPOINTS) => has_at_most_first_checkpoint(&root.join(CHECKPOINTS)),
            Some(CONFIG) => has(LOCK) && read_config(&root.join(CONFIG)).is_ok(),
            Some(METRICS) => has(LOCK) && has_at_most_one_row(&root.join(METRICS)),
            Some(name) => {
                has(LOCK)
                    && [CONFIG, METRICS, STATE].map(|file| format!("{file}.part")).contains(&name.to_owned())
            }
            None => false,
        };
        Ok(match () {
            () if names.iter().all(is_of_start) => Self::Free,
            () if has(CONFIG) && (has(STATE) || has(PREVIOUS_STATE)) => Self::Run,
            () if has(STATE) || (has(CONFIG) && (has(METRICS) || has(CHECKPOINTS))) => Self::RunWithoutState,
            () => Self::Other,
        })
    }
}

/// Whether a folder has no other file than the checkpoint of step 0, whole or not.
fn has_at_most_first_checkpoint(folder: &Path) -> bool {
    let is_first = |name: &String| checkpoint_step(name.strip_suffix(".part").unwrap_or(name)) == Some(0);
    names_in(folder).is_ok_and(|names| names.iter().all(is_first))
}

/// Whether a file holds no more than a header and a row, whole or not.
fn has_at_most_one_row(path: &Path) -> bool {
    // A line is below 120 bytes.
    const TWO_LINES: u64 = 240;
    read_bytes(path, TWO_LINES).is_ok_and(|text| text.iter().filter(|&&byte| byte == b'\n').count() <= 2)
}

fn is_checkpoint(name: &str) -> bool {
    checkpoint_step(name.strip_suffix(".part").unwrap_or(name)).is_some()
}

fn checkpoint_step(name: &str) -> Option<usize> {
    name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{RunDir, checkpoint_step};
    use crate::cli::file_io::{write_json, write_whole};
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
        let run = RunDir::create(dir.path(), false).unwrap();
        write_json(&run.config_path(), &Preset::Tiny.config()).unwrap();
        write_whole(&run.checkpoint_path(12), b"old").unwrap();
        write_whole(&run.state_path(), b"old").unwrap();
        fs::write(dir.path().join("checkpoints/notes.txt"), "mine").unwrap();
        assert!(run.checkpoint_path(12).ends_with("checkpoints/step-000012.safetensors"));
        let error = RunDir::check_free(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("--force") && error.contains("--resume"), "{error}");
        drop(run);

        let run = RunDir::create(dir.path(), true).unwrap();
        assert!(!run.config_path().exists() && !run.state_path().exists(), "the old run is gone");
        assert!(!run.checkpoint_path(12).exists(), "and its checkpoints");
        assert!(dir.path().join("checkpoints/notes.txt").exists(), "a stranger's file stays");
    }

    #[test]
    fn a_run_that_was_finished_since_the_first_check_is_not_removed() {
        let dir = temp_dir::TempDir::new().unwrap();
        RunDir::check_free(dir.path(), false).unwrap();
        // Meanwhile another program trains here, from its start to its end.
        let other = RunDir::create(dir.path(), false).unwrap();
        write_json(&other.config_path(), &Preset::Tiny.config()).unwrap();
        write_whole(&other.state_path(), b"a state").unwrap();
        let error = RunDir::create(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("another grok"), "it is at work: {error}");
        let state = other.state_path();
        drop(other);
        let error = RunDir::create(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("already holds a run"), "{error}");
        assert_eq!(fs::read(state).unwrap(), b"a state", "what it made is there");
    }

    #[test]
    fn what_a_run_leaves_before_its_first_state_is_free_and_a_strangers_file_is_not() {
        let dir = temp_dir::TempDir::new().unwrap();
        let root = dir.child("run");
        let put = |name: &str, text: &str| {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        };
        let config = serde_json::to_string(&Preset::Tiny.config()).unwrap();
        put("config.json", &config);
        let error = RunDir::check_free(&root, false).unwrap_err().to_string();
        assert!(error.contains("not empty"), "no run has begun here: {error}");
        // The files in the order of their making, each torn or whole.
        for (name, text) in [
            (".lock", ""),
            ("config.json.part", "{\"da"),
            ("config.json", &config),
            ("metrics.csv.part", "step,tr"),
            ("metrics.csv", "step,train_loss\n"),
            ("metrics.csv", "step,train_loss\n0,1.2"),
            ("checkpoints/step-000000.safetensors.part", "torn"),
            ("checkpoints/step-000000.safetensors", "whole"),
            ("state.safetensors.part", "torn"),
        ] {
            put(name, text);
            RunDir::check_free(&root, false).unwrap_or_else(|error| panic!("with {name} = {text}: {error}"));
            let error = RunDir::open(&root).unwrap_err().to_string();
            assert!(error.contains("start it again without --resume"), "with {name}: {error}");
        }
        for (name, text) in [
            ("checkpoints/step-000010.safetensors", "whole"),
            ("metrics.csv", "step,train_loss\n0,1\n10,1\n"),
            ("config.json", "{}"),
            ("notes.txt", "mine"),
        ] {
            let before = fs::read(root.join(name)).ok();
            put(name, text);
            let error = RunDir::check_free(&root, false).unwrap_err().to_string();
            assert!(error.contains("--force"), "with {name} = {text}: {error}");
            match before {
                Some(before) => fs::write(root.join(name), before).unwrap(),
                None => fs::remove_file(root.join(name)).unwrap(),
            }
        }
        let run = RunDir::create(&root, false).unwrap();
        assert!(run.checkpoints().is_empty() && !run.metrics_path().exists(), "made anew");
        assert_eq!(fs::read_dir(&root).unwrap().count(), 2, "nothing but the lock and checkpoints/");
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_leaves_what_it_finds_alone() {
        let dir = temp_dir::TempDir::new().unwrap();
        let (root, other) = (dir.child("run"), dir.child("other"));
        fs::create_dir(&root).unwrap();
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, root.join(".lock")).unwrap();
        RunDir::create(&root, false).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine", "the file that a link leads to");
    }

    #[test]
    fn two_programs_cannot_share_a_directory() {
        let dir = temp_dir::TempDir::new().unwrap();
        let first = RunDir::create(dir.path(), false).unwrap();
        write_json(&first.config_path(), &Preset::Tiny.config()).unwrap();
        write_whole(&first.state_path(), b"a state").unwrap();
        let error = RunDir::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("another grok"), "{error}");
        assert!(RunDir::is_in_use(dir.path()));
        drop(first);
        assert!(!RunDir::is_in_use(dir.path()) && !RunDir::is_in_use(&dir.child("none")));
        assert_eq!(RunDir::open(dir.path()).unwrap().1, Preset::Tiny.config());
    }

    #[test]
    fn only_checkpoints_have_a_step() {
        assert_eq!(checkpoint_step("step-000120.safetensors"), Some(120));
        assert_eq!(checkpoint_step("step-1234567.safetensors"), Some(1_234_567), "more digits");
        for other in ["notes.txt", "step-.safetensors", "step-000120.safetensors.part", "step-x.safetensors"]
        {
            assert_eq!(checkpoint_step(other), None, "{other}");
        }
    }
}
