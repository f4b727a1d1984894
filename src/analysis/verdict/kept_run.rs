//! A run thinned to what the verdict is judged from, as one small JSON file: to judge it again without its weights.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Evidence, RunRecord, Verdict};
use crate::analysis::general::{BySplit, SumSqWeights};
use crate::analysis::measure::{ACCURACY_UNMIRRORED, Measure, RESTRICTED_LOSS_RANDOM};
use crate::analysis::modular::report::Report;
use crate::analysis::progress::{ByFreq, Excluded, Gini, ProgressMeasures};
use crate::config::ExperimentConfig;
use crate::engine::{Evaluation, MetricsRow};
use crate::error::{LabError, Result};

/// Numbers keep so many significant digits.
const DIGITS: usize = 6;

/// The singular values of W_L that are kept: more than twice the frequencies of a handful.
const SINGULAR_VALUES: usize = 40;

/// A run of no more checkpoints keeps all of them.
const FEW: usize = 130;

/// A thinned run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    /// The experiment.
    pub config: ExperimentConfig,
    /// The report on the last weights, without what the verdict does not look at.
    pub report: Report,
    /// Step, train loss, test loss, train accuracy, test accuracy.
    metrics: Vec<(usize, f64, f64, f64, f64)>,
    /// Some of the checkpoints, all with the report's key frequencies.
    progress: Vec<KeptMeasures>,
}

/// What the verdict looks at of a checkpoint's measures: the step, and in this order the train, test and whole loss, train
/// and test accuracy, the test accuracy without mirror images, the restricted loss over all pairs and that of random
/// frequencies, the excluded loss, the Gini coefficients of W_E and W_L, and the sum of squared weights.
type KeptMeasures = (usize, [f64; 12]);

impl KeptRun {
    /// Thins a run.
    pub fn new(
        config: &ExperimentConfig,
        metrics: &[MetricsRow],
        progress: &[(usize, ProgressMeasures)],
        report: &Report,
    ) -> Self {
        let steps: Vec<usize> = metrics.iter().map(|row| row.step).collect();
        let kept = kept_rows(&steps);
        let metrics = metrics.iter().filter(|row| kept.contains(&row.step)).map(|row| {
            let scores = row.evaluation;
            (row.step, scores.train_loss, scores.test_loss, scores.train_accuracy, scores.test_accuracy)
        });
        Self {
            config: config.clone(),
            report: thinned_report(report),
            metrics: metrics.collect(),
            progress: progress.iter().map(|(step, measures)| (*step, thinned_measures(measures))).collect(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`LabError::Content`] if it is no thinned run.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| LabError::content("kept run", error.to_string()))
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`LabError::Content`] if a number is not finite.
    pub fn to_json(&self) -> Result<String> {
        let wrong = |error: serde_json::Error| LabError::content("kept run", error.to_string());
        let mut value = serde_json::to_value(self).map_err(wrong)?;
        round(&mut value);
        serde_json::to_string(&value).map_err(wrong)
    }

    /// The rows of metrics.
    pub fn metrics(&self) -> Vec<MetricsRow> {
        let row =
            |&(step, train_loss, test_loss, train_accuracy, test_accuracy): &(usize, f64, f64, f64, f64)| {
                let softmax_collapse_fraction = None;
                let evaluation = Evaluation {
                    train_loss,
                    test_loss,
                    train_accuracy,
                    test_accuracy,
                    softmax_collapse_fraction,
                };
                MetricsRow { step, evaluation }
            };
        self.metrics.iter().map(row).collect()
    }

    /// The measures of the kept checkpoints.
    pub fn progress(&self) -> Vec<(usize, ProgressMeasures)> {
        let keys = &self.report.key_freqs;
        self.progress.iter().map(|(step, values)| (*step, whole_measures(keys, values))).collect()
    }

    /// The verdict on it.
    pub fn verdict(&self) -> Verdict {
        let (metrics, progress) = (self.metrics(), self.progress());
        let run = RunRecord {
            config: &self.config,
            metrics: &metrics,
            progress: &progress,
            report: Some(&self.report),
        };
        Verdict::new(&Evidence { run, others: Vec::new() })
    }
}

/// The steps of metrics that are kept: dense while the network memorises, the last always.
fn kept_rows(steps: &[usize]) -> Vec<usize> {
    let last = steps.last().copied();
    let is_kept = |&step: &usize| match step {
        _ if Some(step) == last => true,
        0..=400 => true,
        401..=2_000 => step.is_multiple_of(40),
        2_001..=16_000 => step.is_multiple_of(200),
        _ => step.is_multiple_of(2_000),
    };
    steps.iter().copied().filter(is_kept).collect()
}

/// The steps of checkpoints that are worth measuring for the verdict: few of a long run's.
pub fn kept_checkpoints(steps: &[usize]) -> Vec<usize> {
    let last = steps.last().copied();
    let is_kept = |&step: &usize| match step {
        _ if steps.len() <= FEW || Some(step) == last => true,
        0..=2_000 => true,
        2_001..=16_000 => step.is_multiple_of(200),
        _ => step.is_multiple_of(2_000),
    };
    steps.iter().copied().filter(is_kept).collect()
}

/// Without the arrays that only figures need.
fn thinned_report(report: &Report) -> Report {
    let mut report = report.clone().without_large_fields();
    report.restricted_per_freq.clear();
    report.cosine_coefficients.clear();
    report.sum_sq_weights.tensors.clear();
    report.excluded_accuracy.per_freq.clear();
    report.ablations.remove_freq.clear();
    report.w_l_singular_values.truncate(SINGULAR_VALUES);
    report.logit_spectrum.significant.clear();
    let neurons = &mut report.neurons;
    (neurons.freq, neurons.fve) = Default::default();
    neurons.w_l_norms.clear();
    for head in &mut report.attention {
        (head.qk, head.ov_norms) = Default::default();
    }
    report
}

fn thinned_measures(measures: &ProgressMeasures) -> [f64; 12] {
    let accuracy = measures.accuracy.unwrap_or(BySplit { train: 0.0, test: 0.0, all: 0.0 });
    // Both are measured wherever the others are.
    let further = |measure: &Measure| measure.value(measures).unwrap_or(0.0);
    [
        measures.loss.train,
        measures.loss.test,
        measures.loss.all,
        accuracy.train,
        accuracy.test,
        further(&ACCURACY_UNMIRRORED),
        measures.restricted_loss.all,
        further(&RESTRICTED_LOSS_RANDOM),
        measures.excluded_loss.train,
        measures.gini.w_e,
        measures.gini.w_l,
        measures.sum_sq_weights.total,
    ]
}

/// The measures again; what was not kept is zero.
fn whole_measures(key_freqs: &[usize], values: &[f64; 12]) -> ProgressMeasures {
    let &[
        train,
        test,
        all,
        right_train,
        right_test,
        unmirrored,
        restricted,
        random,
        excluded,
        w_e,
        w_l,
        total,
    ] = values;
    let alike = |x: f64| BySplit { train: x, test: x, all: x };
    let of_train = |train: f64| Excluded { train, per_freq: ByFreq::new() };
    let further = [(&ACCURACY_UNMIRRORED, unmirrored), (&RESTRICTED_LOSS_RANDOM, random)];
    ProgressMeasures {
        key_freqs: key_freqs.to_vec(),
        loss: BySplit { train, test, all },
        accuracy: Some(BySplit { train: right_train, test: right_test, all: 0.0 }),
        restricted_loss: alike(restricted),
        restricted_accuracy: alike(0.0),
        excluded_loss: of_train(excluded),
        excluded_accuracy: of_train(0.0),
        gini: Gini { w_e, w_l },
        sum_sq_weights: SumSqWeights { total, tensors: BTreeMap::new() },
        cosine_coefficients: ByFreq::new(),
        test_restricted_ratio: test / restricted,
        further: further.map(|(measure, value)| (measure.id.to_owned(), value)).into(),
    }
}

/// Rounds every float to [`DIGITS`] significant digits.
fn round(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(entries) => entries.values_mut().for_each(round),
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(|x| format!("{x:.*e}", DIGITS - 1));
            if let Some(number) =
                rounded.and_then(|text| text.parse().ok()).and_then(serde_json::Number::from_f64)
            {
                *value = Value::Number(number);
            }
        }
        _ => {}
    }
}
