//! A figure's data as a table: the CSV beside it, and the tables of the report.

use std::fmt::Write;

use crate::format::{count, number, percent};

/// Named columns and their rows.
#[derive(Debug, Clone, PartialEq)]
pub struct DataTable {
    /// What it holds, in lower case and without spaces: a part of a file's name.
    pub name: String,
    /// Names of the columns, with units.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Count(usize),
    /// Any number.
    Number(f64),
    /// A share of the whole, from 0 to 1: shown in per cent.
    Share(f64),
}

impl DataTable {
    /// A table without rows.
    pub fn new<S: Into<String>>(name: &str, columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { name: name.to_owned(), columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.rows.push(row.into_iter().collect());
    }

    /// The table as CSV (RFC 4180 with line feeds): a header, then the rows, numbers in full precision.
    pub fn csv(&self) -> String {
        let mut csv = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = String>| {
            let mut separator = "";
            for cell in cells {
                // Writing to a string does not fail.
                let _ = write!(csv, "{separator}{cell}");
                separator = ",";
            }
            csv.push('\n');
        };
        line(&mut self.columns.iter().map(|name| quoted(name)));
        for row in &self.rows {
            line(&mut row.iter().map(Cell::csv));
        }
        csv
    }
}

impl Cell {
    /// A word.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn csv(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Count(count) => count.to_string(),
            Self::Number(number) | Self::Share(number) => full(*number),
        }
    }

    /// The entry for a reader: numbers with four digits.
    pub fn short(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(whole) => count(*whole),
            Self::Number(value) => number(*value),
            Self::Share(share) => percent(*share),
        }
    }

    /// Whether the entry stands at the right edge of its column, as numbers do.
    pub fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }
}

/// All digits, and the exponent where it is shorter.
fn full(number: f64) -> String {
    let (plain, exponent) = (number.to_string(), format!("{number:e}"));
    if exponent.len() < plain.len() { exponent } else { plain }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, DataTable};

    #[test]
    fn csv_gives_every_float_back_and_quotes_what_needs_it() {
        let mut table = DataTable::new("x", ["step", "loss (nats)", "what, and \"how\""]);
        let losses = [2.41e-7, 1.0 / 3.0, 1e22, 0.0, f64::NAN];
        for loss in losses {
            table.push([Cell::Count(12_000), Cell::Number(loss), Cell::text("a,b")]);
        }
        let csv = table.csv();
        assert!(
            csv.starts_with("step,loss (nats),\"what, and \"\"how\"\"\"\n12000,2.41e-7,\"a,b\"\n"),
            "{csv}"
        );
        for (line, loss) in csv.lines().skip(1).zip(losses) {
            let back: f64 = line.split(',').nth(1).unwrap().parse().unwrap();
            assert!(back == loss || back.is_nan() && loss.is_nan(), "{line}: {loss}");
        }
    }
}
