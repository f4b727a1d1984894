//! A table as a Parquet file, a group of rows at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::cli::file_io::{part_path, remove_if_there, rename};
use crate::error::{LabError, Result};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// UTF-8.
    Text,
    /// 64-bit signed.
    Integer,
    /// 64-bit floating point.
    Decimal,
    /// Yes or no.
    Switch,
}

/// A column: every value may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Lower-case letters, digits and underscores.
    pub(super) name: String,
    /// What it holds.
    pub(super) kind: ColumnKind,
}

/// A value, of its column's kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Of [`ColumnKind::Text`].
    Text(String),
    /// Of [`ColumnKind::Integer`].
    Integer(i64),
    /// Of [`ColumnKind::Decimal`].
    Decimal(f64),
    /// Of [`ColumnKind::Switch`].
    Switch(bool),
}

/// A row: a value or none for every column.
pub(super) type Row = Vec<Option<Value>>;

/// A file that is being written. It has its name only when it is whole.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<File>,
    columns: Vec<Column>,
    path: PathBuf,
}

impl ParquetTable {
    /// Begins a file.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn create(path: &Path, columns: Vec<Column>) -> Result<Self> {
        let failed = |error: ParquetError| LabError::file("write", path, error);
        let fields = columns.iter().map(|Column { name, kind }| match kind {
            ColumnKind::Text => format!("OPTIONAL BYTE_ARRAY {name} (UTF8);"),
            ColumnKind::Integer => format!("OPTIONAL INT64 {name};"),
            ColumnKind::Decimal => format!("OPTIONAL DOUBLE {name};"),
            ColumnKind::Switch => format!("OPTIONAL BOOLEAN {name};"),
        });
        let schema = format!("message table {{ {} }}", fields.collect::<String>());
        let schema = parse_message_type(&schema).map_err(failed)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let part = part_path(path);
        remove_if_there(&part)?;
        let file = File::create_new(&part).map_err(|e| LabError::file("write", path, e))?;
        let writer =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(failed)?;
        Ok(Self { writer, columns, path: path.to_owned() })
    }

    /// Appends rows as a group of their own.
    ///
    /// # Errors
    /// [`LabError::File`] if they cannot be written.
    pub(super) fn write_group(&mut self, rows: &[Row]) -> Result<()> {
        self.write_columns(rows).map_err(|error| LabError::file("write", &self.path, error))
    }

    fn write_columns(&mut self, rows: &[Row]) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for i in 0..self.columns.len() {
            let Some(mut column) = group.next_column()? else { break };
            let cells = || rows.iter().map(|row| row.get(i).and_then(Option::as_ref));
            // 1 where there is a value, 0 where there is none.
            let levels: Vec<i16> = cells().map(|cell| i16::from(cell.is_some())).collect();
            let present = cells().flatten();
            match column.untyped() {
                ColumnWriter::ByteArrayColumnWriter(writer) => {
                    let values: Vec<_> = present.filter_map(text).collect();
                    writer.write_batch(&values, Some(&levels), None)?
                }
                ColumnWriter::Int64ColumnWriter(writer) => {
                    let values: Vec<_> = present.filter_map(integer).collect();
                    writer.write_batch(&values, Some(&levels), None)?
                }
                ColumnWriter::DoubleColumnWriter(writer) => {
                    let values: Vec<_> = present.filter_map(decimal).collect();
                    writer.write_batch(&values, Some(&levels), None)?
                }
                ColumnWriter::BoolColumnWriter(writer) => {
                    let values: Vec<_> = present.filter_map(switch).collect();
                    writer.write_batch(&values, Some(&levels), None)?
                }
                _ => return Err(ParquetError::General("no such column is ever made".to_owned())),
            };
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// [`LabError::File`] if it cannot be written.
    pub(super) fn finish(self) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| LabError::file("write", &self.path, error);
        let file = self.writer.into_inner().map_err(|error| failed(&error))?;
        file.sync_all().map_err(|error| failed(&error))?;
        rename(&part_path(&self.path), &self.path)
    }
}

fn text(value: &Value) -> Option<ByteArray> {
    if let Value::Text(text) = value { Some(text.as_str().into()) } else { None }
}

fn integer(value: &Value) -> Option<i64> {
    if let Value::Integer(number) = value { Some(*number) } else { None }
}

fn decimal(value: &Value) -> Option<f64> {
    if let Value::Decimal(number) = value { Some(*number) } else { None }
}

fn switch(value: &Value) -> Option<bool> {
    if let Value::Switch(is_on) = value { Some(*is_on) } else { None }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use temp_dir::TempDir;

    use super::{Column, ColumnKind, ParquetTable, Value};

    #[test]
    fn a_table_is_read_as_written_and_missing_values_are_missing() {
        let dir = TempDir::new().unwrap();
        let path = dir.child("table.parquet");
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let columns = vec![
            column("id", ColumnKind::Text),
            column("n", ColumnKind::Integer),
            column("x", ColumnKind::Decimal),
            column("on", ColumnKind::Switch),
        ];
        let mut table = ParquetTable::create(&path, columns).unwrap();
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        table
            .write_group(&[
                vec![text("a"), Some(Value::Integer(-3)), None, Some(Value::Switch(true))],
                vec![text("b"), None, Some(Value::Decimal(1e-300)), None],
            ])
            .unwrap();
        table
            .write_group(&[vec![text("c"), None, Some(Value::Decimal(0.5)), Some(Value::Switch(false))]])
            .unwrap();
        assert!(!path.exists(), "no half file has the name");
        table.finish().unwrap();

        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<String> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(
            rows,
            [
                "{id: \"a\", n: -3, x: null, on: true}",
                "{id: \"b\", n: null, x: 1E-300, on: null}",
                "{id: \"c\", n: null, x: 0.5, on: false}"
            ]
        );
    }
}
