//! Where in a run the cursor can stand, and what is known there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::phases::Phases;
use crate::analysis::progress::{ProgressMeasures, share_freqs};
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;
use crate::ui::state::run_view::{Origin, RunView, WithoutFreqs};

/// One stretch of a run between two boundaries of its phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The phase's name.
    pub name: &'static str,
    /// The phase's number, from 0, for its colour.
    pub number: usize,
    /// Its first step.
    pub from: usize,
    /// Its last step, or the run's so far.
    pub to: usize,
}

/// The phases' names, in order (paper section 5.2).
pub const PHASES: [&str; 4] = ["memorisation", "circuit formation", "cleanup", "stable"];

impl RunView {
    /// A run of this tab that has only begun.
    pub fn own(config: ExperimentConfig) -> Self {
        Self {
            origin: Origin::Own,
            config,
            rows: Vec::new(),
            n_rows_left_out: 0,
            progress: Vec::new(),
            phases: Phases::default(),
            snapshots: BTreeMap::new(),
            reports: BTreeMap::new(),
            weights: BTreeMap::new(),
            fetchable: Vec::new(),
            fetching: None,
            without_freqs: WithoutFreqs::default(),
            edition: 0,
        }
    }

    /// The last step of which anything is known.
    pub fn last_step(&self) -> usize {
        let rows = self.rows.last().map_or(0, |row| row.step);
        let progress = self.progress.last().map_or(0, |(step, _)| *step);
        let snapshots = self.snapshots.last_key_value().map_or(0, |(step, _)| *step);
        rows.max(progress).max(snapshots)
    }

    /// The steps at which the run was analysed or can be, ascending; where there are fewer than two,
    /// the measured steps.
    pub fn stops(&self) -> Vec<usize> {
        let analysed = self.progress.iter().map(|(step, _)| step);
        let stops: BTreeSet<usize> =
            analysed.chain(self.snapshots.keys()).chain(self.weights.keys()).copied().collect();
        if stops.len() < 2 {
            self.rows.iter().map(|row| row.step).collect()
        } else {
            stops.into_iter().collect()
        }
    }

    /// The row of metrics nearest to a step.
    pub fn row_near(&self, step: usize) -> Option<&MetricsRow> {
        nearest(self.rows.len(), |i| self.rows[i].step, step).map(|i| &self.rows[i])
    }

    /// The progress measures nearest to a step, with their own step.
    pub fn measures_near(&self, step: usize) -> Option<&(usize, ProgressMeasures)> {
        nearest(self.progress.len(), |i| self.progress[i].0, step).map(|i| &self.progress[i])
    }

    /// The snapshot nearest to a step.
    pub fn snapshot_near(&self, step: usize) -> Option<&Arc<CheckpointAnalysis>> {
        let before = self.snapshots.range(..=step).next_back();
        let after = self.snapshots.range(step..).next();
        [before, after].into_iter().flatten().min_by_key(|(at, _)| at.abs_diff(step)).map(|(_, found)| found)
    }

    /// The measured or analysed step nearest to a place on the time line.
    pub fn step_near(&self, step: usize) -> usize {
        let row = self.row_near(step).map(|row| row.step);
        let measures = self.measures_near(step).map(|(step, _)| *step);
        row.into_iter().chain(measures).min_by_key(|at| at.abs_diff(step)).unwrap_or(0)
    }

    /// The phases that the run has gone through; none while nothing was analysed, or not all of it alike.
    pub fn spans(&self) -> Vec<Span> {
        if self.progress.len() < 2 || !share_freqs(&self.progress) {
            return Vec::new();
        }
        let ends = [self.phases.memorisation_end, self.phases.cleanup_start, self.phases.cleanup_end];
        let mut spans = Vec::new();
        let (mut from, last) = (0, self.last_step());
        for (number, name) in PHASES.into_iter().enumerate() {
            let end = ends.get(number).copied().flatten().map(|boundary| boundary.step);
            spans.push(Span { name, number, from, to: end.unwrap_or(last) });
            let Some(end) = end else { break };
            from = end;
        }
        spans
    }

    /// The phase at a step.
    pub fn phase_at(&self, step: usize) -> Option<&'static str> {
        self.spans().into_iter().find(|span| step <= span.to).map(|span| span.name)
    }
}

/// The index of the item nearest to `step` among `n` items of ascending steps.
fn nearest(n: usize, step_of: impl Fn(usize) -> usize, step: usize) -> Option<usize> {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = usize::midpoint(low, high);
        if step_of(middle) < step { low = middle + 1 } else { high = middle }
    }
    let before = low.checked_sub(1);
    [before, (low < n).then_some(low)].into_iter().flatten().min_by_key(|&i| step_of(i).abs_diff(step))
}

#[cfg(test)]
mod tests {
    use super::PHASES;
    use crate::analysis::phases::{Boundary, Phases};
    use crate::ui::state::run_view_sample::{measures, run_view};

    #[test]
    fn the_nearest_is_found_between_before_and_after() {
        let run_view = run_view(4);
        for (step, found) in [(0, 0), (4, 0), (6, 10), (20, 20), (1_000_000, 30)] {
            assert_eq!(run_view.row_near(step).map(|row| row.step), Some(found), "step {step}");
            assert_eq!(run_view.step_near(step), found, "step {step}");
        }
        assert_eq!(super::nearest(0, |_| 0, 1), None, "of nothing nothing is nearest");
    }

    #[test]
    fn stops_are_checkpoints_where_there_are_some_and_else_rows() {
        let mut run = run_view(3);
        assert_eq!(run.stops(), [0, 10, 20], "rows");
        run.progress = vec![(0, measures(5.0)), (20, measures(1.0))];
        run.weights.insert(15, Vec::new().into());
        assert_eq!(run.stops(), [0, 15, 20], "what was or can be taken apart");
    }

    #[test]
    fn spans_end_where_the_phases_do_and_the_last_goes_on() {
        let mut run = run_view(101);
        assert_eq!(run.spans(), [], "nothing was analysed");
        run.progress = vec![(0, measures(5.0)), (1_000, measures(1.0))];
        assert_eq!(run.spans().len(), 1, "no boundary, one phase so far");
        let at = |step| {
            let (excluded_loss, restricted_loss, test_loss, sum_sq_weights) = (1.0, 1.0, 1.0, 1.0);
            Some(Boundary { step, excluded_loss, restricted_loss, test_loss, sum_sq_weights })
        };
        run.phases = Phases { memorisation_end: at(100), cleanup_start: at(600), cleanup_end: None };
        let spans: Vec<_> = run.spans().into_iter().map(|s| (s.name, s.from, s.to)).collect();
        assert_eq!(spans, [(PHASES[0], 0, 100), (PHASES[1], 100, 600), (PHASES[2], 600, 1_000)]);
        assert_eq!(run.phase_at(100), Some("memorisation"), "a boundary ends its phase");
        assert_eq!(run.phase_at(101), Some("circuit formation"));
    }
}
