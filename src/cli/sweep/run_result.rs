//! What is kept of a finished run: its last measures, its phases, what the verdict says, and a thinned curve.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::analysis::measure::MEASURES;
use crate::analysis::milestones::{generalised_at, memorised_at};
use crate::analysis::modular::report;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::verdict::{Evidence, Outcome, RunRecord, Verdict};
use crate::cli::reproduce::stored_run::StoredRun;
use crate::cli::start::named;
use crate::config::ExperimentConfig;
use crate::config::sweep_plan::PlannedRun;
use crate::engine::MetricsRow;
use crate::error::Result;
use crate::task::modular::ModularTask;

/// The most steps of a curve.
pub(super) const MAX_CURVE_STEPS: usize = 256;

/// A file `results/XX/ID.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RunResult {
    /// The run's name.
    pub(super) id: String,
    /// Its experiment.
    pub(super) config: ExperimentConfig,
    /// Why it ended before its last step; none if it did not.
    pub(super) failure: Option<String>,
    /// Updates done.
    pub(super) last_step: usize,
    /// The first step at which every train pair is right.
    pub(super) memorised_at: Option<usize>,
    /// The first step from which the test loss stays below 1 nat.
    pub(super) generalised_at: Option<usize>,
    /// The end of memorisation, the beginning and the end of cleanup.
    pub(super) phases: [Option<usize>; 3],
    /// The key frequencies of the last weights.
    pub(super) key_freqs: Vec<usize>,
    /// The measures of the last weights, by id; those that are not finite are left out.
    pub(super) measures: BTreeMap<String, f64>,
    /// How the paper's claims fared, by number.
    pub(super) claims: BTreeMap<usize, Outcome>,
    /// Steps, ascending, each with a value for every one of [`MEASURES`]; null where it was not measured or is not finite.
    pub(super) curve: Vec<(usize, Vec<Option<f64>>)>,
    /// What made it.
    pub(super) provenance: Provenance,
}

/// What may differ between two results of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Provenance {
    /// The program.
    pub(super) build: String,
    /// The machine's name.
    pub(super) machine: String,
    /// Seconds that the session took which finished the run.
    pub(super) elapsed_secs: f64,
}

impl RunResult {
    /// Analyses the folder of a run. Of a run that `failure` ended only the metrics are looked at: its last weights are
    /// those of the state before.
    ///
    /// # Errors
    /// What reading the run and analysing it returns.
    pub(super) fn of_run(
        planned: &PlannedRun,
        folder: &Path,
        failure: Option<String>,
        provenance: Provenance,
    ) -> Result<Self> {
        let run = StoredRun::read(folder)?;
        let mut result = Self {
            id: planned.id.clone(),
            config: planned.config.clone(),
            failure,
            last_step: run.metrics.last().map_or(0, |row| row.step),
            memorised_at: memorised_at(&run.metrics),
            generalised_at: generalised_at(&run.metrics),
            phases: [None; 3],
            key_freqs: Vec::new(),
            measures: BTreeMap::new(),
            claims: BTreeMap::new(),
            curve: curve(&run.metrics, &[]),
            provenance,
        };
        if result.failure.is_none() {
            result.add_analysis(&run)?;
        }
        Ok(result)
    }

    fn add_analysis(&mut self, run: &StoredRun) -> Result<()> {
        let task = ModularTask::of(&run.config.data)?;
        let last = run.last_checkpoint()?;
        let report = report::analyse(&run.last_weights()?, &task).map_err(|error| named(last, &error))?;
        let measures = run.checkpoints.iter().map(|at| run.measures_of(at, &task, &report.key_freqs));
        let history = measures.collect::<Result<Vec<_>>>()?;
        let record = RunRecord {
            config: &run.config,
            metrics: &run.metrics,
            progress: &history,
            report: Some(&report),
        };
        let verdict = Verdict::new(&Evidence { run: record, others: Vec::new() });
        let phases = Phases::find(&history);
        self.phases = [phases.memorisation_end, phases.cleanup_start, phases.cleanup_end]
            .map(|boundary| boundary.map(|boundary| boundary.step));
        self.claims = verdict.rows.iter().map(|row| (row.number, row.outcome)).collect();
        self.curve = curve(&run.metrics, &history);
        if let Some((_, measures)) = history.last() {
            let values = MEASURES.iter().filter_map(|of| Some((of.id.to_owned(), of.value(measures)?)));
            self.measures = values.filter(|(_, value)| value.is_finite()).collect();
        }
        self.key_freqs = report.key_freqs;
        Ok(())
    }
}

/// At most [`MAX_CURVE_STEPS`] steps, evenly spaced on a logarithmic axis, with the measures of the checkpoints and the
/// scores of the metrics.
fn curve(metrics: &[MetricsRow], history: &[(usize, ProgressMeasures)]) -> Vec<(usize, Vec<Option<f64>>)> {
    let rows: BTreeMap<usize, &MetricsRow> = metrics.iter().map(|row| (row.step, row)).collect();
    let measured: BTreeMap<usize, &ProgressMeasures> = history.iter().map(|(step, m)| (*step, m)).collect();
    // Where there are checkpoints their steps are the better ones: more is known of them.
    let known: Vec<usize> =
        if measured.len() > 1 { measured.keys().copied().collect() } else { rows.keys().copied().collect() };
    let point = |step: usize| {
        let value = |measure: &&crate::analysis::measure::Measure| {
            let of_checkpoint = measured.get(&step).and_then(|measures| measure.value(measures));
            let of_row = || Some((measure.evaluated?)(&rows.get(&step)?.evaluation));
            of_checkpoint.or_else(of_row).filter(|value| value.is_finite())
        };
        (step, MEASURES.iter().map(value).collect())
    };
    log_spaced(&known, MAX_CURVE_STEPS).into_iter().map(point).collect()
}

/// At most `n` of some ascending steps, the first and the last among them, as evenly spaced as there are any on the axis
/// ln(1 + step).
fn log_spaced(steps: &[usize], n: usize) -> Vec<usize> {
    let Some(last) = steps.last() else { return Vec::new() };
    if steps.len() <= n {
        return steps.to_vec();
    }
    let end = (1.0 + *last as f64).ln();
    let nearest = |i: usize| {
        let wanted = (end * i as f64 / (n - 1) as f64).exp() - 1.0;
        let after = steps.partition_point(|&step| (step as f64) < wanted).min(steps.len() - 1);
        let before = after.saturating_sub(1);
        let distance = |i: usize| (steps[i] as f64 - wanted).abs();
        if distance(before) < distance(after) { steps[before] } else { steps[after] }
    };
    let mut chosen: Vec<usize> = (0..n).map(nearest).collect();
    chosen[0] = steps[0];
    chosen.dedup();
    chosen
}

#[cfg(test)]
mod tests {
    use super::{curve, log_spaced};
    use crate::analysis::measure::{ACCURACY_TEST, LOSS_ALL, LOSS_TRAIN, MEASURES, Measure};
    use crate::engine::{Evaluation, MetricsRow};

    #[test]
    fn steps_are_spaced_by_their_logarithm_and_the_ends_stay() {
        let all: Vec<usize> = (0..=400).map(|i| 100 * i).collect();
        let chosen = log_spaced(&all, 256);
        assert!(chosen.len() <= 256 && chosen.windows(2).all(|pair| pair[0] < pair[1]), "{chosen:?}");
        assert_eq!((chosen[0], chosen[chosen.len() - 1]), (0, 40_000));
        assert!(
            [100, 200, 300].iter().all(|step| chosen.contains(step)),
            "dense at the beginning: {chosen:?}"
        );
        let late = chosen.windows(2).filter(|pair| pair[0] >= 20_000).map(|pair| pair[1] - pair[0]).max();
        assert!(late > Some(100), "sparse at the end: {chosen:?}");
        assert_eq!(log_spaced(&all[..7], 256), all[..7], "few stay as they are");
        assert!(log_spaced(&[], 256).is_empty());
    }

    #[test]
    fn a_run_without_checkpoints_has_the_curve_of_its_metrics() {
        let evaluation = Evaluation {
            train_loss: 0.5,
            test_loss: f64::NAN,
            train_accuracy: 1.0,
            test_accuracy: 0.25,
            softmax_collapse_fraction: None,
        };
        let curve = curve(&[MetricsRow { step: 10, evaluation }], &[]);
        let [(10, values)] = &curve[..] else { panic!("{curve:?}") };
        let of =
            |wanted: &Measure| values[MEASURES.iter().position(|measure| measure.id == wanted.id).unwrap()];
        assert_eq!((of(&LOSS_TRAIN), of(&ACCURACY_TEST), of(&LOSS_ALL)), (Some(0.5), Some(0.25), None));
        assert_eq!(of(&crate::analysis::measure::LOSS_TEST), None, "no JSON has a number for it");
    }
}
