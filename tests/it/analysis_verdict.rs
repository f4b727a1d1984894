//! The verdict on published models and curves, and on runs that must fail.

use std::collections::BTreeMap;
use std::path::Path;

use grokking_lab::analysis::general::BySplit;
use grokking_lab::analysis::general::SumSqWeights;
use grokking_lab::analysis::modular::report::analyse;
use grokking_lab::analysis::progress::{Excluded, Gini, ProgressMeasures};
use grokking_lab::analysis::verdict::{Evidence, Outcome, RunRecord, Verdict, claims};
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
        for text in [claim.text, claim.paper, &claim.expected(), claim.why, claim.source] {
            assert!(!text.is_empty(), "claim {} is told in full", claim.number);
        }
    }
}

#[test]
fn published_models_hold_every_claim_about_weights() {
    let Some(dir) = reference_dir("published_models_hold_every_claim_about_weights") else { return };
    for seed in 1..=3 {
        let (weights, task) = published(&dir, seed);
        let report = analyse(&weights, &task).unwrap();
        let known = Known::new(Preset::Paper.config());
        let run = RunRecord { report: Some(&report), ..known.record() };
        let verdict = Verdict::new(&Evidence { run, others: Vec::new() });
        for row in &verdict.rows {
            println!("seed {seed}, {}: {:?} {} | {}", row.number, row.outcome, row.measured, row.deviation);
        }
        let in_weights = [4].into_iter().chain(6..=20).chain([23]);
        assert_outcomes(&format!("seed {seed}"), &verdict, in_weights, Outcome::Holds);
        // The skip around the attention: 19.1 in the paper, 0.05 to 0.6 in these.
        assert_outcomes(&format!("seed {seed}"), &verdict, [22], Outcome::Differs);
        assert_outcomes(
            &format!("seed {seed}"),
            &verdict,
            [1, 2, 3, 5, 21, 24, 28, 29],
            Outcome::NotApplicable,
        );
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
    assert_outcomes("the paper's run", &verdict, [1, 2, 3, 5, 24, 25, 26, 28], Outcome::Holds);
}

#[test]
fn a_run_that_stops_at_step_600_fails_what_it_did_not_reach() {
    let Some(dir) = reference_dir("a_run_that_stops_at_step_600_fails_what_it_did_not_reach") else { return };
    let mut known = papers_run(&dir);
    known.metrics.retain(|row| row.step <= 600);
    known.progress.retain(|(step, _)| *step <= 600);
    let verdict = known.verdict();
    assert_outcomes("600 steps", &verdict, [3, 5, 24, 25, 26, 28], Outcome::Fails);
    // It has memorised by then, and the test loss has risen.
    assert_outcomes("600 steps", &verdict, [1, 2], Outcome::Holds);
    let broken: Vec<usize> = verdict.broken().iter().map(|claim| claim.number).collect();
    assert!(broken.contains(&3) && broken.contains(&28), "{broken:?}");
}

/// A run that memorises and stays there: the test loss rises and stays, the excluded loss only
/// falls, the weights only grow.
fn memorising_run() -> Known {
    let mut config = Preset::Paper.config();
    config.optim.weight_decay = 0.0;
    let mut known = Known::new(config);
    for step in (0..=40_000).step_by(100) {
        let t = step as f64;
        let train = 4.7 * (-t / 50.0).exp() + 1e-9;
        let test = 4.75 + 30.0 * (1.0 - (-t / 700.0).exp());
        let loss = BySplit { train, test, all: 0.3 * train + 0.7 * test };
        let gini = Gini { w_e: 0.04, w_l: 0.04 };
        let excluded = 4.7 * (-t / 500.0).exp() + 1e-3;
        known.progress.push((step, measures(loss, 4.6, excluded, gini, 1_781.0 + 0.2 * t)));
        known.metrics.push(row(step, train, test));
    }
    known
}

#[test]
fn a_run_without_decay_fails_to_grok_and_passes_the_claim_about_it() {
    let verdict = memorising_run().verdict();
    assert_outcomes("no decay", &verdict, [3, 5, 24, 25, 26, 27, 28], Outcome::Fails);
    assert_outcomes("no decay", &verdict, [29], Outcome::Holds);
    let mut grokked = memorising_run();
    grokked.metrics.push(row(40_100, 1e-9, 0.5));
    assert_eq!(outcome(&grokked.verdict(), 29), Outcome::Fails, "grokking without decay");
    let mut short = memorising_run();
    short.metrics.retain(|row| row.step <= 5_000);
    assert_eq!(outcome(&short.verdict(), 29), Outcome::NotApplicable, "too short to tell");
    short.metrics.retain(|row| row.step <= 600);
    let row = &short.verdict().rows[28];
    assert!(row.outcome == Outcome::NotApplicable && row.finding_or_reason().contains("has 600"), "{row:?}");
    let mut short = grokked;
    short.metrics.retain(|row| row.step <= 3_000 || row.step == 40_100);
    short.metrics.last_mut().expect("rows").step = 3_100;
    assert_eq!(outcome(&short.verdict(), 29), Outcome::Fails, "it has fallen: no more steps are needed");
}

#[test]
fn when_a_run_groks_is_told_and_that_it_lasts_is_judged() {
    let groks = |rows: Vec<MetricsRow>| {
        let mut known = Known::new(Preset::Paper.config());
        known.metrics = rows;
        known.verdict().rows[2].clone()
    };
    let learned = || vec![row(0, 4.7, 4.7), row(200, 1e-3, 15.0)];
    for step in [2_000, 5_000, 30_000] {
        let found = groks(learned().into_iter().chain([row(step, 1e-7, 1e-3)]).collect());
        assert_eq!(
            (found.outcome, found.values[0]),
            (Outcome::Holds, Some(step as f64)),
            "{}",
            found.measured
        );
    }
    let at_once = groks(learned().into_iter().chain([row(500, 1e-7, 1e-3)]).collect());
    assert_eq!(at_once.outcome, Outcome::Fails, "2.5 times the steps of memorising: {}", at_once.measured);
    let again = groks(learned().into_iter().chain([row(5_000, 1e-7, 1e-3), row(6_000, 1e-3, 2.0)]).collect());
    assert_eq!(again.outcome, Outcome::Fails, "it did not last: {}", again.measured);
    assert!(again.deviation.contains("never (asked: a test loss below 1"), "{}", again.deviation);
}

#[test]
fn what_differs_from_the_paper_does_not_fail() {
    let mut known = Known::new(Preset::Paper.config());
    known.metrics = vec![row(0, 4.7, 4.7), row(1_400, 1e-6, 9.0)];
    let found = &known.verdict().rows[1];
    assert_eq!(found.outcome, Outcome::Differs, "1.9 times ln p: {}", found.measured);
    assert!(found.deviation.contains("published: a maximum of 3.2 to 8.5 times ln p"), "{}", found.deviation);
    known.config.data.change_modular(|modular| modular.frac_train = 0.4);
    assert_eq!(
        known.verdict().rows[1].outcome,
        Outcome::Holds,
        "the published range is of 30 % of the pairs"
    );
    known.config.data.change_modular(|modular| modular.frac_train = 0.6);
    assert_eq!(known.verdict().rows[1].outcome, Outcome::NotApplicable, "nothing to grok");
    assert_eq!(
        claims().iter().filter(|claim| claim.not_robust.is_some()).count(),
        13,
        "claims with a caveat"
    );
}

#[test]
fn the_headline_says_no_more_than_was_judged() {
    let empty = Known::new(Preset::Paper.config()).verdict();
    assert_eq!(empty.headline(), "None of the 34 claims of the paper can be judged on this run.");
    let mut known = Known::new(Preset::Paper.config());
    known.metrics = vec![row(0, 4.7, 4.7), row(300, 1e-3, 25.0)];
    assert_eq!(
        known.verdict().headline(),
        "Of 34 claims of the paper 3 are judged: 2 hold, 0 differ from the paper, 1 fails; 31 are not judged."
    );
}

#[test]
fn losses_that_are_no_numbers_are_passed_over() {
    let mut known = Known::new(Preset::Paper.config());
    known.metrics = vec![row(0, 4.7, 4.7), row(1_400, 1e-6, 25.0), row(2_000, f64::NAN, f64::NAN)];
    let found = &known.verdict().rows[1];
    assert_eq!(
        (found.outcome, found.measured.as_str()),
        (Outcome::Holds, "maximum 25.00, 5.3 times ln p; at step 1,400")
    );
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
    assert_eq!(outcome(&Verdict::new(&evidence), 29), Outcome::Holds, "the other run without decay");
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
    for frac in ["0.95", "0.90", "0.80", "0.70", "0.60", "0.50", "0.40", "0.30", "0.28", "0.25"] {
        let mut config = Preset::Paper.config();
        config.data.change_modular(|modular| modular.frac_train = frac.parse().unwrap());
        others.push(from_curve(&format!("frac_{frac}.csv"), config));
    }
    let mut config = Preset::Paper.config();
    config.optim.loss = LossForm::Textbook;
    others.push(from_curve("low_precision.csv", config));
    let main = Known::new(Preset::Paper.config());
    let evidence = Evidence { run: main.record(), others: others.iter().map(Known::record).collect() };
    let verdict = Verdict::new(&evidence);
    assert_outcomes("published", &verdict, [30, 33], Outcome::Holds);
    assert!(verdict.rows[32].measured.contains("1,430 steps apart"), "{}", verdict.rows[32].measured);

    // A calm run is no slingshot.
    let mut config = Preset::Paper.config();
    config.optim.loss = LossForm::Textbook;
    let calm = from_curve("frac_0.25.csv", config);
    assert_eq!(outcome(&calm.verdict(), 33), Outcome::Fails, "no spikes");
}

#[test]
fn other_moduli_are_judged_by_tests_that_follow_from_p() {
    let mut known = memorising_run();
    known.config = Preset::Quick.config();
    let verdict = known.verdict();
    assert_outcomes("p = 59", &verdict, [1, 2], Outcome::Holds);
    assert_outcomes("p = 59", &verdict, [3, 5, 24, 25, 27], Outcome::Fails);
    // Claims about the paper's own experiment.
    assert_outcomes("p = 59", &verdict, [26, 28], Outcome::NotApplicable);
    let judged = verdict.rows.iter().filter(|row| row.outcome != Outcome::NotApplicable).count();
    assert_eq!(judged, 7, "all that need no weights");
    let entries = serde_json::to_value(verdict.entries()).unwrap();
    assert_eq!(entries[2]["outcome"], "fails");
    assert_eq!(entries[3]["outcome"], "not applicable");
    for key in ["row", "claim", "outcome", "measured", "expected", "why"] {
        assert!(entries.as_array().unwrap().iter().all(|entry| entry.get(key).is_some()), "{key}");
    }
}
