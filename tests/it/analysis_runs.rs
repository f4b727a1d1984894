//! The verdict on this lab's own runs: one that groks, and those that must fail. Exactly these rows, no others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use grokking_lab::analysis::grid::BySplit;
use grokking_lab::analysis::progress::{Excluded, Gini, ProgressMeasures};
use grokking_lab::analysis::report::{Report, analyse};
use grokking_lab::analysis::verdict::{Evidence, Outcome, RunRecord, Verdict};
use grokking_lab::analysis::weight_norms::SumSqWeights;
use grokking_lab::config::ExperimentConfig;
use grokking_lab::engine::{MetricsRow, metrics_csv};
use grokking_lab::protocol::recording::Recording;
use grokking_lab::task::Task;

/// A run as it is kept.
struct Kept {
    config: ExperimentConfig,
    metrics: Vec<MetricsRow>,
    progress: Vec<(usize, ProgressMeasures)>,
    report: Report,
}

impl Kept {
    /// A thinned run of `tests/reference/runs`.
    fn thinned(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/runs").join(name);
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).expect("a part of the project");
        let report: Report = serde_json::from_str(&text("report.json")).expect("a report");
        Self {
            config: serde_json::from_str(&text("config.json")).expect("a configuration"),
            metrics: metrics_csv::read(text("metrics.csv")).expect("metrics"),
            progress: measures(&text("progress.csv"), &report.key_freqs),
            report,
        }
    }

    /// The recorded run that the page opens on.
    fn recorded() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/data/recorded-run.grok");
        let recording = Recording::from_bytes(&std::fs::read(path).unwrap()).unwrap();
        let report = analyse(&recording.weights.weights, &Task::new(&recording.config.data)).unwrap();
        Self { config: recording.config, metrics: recording.rows, progress: recording.progress, report }
    }

    fn verdict(&self) -> Verdict {
        let run = RunRecord {
            config: &self.config,
            metrics: &self.metrics,
            progress: &self.progress,
            report: Some(&self.report),
        };
        Verdict::new(&Evidence { run, others: Vec::new() })
    }
}

/// The measures that claims look at; the others stay at zero.
fn measures(csv: &str, key_freqs: &[usize]) -> Vec<(usize, ProgressMeasures)> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().expect("a head line").split(',').collect();
    let row = |line: &str| {
        let values = line.split(',').map(|cell| cell.parse::<f64>().expect("a number"));
        let row: BTreeMap<&str, f64> = names.iter().copied().zip(values).collect();
        let parts = |name: &str| BySplit {
            train: row[format!("{name}_train").as_str()],
            test: row[format!("{name}_test").as_str()],
            all: row[format!("{name}_all").as_str()],
        };
        let (loss, restricted_loss) = (parts("loss"), parts("restricted_loss"));
        let excluded = |train: f64| Excluded { train, per_freq: BTreeMap::new() };
        let measures = ProgressMeasures {
            key_freqs: key_freqs.to_vec(),
            test_restricted_ratio: loss.test / restricted_loss.all,
            loss,
            accuracy: None,
            restricted_loss,
            restricted_accuracy: BySplit { train: 0.0, test: 0.0, all: 0.0 },
            excluded_loss: excluded(row["excluded_loss_train"]),
            excluded_accuracy: excluded(0.0),
            gini: Gini { w_e: row["gini_w_e"], w_l: row["gini_w_l"] },
            sum_sq_weights: SumSqWeights { total: row["sum_sq_weights"], tensors: BTreeMap::new() },
            cosine_coefficients: BTreeMap::new(),
            further: BTreeMap::new(),
        };
        (row["step"] as usize, measures)
    };
    lines.map(row).collect()
}

fn numbers(verdict: &Verdict, outcome: Outcome) -> Vec<usize> {
    verdict.rows.iter().filter(|row| row.outcome == outcome).map(|row| row.number).collect()
}

/// Compares the failing and the open rows; the rest must pass.
fn assert_rows(what: &str, verdict: &Verdict, failing: &[usize], open: &[usize]) {
    for row in &verdict.rows {
        println!("{what}, {}: {:?} {} | {}", row.number, row.outcome, row.measured, row.beyond);
    }
    assert_eq!(numbers(verdict, Outcome::Fail), failing, "{what}: failing rows");
    assert_eq!(numbers(verdict, Outcome::NotApplicable), open, "{what}: rows that could not be judged");
}

#[test]
fn the_run_of_the_page_shows_what_the_paper_says() {
    let verdict = Kept::recorded().verdict();
    assert_rows("seed 0", &verdict, &[], &[29, 30, 31, 32, 33, 34]);
    assert!(verdict.broken().is_empty());
    let beyond: Vec<usize> =
        verdict.rows.iter().filter(|row| !row.beyond.is_empty()).map(|row| row.number).collect();
    assert_eq!(beyond, [5, 10, 18, 19], "rows that the wider range alone holds");
}

#[test]
fn a_run_of_600_steps_fails_the_right_rows() {
    let verdict = Kept::thinned("short-600").verdict();
    let failing = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 19, 20, 21, 22, 24, 25, 26, 27, 28];
    assert_rows("600 steps", &verdict, &failing, &[29, 30, 31, 32, 33, 34]);
}

#[test]
fn a_run_without_weight_decay_fails_the_right_rows() {
    let verdict = Kept::thinned("no-decay").verdict();
    let failing = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 19, 20, 21, 22, 24, 25, 26, 27, 28];
    assert_rows("no weight decay", &verdict, &failing, &[30, 31, 32, 33, 34]);
    assert_eq!(verdict.rows[28].number, 29, "the row that this run is for");
    assert_eq!(verdict.rows[28].outcome, Outcome::Pass, "without weight decay it does not grok");
}
