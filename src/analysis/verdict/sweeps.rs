//! Runs with another share of the pairs, and with other moduli.

use super::recipe::{MORE_DATA, SMALL_MODULUS};
use super::{Criterion, Evidence, Found, NotApplicableReason, Range, RunRecord, Unit, at};
use crate::analysis::modular::paper_experiment::{frac_train, is_paper_except};
use crate::config::ExperimentConfig;
use crate::format::count;
use crate::maths::stats;

/// How many fractions make an order.
const FRACTIONS: usize = 5;

pub(super) const ORDER: Criterion = Criterion::new(
    "a rank correlation of fraction and speed {} over at least five fractions",
    Unit::Plain,
    Range::AtLeast(0.9),
);
pub(super) const AT_ONCE_IN_SWEEP: Criterion =
    Criterion::new("with 60 % and more test loss below 1 {}", Unit::Step, Range::AtMost(1_000.0));
/// How long the paper waited before it said "never".
const WAIT: Range = Range::AtLeast(40_000.0);
pub(super) const NEVER_IN_SWEEP: Criterion =
    Criterion::new("with 10 and 20 % not below 1 for {}", Unit::Steps, WAIT);

pub(super) const AS_IN_PAPER: Criterion = Criterion::new(
    "{} of the five cases end as in the paper: p = 53 with decay 5 groks and with decay 1 never, p = 109 groks, p = 401 \
     at once with 20 or 30 % of the pairs and never with 5 or 10 %",
    Unit::Percent,
    Range::Exactly(1.0),
);

/// What the paper says of some runs with another modulus.
struct Case {
    text: &'static str,
    p: usize,
    decays: &'static [f64],
    fracs: &'static [f64],
    ending: Ending,
}

/// At once is when the test loss falls so many steps after the train loss at most.
const AT_ONCE: usize = 500;

/// How a run ends.
#[derive(Clone, Copy)]
enum Ending {
    Groks,
    Never,
    AtOnce,
}

const OTHER_MODULI: [Case; 5] = [
    Case { text: "p = 53, decay 5", p: 53, decays: &[5.0], fracs: &[0.3], ending: Ending::Groks },
    Case { text: "p = 53, decay 1", p: 53, decays: &[1.0], fracs: &[0.3], ending: Ending::Never },
    Case { text: "p = 109", p: 109, decays: &[1.0], fracs: &[0.3], ending: Ending::Groks },
    Case {
        text: "p = 401, 20 or 30 %",
        p: 401,
        decays: &[0.3, 0.5, 1.0, 3.0, 5.0, 8.0],
        fracs: &[0.2, 0.3],
        ending: Ending::AtOnce,
    },
    Case { text: "p = 401, 5 or 10 %", p: 401, decays: &[1.0], fracs: &[0.05, 0.1], ending: Ending::Never },
];

/// Claim 30: the more of the table is trained on, the sooner it generalises.
pub(super) fn fractions(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let runs = evidence.runs(&|config| {
        is_paper_except(config, &|paper| {
            paper.data.change_modular(|modular| modular.frac_train = frac_train(config));
        })
    });
    // A fraction, and the mean step at which its runs fall.
    let mut fallen: Vec<(f64, f64)> = Vec::new();
    let fracs: Vec<f64> = runs.iter().map(|run| frac_train(run.config)).collect();
    for (i, &frac) in fracs.iter().enumerate().filter(|(i, frac)| !fracs[..*i].contains(frac)) {
        let same = runs[i..].iter().filter(|run| frac_train(run.config) == frac);
        let steps: Vec<f64> = same.filter_map(|run| run.test_below(1.0)).map(|step| step as f64).collect();
        if !steps.is_empty() {
            fallen.push((frac, stats::mean(&steps)));
        }
    }
    if fallen.len() < FRACTIONS {
        return Err(NotApplicableReason::Other(format!(
            "needs runs at five fractions or more that generalise, and has {}: {}, or --preset paper with --frac 0.5, 0.4, \
             0.28, 0.25",
            fallen.len(),
            MORE_DATA.command()
        )));
    }
    fallen.sort_by(|x, y| x.0.total_cmp(&y.0));
    let list: Vec<String> = fallen
        .iter()
        .map(|(frac, step)| format!("{:.0} % {}", 100.0 * frac, count(*step as usize)))
        .collect();
    let (fracs, steps): (Vec<f64>, Vec<f64>) = fallen.iter().copied().unzip();
    let most = fallen.iter().filter(|(frac, _)| *frac >= 0.6).map(|(_, step)| *step).reduce(f64::max);
    Ok(vec![
        Found::new(
            -stats::rank_correlation(&fracs, &steps),
            format!("test loss below 1: {}", list.join(", ")),
        ),
        most.map_or(Found::unknown(""), |step| Found::new(step, "")),
        never_in_sweep(&runs),
    ])
}

/// Runs on little of the table: none may fall, and one must have waited as long as the paper.
fn never_in_sweep(runs: &[RunRecord]) -> Found {
    let little = || runs.iter().filter(|run| frac_train(run.config) <= 0.2);
    if let Some(run) = little().find(|run| run.test_below(1.0).is_some()) {
        return Found::never(format!("{:.0} % {}", 100.0 * frac_train(run.config), when(run)));
    }
    match little().map(RunRecord::last_step).filter(|&steps| WAIT.contains(steps as f64)).min() {
        Some(steps) => Found::new(steps as f64, format!("20 % or less not for {} steps", count(steps))),
        None => Found::unknown("no run of 40,000 steps on 20 % or less"),
    }
}

/// Claim 32: other moduli.
pub(super) fn other_moduli(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let (mut texts, mut open, mut as_in_paper) = (Vec::new(), Vec::new(), 0);
    for case in &OTHER_MODULI {
        let runs = evidence.runs(&|config| is_of(case, config));
        let ends: Vec<bool> = runs.iter().filter_map(|run| ends_as(case.ending, run)).collect();
        let seen: Vec<&str> = runs.iter().map(|_| case.text).take(1).collect();
        if ends.is_empty() {
            let short = if seen.is_empty() { "" } else { " (too short to tell)" };
            open.push(format!("{}{short}", case.text));
            continue;
        }
        as_in_paper += usize::from(ends.iter().all(|&ends| ends));
        texts.push(format!("{}: {}", case.text, runs.iter().map(when).collect::<Vec<_>>().join(", ")));
    }
    let n_seen = texts.len();
    // One case that ends otherwise refutes the claim, whatever the others do.
    if !open.is_empty() && as_in_paper == n_seen {
        return Err(NotApplicableReason::Other(format!(
            "needs a run of each case; missing: {}. For example {}",
            open.join("; "),
            SMALL_MODULUS.command()
        )));
    }
    let share = as_in_paper as f64 / OTHER_MODULI.len() as f64;
    Ok(vec![Found::new(share, texts.join("; "))])
}

fn is_of(case: &Case, config: &ExperimentConfig) -> bool {
    let (decay, frac) = (config.optim.weight_decay, frac_train(config));
    let asked = case.decays.contains(&decay) && case.fracs.contains(&frac);
    let change = |paper: &mut ExperimentConfig| {
        paper.data.change_modular(|modular| (modular.p, modular.frac_train) = (case.p, frac));
        paper.optim.weight_decay = decay;
    };
    asked && is_paper_except(config, &change)
}

/// Whether a run ends so; none if it is too short to tell.
fn ends_as(ending: Ending, run: &RunRecord) -> Option<bool> {
    let waited = WAIT.contains(run.last_step() as f64);
    let fell = run.test_below(1.0);
    match ending {
        Ending::Groks => {
            let all_right = run.metrics.last()?.evaluation.test_accuracy == 1.0;
            (all_right || waited).then_some(all_right)
        }
        Ending::Never => (fell.is_some() || waited).then_some(fell.is_none()),
        Ending::AtOnce => {
            let train = run.metrics.iter().find(|row| row.evaluation.train_loss < 1.0)?.step;
            let late = |step: usize| step.saturating_sub(train) > AT_ONCE;
            match fell {
                Some(test) => Some(!late(test)),
                None => late(run.last_step()).then_some(false),
            }
        }
    }
}

/// When the test loss of a run fell.
fn when(run: &RunRecord) -> String {
    match run.test_below(1.0) {
        Some(step) => at(Some(step)),
        None => format!("not within {} steps", count(run.last_step())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Row, Verdict};
    use super::{Evidence, RunRecord};
    use crate::config::{ExperimentConfig, Preset};
    use crate::engine::{Evaluation, MetricsRow};

    /// A run that memorises at step 100, and whose test loss falls at a step or never.
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
        run(fall, last, |config| config.data.change_modular(|modular| modular.frac_train = frac))
    }

    /// Five fractions, each with a step at which it falls.
    fn sweep(falls: [usize; 5]) -> Vec<Run> {
        let fracs = [0.3, 0.4, 0.5, 0.6, 0.8];
        fracs.into_iter().zip(falls).map(|(frac, fall)| with_frac(frac, Some(fall), 9_000)).collect()
    }

    #[test]
    fn the_order_needs_five_fractions() {
        let row = judged(30, &sweep([8_000, 2_600, 700, 270, 180])[..4]);
        assert_eq!(row.outcome, Outcome::NotApplicable, "{}", row.measured);
        assert!(row.finding_or_reason().contains("has 4"), "{}", row.finding_or_reason());
        assert_eq!(judged(30, &sweep([8_000, 2_600, 700, 270, 180])).outcome, Outcome::Holds);
        assert_eq!(
            judged(30, &sweep([8_000, 2_600, 700, 180, 270])).outcome,
            Outcome::Holds,
            "the published ends"
        );
        assert_eq!(judged(30, &sweep([700, 2_600, 8_000, 270, 180])).outcome, Outcome::Fails, "no order");
        assert_eq!(
            judged(30, &sweep([8_000, 5_000, 4_000, 3_000, 180])).outcome,
            Outcome::Fails,
            "60 % late"
        );
    }

    #[test]
    fn little_of_the_table_must_never_generalise() {
        let with = |run: Run| {
            let mut runs = sweep([8_000, 2_600, 700, 270, 180]);
            runs.push(run);
            judged(30, &runs)
        };
        assert_eq!(with(with_frac(0.2, None, 40_000)).outcome, Outcome::Holds);
        let row = with(with_frac(0.1, Some(30_000), 40_000));
        assert_eq!(row.outcome, Outcome::Fails, "{}", row.measured);
        let short = with(with_frac(0.1, None, 20_000));
        assert_eq!(short.outcome, Outcome::Holds, "20,000 steps say nothing: {}", short.measured);
        assert_eq!(short.values[2], None, "and nothing is said of it");
    }

    #[test]
    fn other_models_are_no_part_of_the_sweep() {
        let mut runs = sweep([8_000, 2_600, 700, 270, 180]);
        runs[4].config.model.d_mlp = 64;
        assert_eq!(judged(30, &runs).outcome, Outcome::NotApplicable);
    }

    fn other(p: usize, decay: f64, frac: f64, fall: Option<usize>, last: usize) -> Run {
        run(fall, last, move |config| {
            config.data.change_modular(|modular| (modular.p, modular.frac_train) = (p, frac));
            config.optim.weight_decay = decay;
        })
    }

    fn as_in_paper() -> Vec<Run> {
        vec![
            other(53, 5.0, 0.3, Some(3_000), 4_000),
            other(53, 1.0, 0.3, None, 40_000),
            other(109, 1.0, 0.3, Some(9_000), 9_000),
            other(401, 8.0, 0.2, Some(400), 1_000),
            other(401, 1.0, 0.05, None, 40_000),
        ]
    }

    #[test]
    fn each_modulus_must_end_as_in_the_paper_and_one_is_not_enough() {
        let all = judged(32, &as_in_paper());
        assert_eq!((all.outcome, all.values[0]), (Outcome::Holds, Some(1.0)), "{}", all.measured);
        for left_out in 0..5 {
            let mut runs = as_in_paper();
            runs.remove(left_out);
            let row = judged(32, &runs);
            assert_eq!(row.outcome, Outcome::NotApplicable, "without {left_out}: {}", row.measured);
        }
        for (case, run) in [
            ("53 does not", other(53, 5.0, 0.3, None, 40_000)),
            ("53 all the same", other(53, 1.0, 0.3, Some(3_000), 4_000)),
            ("401 late", other(401, 1.0, 0.2, Some(5_000), 6_000)),
            ("401 all the same", other(401, 1.0, 0.1, Some(9_000), 40_000)),
        ] {
            let row = judged(32, &[run]);
            assert_eq!(row.outcome, Outcome::Fails, "{case}: {}", row.measured);
        }
        for (case, run) in [
            ("53 not yet", other(53, 5.0, 0.3, None, 2_000)),
            ("another share", other(53, 5.0, 0.5, Some(3_000), 4_000)),
            ("another decay", other(109, 2.0, 0.3, Some(3_000), 4_000)),
        ] {
            let mut runs = as_in_paper();
            runs[if case.contains("another decay") { 2 } else { 0 }] = run;
            assert_eq!(judged(32, &runs).outcome, Outcome::NotApplicable, "{case}");
        }
    }
}
