//! `metrics.csv`: rows of metrics as text, one line per row.
//!
//! Floats are written with the fewest digits that give the same floats back.
//!
//! # What is read
//! Line ends of Unix and of Windows, a byte order mark, empty lines at the end, and a last line without
//! its end: it counts if it is a whole row, and is a torn row otherwise, which a crash may leave.
//!
//! ```
//! use grokking_lab::engine::metrics_csv;
//!
//! let text = "step,train_loss,test_loss,train_accuracy,test_accuracy\n0,4.5,4.75,0.01,0.02\n10,0.1,5.5,1.0,0.05\n";
//! let rows = metrics_csv::read(text)?;
//! assert_eq!(rows[1].evaluation.test_loss, 5.5);
//! assert_eq!(metrics_csv::write(&rows), text);
//! # Ok::<(), grokking_lab::error::LabError>(())
//! ```

use super::record::{Evaluation, MetricsRow};
use crate::config::MAX_EPOCHS;
use crate::error::{LabError, Result};

/// The first line.
pub const HEADER: &str = "step,train_loss,test_loss,train_accuracy,test_accuracy";

/// The contents of a file with these rows.
pub fn write(rows: &[MetricsRow]) -> String {
    std::iter::once(format!("{HEADER}\n")).chain(rows.iter().map(format_row)).collect()
}

/// Reads a whole file whose every line must be a row, up to one that was torn.
///
/// # Errors
/// As [`Table::parse`]; [`LabError::Content`] also for the first line that is no row, or whose step is
/// not above that of the line before.
pub fn read(text: impl AsRef<[u8]>) -> Result<Vec<MetricsRow>> {
    let table = Table::parse(text.as_ref())?;
    match table.first_error() {
        Some(reason) => Err(wrong(reason)),
        None => Ok(table.rows.into_iter().map(|numbered| numbered.row).collect()),
    }
}

/// What the lines of a file hold, for readers that need some of them only.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Every line that is a row, in the order of the file, which may be wrong.
    pub rows: Vec<NumberedRow>,
    /// The first line that is no row; a torn last line is none of these.
    pub malformed: Option<MalformedLine>,
    /// Whether the last line is a whole row without a line end: its last digits may be missing.
    pub ends_in_row: bool,
}

/// A row and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberedRow {
    /// The number of its line; the header is line 1.
    pub line: usize,
    /// The row.
    pub row: MetricsRow,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedLine {
    /// The number of the line; the header is line 1.
    pub line: usize,
    /// How many of the table's rows stand before it.
    pub n_rows_before: usize,
    /// What is wrong, with the number of the line.
    pub reason: String,
}

impl Table {
    /// Reads every line.
    ///
    /// # Errors
    /// [`LabError::Content`] if the first line is not [`HEADER`], or if there are more rows than the longest
    /// run has.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut lines = text.split_inclusive(|&byte| byte == b'\n');
        if lines.next().map(<[u8]>::trim_ascii) != Some(HEADER.as_bytes()) {
            return Err(wrong(format!("the first line must be {HEADER}")));
        }
        let mut table = Self { rows: Vec::new(), malformed: None, ends_in_row: false };
        // An empty line is malformed only if a line that is not empty follows.
        let mut first_empty = None;
        for (i, line) in lines.enumerate() {
            let number = i + 2;
            let is_ended = line.ends_with(b"\n");
            let line = without_line_end(line);
            if line.is_empty() {
                first_empty.get_or_insert(number);
                continue;
            }
            if let Some(empty) = first_empty.take() {
                table.note_malformed(empty, b"");
            }
            match std::str::from_utf8(line).ok().and_then(parse_row) {
                Some(row) => {
                    table.rows.push(NumberedRow { line: number, row });
                    table.ends_in_row = !is_ended;
                }
                None if is_ended => table.note_malformed(number, line),
                // Torn.
                None => {}
            }
            if table.rows.len() > MAX_EPOCHS + 1 {
                return Err(wrong(format!("more than {} rows; no run has so many steps", MAX_EPOCHS + 1)));
            }
        }
        Ok(table)
    }

    /// What is wrong first: a row out of order, or a line that is no row.
    fn first_error(&self) -> Option<String> {
        let n_before = self.malformed.as_ref().map_or(self.rows.len(), |line| line.n_rows_before);
        disorder(&self.rows[..n_before]).or_else(|| self.malformed.as_ref().map(|line| line.reason.clone()))
    }

    fn note_malformed(&mut self, line: usize, text: &[u8]) {
        let n_rows_before = self.rows.len();
        self.malformed.get_or_insert_with(|| {
            let start: String = String::from_utf8_lossy(text).chars().take(40).collect();
            let reason = format!("line {line} is `{start}`; a row has a step and four numbers");
            MalformedLine { line, n_rows_before, reason }
        });
    }
}

/// The first row whose step is not above that of the row before, in words.
pub fn disorder(rows: &[NumberedRow]) -> Option<String> {
    let wrong = rows.windows(2).find(|pair| pair[0].row.step >= pair[1].row.step)?;
    let [before, NumberedRow { line, row }] = [wrong[0], wrong[1]];
    Some(format!("line {line} has step {} after step {}; steps must rise", row.step, before.row.step))
}

/// One row with its line break.
pub fn format_row(row: &MetricsRow) -> String {
    let MetricsRow { step, evaluation } = row;
    // The columns are fixed, so that older versions can read the file: no softmax_collapse_fraction.
    let Evaluation { train_loss, test_loss, train_accuracy, test_accuracy, softmax_collapse_fraction: _ } =
        evaluation;
    format!("{step},{train_loss:?},{test_loss:?},{train_accuracy:?},{test_accuracy:?}\n")
}

/// Reads a line without its end; `None` if it is no row.
fn parse_row(line: &str) -> Option<MetricsRow> {
    let mut fields = line.split(',');
    let step = fields.next()?.parse().ok()?;
    let mut number = || fields.next()?.parse::<f64>().ok();
    let evaluation = Evaluation {
        train_loss: number()?,
        test_loss: number()?,
        train_accuracy: number()?,
        test_accuracy: number()?,
        softmax_collapse_fraction: None,
    };
    fields.next().is_none().then_some(MetricsRow { step, evaluation })
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn wrong(reason: String) -> LabError {
    LabError::content("metrics.csv", reason)
}

#[cfg(test)]
mod tests {
    use super::{HEADER, Table, disorder, format_row, parse_row, read, write};
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

    #[test]
    fn a_row_gives_the_same_floats_back() {
        for step in 0..100 {
            let text = format_row(&row(step));
            assert_eq!(parse_row(text.trim_end()), Some(row(step)), "{text}");
        }
        assert_eq!(parse_row("1,2,3,4"), None, "too short");
        assert_eq!(parse_row("1,2,3,4,5,6"), None, "too long");
    }

    #[test]
    fn a_file_comes_back_and_another_one_is_named() {
        let rows: Vec<_> = (0..50).map(|i| row(10 * i)).collect();
        let text = write(&rows);
        assert_eq!(read(&text), Ok(rows));
        assert_eq!(read(format!("{HEADER}\n")), Ok(Vec::new()), "no rows");
        assert_eq!(read(HEADER), Ok(Vec::new()), "no rows and no line end");
        for (bad, named) in [
            (String::new(), HEADER),
            ("a,b\n1,2\n".into(), HEADER),
            (format!("{HEADER}\n1,2,3\n"), "line 2 is `1,2,3`"),
            (format!("{HEADER}\n5,1,1,1,1\n5,1,1,1,1\n"), "line 3 has step 5 after step 5"),
            (format!("{HEADER}\n5,1,1,1,1\n\n6,1,1,1,1\n"), "line 3 is ``"),
            (format!("{HEADER}\n5,1,1,1,1\n4,1,1,1,1\nx\n"), "line 3 has step 4"),
            (format!("{HEADER}\nx\n5,1,1,1,1\n4,1,1,1,1\n"), "line 2 is `x`"),
        ] {
            let error = read(&bad).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        let mut bytes = write(&[row(0), row(1)]).into_bytes();
        bytes[HEADER.len() + 3] = 0xff;
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("line 2"), "a byte that is no text: {error}");
    }

    #[test]
    fn other_line_ends_and_a_torn_last_row_are_no_damage() {
        let rows: Vec<_> = (0..5).map(|i| row(10 * i)).collect();
        let text = write(&rows);
        for (what, text) in [
            ("line ends of Windows", text.replace('\n', "\r\n")),
            ("no last line end", text.trim_end().to_owned()),
            ("an empty line at the end", format!("{text}\n")),
            ("a byte order mark", format!("\u{feff}{text}")),
            ("a torn row", format!("{text}50,0.1")),
            ("a row of zeros, as after a power failure", format!("{text}\0\0\0\0")),
        ] {
            assert_eq!(read(&text), Ok(rows.clone()), "{what}");
        }
    }

    #[test]
    fn rows_on_both_sides_of_a_malformed_line_are_read() {
        let text = write(&[row(0), row(10), row(20), row(15)]).replacen("10,", "10;", 1);
        let table = Table::parse(text.as_bytes()).unwrap();
        let steps: Vec<_> = table.rows.iter().map(|numbered| (numbered.line, numbered.row.step)).collect();
        assert_eq!(steps, [(2, 0), (4, 20), (5, 15)]);
        let malformed = table.malformed.unwrap();
        assert_eq!((malformed.line, malformed.n_rows_before, table.ends_in_row), (3, 1, false));
        assert!(disorder(&table.rows).unwrap().contains("line 5 has step 15 after step 20"));
        assert!(Table::parse(text.trim_end().as_bytes()).unwrap().ends_in_row);
    }
}
