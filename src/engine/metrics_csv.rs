//! `metrics.csv`: rows of metrics as text, one line per row.
//!
//! Floats are written with the fewest digits that are read back as the same float.
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
use crate::error::{LabError, Result};

/// The first line.
pub const HEADER: &str = "step,train_loss,test_loss,train_accuracy,test_accuracy";

/// The contents of a file with these rows.
pub fn write(rows: &[MetricsRow]) -> String {
    std::iter::once(format!("{HEADER}\n")).chain(rows.iter().map(format_row)).collect()
}

/// Reads the contents of a file.
///
/// # Errors
/// [`LabError::Content`] if the first line is not [`HEADER`], if a line is not a row, or if the steps do not increase.
pub fn read(text: &str) -> Result<Vec<MetricsRow>> {
    let wrong = |reason: String| LabError::content("metrics.csv", reason);
    let mut lines = text.lines();
    if lines.next().map(str::trim) != Some(HEADER) {
        return Err(wrong(format!("the first line must be {HEADER}")));
    }
    let mut rows: Vec<MetricsRow> = Vec::new();
    for (i, line) in lines.enumerate() {
        let number = i + 2;
        let row = parse_row(line).ok_or_else(|| {
            let start: String = line.chars().take(40).collect();
            wrong(format!("line {number} is `{start}`; a row has a step and four numbers"))
        })?;
        if let Some(last) = rows.last().filter(|last| last.step >= row.step) {
            return Err(wrong(format!(
                "line {number} has step {} after step {}; steps must rise",
                row.step, last.step
            )));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// One row with its line break.
pub fn format_row(row: &MetricsRow) -> String {
    let MetricsRow { step, evaluation } = row;
    // The columns are fixed, so that older versions can read the file: no softmax_collapse_fraction.
    let Evaluation { train_loss, test_loss, train_accuracy, test_accuracy, softmax_collapse_fraction: _ } =
        evaluation;
    format!("{step},{train_loss:?},{test_loss:?},{train_accuracy:?},{test_accuracy:?}\n")
}

/// Reads one line without its line break; `None` if it is not a row.
pub fn parse_row(line: &str) -> Option<MetricsRow> {
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

#[cfg(test)]
mod tests {
    use super::{HEADER, format_row, parse_row, read, write};
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
        assert_eq!(read(&text), Ok(rows.clone()));
        assert_eq!(read(&text.replace('\n', "\r\n")), Ok(rows), "with Windows' ends of lines");
        assert_eq!(read(&format!("{HEADER}\n")), Ok(Vec::new()), "no rows");
        for (bad, named) in [
            (String::new(), HEADER),
            ("a,b\n1,2\n".into(), HEADER),
            (format!("{HEADER}\n1,2,3\n"), "line 2 is `1,2,3`"),
            (format!("{HEADER}\n5,1,1,1,1\n5,1,1,1,1\n"), "line 3 has step 5 after step 5"),
        ] {
            let error = read(&bad).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
