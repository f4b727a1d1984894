//! From rows of metrics to figures, tables and words. Pure.

use crate::engine::MetricsRow;
use crate::plot::{Axis, Line, LineChart, Scale, Theme};
use crate::ui::format;

/// What is measured on both sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Mean cross-entropy, in nats.
    Loss,
    /// Fraction of right answers.
    Accuracy,
}

impl Quantity {
    /// Its values on the train and the test set.
    pub(super) fn of(self, row: &MetricsRow) -> [f64; 2] {
        let e = &row.evaluation;
        match self {
            Self::Loss => [e.train_loss, e.test_loss],
            Self::Accuracy => [e.train_accuracy, e.test_accuracy],
        }
    }

    /// A value in words.
    pub(super) fn words(self, value: f64) -> String {
        match self {
            Self::Loss => format::loss(value),
            Self::Accuracy => format::percent(value),
        }
    }

    /// The figure of all rows: the test set's line on top.
    pub(super) fn chart(self, rows: &[MetricsRow], x: Scale, y: Scale, theme: &Theme) -> LineChart {
        let points = |set: usize| rows.iter().map(|row| (row.step as f64, self.of(row)[set])).collect();
        let last = rows.last().map_or(0, |row| row.step).max(10) as f64;
        let x = match x {
            Scale::Linear => Axis::linear(0.0, last),
            Scale::Log => Axis::fit(Scale::Log, rows.iter().map(|row| row.step as f64).chain([last]), 0.0),
        };
        let y = match (self, y) {
            // Room for the line at 0 and 1.
            (Self::Accuracy, _) => Axis::linear(-0.02, 1.02),
            (Self::Loss, Scale::Linear) => {
                let largest =
                    rows.iter().flat_map(|row| self.of(row)).filter(|v| v.is_finite()).fold(0.0, f64::max);
                Axis::linear(0.0, if largest > 0.0 { largest * 1.05 } else { 1.0 })
            }
            (Self::Loss, Scale::Log) => Axis::fit(Scale::Log, rows.iter().flat_map(|row| self.of(row)), 0.04),
        };
        let line = |set, color| Line { color, points: points(set) };
        LineChart { lines: vec![line(0, theme.train), line(1, theme.test)], x, y }
    }

    /// The figure in a sentence, for those who do not see it.
    pub(super) fn description(self, rows: &[MetricsRow]) -> String {
        let name = match self {
            Self::Loss => "Loss",
            Self::Accuracy => "Accuracy",
        };
        match rows.last() {
            None => format!("{name} by step: nothing measured yet."),
            Some(row) => {
                let [train, test] = self.of(row).map(|value| self.words(value));
                format!(
                    "{name} by step, {} points. At step {}: train {train}, test {test}.",
                    rows.len(),
                    row.step
                )
            }
        }
    }
}

/// The index of the row whose step lies nearest.
pub(super) fn nearest_row(rows: &[MetricsRow], step: f64) -> Option<usize> {
    let after = rows.partition_point(|row| (row.step as f64) < step);
    [after.checked_sub(1), (after < rows.len()).then_some(after)]
        .into_iter()
        .flatten()
        .min_by(|&a, &b| (rows[a].step as f64 - step).abs().total_cmp(&(rows[b].step as f64 - step).abs()))
}

/// At most `wanted` rows, evenly spread, the first and the last among them.
pub(super) fn thin(rows: &[MetricsRow], wanted: usize) -> Vec<MetricsRow> {
    if rows.len() <= wanted || wanted < 2 {
        return rows.to_vec();
    }
    (0..wanted).map(|i| rows[i * (rows.len() - 1) / (wanted - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Quantity, nearest_row, thin};
    use crate::engine::{Evaluation, MetricsRow};
    use crate::plot::{Scale, Theme};

    fn rows(n: usize) -> Vec<MetricsRow> {
        (0..n)
            .map(|i| MetricsRow {
                step: 10 * i,
                evaluation: Evaluation {
                    train_loss: 1.0 / (1 + i) as f64,
                    test_loss: 0.0,
                    train_accuracy: 1.0,
                    test_accuracy: 0.25,
                },
            })
            .collect()
    }

    #[test]
    fn the_nearest_row_is_found_between_before_and_after() {
        let rows = rows(4);
        for (step, index) in [(-5.0, 0), (4.9, 0), (5.1, 1), (20.0, 2), (1e9, 3)] {
            assert_eq!(nearest_row(&rows, step), Some(index), "step {step}");
        }
        assert_eq!(nearest_row(&[], 1.0), None, "no rows, none nearest");
    }

    #[test]
    fn a_thinned_table_keeps_both_ends() {
        let (all, few) = (rows(1001), thin(&rows(1001), 100));
        assert_eq!(few.len(), 100);
        assert_eq!((few.first(), few.last()), (all.first(), all.last()));
        assert!(few.is_sorted_by(|a, b| a.step < b.step), "in order, none twice");
        assert_eq!(thin(&rows(3), 100).len(), 3, "few rows are all shown");
    }

    #[test]
    fn figures_can_be_made_of_any_number_of_rows() {
        for n in [0, 1, 2, 50] {
            for quantity in [Quantity::Loss, Quantity::Accuracy] {
                for x in [Scale::Linear, Scale::Log] {
                    for y in [Scale::Linear, Scale::Log] {
                        let chart = quantity.chart(&rows(n), x, y, &Theme::light());
                        assert!(
                            chart.x.high > chart.x.low,
                            "{n} rows, {quantity:?} {x:?} {y:?}: {:?}",
                            chart.x
                        );
                        assert!(
                            chart.y.high > chart.y.low,
                            "{n} rows, {quantity:?} {x:?} {y:?}: {:?}",
                            chart.y
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_description_holds_the_current_numbers() {
        let text = Quantity::Accuracy.description(&rows(3));
        assert!(text.contains("step 20") && text.contains("100%") && text.contains("25.00%"), "{text}");
    }
}
