//! Runs that differ in their seeds alone, taken together: medians, quartiles and counts.

use std::collections::BTreeMap;

use super::run_result::RunResult;
use super::varied_settings::VariedSettings;
use crate::analysis::measure::{MEASURES, Measure};
use crate::maths::stats::quantile;

/// The runs of one group.
pub(super) struct RunGroup<'a> {
    /// The values of the settings that vary and are no seeds, as texts in the order of [`VariedSettings::group_settings`].
    pub(super) values: Vec<String>,
    /// Its runs, in the order of the plan.
    pub(super) runs: Vec<&'a RunResult>,
}

/// A quantity by step over the runs of a group.
pub(super) struct QuantileCurve {
    /// Steps, ascending, with the first quartile, the median and the third quartile there.
    pub(super) points: Vec<(usize, [f64; 3])>,
}

/// The runs by group, in the order in which the plan comes to each.
pub(super) fn groups<'a>(varied: &VariedSettings, runs: &'a [RunResult]) -> Vec<RunGroup<'a>> {
    let settings = varied.group_settings();
    let mut groups: Vec<RunGroup<'a>> = Vec::new();
    let mut at = BTreeMap::new();
    for run in runs {
        let values: Vec<String> = settings.iter().map(|setting| setting.read(&run.config)).collect();
        let i = *at.entry(values.clone()).or_insert_with(|| {
            groups.push(RunGroup { values, runs: Vec::new() });
            groups.len() - 1
        });
        groups[i].runs.push(run);
    }
    groups
}

impl RunGroup<'_> {
    /// The quartiles of some numbers of its runs; none if no run has one.
    pub(super) fn quartiles(&self, of: impl Fn(&RunResult) -> Option<f64>) -> Option<[f64; 3]> {
        quartiles(self.runs.iter().filter_map(|run| of(run)).collect())
    }

    /// The quartiles of a measure at every step that at least half of the runs have.
    pub(super) fn curve(&self, measure: &Measure) -> QuantileCurve {
        let column = MEASURES.iter().position(|other| other.id == measure.id);
        let mut by_step: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (step, values) in self.runs.iter().flat_map(|run| &run.curve) {
            if let Some(value) = column.and_then(|column| values.get(column).copied().flatten()) {
                by_step.entry(*step).or_default().push(value);
            }
        }
        let is_shared = |values: &Vec<f64>| 2 * values.len() >= self.runs.len();
        let shared = by_step.into_iter().filter(|(_, values)| is_shared(values));
        QuantileCurve {
            points: shared.filter_map(|(step, values)| Some((step, quartiles(values)?))).collect(),
        }
    }
}

fn quartiles(mut values: Vec<f64>) -> Option<[f64; 3]> {
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| [0.25, 0.5, 0.75].map(|part| quantile(&values, part)))
}
