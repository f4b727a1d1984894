//! Runs with another share of the pairs, and with other moduli.

use std::collections::BTreeSet;

use super::recipe::{MORE_DATA, SMALL_MODULUS};
use super::{Criterion, Evidence, Finding, NotApplicableReason, Range, RangeMatch, RunRecord, Unit, at};
use crate::analysis::paper_experiment::is_paper_except;
use crate::config::ExperimentConfig;
use crate::format::count;

/// The step at which the test loss of the authors' runs fell below 1, by train fraction in per cent; none where it
/// never did.
const PUBLISHED_SWEEP: [(usize, Option<usize>); 12] = [
    (95, Some(123)),
    (90, Some(156)),
    (80, Some(177)),
    (70, Some(129)),
    (60, Some(270)),
    (50, Some(744)),
    (40, Some(2_615)),
    (30, Some(7_583)),
    (28, Some(14_465)),
    (25, Some(21_419)),
    (20, None),
    (10, None),
];

pub(super) const NEAR_SWEEP: Criterion = Criterion::new(
    "test loss below 1 at {} the step of the authors' sweep, at every fraction that was run",
    Unit::Times,
    Range::Between(0.5, 2.0),
);
/// How long the paper waited before it said "never".
const WAIT: Range = Range::AtLeast(40_000.0);
pub(super) const NEVER_IN_SWEEP: Criterion =
    Criterion::new("with 10 and 20 % not below 1 for {}", Unit::Steps, WAIT);

pub(super) const GROKS: Criterion = Criterion::new(
    "of what was run: final test accuracy {} where it groks",
    Unit::Percent,
    Range::Exactly(1.0),
);
pub(super) const NEVER: Criterion =
    Criterion::new("a test loss that stays above 1 for {} where it never does", Unit::Steps, WAIT);
pub(super) const AT_ONCE: Criterion = Criterion::new(
    "one that falls {} after the train loss where it does at once",
    Unit::Steps,
    Range::AtMost(500.0),
);

/// What the paper says of some runs with another modulus.
struct Case {
    p: usize,
    decays: &'static [f64],
    fracs: &'static [f64],
    ending: Ending,
}

/// How a run ends.
#[derive(Clone, Copy)]
enum Ending {
    Groks,
    Never,
    AtOnce,
}

const OTHER_MODULI: [Case; 5] = [
    Case { p: 53, decays: &[5.0], fracs: &[0.3], ending: Ending::Groks },
    Case { p: 53, decays: &[1.0], fracs: &[0.3], ending: Ending::Never },
    Case { p: 109, decays: &[1.0], fracs: &[0.3], ending: Ending::Groks },
    Case { p: 401, decays: &[0.3, 0.5, 1.0, 3.0, 5.0, 8.0], fracs: &[0.2, 0.3], ending: Ending::AtOnce },
    Case { p: 401, decays: &[1.0], fracs: &[0.05, 0.1], ending: Ending::Never },
];

/// Claim 30: the more of the table is trained on, the sooner it generalises.
pub(super) fn fractions(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let runs = evidence
        .runs(&|config| is_paper_except(config, &|paper| paper.data.frac_train = config.data.frac_train));
    let (mut parts, mut seen, mut short) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (per_cent, published) in PUBLISHED_SWEEP {
        let same = |run: &&RunRecord| (100.0 * run.config.data.frac_train - per_cent as f64).abs() < 0.5;
        for run in runs.iter().filter(same) {
            let text = format!("{per_cent} % {}", when(run));
            let judged = match published {
                Some(published) => fell_near(run, published, text.clone()),
                None => stays(&NEVER_IN_SWEEP, run, text.clone()),
            };
            match judged {
                Some(part) => {
                    seen.insert(per_cent);
                    parts.push(part);
                }
                None => short.push(text),
            }
        }
    }
    // The main run alone is no comparison of fractions, and nor are ten of its seeds.
    if seen.len() < 2 {
        let how = format!(
            "needs runs at other fractions: {}, or --preset paper with --frac 0.5, 0.4, 0.28, 0.25, 0.2, 0.1",
            MORE_DATA.command()
        );
        return Err(lacking(how, &short));
    }
    Ok(Finding::all(&parts))
}

/// Claim 32: other moduli.
pub(super) fn other_moduli(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let (mut parts, mut short): (Vec<(RangeMatch, String)>, Vec<String>) = Default::default();
    for case in OTHER_MODULI {
        for run in evidence.runs(&|config| is_of(&case, config)) {
            let (decay, share) = (run.config.optim.weight_decay, 100.0 * run.config.data.frac_train);
            let text = format!("p = {}, decay {decay}, {share:.0} %: {}", case.p, when(&run));
            let judged = match case.ending {
                Ending::Groks => groks(&run, text.clone()),
                Ending::Never => stays(&NEVER, &run, text.clone()),
                Ending::AtOnce => fell_at_once(&run, text.clone()),
            };
            match judged {
                Some(part) => parts.push(part),
                None => short.push(text),
            }
        }
    }
    if parts.is_empty() {
        let how = format!(
            "needs a run of: {}, or with --weight-decay 1, --p 109, or --p 401 --frac 0.2",
            SMALL_MODULUS.command()
        );
        return Err(lacking(how, &short));
    }
    Ok(Finding::all(&parts))
}

fn is_of(case: &Case, config: &ExperimentConfig) -> bool {
    let (decay, frac) = (config.optim.weight_decay, config.data.frac_train);
    let asked = case.decays.contains(&decay) && case.fracs.contains(&frac);
    let change = |paper: &mut ExperimentConfig| {
        (paper.data.p, paper.data.frac_train, paper.optim.weight_decay) = (case.p, frac, decay);
    };
    asked && is_paper_except(config, &change)
}

/// A part of a finding; none if the run is too short to tell.
type Judged = Option<(RangeMatch, String)>;

/// Whether the test loss fell near a step.
fn fell_near(run: &RunRecord, published: usize, text: String) -> Judged {
    let times = |step: usize| step as f64 / published as f64;
    match run.test_below(1.0) {
        Some(step) => Some(NEAR_SWEEP.judge(times(step), text)),
        // Later than any step that is near.
        None => (times(run.last_step()) > 1.0 && !NEAR_SWEEP.expects(times(run.last_step())))
            .then(|| NEAR_SWEEP.judge(f64::NAN, text)),
    }
}

/// Whether the test loss never fell.
fn stays(criterion: &Criterion, run: &RunRecord, text: String) -> Judged {
    let steps = run.last_step() as f64;
    match run.test_below(1.0) {
        Some(_) => Some(criterion.judge(f64::NAN, text)),
        None => criterion.expects(steps).then(|| criterion.judge(steps, text)),
    }
}

/// Whether every answer is right at last.
fn groks(run: &RunRecord, text: String) -> Judged {
    let accuracy = run.metrics.last()?.evaluation.test_accuracy;
    let can_tell = GROKS.expects(accuracy) || WAIT.contains(run.last_step() as f64);
    can_tell.then(|| GROKS.judge(accuracy, text))
}

/// Whether the test loss fell with the train loss.
fn fell_at_once(run: &RunRecord, text: String) -> Judged {
    let train = run.metrics.iter().find(|row| row.evaluation.train_loss < 1.0)?.step as f64;
    match run.test_below(1.0) {
        Some(test) => Some(AT_ONCE.judge(test as f64 - train, text)),
        None => (!AT_ONCE.expects(run.last_step() as f64 - train)).then(|| AT_ONCE.judge(f64::NAN, text)),
    }
}

/// When the test loss of a run fell.
fn when(run: &RunRecord) -> String {
    match run.test_below(1.0) {
        Some(step) => at(Some(step)),
        None => format!("not within {} steps", count(run.last_step())),
    }
}

fn lacking(how: String, short: &[String]) -> NotApplicableReason {
    match short {
        [] => NotApplicableReason::Other(how),
        short => NotApplicableReason::Other(format!("{how}; too short to tell: {}", short.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Row, Verdict};
    use super::{Evidence, RunRecord};
    use crate::config::{ExperimentConfig, Preset};
    use crate::engine::{Evaluation, MetricsRow};

    /// A run that learns by heart at step 100, and whose test loss falls at a step or never.
    struct Run {
        config: ExperimentConfig,
        metrics: Vec<MetricsRow>,
    }

    fn run(fall: Option<usize>, last: usize, change: impl Fn(&mut ExperimentConfig)) -> Run {
        let mut config = Preset::Paper.config();
        change(&mut config);
        let row = |step: usize| {
            let (learned, fallen) = (step >= 100, fall.is_some_and(|fall| step >= fall));
            let loss = |low: bool| if low { 1e-7 } else { 9.0 };
            let right = |low: bool| if low { 1.0 } else { 0.1 };
            let evaluation = Evaluation {
                train_loss: loss(learned),
                test_loss: loss(fallen),
                train_accuracy: right(learned),
                test_accuracy: right(fallen),
                softmax_collapse_fraction: None,
            };
            MetricsRow { step, evaluation }
        };
        Run { config, metrics: (0..=last).step_by(10).map(row).collect() }
    }

    fn judged(number: usize, runs: &[Run]) -> Row {
        let mut records = runs.iter().map(|run| RunRecord {
            config: &run.config,
            metrics: &run.metrics,
            progress: &[],
            report: None,
        });
        let run = records.next().expect("a run");
        let verdict = Verdict::new(&Evidence { run, others: records.collect() });
        verdict.rows.into_iter().find(|row| row.number == number).expect("a row for each claim")
    }

    fn with_frac(frac: f64, fall: Option<usize>, last: usize) -> Run {
        run(fall, last, |config| config.data.frac_train = frac)
    }

    #[test]
    fn two_seeds_of_one_fraction_are_no_comparison() {
        let two = [with_frac(0.3, Some(8_000), 9_000), with_frac(0.3, Some(7_000), 9_000)];
        let row = judged(30, &two);
        assert_eq!(row.outcome, Outcome::NotApplicable, "{}", row.measured);
        let compared = [with_frac(0.3, Some(8_000), 9_000), with_frac(0.5, Some(700), 1_000)];
        assert_eq!(judged(30, &compared).outcome, Outcome::Pass);
        let late = [with_frac(0.3, Some(8_000), 9_000), with_frac(0.5, Some(1_600), 2_000)];
        assert_eq!(judged(30, &late).outcome, Outcome::Fail, "over twice the published 744");
    }

    #[test]
    fn little_of_the_table_must_never_generalise() {
        let main = || with_frac(0.3, Some(8_000), 9_000);
        assert_eq!(judged(30, &[main(), with_frac(0.2, None, 40_000)]).outcome, Outcome::Pass);
        let row = judged(30, &[main(), with_frac(0.1, Some(30_000), 40_000)]);
        assert_eq!(row.outcome, Outcome::Fail, "{}", row.measured);
        let row = judged(30, &[main(), with_frac(0.1, None, 20_000)]);
        assert_eq!(row.outcome, Outcome::NotApplicable, "{}", row.measured);
        let words = row.finding_or_reason();
        assert!(words.contains("too short to tell: 10 % not within 20,000 steps"), "{words}");
        let row = judged(30, &[main(), with_frac(0.25, None, 600), with_frac(0.5, Some(700), 1_000)]);
        assert_eq!(
            (row.outcome, row.measured.contains("25 %")),
            (Outcome::Pass, false),
            "600 steps say nothing"
        );
    }

    #[test]
    fn other_models_are_no_part_of_the_sweep() {
        let small = run(Some(700), 1_000, |config| (config.data.frac_train, config.model.d_mlp) = (0.5, 64));
        let row = judged(30, &[with_frac(0.3, Some(8_000), 9_000), small]);
        assert_eq!(row.outcome, Outcome::NotApplicable, "{}", row.measured);
    }

    #[test]
    fn each_modulus_must_end_as_in_the_paper() {
        let other = |p: usize, decay: f64, frac: f64, fall: Option<usize>, last: usize| {
            let change = move |config: &mut ExperimentConfig| {
                (config.data.p, config.data.frac_train, config.optim.weight_decay) = (p, frac, decay);
            };
            judged(32, &[run(fall, last, change)])
        };
        for (what, row, expected) in [
            ("53 groks", other(53, 5.0, 0.3, Some(3_000), 4_000), Outcome::Pass),
            ("53 does not", other(53, 5.0, 0.3, None, 40_000), Outcome::Fail),
            ("53 not yet", other(53, 5.0, 0.3, None, 2_000), Outcome::NotApplicable),
            ("53 never", other(53, 1.0, 0.3, None, 40_000), Outcome::Pass),
            ("53 all the same", other(53, 1.0, 0.3, Some(3_000), 4_000), Outcome::Fail),
            ("109 groks", other(109, 1.0, 0.3, Some(9_000), 9_000), Outcome::Pass),
            ("401 at once", other(401, 1.0, 0.2, Some(400), 1_000), Outcome::Pass),
            ("401 with any decay", other(401, 8.0, 0.3, Some(400), 1_000), Outcome::Pass),
            ("401 late", other(401, 1.0, 0.2, Some(5_000), 6_000), Outcome::Fail),
            ("401 never", other(401, 1.0, 0.05, None, 40_000), Outcome::Pass),
            ("401 all the same", other(401, 1.0, 0.1, Some(9_000), 40_000), Outcome::Fail),
            ("another share", other(53, 5.0, 0.5, Some(3_000), 4_000), Outcome::NotApplicable),
            ("another decay", other(109, 2.0, 0.3, Some(3_000), 4_000), Outcome::NotApplicable),
        ] {
            assert_eq!(row.outcome, expected, "{what}: {:?} {:?}", row.measured, row.reason);
        }
    }
}
