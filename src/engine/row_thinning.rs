//! Fewer rows of metrics for the same curves: a run of ten million steps that is evaluated at every step has more
//! rows than a page can hold, send or draw.
//!
//! Steps are cut into intervals, and of each interval the rows with the lowest and the highest value of every
//! column stay. What stays is as it was measured, no spike is lost, and the first and the last row always stay.

use super::record::{Evaluation, MetricsRow};

/// The most rows of a run that a page holds. The paper's run has 4,001, which all stay; a chart of 2,000 pixels
/// shows no more than the lowest and the highest value in each column of pixels; and so many rows are looked
/// through in less than a millisecond.
pub const MAX_ROWS: usize = 4_096;

/// An interval is never longer than the steps before it over this, so that curves keep their beginning on a
/// logarithmic axis: 32 to 64 intervals a doubling of steps, of which each is some pixels wide.
const INTERVALS_A_DOUBLING: usize = 32;

/// Takes rows out if there are more than `max_rows`, down to three quarters of that, so that it need not be done at
/// every new row. `rows` must be ascending. Returns how many went.
///
/// Rows that were thinned before can be thinned again: intervals are joined, never cut otherwise.
pub fn thin(rows: &mut Vec<MetricsRow>, max_rows: usize) -> usize {
    let n_before = rows.len();
    if n_before <= max_rows {
        return 0;
    }
    // From the shortest intervals that can help on; at the last level all of them are a doubling long.
    for level in 1..usize::BITS {
        let kept = extremes(rows, level);
        if kept.len() <= max_rows / 4 * 3 || level + 1 == usize::BITS {
            *rows = kept;
            break;
        }
    }
    n_before - rows.len()
}

/// The first and the last row, and of each interval the extremes of every column.
fn extremes(rows: &[MetricsRow], level: u32) -> Vec<MetricsRow> {
    let last = rows.last().map_or(0, |row| row.step);
    let interval = |row: &MetricsRow| {
        let length = interval_steps(row.step, last, level);
        (length, row.step / length)
    };
    let mut stays = vec![false; rows.len()];
    let mut from = 0;
    for rows in rows.chunk_by(|a, b| interval(a) == interval(b)) {
        for column in COLUMNS {
            let by_value =
                |a: &usize, b: &usize| column(&rows[*a].evaluation).total_cmp(&column(&rows[*b].evaluation));
            let lowest = (0..rows.len()).min_by(by_value);
            // Of equal ones the first, so that a flat stretch keeps one row.
            let highest = (0..rows.len()).rev().max_by(by_value);
            lowest.into_iter().chain(highest).for_each(|i| stays[from + i] = true);
        }
        from += rows.len();
    }
    if let [first, .., end] = &mut stays[..] {
        (*first, *end) = (true, true);
    }
    rows.iter().zip(stays).filter(|(_, stays)| *stays).map(|(row, _)| *row).collect()
}

/// The columns whose extremes stay.
const COLUMNS: [fn(&Evaluation) -> f64; 4] =
    [|e| e.train_loss, |e| e.test_loss, |e| e.train_accuracy, |e| e.test_accuracy];

/// The length of the interval that a step lies in, a power of two: `2^level` steps, but less at the beginning of a
/// run. Once the level is too high for that to make a difference, the intervals at the beginning grow too.
fn interval_steps(step: usize, last: usize, level: u32) -> usize {
    // The highest level at which the limit at the beginning is felt at all.
    let full = (last / INTERVALS_A_DOUBLING).max(1).ilog2();
    let shift = INTERVALS_A_DOUBLING.ilog2().saturating_sub(level.saturating_sub(full));
    let at_beginning = (step >> shift).checked_ilog2().unwrap_or(0);
    1 << level.min(at_beginning)
}

#[cfg(test)]
mod tests {
    use super::{MAX_ROWS, thin};
    use crate::engine::{Evaluation, MetricsRow};

    /// A loss that falls, with noise that no two rows share.
    fn row(step: usize) -> MetricsRow {
        let noise = (step as f64 * 12.9898).sin().abs();
        let evaluation = Evaluation {
            train_loss: 5.0 / (1.0 + step as f64) + 0.01 * noise,
            test_loss: 5.0 - noise,
            train_accuracy: (1.0 - 1.0 / (1.0 + step as f64)).min(1.0),
            test_accuracy: 0.3 * (1.0 - noise * noise),
            softmax_collapse_fraction: None,
        };
        MetricsRow { step, evaluation }
    }

    /// What a page holds of a run that told its rows a few at a time.
    fn held(rows: impl Iterator<Item = MetricsRow>) -> (Vec<MetricsRow>, usize) {
        let (mut held, mut n_left_out) = (Vec::new(), 0);
        for row in rows {
            held.push(row);
            n_left_out += thin(&mut held, MAX_ROWS);
            assert!(held.len() <= MAX_ROWS);
        }
        (held, n_left_out)
    }

    #[test]
    fn few_rows_are_left_alone() {
        let (rows, n_left_out) = held((0..MAX_ROWS).map(|i| row(10 * i)));
        assert_eq!((rows.len(), n_left_out), (MAX_ROWS, 0));
    }

    #[test]
    fn a_million_rows_become_few_and_no_spike_is_lost() {
        let spiked = |step: usize| {
            let mut row = row(step);
            match step {
                654_321 => row.evaluation.train_loss = 99.0,
                777_777 => row.evaluation.test_accuracy = -1.0,
                _ => {}
            }
            row
        };
        let (rows, n_left_out) = held((0..1_000_000).map(spiked));
        assert_eq!(rows.len() + n_left_out, 1_000_000, "every row is counted");
        assert!(rows.len() > MAX_ROWS / 4, "{} rows are too few for a curve", rows.len());
        for step in [0, 654_321, 777_777, 999_999] {
            assert!(rows.contains(&spiked(step)), "the row of step {step} is as it was measured");
        }
        assert!(rows.is_sorted_by(|a, b| a.step < b.step), "in order, each once");
        assert!(rows.iter().all(|row| *row == spiked(row.step)), "nothing is made up");
    }

    #[test]
    fn the_beginning_and_the_end_keep_their_share() {
        let (rows, _) = held((0..2_000_000).map(row));
        let within =
            |from: usize, to: usize| rows.iter().filter(|row| (from..to).contains(&row.step)).count();
        assert!(within(0, 32) >= 24, "{} of the first 32", within(0, 32));
        assert!(within(1_000, 2_000) >= 64, "{} of a doubling near the beginning", within(1_000, 2_000));
        assert!(within(1_000_000, 2_000_000) >= 64, "{} of the last", within(1_000_000, 2_000_000));
    }

    #[test]
    fn even_a_hopeless_limit_ends_with_both_ends() {
        let mut rows: Vec<_> = (0..1_000).map(row).collect();
        let gone = thin(&mut rows, 2);
        assert_eq!(rows.len() + gone, 1_000);
        assert!(rows.len() < 100 && rows[0] == row(0) && rows[rows.len() - 1] == row(999), "{}", rows.len());
    }
}
