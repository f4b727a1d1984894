//! Measures by step as tables.

use super::{Cell, DataTable};
use crate::analysis::measure::{MEASURES, Measure, named_values};
use crate::analysis::progress::ProgressMeasures;
use crate::engine::MetricsRow;

/// Some measures at each checkpoint, under the names of their columns; `NaN` where one was not measured.
pub fn measure_table(name: &str, measures: &[&Measure], history: &[(usize, ProgressMeasures)]) -> DataTable {
    let columns = measures.iter().map(|measure| measure.column);
    let mut table = DataTable::new(name, std::iter::once("step").chain(columns));
    for (step, taken) in history {
        let values = measures.iter().map(|measure| Cell::Number(measure.value(taken).unwrap_or(f64::NAN)));
        table.push(std::iter::once(Cell::Count(*step)).chain(values));
    }
    table
}

/// One measure at each checkpoint with the numbers that belong to it, those of the last checkpoint.
pub fn measure_with_parts_table(
    name: &str,
    measure: &Measure,
    history: &[(usize, ProgressMeasures)],
) -> DataTable {
    let parts: Vec<String> = match history.last() {
        Some((_, last)) => measure.part_values(last).into_iter().map(|(name, _)| name).collect(),
        None => Vec::new(),
    };
    let mut table = measure_table(name, &[measure], history);
    table.columns.extend(parts.iter().cloned());
    for (row, (_, taken)) in table.rows.iter_mut().zip(history) {
        row.extend(at_names(&measure.part_values(taken), &parts));
    }
    table
}

/// Every measure of every checkpoint, under the names that the last one has.
pub fn progress_table(name: &str, history: &[(usize, ProgressMeasures)]) -> DataTable {
    let Some((_, last)) = history.last() else { return DataTable::new(name, ["step"]) };
    let names: Vec<String> = named_values(last).into_iter().map(|(name, _)| name).collect();
    let mut table = DataTable::new(name, std::iter::once("step".to_owned()).chain(names.iter().cloned()));
    for (step, taken) in history {
        let values = at_names(&named_values(taken), &names);
        table.push(std::iter::once(Cell::Count(*step)).chain(values));
    }
    table
}

/// The rows of metrics, under the names that their measures have.
pub fn metrics_table(name: &str, rows: &[MetricsRow]) -> DataTable {
    let measures = MEASURES.iter().filter_map(|measure| Some((measure.column, measure.evaluated?)));
    let columns = measures.clone().map(|(column, _)| column);
    let mut table = DataTable::new(name, std::iter::once("step").chain(columns));
    for row in rows {
        let values = measures.clone().map(|(_, of)| Cell::Number(of(&row.evaluation)));
        table.push(std::iter::once(Cell::Count(row.step)).chain(values));
    }
    table
}

/// The values of some names; `NaN` where there is none.
fn at_names(values: &[(String, f64)], names: &[String]) -> Vec<Cell> {
    let of =
        |name: &String| values.iter().find(|(other, _)| other == name).map_or(f64::NAN, |(_, value)| *value);
    names.iter().map(|name| Cell::Number(of(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::{measure_with_parts_table, metrics_table, progress_table};
    use crate::analysis::checkpoint_measures::measure;
    use crate::analysis::measure::{EXCLUDED_LOSS_TRAIN, MEASURES};
    use crate::analysis::progress::ProgressMeasures;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::plot::figures::Cell;
    use crate::task::modular::ModularTask;

    fn measured(freqs: &[usize]) -> ProgressMeasures {
        let config = Preset::Tiny.config();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 4);
        measure(&weights, &ModularTask::of(&config.data).expect("a modular task"), freqs)
            .expect("random weights can be measured")
    }

    #[test]
    fn no_measure_is_missing_from_the_table_of_all_and_each_value_has_its_own_column() {
        // As while a run trains: each checkpoint with the key frequencies of its moment.
        let history = [(0, measured(&[1, 3])), (10, measured(&[2, 3]))];
        let table = progress_table("progress", &history);
        for measure in MEASURES.iter().filter(|measure| measure.value(&history[1].1).is_some()) {
            assert!(table.columns.iter().any(|column| column == measure.id), "{}", measure.id);
        }
        let place = |name: &str| table.columns.iter().position(|column| column == name).expect("a column");
        let of = |row: usize, name: &str| table.rows[row][place(name)].clone();
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "rectangular");
        let third = history[0].1.excluded_loss.per_freq[&3];
        assert_eq!(of(0, "excluded_loss_train_freq_3"), Cell::Number(third));
        assert!(matches!(of(0, "excluded_loss_train_freq_2"), Cell::Number(x) if x.is_nan()), "not measured");
        let accuracy = history[1].1.accuracy.expect("it is measured");
        assert_eq!(of(1, "accuracy_test"), Cell::Number(accuracy.test));
        let parts = measure_with_parts_table("excluded", &EXCLUDED_LOSS_TRAIN, &history);
        let expected =
            ["step", "excluded_loss_train_nats", "excluded_loss_train_freq_2", "excluded_loss_train_freq_3"];
        assert_eq!(parts.columns, expected);
        assert_eq!(progress_table("progress", &[]).csv(), "step\n");
    }

    #[test]
    fn the_columns_of_metrics_keep_their_names() {
        let table = metrics_table("curves", &[]);
        assert_eq!(
            table.csv(),
            "step,train_loss_nats,test_loss_nats,train_accuracy,test_accuracy\n",
            "others read them"
        );
    }
}
