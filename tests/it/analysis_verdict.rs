//! The verdict on published models and curves, and on runs that must fail.

use std::collections::BTreeMap;
use std::path::Path;

use grokking_lab::analysis::grid::BySplit;
use grokking_lab::analysis::progress::{Excluded, Gini, ProgressMeasures};
use grokking_lab::analysis::report::analyse;
use grokking_lab::analysis::verdict::{Evidence, Outcome, RunRecord, Verdict, claims};
use grokking_lab::analysis::weight_norms::SumSqWeights;
use grokking_lab::config::{ExperimentConfig, LossForm, Preset};
use grokking_lab::engine::{Evaluation, MetricsRow};

use crate::analysis_progress::curve;
use crate::analysis_reference::{published, reference_dir};

/// What is known of a run, kept alive for the evidence to borrow.
struct Known {
    config: ExperimentConfig,
    metrics: Vec<MetricsRow>,
    progress: Vec<(usize, ProgressMeasures)>,
}

impl Known {
    fn new(config: ExperimentConfig) -> Self {
        Self { config, metrics: Vec::new(), progress: Vec::new() }
    }

    fn record(&self) -> RunRecord<'_> {
        RunRecord { config: &self.config, metrics: &self.metrics, progress: &self.progress, report: None }
    }

    fn verdict(&self) -> Verdict {
        Verdict::new(&Evidence { run: self.record(), others: Vec::new() })
    }
}

fn outcome(verdict: &Verdict, number: usize) -> Outcome {
    verdict.rows.iter().find(|row| row.number == number).expect("a row for each claim").outcome
}

fn assert_outcomes(
    what: &str,
    verdict: &Verdict,
    numbers: impl IntoIterator<Item = usize>,
    expected: Outcome,
) {
    for number in numbers {
        let row = &verdict.rows[number - 1];
        assert_eq!(row.outcome, expected, "{what}, claim {number}: {:?} {:?}", row.measured, row.reason);
    }
}

fn row(step: usize, train_loss: f64, test_loss: f64) -> MetricsRow {
    let right = |loss: f64| if loss < 0.02 { 1.0 } else { 0.3 };
    let (train_accuracy, test_accuracy) = (right(train_loss), right(test_loss));
    MetricsRow {
        step,
        evaluation: Evaluation {
            train_loss,
            test_loss,
            train_accuracy,
            test_accuracy,
            softmax_collapse_fraction: None,
        },
    }
}

/// The measures that the claims over a run look at; the others stay at zero.
fn measures(loss: BySplit, restricted: f64, excluded: f64, gini: Gini, sum_sq: f64) -> ProgressMeasures {
    let all = |x: f64| BySplit { train: x, test: x, all: x };
    let one = |train: f64| Excluded { train, per_freq: BTreeMap::new() };
    ProgressMeasures {
        key_freqs: vec![14, 35, 41, 42, 52],
        loss,
        accuracy: None,
        restricted_loss: all(restricted),
        restricted_accuracy: all(0.0),
        excluded_loss: one(excluded),
        excluded_accuracy: one(0.0),
        gini,
        sum_sq_weights: SumSqWeights { total: sum_sq, tensors: BTreeMap::new() },
        cosine_coefficients: BTreeMap::new(),
        further: BTreeMap::new(),
        test_restricted_ratio: loss.test / restricted,
    }
}

#[test]
fn the_claims_are_numbered_and_complete() {
    let numbers: Vec<usize> = claims().iter().map(|claim| claim.number).collect();
    assert_eq!(numbers, (1..=34).collect::<Vec<_>>(), "34 claims in order");
    for claim in claims() {
        for text in [claim.text, claim.paper, &claim.expected(), &claim.accepted(), claim.why, claim.source] {
            assert!(!text.is_empty(), "claim {} is told in full", claim.number);
        }
    }
}

#[test]
fn published_models_show_what_every_grown_model_shows() {
    let Some(dir) = reference_dir("published_models_show_what_every_grown_model_shows") else { return };
    for seed in 1..=3 {
        let (weights, task) = published(&dir, seed);
        let report = analyse(&weights, &task).unwrap();
        let known = Known::new(Preset::Paper.config());
        let run = RunRecord { report: Some(&report), ..known.record() };
        let verdict = Verdict::new(&Evidence { run, others: Vec::new() });
        let in_weights = [4].into_iter().chain(6..=19).chain(22..=23);
        assert_outcomes(&format!("seed {seed}"), &verdict, in_weights, Outcome::Pass);
        assert_outcomes(&format!("seed {seed}"), &verdict, [1, 2, 3, 5, 24, 28, 29], Outcome::NotApplicable);
        for row in &verdict.rows {
            println!("seed {seed}, {}: {:?} {}", row.number, row.outcome, row.measured);
            assert_eq!(row.beyond, "", "seed {seed}, claim {}: these models made the ranges", row.number);
        }
    }
}

/// The paper's own run, from its published curves; the Gini curve and the accuracies are not known.
fn papers_run(dir: &Path) -> Known {
    let mut known = Known::new(Preset::Paper.config());
    let column = |file: &str, name: &str| curve(dir, file, name);
    let restricted = column("mainline_restricted.csv", "restricted_all");
    let excluded = column("mainline_excluded2D_full.csv", "excluded_full");
    let sum_sq = column("mainline_sumsq_total.csv", "sum_sq_total");
    let (train, test) =
        (column("mainline_restricted.csv", "train_loss"), column("mainline_restricted.csv", "test_loss"));
    for (i, &(step, restricted)) in restricted.iter().enumerate() {
        let loss = BySplit { train: train[i].1, test: test[i].1, all: f64::NAN };
        let gini = Gini { w_e: f64::NAN, w_l: f64::NAN };
        known.progress.push((step, measures(loss, restricted, excluded[i].1, gini, sum_sq[i].1)));
        known.metrics.push(row(step, loss.train, loss.test));
    }
    known
}

#[test]
fn the_papers_own_run_passes() {
    let Some(dir) = reference_dir("the_papers_own_run_passes") else { return };
    let verdict = papers_run(&dir).verdict();
    assert_outcomes("the paper's run", &verdict, [1, 2, 3, 5, 24, 25, 26, 28], Outcome::Pass);
    let beyond: Vec<_> = verdict.rows.iter().filter(|row| !row.beyond.is_empty()).collect();
    assert!(beyond.is_empty(), "the fact sheet's own ranges hold its own run: {beyond:?}");
}

#[test]
fn a_run_that_stops_at_step_600_fails_what_it_did_not_reach() {
    let Some(dir) = reference_dir("a_run_that_stops_at_step_600_fails_what_it_did_not_reach") else { return };
    let mut known = papers_run(&dir);
    known.metrics.retain(|row| row.step <= 600);
    known.progress.retain(|(step, _)| *step <= 600);
    let verdict = known.verdict();
    assert_outcomes("600 steps", &verdict, [1, 2, 3, 5, 24, 25, 26, 28], Outcome::Fail);
    let broken: Vec<usize> = verdict.broken().iter().map(|claim| claim.number).collect();
    assert!(broken.contains(&3) && broken.contains(&28), "{broken:?}");
}

/// A run that learns by heart and stays there: the test loss rises and stays, the excluded loss only
/// falls, the weights only grow.
fn memorising_run() -> Known {
    let mut config = Preset::Paper.config();
    config.optim.weight_decay = 0.0;
    let mut known = Known::new(config);
    for step in (0..=20_000).step_by(100) {
        let t = step as f64;
        let train = 4.7 * (-t / 75.0).exp() + 1e-9;
        let test = 4.75 + 30.0 * (1.0 - (-t / 700.0).exp());
        let loss = BySplit { train, test, all: 0.3 * train + 0.7 * test };
        let gini = Gini { w_e: 0.04, w_l: 0.04 };
        let excluded = 4.7 * (-t / 900.0).exp() + 1e-3;
        known.progress.push((step, measures(loss, 4.6, excluded, gini, 1_781.0 + 0.2 * t)));
        known.metrics.push(row(step, train, test));
    }
    known
}

#[test]
fn a_run_without_decay_fails_to_grok_and_passes_the_claim_about_it() {
    let verdict = memorising_run().verdict();
    assert_outcomes("no decay", &verdict, [3, 5, 24, 25, 26, 27, 28], Outcome::Fail);
    assert_outcomes("no decay", &verdict, [29], Outcome::Pass);
    let mut grokked = memorising_run();
    grokked.metrics.push(row(20_100, 1e-9, 0.5));
    assert_eq!(outcome(&grokked.verdict(), 29), Outcome::Fail, "grokking without decay");
    let mut short = memorising_run();
    short.metrics.retain(|row| row.step <= 5_000);
    assert_eq!(outcome(&short.verdict(), 29), Outcome::NotApplicable, "too short to tell");
    short.metrics.retain(|row| row.step <= 600);
    let row = &short.verdict().rows[28];
    assert!(row.outcome == Outcome::NotApplicable && row.finding_or_reason().contains("has 600"), "{row:?}");
    let mut short = grokked;
    short.metrics.retain(|row| row.step <= 3_000 || row.step == 20_100);
    short.metrics.last_mut().expect("rows").step = 3_100;
    assert_eq!(outcome(&short.verdict(), 29), Outcome::Fail, "it has fallen: no more steps are needed");
}

#[test]
fn a_value_that_only_the_wider_range_holds_is_named() {
    let groks_at = |step: usize| {
        let mut known = Known::new(Preset::Paper.config());
        known.metrics = vec![row(0, 4.7, 4.7), row(step, 1e-7, 1e-3)];
        known.verdict().rows[2].clone()
    };
    let early = groks_at(3_000);
    assert_eq!((early.outcome, early.beyond.as_str()), (Outcome::Pass, "test loss below 1 at step 3,000"));
    assert_eq!(early.outcome_words(), "holds, in the wider range alone");
    let expected = groks_at(5_000);
    assert_eq!(
        (expected.outcome, expected.beyond.as_str(), expected.outcome_words()),
        (Outcome::Pass, "", "holds")
    );
    let at_once = groks_at(1_000);
    assert_eq!((at_once.outcome, at_once.beyond.as_str()), (Outcome::Fail, ""), "neither range");
    for claim in claims().iter().filter(|claim| claim.has_wider()) {
        assert_ne!(claim.accepted(), claim.expected(), "claim {} has two ranges", claim.number);
    }
    assert_eq!(claims().iter().filter(|claim| claim.not_robust.is_some()).count(), 7, "claims with a caveat");
}

#[test]
fn losses_that_are_no_numbers_are_passed_over() {
    let mut known = Known::new(Preset::Paper.config());
    known.metrics = vec![row(0, 4.7, 4.7), row(1_400, 1e-6, 25.0), row(2_000, f64::NAN, f64::NAN)];
    let found = &known.verdict().rows[1];
    assert_eq!((found.outcome, found.measured.as_str()), (Outcome::Pass, "maximum 25.00; at step 1,400"));
    known.metrics = vec![row(0, f64::NAN, f64::NAN)];
    assert_eq!(known.verdict().rows[1].outcome, Outcome::NotApplicable, "nothing but NaN");
}

#[test]
fn other_runs_are_taken_when_they_are_there() {
    let known = Known::new(Preset::Paper.config());
    let alone = known.verdict();
    assert_outcomes("alone", &alone, 29..=34, Outcome::NotApplicable);
    for number in [29, 30, 32, 33] {
        let reason = alone.rows[number - 1].finding_or_reason();
        assert!(reason.contains("grok train --preset "), "claim {number} says how: {reason}");
    }
    let no_decay = memorising_run();
    let evidence = Evidence { run: known.record(), others: vec![no_decay.record()] };
    assert_eq!(outcome(&Verdict::new(&evidence), 29), Outcome::Pass, "the other run without decay");
}

#[test]
fn published_sweeps_and_slingshots_pass_as_other_runs() {
    let Some(dir) = reference_dir("published_sweeps_and_slingshots_pass_as_other_runs") else { return };
    let from_curve = |file: &str, config: ExperimentConfig| {
        let mut known = Known::new(config);
        let (train, test) = (curve(&dir, file, "train_loss"), curve(&dir, file, "test_loss"));
        known.metrics = train.iter().zip(&test).map(|(x, y)| row(x.0, x.1, y.1)).collect();
        known
    };
    let mut others = Vec::new();
    for frac in ["0.95", "0.80", "0.50", "0.40", "0.30", "0.28", "0.25"] {
        let mut config = Preset::Paper.config();
        config.data.frac_train = frac.parse().unwrap();
        others.push(from_curve(&format!("frac_{frac}.csv"), config));
    }
    let mut config = Preset::Paper.config();
    config.optim.loss = LossForm::Textbook;
    others.push(from_curve("low_precision.csv", config));
    let main = Known::new(Preset::Paper.config());
    let evidence = Evidence { run: main.record(), others: others.iter().map(Known::record).collect() };
    let verdict = Verdict::new(&evidence);
    assert_outcomes("published", &verdict, [30, 33], Outcome::Pass);
    assert!(verdict.rows[32].measured.contains("1,430 steps apart"), "{}", verdict.rows[32].measured);

    // A calm run is no slingshot, and a run that generalises ten times too late is not the paper's.
    let mut config = Preset::Paper.config();
    config.optim.loss = LossForm::Textbook;
    let calm = from_curve("frac_0.25.csv", config);
    assert_eq!(outcome(&calm.verdict(), 33), Outcome::Fail, "no spikes");
    let mut config = Preset::Paper.config();
    config.data.frac_train = 0.5;
    let late = from_curve("frac_0.30.csv", config);
    let evidence = Evidence { run: late.record(), others: vec![others[3].record()] };
    assert_eq!(outcome(&Verdict::new(&evidence), 30), Outcome::Fail, "half the table, 7,583 steps");
}

#[test]
fn other_models_are_not_held_to_the_papers_numbers() {
    let mut known = memorising_run();
    known.config = Preset::Quick.config();
    let verdict = known.verdict();
    assert_outcomes("p = 59", &verdict, 1..=28, Outcome::NotApplicable);
    assert!(verdict.rows[0].finding_or_reason().contains("p = 59"), "{:?}", verdict.rows[0]);
    assert!(verdict.broken().is_empty(), "nothing is broken that was not asked");
    let text = serde_json::to_string(&verdict).unwrap();
    assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict, "the verdict comes back from JSON");
}
