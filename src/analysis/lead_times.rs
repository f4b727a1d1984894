//! Which measure saw grokking coming: the step at which each crosses its threshold minus the step at which the test
//! accuracy first reaches 95 %, beside what needs no measure and what needs no insight.
//!
//! Both steps are read off the same checkpoints, so that a lead is as fine as these are. A lead is negative where the
//! measure crossed before. A crossing in a run that never reaches 95 % is a false alarm, and is counted as one.
//!
//! [`signals`](super::signals) has the thresholds.

use serde::{Deserialize, Serialize};

use crate::analysis::progress::ProgressMeasures;
use crate::analysis::signals::{SIGNALS, Signal};
use crate::maths::stats::quantile;

/// The test accuracy that counts as generalised.
pub const REACHED_ACCURACY: f64 = 0.95;

/// One run: when it generalised, and when each signal fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLeads {
    /// The first checkpoint whose test accuracy is 95 % or more; none if there is no such checkpoint.
    pub reached_at: Option<usize>,
    /// In the order of [`SIGNALS`].
    pub crossings: Vec<Crossed>,
}

/// When a signal fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossed {
    /// The signal's id.
    pub signal: String,
    /// Whether its measure was taken at any checkpoint.
    pub measured: bool,
    /// The first checkpoint at which it crossed its threshold.
    pub crossed_at: Option<usize>,
    /// That step minus the run's [`RunLeads::reached_at`]; negative is before.
    pub lead_steps: Option<i64>,
}

/// One signal over several runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadSummary {
    /// The signal's id.
    pub signal: String,
    /// Runs that reached 95 % and have its measure.
    pub n_runs: usize,
    /// Of those, runs in which it crossed.
    pub n_crossed: usize,
    /// Of those, runs in which it crossed before 95 % was reached.
    pub n_before: usize,
    /// Runs that never reached 95 % and in which it crossed all the same.
    pub n_false_alarms: usize,
    /// Over the runs in which it crossed.
    pub leads: Option<Spread>,
}

/// Median and spread of leads, in steps; negative is before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The earliest.
    pub least: f64,
    /// A quarter are earlier.
    pub lower_quartile: f64,
    /// Half are earlier.
    pub median: f64,
    /// Three quarters are earlier.
    pub upper_quartile: f64,
    /// The latest.
    pub greatest: f64,
}

impl RunLeads {
    /// The leads of a run modulo p with measures by step, ascending. For what they say of a run, its key frequencies must
    /// be the same at every checkpoint, those of the last: [`signals`](super::signals) says which of its entries look into the
    /// future by that.
    pub fn new(history: &[(usize, ProgressMeasures)], p: usize) -> Self {
        let reached = |(_, measures): &&(usize, ProgressMeasures)| {
            measures.accuracy.is_some_and(|accuracy| accuracy.test >= REACHED_ACCURACY)
        };
        let reached_at = history.iter().find(reached).map(|(step, _)| *step);
        let crossing = |signal: &Signal| {
            let crossed_at = signal.crossed_at(history, p);
            let lead = crossed_at.zip(reached_at).map(|(crossed, reached)| crossed as i64 - reached as i64);
            Crossed {
                signal: signal.id.to_owned(),
                measured: history.iter().any(|(_, measures)| signal.measure.value(measures).is_some()),
                crossed_at,
                lead_steps: lead,
            }
        };
        Self { reached_at, crossings: SIGNALS.iter().map(crossing).collect() }
    }

    fn of(&self, signal: &str) -> Option<&Crossed> {
        self.crossings.iter().find(|crossed| crossed.signal == signal)
    }
}

/// Each signal over several runs, in the order of [`SIGNALS`].
pub fn summaries(runs: &[RunLeads]) -> Vec<LeadSummary> {
    SIGNALS.iter().map(|signal| LeadSummary::of(signal.id, runs)).collect()
}

impl LeadSummary {
    fn of(signal: &str, runs: &[RunLeads]) -> Self {
        let (mut n_runs, mut n_false_alarms) = (0, 0);
        let mut leads = Vec::new();
        for run in runs {
            let Some(crossed) = run.of(signal).filter(|crossed| crossed.measured) else { continue };
            match run.reached_at {
                Some(_) => {
                    n_runs += 1;
                    leads.extend(crossed.lead_steps.map(|steps| steps as f64));
                }
                None => n_false_alarms += usize::from(crossed.crossed_at.is_some()),
            }
        }
        leads.sort_by(f64::total_cmp);
        Self {
            signal: signal.to_owned(),
            n_runs,
            n_crossed: leads.len(),
            n_before: leads.iter().filter(|lead| **lead < 0.0).count(),
            n_false_alarms,
            leads: Spread::of(&leads),
        }
    }
}

impl Spread {
    /// Of ascending values; none of none.
    fn of(ascending: &[f64]) -> Option<Self> {
        let [least, lower_quartile, median, upper_quartile, greatest] =
            [0.0, 0.25, 0.5, 0.75, 1.0].map(|part| quantile(ascending, part));
        let spread = Self { least, lower_quartile, median, upper_quartile, greatest };
        (!ascending.is_empty()).then_some(spread)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{LeadSummary, RunLeads, Spread, summaries};
    use crate::analysis::general::{BySplit, SumSqWeights};
    use crate::analysis::progress::{Excluded, Gini, ProgressMeasures};
    use crate::analysis::signals::SIGNALS;

    /// A checkpoint with these accuracies, and with nothing else that ever changes.
    fn checkpoint(train: f64, test: f64) -> ProgressMeasures {
        let same = |value: f64| BySplit { train: value, test: value, all: value };
        let excluded = Excluded { train: 1.0, per_freq: BTreeMap::new() };
        ProgressMeasures {
            key_freqs: vec![3],
            loss: same(1.0),
            accuracy: Some(BySplit { train, test, all: 0.0 }),
            restricted_loss: same(1.0),
            restricted_accuracy: same(0.0),
            excluded_loss: excluded.clone(),
            excluded_accuracy: excluded,
            gini: Gini { w_e: 0.1, w_l: 0.1 },
            sum_sq_weights: SumSqWeights { total: 1.0, tensors: BTreeMap::new() },
            cosine_coefficients: BTreeMap::new(),
            test_restricted_ratio: 1.0,
            further: BTreeMap::new(),
        }
    }

    /// Ten checkpoints, a hundred steps apart: memorised at 200, test accuracy of 10 % at 400, of 50 % at 600 and of 95 % at
    /// 800.
    fn run() -> Vec<(usize, ProgressMeasures)> {
        let test = [0.0, 0.0, 0.01, 0.05, 0.12, 0.3, 0.5, 0.9, 0.96, 1.0];
        let train = |i: usize| if i < 2 { 0.5 } else { 1.0 };
        (0..10).map(|i| (100 * i, checkpoint(train(i), test[i]))).collect()
    }

    fn lead(run: &RunLeads, signal: &str) -> (Option<usize>, Option<i64>) {
        let crossed = run.of(signal).unwrap_or_else(|| panic!("no signal {signal}"));
        (crossed.crossed_at, crossed.lead_steps)
    }

    #[test]
    fn leads_are_counted_from_the_step_that_reached_95_per_cent() {
        let mut history = run();
        for (step, measures) in &mut history {
            // From 0.1 to 1.0: 2.5 times the mean of the first five (0.3) is 0.75, 2.5 times 0.3 at step 200 too.
            let value = (*step / 100 + 1) as f64 / 10.0;
            measures.further.insert("ildr_squared".to_owned(), value);
            measures.restricted_loss.all = if *step >= 700 { 0.49 } else { 1.0 };
            measures.excluded_loss.train = [4.0, 0.5, 0.4, 0.5, 0.79, 0.81][(*step / 100).min(5)];
            measures.sum_sq_weights.total = if *step == 900 { 0.4 } else { 1.0 };
            measures.gini.w_e = 0.05 * (*step / 100) as f64 + 0.1;
        }
        let found = RunLeads::new(&history, 113);
        assert_eq!(found.reached_at, Some(800));
        for (signal, expected) in [
            ("test_accuracy_10", (Some(400), Some(-400))),
            ("test_accuracy_50", (Some(600), Some(-200))),
            ("ildr_squared_first", (Some(700), Some(-100))),
            ("ildr_squared_memorised", (Some(700), Some(-100))),
            ("restricted_loss", (Some(700), Some(-100))),
            ("excluded_loss", (Some(500), Some(-300))),
            ("sum_sq_weights", (Some(900), Some(100))),
            ("gini_w_e", (Some(800), Some(0))),
            ("gini_w_l", (None, None)),
            ("circularity", (None, None)),
        ] {
            assert_eq!(lead(&found, signal), expected, "{signal}");
        }
        let measured = |signal: &str| found.of(signal).expect("it is watched").measured;
        assert!(measured("gini_w_l") && !measured("circularity"), "never crossed, and never measured");
    }

    #[test]
    fn the_logit_scale_of_one_nat_is_that_of_its_loss() {
        let at = |scale: f64| {
            let mut history = run();
            history[3].1.further.insert("logit_scale".to_owned(), scale);
            lead(&RunLeads::new(&history, 113), "logit_scale").0
        };
        // A loss of ln(1 + 112 exp(-s)): 1.0028 nats at 4.173, 0.9997 at 4.178.
        assert_eq!((at(4.173), at(4.178)), (None, Some(300)));
    }

    #[test]
    fn runs_that_never_get_there_have_false_alarms_and_no_lead() {
        let alarm: Vec<_> = run().into_iter().take(6).collect();
        let quiet: Vec<_> = run().into_iter().take(3).collect();
        let mut early = run();
        early[1].1.accuracy = Some(BySplit { train: 0.5, test: 0.2, all: 0.0 });
        let runs = [run(), early, alarm, quiet].map(|history| RunLeads::new(&history, 113));
        assert_eq!(runs[2].reached_at, None);
        let all = summaries(&runs);
        assert!(all.iter().map(|summary| summary.signal.as_str()).eq(SIGNALS.iter().map(|signal| signal.id)));
        let of = |signal: &str| -> &LeadSummary {
            all.iter().find(|summary| summary.signal == signal).expect("it is watched")
        };
        let accuracy = of("test_accuracy_10");
        assert_eq!((accuracy.n_runs, accuracy.n_crossed, accuracy.n_before), (2, 2, 2));
        assert_eq!(accuracy.n_false_alarms, 1, "the run that stopped at 30 %");
        let expected = Spread {
            least: -700.0,
            lower_quartile: -625.0,
            median: -550.0,
            upper_quartile: -475.0,
            greatest: -400.0,
        };
        assert_eq!(accuracy.leads, Some(expected));
        let circularity = of("circularity");
        assert_eq!((circularity.n_runs, circularity.leads), (0, None), "it was not measured");
        let gini = of("gini_w_e");
        assert_eq!((gini.n_runs, gini.n_crossed, gini.leads), (2, 0, None), "it was, and stayed low");
    }

    #[test]
    fn nothing_comes_of_nothing_and_values_that_are_no_numbers_are_passed_over() {
        let empty = RunLeads::new(&[], 113);
        assert!(empty.reached_at.is_none() && empty.crossings.iter().all(|c| c.crossed_at.is_none()));
        let mut history = run();
        for (_, measures) in &mut history {
            measures.restricted_loss.all = f64::NAN;
        }
        assert_eq!(lead(&RunLeads::new(&history, 113), "restricted_loss"), (None, None));
        let text = serde_json::to_string(&empty).expect("plain data");
        assert_eq!(serde_json::from_str::<RunLeads>(&text).expect("it comes back"), empty);
    }
}
