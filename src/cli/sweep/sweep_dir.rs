//! The directory of a sweep: the plan, a result a finished run, and the folders of runs that are under way.
//!
//! | path | what it is |
//! |---|---|
//! | `plan.jsonl` | the runs, one a line |
//! | `slurm.sbatch` | the same as a job array |
//! | `runs/ID/` | a run that is under way, as `grok train` leaves it; removed when its result is there |
//! | `results/XX/ID.json` | what a finished run gave; XX are the first two digits of ID |
//! | `weights/XX/ID.safetensors` | its last weights |
//! | `runs.parquet`, `curves.parquet`, `report.html` | what `merge` and `report` make of the results |
//!
//! A result appears whole or not at all ([`write_whole`]), so any number of processes may work on one directory, and
//! killing one costs no more than what its runs had not saved.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::run_result::RunResult;
use crate::cli::file_io::{MAX_INPUT_BYTES, is_there, names_in, read_bytes, write_whole};
use crate::config::sweep_plan::PlannedRun;
use crate::error::{LabError, Result};

/// The most bytes of `plan.jsonl` that are read: a million runs.
const MAX_PLAN_BYTES: u64 = 1 << 30;

/// The most bytes of a result. One has 256 steps of some 30 measures, about 100 kB.
const MAX_RESULT_BYTES: u64 = 1 << 24;

/// Where the files of a sweep lie.
#[derive(Debug, Clone)]
pub(super) struct SweepDir {
    root: PathBuf,
}

impl SweepDir {
    /// The directory, whether it is there or not.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Writes the plan into a new directory, or into one that holds the same plan.
    ///
    /// # Errors
    /// [`LabError::Content`] if it holds another one, [`LabError::File`] if it cannot be written.
    pub(super) fn write_plan(&self, runs: &[PlannedRun]) -> Result<()> {
        let path = self.plan_path();
        let mut text = String::new();
        for run in runs {
            text.push_str(&serde_json::to_string(run).expect("plain data with text keys"));
            text.push('\n');
        }
        if is_there(&path) {
            if read_bytes(&path, MAX_PLAN_BYTES)? == text.as_bytes() {
                return Ok(());
            }
            let reason = "it holds the plan of another sweep; name a new directory";
            return Err(LabError::content(self.root.display().to_string(), reason));
        }
        self.make_folder(&path)?;
        write_whole(&path, text.as_bytes())
    }

    /// Reads the plan.
    ///
    /// # Errors
    /// [`LabError::File`] if there is none, [`LabError::Content`] with the line that is no run.
    pub(super) fn read_plan(&self) -> Result<Vec<PlannedRun>> {
        let path = self.plan_path();
        let bytes = read_bytes(&path, MAX_PLAN_BYTES)?;
        let wrong = |line: usize, reason: String| {
            LabError::content(format!("{}, line {line}", path.display()), reason)
        };
        let lines = bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
        let run = |(i, line): (usize, &[u8])| {
            let run: PlannedRun =
                serde_json::from_slice(line).map_err(|error| wrong(i + 1, error.to_string()))?;
            run.config.validate().map_err(|error| wrong(i + 1, error.to_string()))?;
            if !run.is_consistent() {
                let reason =
                    "the id is not that of the configuration; make the plan anew with grok sweep plan";
                return Err(wrong(i + 1, reason.to_owned()));
            }
            Ok(run)
        };
        lines.map(run).collect()
    }

    /// The ids of all runs that have a result.
    ///
    /// # Errors
    /// [`LabError::File`] if the folders cannot be read.
    pub(super) fn finished(&self) -> Result<BTreeSet<String>> {
        let mut ids = BTreeSet::new();
        for folder in names_if_there(&self.root.join("results"))? {
            let names = names_if_there(&self.root.join("results").join(folder))?;
            ids.extend(names.iter().filter_map(|name| name.strip_suffix(".json")).map(str::to_owned));
        }
        Ok(ids)
    }

    /// The ids of all runs that have a folder.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be read.
    pub(super) fn begun(&self) -> Result<BTreeSet<String>> {
        Ok(names_if_there(&self.root.join("runs"))?.into_iter().collect())
    }

    /// Whether a run has a result.
    pub(super) fn is_finished(&self, id: &str) -> bool {
        is_there(&self.result_path(id))
    }

    /// Writes the result of a run.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn write_result(&self, result: &RunResult) -> Result<()> {
        let path = self.result_path(&result.id);
        self.make_folder(&path)?;
        let mut text = serde_json::to_vec(result).map_err(|e| LabError::file("write", &path, e))?;
        text.push(b'\n');
        write_whole(&path, &text)
    }

    /// Reads the result of a run.
    ///
    /// # Errors
    /// [`LabError::File`] if there is none, [`LabError::Content`] if it is damaged.
    pub(super) fn read_result(&self, id: &str) -> Result<RunResult> {
        let path = self.result_path(id);
        let bytes = read_bytes(&path, MAX_RESULT_BYTES)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let reason = format!("{error}; remove the file and call grok sweep run again");
            LabError::content(path.display().to_string(), reason)
        })
    }

    /// Copies the last weights of a run to where they are kept.
    ///
    /// # Errors
    /// [`LabError::File`] if they cannot be read or written.
    pub(super) fn keep_weights(&self, id: &str, checkpoint: &Path) -> Result<()> {
        let path = self.root.join("weights").join(shard(id)).join(format!("{id}.safetensors"));
        self.make_folder(&path)?;
        write_whole(&path, &read_bytes(checkpoint, MAX_INPUT_BYTES)?)
    }

    /// Removes the folder of a run that has its result.
    ///
    /// # Errors
    /// [`LabError::File`] if the system refuses.
    pub(super) fn remove_run(&self, id: &str) -> Result<()> {
        let path = self.run_path(id);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(LabError::file("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// The folder of a run that is under way.
    pub(super) fn run_path(&self, id: &str) -> PathBuf {
        self.root.join("runs").join(id)
    }

    /// A file that a command makes of the whole sweep.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The directory itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn plan_path(&self) -> PathBuf {
        self.root.join("plan.jsonl")
    }

    fn result_path(&self, id: &str) -> PathBuf {
        self.root.join("results").join(shard(id)).join(format!("{id}.json"))
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(|e| LabError::file("create", folder, e))
    }
}

/// The folder of a run's result: 256 folders, so that none holds too many files for a file system that is shared over a
/// network.
fn shard(id: &str) -> &str {
    id.get(..2).unwrap_or(id)
}

/// Names of what a folder holds; none if there is no folder.
fn names_if_there(folder: &Path) -> Result<Vec<String>> {
    if is_there(folder) { names_in(folder) } else { Ok(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use temp_dir::TempDir;

    use super::SweepDir;
    use crate::config::Preset;
    use crate::config::sweep_plan::PlannedRun;

    #[test]
    fn a_plan_is_read_as_written_and_no_other_takes_its_place() {
        let dir = TempDir::new().unwrap();
        let sweep = SweepDir::new(&dir.child("sweep"));
        let runs = [PlannedRun::new(Preset::Tiny.config()), PlannedRun::new(Preset::Paper.config())];
        sweep.write_plan(&runs).unwrap();
        assert_eq!(sweep.read_plan().unwrap(), runs);
        sweep.write_plan(&runs).unwrap();
        let error = sweep.write_plan(&runs[..1]).unwrap_err().to_string();
        assert!(error.contains("another sweep"), "{error}");

        let path = dir.child("sweep").join("plan.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, words) in [
            ("\"p\":7", "\"p\":11", "line 1: the id is not"),
            ("\"p\":7", "\"p\":8", "line 1: p = 8"),
            ("{\"id", "{", "line 1"),
        ] {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = sweep.read_plan().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
