//! The results of a sweep as two tables: a row a run, and a row a step of a run.

use super::parquet_table::{Column, ColumnKind, Row, Value};
use super::run_result::RunResult;
use crate::analysis::measure::MEASURES;
use crate::analysis::verdict::claims;
use crate::config::settings::{self, Kind, Setting};

/// The columns of `runs.parquet`. What may differ between two results of one run stands last, and is left out without
/// `with_provenance`.
pub(super) fn run_columns(with_provenance: bool) -> Vec<Column> {
    let mut columns = vec![column("id", ColumnKind::Text)];
    columns.extend(settings::all().map(|setting| column(setting.name, kind(setting))));
    columns.push(column("failure", ColumnKind::Text));
    columns.extend(STEPS.map(|name| column(name, ColumnKind::Integer)));
    columns.push(column("key_freqs", ColumnKind::Text));
    columns.extend(MEASURES.iter().map(|measure| column(measure.id, ColumnKind::Decimal)));
    columns.extend(claims().iter().map(|claim| column(&claim_name(claim.number), ColumnKind::Text)));
    if with_provenance {
        columns.push(column("build", ColumnKind::Text));
        columns.push(column("machine", ColumnKind::Text));
        columns.push(column("elapsed_secs", ColumnKind::Decimal));
    }
    columns
}

/// Steps at which something happened; none where it did not.
const STEPS: [&str; 6] =
    ["last_step", "memorised_at", "generalised_at", "memorisation_end", "cleanup_start", "cleanup_end"];

/// A row of `runs.parquet`.
pub(super) fn run_row(result: &RunResult, with_provenance: bool) -> Row {
    let mut row = vec![text(&result.id)];
    row.extend(settings::all().map(|setting| setting_value(setting, result)));
    row.push(result.failure.as_deref().and_then(text));
    let [memorisation_end, cleanup_start, cleanup_end] = result.phases;
    let steps = [
        Some(result.last_step),
        result.memorised_at,
        result.generalised_at,
        memorisation_end,
        cleanup_start,
        cleanup_end,
    ];
    row.extend(steps.map(|step| step.map(integer)));
    let key_freqs: Vec<String> = result.key_freqs.iter().map(ToString::to_string).collect();
    row.push(text(&key_freqs.join(" ")));
    row.extend(MEASURES.iter().map(|measure| result.measures.get(measure.id).copied().map(Value::Decimal)));
    row.extend(claims().iter().map(|claim| text(result.claims.get(&claim.number)?.words())));
    if with_provenance {
        let provenance = &result.provenance;
        row.push(text(&provenance.build));
        row.push(text(&provenance.machine));
        row.push(Some(Value::Decimal(provenance.elapsed_secs)));
    }
    row
}

/// The columns of `curves.parquet`.
pub(super) fn curve_columns() -> Vec<Column> {
    let mut columns = vec![column("id", ColumnKind::Text), column("step", ColumnKind::Integer)];
    columns.extend(MEASURES.iter().map(|measure| column(measure.id, ColumnKind::Decimal)));
    columns
}

/// The rows of `curves.parquet` of a run.
pub(super) fn curve_rows(result: &RunResult) -> impl Iterator<Item = Row> {
    result.curve.iter().map(|(step, values)| {
        let mut row = vec![text(&result.id), Some(integer(*step))];
        row.extend(values.iter().map(|value| value.map(Value::Decimal)));
        row
    })
}

fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.replace('-', "_"), kind }
}

fn claim_name(number: usize) -> String {
    format!("claim_{number:02}")
}

fn kind(setting: &Setting) -> ColumnKind {
    match setting.kind {
        Kind::Integer { .. } => ColumnKind::Integer,
        Kind::Decimal { .. } => ColumnKind::Decimal,
        Kind::Switch { .. } => ColumnKind::Switch,
        Kind::Text { .. } | Kind::Choice { .. } => ColumnKind::Text,
    }
}

fn setting_value(setting: &Setting, result: &RunResult) -> Option<Value> {
    let words = setting.read(&result.config);
    match kind(setting) {
        ColumnKind::Text => Some(Value::Text(words)),
        ColumnKind::Integer => words.parse().ok().map(Value::Integer),
        ColumnKind::Decimal => words.parse().ok().map(Value::Decimal),
        ColumnKind::Switch => words.parse().ok().map(Value::Switch),
    }
}

fn text(words: &str) -> Option<Value> {
    Some(Value::Text(words.to_owned()))
}

fn integer(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{curve_columns, run_columns};

    #[test]
    fn every_column_has_a_name_of_its_own_that_needs_no_quotes() {
        for columns in [run_columns(true), curve_columns()] {
            let names: BTreeSet<_> = columns.iter().map(|column| column.name.clone()).collect();
            assert_eq!(names.len(), columns.len());
            for name in names {
                let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(name.chars().all(is_plain), "{name}");
            }
        }
        let (all, fewer) = (run_columns(true), run_columns(false));
        assert_eq!(all[..fewer.len()], fewer, "provenance comes last");
    }
}
