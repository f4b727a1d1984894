//! Rows of records as columns: numbers of one kind stand side by side, and their names are said once.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::container::wrong;
use crate::error::Result;

/// The records as one value whose leaves are lists, if all have the same structure.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if they have not.
pub(super) fn to_columns(records: &[impl Serialize]) -> Result<Value> {
    let rows = records.iter().map(|record| serde_json::to_value(record).map_err(wrong));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    columns(&rows.iter().collect::<Vec<_>>())
}

fn columns(rows: &[&Value]) -> Result<Value> {
    let differ = || wrong("the records to be written do not all have the same fields");
    let Some(first) = rows.first() else { return Ok(Value::Array(Vec::new())) };
    match first {
        Value::Object(fields) => {
            let column = |name: &String| {
                let inner = rows.iter().map(|row| {
                    let row = row.as_object().filter(|row| row.len() == fields.len())?;
                    row.get(name)
                });
                let inner = inner.collect::<Option<Vec<_>>>().ok_or_else(differ)?;
                Ok((name.clone(), columns(&inner)?))
            };
            Ok(Value::Object(fields.keys().map(column).collect::<Result<Map<_, _>>>()?))
        }
        Value::Array(items) => {
            let column = |i: usize| {
                let inner = rows.iter().map(|row| {
                    let row = row.as_array().filter(|row| row.len() == items.len())?;
                    row.get(i)
                });
                columns(&inner.collect::<Option<Vec<_>>>().ok_or_else(differ)?)
            };
            let items = (0..items.len()).map(column).collect::<Result<Vec<_>>>()?;
            Ok(Value::Object(Map::from_iter([(TUPLE.to_owned(), Value::Array(items))])))
        }
        _ => Ok(Value::Array(rows.iter().map(|row| (*row).clone()).collect())),
    }
}

/// The name under which the places of a list stand, each with its column.
const TUPLE: &str = "places";

/// The records of columns.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if the columns have not the same length, or hold no
/// such records.
pub(super) fn from_columns<T: DeserializeOwned>(columns: &Value) -> Result<Vec<T>> {
    let n = height(columns).unwrap_or(0);
    (0..n).map(|i| serde_json::from_value(row(columns, i)?).map_err(wrong)).collect()
}

/// The length of the first column.
fn height(columns: &Value) -> Option<usize> {
    match columns {
        Value::Array(column) => Some(column.len()),
        Value::Object(fields) => fields.values().find_map(|inner| match inner {
            Value::Array(items) if fields.len() == 1 && fields.contains_key(TUPLE) => {
                items.iter().find_map(height)
            }
            _ => height(inner),
        }),
        _ => None,
    }
}

fn row(columns: &Value, i: usize) -> Result<Value> {
    match columns {
        Value::Array(column) => {
            column.get(i).cloned().ok_or_else(|| wrong("its columns are not equally long"))
        }
        Value::Object(fields) => match fields.get(TUPLE) {
            Some(Value::Array(items)) if fields.len() == 1 => {
                Ok(Value::Array(items.iter().map(|inner| row(inner, i)).collect::<Result<_>>()?))
            }
            _ => {
                let fields = fields.iter().map(|(name, inner)| Ok((name.clone(), row(inner, i)?)));
                Ok(Value::Object(fields.collect::<Result<Map<_, _>>>()?))
            }
        },
        other => Err(wrong(format!("a column is {other}"))),
    }
}
