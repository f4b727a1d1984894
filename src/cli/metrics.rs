//! `metrics.csv`: one row per evaluated step, written as the run goes.
//!
//! A row is appended in one write and never changed. What a crash may have torn or written too much is taken out
//! when the run is resumed, after all of the run has been read and found whole: [`RowsToKeep`].

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::disk_faults;
use super::file_io::{MAX_INPUT_BYTES, read_bytes, write_whole};
use crate::config::RunConfig;
use crate::config::cadence::is_evaluated;
use crate::engine::MetricsRow;
use crate::engine::metrics_csv::{self, HEADER, Table, disorder, format_row};
use crate::error::{LabError, Result};

/// The file, open at its end.
#[derive(Debug)]
pub(super) struct MetricsFile {
    file: File,
    path: PathBuf,
}

impl MetricsFile {
    /// A file with a header and no rows, in place of any that is there.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self> {
        write_whole(path, format!("{HEADER}\n").as_bytes())?;
        Self::open(path)
    }

    fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().append(true).open(path);
        Ok(Self { file: file.map_err(|e| LabError::file("write", path, e))?, path: path.to_owned() })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn append(&mut self, row: &MetricsRow) -> Result<()> {
        let row = format_row(row);
        let (arriving, ended) = disk_faults::before_write(row.as_bytes());
        self.file.write_all(arriving).and(ended).map_err(|e| LabError::file("write", &self.path, e))
    }

    /// Returns when every row is on the disk.
    ///
    /// # Errors
    /// [`LabError::File`] if the system refuses.
    pub(super) fn sync(&self) -> Result<()> {
        let synced = disk_faults::before_change().and_then(|()| self.file.sync_data());
        synced.map_err(|e| LabError::file("write", &self.path, e))
    }
}

/// Reads the rows of a file, each of which must be whole but for one that is being written.
///
/// # Errors
/// [`LabError::File`] if it cannot be read, [`LabError::Content`] with the line that is no row.
pub(super) fn read_rows(path: &Path) -> Result<Vec<MetricsRow>> {
    metrics_csv::read(read_bytes(path, MAX_INPUT_BYTES)?).map_err(|error| at(path, error))
}

/// An error about the rows, with the file's path in place of its name.
fn at(path: &Path, error: LabError) -> LabError {
    match error {
        LabError::Content { reason, .. } => LabError::content(path.display().to_string(), reason),
        other => other,
    }
}

/// The rows with which a run goes on from a state; until [`Self::apply`] nothing is changed.
#[derive(Debug)]
pub(super) struct RowsToKeep {
    path: PathBuf,
    rows: Vec<MetricsRow>,
    /// The file if it must be written anew, for example without rows that come after the state.
    rewritten: Option<String>,
    /// What the user should know, a sentence each.
    pub(super) notes: Vec<String>,
}

impl RowsToKeep {
    /// Reads the file of a run that goes on from the state of `step`, which was written while the run was to have
    /// `epochs_before` steps.
    ///
    /// Rows after that step are not kept: they follow again. Nor is that of an earlier last step: an unbroken run
    /// has none. The row of `step` itself may be missing or damaged: the engine can make it again.
    ///
    /// # Errors
    /// [`LabError::File`] if the file cannot be read, [`LabError::Content`] if it is another kind of file, or
    /// with the line of the first row up to `step` that is damaged.
    pub(super) fn read(path: &Path, run: &RunConfig, step: usize, epochs_before: usize) -> Result<Self> {
        let text = read_bytes(path, MAX_INPUT_BYTES)?;
        let table = Table::parse(&text).map_err(|error| at(path, error))?;
        let n_kept = check(&table, run, step).map_err(|reason| damaged(path, &reason))?;
        let mut rows: Vec<_> = table.rows[..n_kept].iter().map(|numbered| numbered.row).collect();
        let mut notes = Vec::new();
        if table.ends_in_row && n_kept == table.rows.len() {
            match rows.pop() {
                // Whether its last digits are there cannot be seen, and here they can be had again.
                Some(row) if row.step != step || !is_evaluated(run, step) => {
                    rows.push(row);
                    notes.push(format!(
                        "{}: the last row, of step {}, has no line end; it is taken as whole",
                        path.display(),
                        row.step
                    ));
                }
                _ => {}
            }
        }
        let is_of_earlier_end = |row: &MetricsRow| row.step == step && step == epochs_before;
        if rows.last().is_some_and(|row| is_of_earlier_end(row) && !is_evaluated(run, step)) {
            rows.pop();
        }
        notes.extend(missing_rows(&rows, run, step).map(|which| format!("{}: {which}", path.display())));
        let kept = metrics_csv::write(&rows);
        let rewritten = (kept.as_bytes() != text).then_some(kept);
        Ok(Self { path: path.to_owned(), rows, rewritten, notes })
    }

    /// Brings the file to what is kept, and opens it at its end; returns the last row.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn apply(self) -> Result<(MetricsFile, Option<MetricsRow>)> {
        if let Some(text) = &self.rewritten {
            write_whole(&self.path, text.as_bytes())?;
        }
        Ok((MetricsFile::open(&self.path)?, self.rows.last().copied()))
    }
}

/// The number of rows up to the state's step, if every line up to there is whole.
fn check(table: &Table, run: &RunConfig, step: usize) -> Result<usize, String> {
    let n_kept = table.rows.iter().take_while(|numbered| numbered.row.step <= step).count();
    // Of rows that follow again none may be one that was to be kept, which a wrong step before it would hide.
    let order = match table.rows[n_kept..].iter().find(|numbered| numbered.row.step <= step) {
        None => disorder(&table.rows[..n_kept]),
        Some(_) => disorder(&table.rows),
    };
    if let Some(reason) = order {
        return Err(reason);
    }
    let malformed = table.malformed.as_ref().filter(|line| line.n_rows_before <= n_kept);
    let Some(line) = malformed else { return Ok(n_kept) };
    let first_due = match table.rows[..n_kept].last() {
        Some(last) => (last.row.step / run.eval_every + 1) * run.eval_every,
        None => 0,
    };
    // At the end of what is kept, a line for the state's own step or a later one: that row can be had again.
    if line.n_rows_before == n_kept && first_due.min(run.epochs) >= step {
        return Ok(n_kept);
    }
    Err(line.reason.clone())
}

fn damaged(path: &Path, reason: &str) -> LabError {
    let help = "nothing was changed; mend the line, or take it out, and the run goes on without its row";
    LabError::content(path.display().to_string(), format!("{reason}: {help}"))
}

/// Which rows before the state's step are not there, in words; none if all are.
fn missing_rows(rows: &[MetricsRow], run: &RunConfig, step: usize) -> Option<String> {
    let mut there = rows.iter().map(|row| row.step).peekable();
    let missing = (0..step).step_by(run.eval_every).filter(|&due| {
        while there.next_if(|&step| step < due).is_some() {}
        there.next_if_eq(&due).is_none()
    });
    let missing: Vec<usize> = missing.collect();
    let [first, .., last] = missing[..] else {
        let step = missing.first()?;
        return Some(format!("the row of step {step} is missing; the run goes on without it"));
    };
    Some(format!(
        "{} rows of steps {first} to {last} are missing; the run goes on without them",
        missing.len()
    ))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use temp_dir::TempDir;

    use super::{HEADER, MetricsFile, RowsToKeep};
    use crate::config::{Preset, RunConfig};
    use crate::engine::metrics_csv::write;
    use crate::engine::{Evaluation, MetricsRow};

    fn row(step: usize) -> MetricsRow {
        let evaluation = Evaluation {
            train_loss: 8.859_246_859_024_995e-8 * (step + 1) as f64,
            test_loss: 1.0 / 3.0,
            train_accuracy: 1.0,
            test_accuracy: 0.1 + 0.2,
            softmax_collapse_fraction: None,
        };
        MetricsRow { step, evaluation }
    }

    fn rows(steps: &[usize]) -> String {
        write(&steps.iter().map(|&step| row(step)).collect::<Vec<_>>())
    }

    /// A run of 100 steps with a row every 10.
    fn run() -> RunConfig {
        RunConfig { epochs: 100, eval_every: 10, ..Preset::Tiny.config().run }
    }

    fn file_with(text: &str) -> (TempDir, PathBuf) {
        let dir = TempDir::new().unwrap();
        let path = dir.child("metrics.csv");
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    #[test]
    fn a_new_file_has_a_header_and_grows_by_rows() {
        let (_dir, path) = file_with("what an interrupted start left");
        let mut file = MetricsFile::create(&path).unwrap();
        file.append(&row(0)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), rows(&[0]));
    }

    #[test]
    fn rows_up_to_the_state_are_kept_and_nothing_is_changed_before() {
        let whole = rows(&[0, 10, 20, 30]);
        for (what, text, step, kept, n_notes) in [
            ("as it should be", whole.clone(), 30, &[0, 10, 20, 30][..], 0),
            ("newer rows", whole.clone(), 20, &[0, 10, 20], 0),
            ("a torn row", format!("{whole}40,0.1"), 35, &[0, 10, 20, 30], 0),
            ("line ends of Windows", whole.replace('\n', "\r\n"), 35, &[0, 10, 20, 30], 0),
            ("no last line end", whole.trim_end().to_owned(), 35, &[0, 10, 20, 30], 1),
            ("no last line end, at the state's step", whole.trim_end().to_owned(), 30, &[0, 10, 20], 0),
            ("the state's row is missing", rows(&[0, 10]), 20, &[0, 10], 0),
            ("the state's row is damaged", whole.replace("\n20,", "\n2x,"), 20, &[0, 10], 0),
            ("the state's row is the first", whole.replace("\n0,", "\n?,"), 0, &[], 0),
            ("a newer row is damaged", whole.replace("\n30,", "\n3x,"), 25, &[0, 10, 20], 0),
            ("garbage behind", format!("{whole}x\ny\n"), 30, &[0, 10, 20, 30], 0),
            ("a row before is missing", rows(&[0, 20, 30]), 30, &[0, 20, 30], 1),
            ("rows before are missing", rows(&[0]), 35, &[0], 1),
            ("a single step of the page", rows(&[0, 10, 13]), 15, &[0, 10, 13], 0),
        ] {
            let (_dir, path) = file_with(&text);
            let keep = RowsToKeep::read(&path, &run(), step, 100).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(keep.notes.len(), n_notes, "{what}: {:?}", keep.notes);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{what}: not changed yet");
            let (mut file, last) = keep.apply().unwrap();
            assert_eq!(last, kept.last().map(|&step| row(step)), "{what}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), rows(kept), "{what}");
            file.append(&row(90)).unwrap();
            let longer: Vec<usize> = kept.iter().copied().chain([90]).collect();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), rows(&longer), "{what}: appended");
        }
    }

    #[test]
    fn the_row_of_an_earlier_last_step_is_not_kept() {
        let (_dir, path) = file_with(&rows(&[0, 10, 13]));
        let kept = |epochs_before| RowsToKeep::read(&path, &run(), 13, epochs_before).unwrap().rows.len();
        assert_eq!(kept(13), 2, "an unbroken run has no row of step 13");
        assert_eq!(kept(100), 3, "a single step of the page");
    }

    #[test]
    fn damage_before_the_states_row_is_refused_with_its_line() {
        let whole = rows(&[0, 10, 20, 30]);
        for (what, text, step, named) in [
            ("another file", "a,b\n1,2\n".to_owned(), 30, HEADER),
            ("an empty file", String::new(), 0, HEADER),
            ("a damaged row", whole.replace("\n10,", "\n10;"), 30, "line 3 is `10;"),
            ("the last one but the state's", whole.replace("\n20,", "\n20;"), 30, "line 4 is `20;"),
            ("the last due one", whole.replace("\n30,", "\n30;"), 45, "line 5 is `30;"),
            (
                "a step that hides a row",
                whole.replace("\n10,", "\n60,"),
                30,
                "line 4 has step 20 after step 60",
            ),
            ("a row twice", rows(&[0, 10, 10]), 30, "line 4 has step 10 after step 10"),
        ] {
            let (_dir, path) = file_with(&text);
            let error = RowsToKeep::read(&path, &run(), step, 100).expect_err(what).to_string();
            assert!(error.contains("metrics.csv") && error.contains(named), "{what}: {error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{what}: left alone");
        }
    }
}
