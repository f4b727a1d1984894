//! The five seeds of the paper's experiment that come with the page: their curves, small and side by side. Pure.

use crate::config::Preset;
use crate::engine::{MetricsRow, metrics_csv};
use crate::error::Result;
use crate::ui::state::format::count;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::story::{memorised, understood};

/// The seeds, of the initial weights and of the split.
pub const SEEDS: std::ops::Range<u8> = 0..5;

/// Where the curves of a seed lie, beside the page's programs.
pub fn file(seed: u8) -> String {
    format!("seeds/seed-{seed}.csv")
}

/// The run of a seed, from its file: losses and accuracies; the file's further columns are left out.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if it is no table of metrics.
pub fn read(seed: u8, text: &str) -> Result<RunView> {
    let n_columns = metrics_csv::HEADER.split(',').count();
    let cut = |line: &str| line.split(',').take(n_columns).collect::<Vec<_>>().join(",");
    let table: Vec<String> = text.lines().map(cut).collect();
    let rows = metrics_csv::read(table.join("\n") + "\n")?;
    let mut run = RunView::own(Preset::Seed(seed).config());
    run.add_rows(rows, 0);
    Ok(RunView { origin: Origin::File(format!("seed {seed}")), ..run })
}

/// When a run memorised and when it understood, in words.
pub fn words(run: &RunView) -> String {
    let at = |row: Option<&MetricsRow>| {
        row.map_or_else(|| "not yet".to_owned(), |row| format!("by step {}", count(row.step)))
    };
    format!("memorised {}, understood {}", at(memorised(run)), at(understood(run)))
}

/// The test accuracy over logarithmic steps as the path of an SVG in a box of this width and height.
pub fn accuracy_path(run: &RunView, width: f64, height: f64) -> String {
    let rows = || run.rows.iter().filter(|row| row.step > 0);
    let log = |row: &MetricsRow| (row.step as f64).ln();
    let (Some(first), Some(last)) = (rows().next().map(log), rows().next_back().map(log)) else {
        return String::new();
    };
    let x = |row: &MetricsRow| width * (log(row) - first) / (last - first).max(f64::MIN_POSITIVE);
    let y = |row: &MetricsRow| height * (1.0 - row.evaluation.test_accuracy.clamp(0.0, 1.0));
    let point = |(i, row)| format!("{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, x(row), y(row));
    rows().enumerate().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::{SEEDS, accuracy_path, file, read, words};

    /// The files of the seeds, in their order.
    const FILES: [(&str, &str); 5] = [
        ("seeds/seed-0.csv", include_str!("../../../tests/reference/seeds/seed-0.csv")),
        ("seeds/seed-1.csv", include_str!("../../../tests/reference/seeds/seed-1.csv")),
        ("seeds/seed-2.csv", include_str!("../../../tests/reference/seeds/seed-2.csv")),
        ("seeds/seed-3.csv", include_str!("../../../tests/reference/seeds/seed-3.csv")),
        ("seeds/seed-4.csv", include_str!("../../../tests/reference/seeds/seed-4.csv")),
    ];

    fn text(seed: u8) -> &'static str {
        let name = file(seed);
        FILES.iter().find(|(of, _)| *of == name).expect("the curves are part of the project").1
    }

    #[test]
    fn every_seed_groks_at_its_own_time_and_has_a_curve() {
        let mut told = Vec::new();
        for seed in SEEDS {
            let run = read(seed, text(seed)).expect("a table of metrics");
            assert_eq!(run.rows.last().map(|row| row.step), Some(40_000));
            let path = accuracy_path(&run, 100.0, 40.0);
            assert!(path.starts_with("M0.0 ") && path.contains("L100.0 "), "{path}");
            told.push(words(&run));
        }
        assert!(told.iter().all(|words| words.contains("understood by step")), "{told:?}");
        assert!(told.windows(2).any(|two| two[0] != two[1]), "at different steps: {told:?}");
    }

    #[test]
    fn what_is_no_table_is_an_error() {
        read(1, "<!doctype html>").expect_err("a page in its place");
        let empty = read(1, "step,train_loss,test_loss,train_accuracy,test_accuracy\n").expect("no rows");
        assert_eq!((accuracy_path(&empty, 1.0, 1.0).as_str(), words(&empty).contains("not yet")), ("", true));
    }
}
