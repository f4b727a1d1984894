//! `metrics.csv`: one row per evaluated step, written as the run goes.
//!
//! A row is appended in one write and never changed. What a crash may have torn or written too much
//! is cut off when the run is resumed.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::engine::MetricsRow;
use crate::engine::metrics_csv::{HEADER, format_row, parse_row};
use crate::error::{LabError, Result};

/// The file, open at its end.
#[derive(Debug)]
pub(super) struct MetricsFile {
    file: File,
    path: PathBuf,
}

impl MetricsFile {
    /// A file with a header and no rows.
    ///
    /// # Errors
    /// [`LabError::File`] if it exists or cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|e| LabError::file("create", path, e))?;
        let mut metrics = Self { file, path: path.to_owned() };
        metrics.write(&format!("{HEADER}\n"))?;
        Ok(metrics)
    }

    /// Opens the file of an earlier session and keeps its rows up to the first that `keep`
    /// refuses; returns the last one kept.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be read or written, [`LabError::Content`] if it is another
    /// kind of file.
    pub(super) fn reopen(path: &Path, keep: impl Fn(usize) -> bool) -> Result<(Self, Option<MetricsRow>)> {
        let text = std::fs::read_to_string(path).map_err(|e| LabError::file("read", path, e))?;
        let mut lines = text.split_inclusive('\n');
        check_header(path, lines.next())?;
        let mut kept_len = HEADER.len() + 1;
        let mut last = None;
        for line in lines {
            let whole = line.strip_suffix('\n').and_then(parse_row);
            let Some(row) = whole.filter(|row| keep(row.step)) else { break };
            kept_len += line.len();
            last = Some(row);
        }
        let failed = |e| LabError::file("write", path, e);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        file.set_len(kept_len as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok((Self { file, path: path.to_owned() }, last))
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn append(&mut self, row: &MetricsRow) -> Result<()> {
        self.write(&format_row(row))
    }

    /// Returns when every row is on the disk.
    ///
    /// # Errors
    /// [`LabError::File`] if the system refuses.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|e| LabError::file("write", &self.path, e))
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.file.write_all(text.as_bytes()).map_err(|e| LabError::file("write", &self.path, e))
    }
}

/// Reads the rows of a file, up to one that was torn.
///
/// # Errors
/// [`LabError::File`] if it cannot be read, [`LabError::Content`] if it is another kind of file.
pub(super) fn read_rows(path: &Path) -> Result<Vec<MetricsRow>> {
    let text = std::fs::read_to_string(path).map_err(|e| LabError::file("read", path, e))?;
    let mut lines = text.split_inclusive('\n');
    check_header(path, lines.next())?;
    Ok(lines.map_while(|line| line.strip_suffix('\n').and_then(parse_row)).collect())
}

fn check_header(path: &Path, line: Option<&str>) -> Result<()> {
    if line.map(str::trim_end) == Some(HEADER) {
        return Ok(());
    }
    Err(LabError::content(path.display().to_string(), format!("the first line must be {HEADER}")))
}

#[cfg(test)]
mod tests {
    use super::{HEADER, MetricsFile};
    use crate::engine::MetricsRow;
    use crate::engine::record::Evaluation;

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

    #[test]
    fn reopening_cuts_what_is_torn_or_too_new() {
        let dir = temp_dir::TempDir::new().unwrap();
        let path = dir.path().join("metrics.csv");
        let mut file = MetricsFile::create(&path).unwrap();
        (0..4).for_each(|step| file.append(&row(step)).unwrap());
        drop(file);
        let whole = std::fs::read_to_string(&path).unwrap();

        std::fs::write(&path, format!("{whole}4,0.00")).unwrap();
        let (file, last) = MetricsFile::reopen(&path, |_| true).unwrap();
        assert_eq!(last, Some(row(3)), "the torn row 4 is dropped");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
        drop(file);

        let (mut file, last) = MetricsFile::reopen(&path, |step| step <= 1).unwrap();
        assert_eq!(last, Some(row(1)), "rows after step 1 are dropped");
        (2..4).for_each(|step| file.append(&row(step)).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole, "written again at the end");
    }

    #[test]
    fn another_file_is_refused_and_left_alone() {
        let dir = temp_dir::TempDir::new().unwrap();
        let path = dir.path().join("metrics.csv");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let error = MetricsFile::reopen(&path, |_| true).unwrap_err().to_string();
        assert!(error.contains(HEADER), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a,b\n1,2\n");
    }
}
