//! The checkpoints of a run that the page holds, within a budget of memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::cadence::least_missed;
use crate::ui::state::format;

/// What a tab may hold for one run: about 110 checkpoints of the paper's model, more than its run
/// makes, and little enough for a phone.
pub const BUDGET_BYTES: usize = 100_000_000;

/// How many it may hold, however small they are: more than any preset makes, and few enough to be looked
/// through at every message. A tiny model makes a hundred a second.
pub const MOST: usize = 600;

/// Files of weights by step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoints {
    files: BTreeMap<usize, Arc<Vec<u8>>>,
    n_bytes: usize,
    n_thinned: usize,
}

impl Checkpoints {
    /// Takes in a checkpoint, in place of one of the same step, and lets others go if they are more than
    /// [`MOST`] or take more than `budget_bytes` together: regular ones before log-spaced ones, those with near neighbours
    /// before those that stand alone, the first and the last never.
    pub fn add(&mut self, step: usize, file: Arc<Vec<u8>>, budget_bytes: usize) {
        self.n_bytes += file.len();
        if let Some(old) = self.files.insert(step, file) {
            self.n_bytes -= old.len();
        }
        while self.n_bytes > budget_bytes || self.files.len() > MOST {
            let Some(step) = least_missed(self.files.keys().copied()) else { break };
            let gone = self.files.remove(&step).expect("it was found among them");
            self.n_bytes -= gone.len();
            self.n_thinned += 1;
        }
    }

    /// Forgets what lies after a step: a run that goes on from there makes it anew.
    pub fn truncate(&mut self, last_step: usize) {
        for file in self.files.split_off(&(last_step + 1)).into_values() {
            self.n_bytes -= file.len();
        }
    }

    /// The files by step, ascending.
    pub fn files(&self) -> &BTreeMap<usize, Arc<Vec<u8>>> {
        &self.files
    }

    /// What all files take together.
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// How many were let go.
    pub fn n_thinned(&self) -> usize {
        self.n_thinned
    }

    /// How many there are, and what they take of a budget: `24 checkpoints, 21.8 of 100 MB, 8 let go`.
    pub fn words(&self, budget_bytes: usize) -> String {
        let n = self.files.len();
        let noun = if n == 1 { "checkpoint" } else { "checkpoints" };
        let used = self.n_bytes as f64 / 1e6;
        let decimals = usize::from(used < 99.95);
        let gone = match self.n_thinned {
            0 => String::new(),
            n => format!(", {} let go", format::count(n)),
        };
        let budget = budget_bytes as f64 / 1e6;
        format!("{} {noun}, {used:.decimals$} of {budget:.0} MB{gone}", format::count(n))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Checkpoints, MOST};
    use crate::config::cadence::is_log_spaced;

    fn held(steps: impl IntoIterator<Item = usize>, budget_bytes: usize) -> Checkpoints {
        let mut held = Checkpoints::default();
        for step in steps {
            held.add(step, Arc::new(vec![0; 10]), budget_bytes);
            assert!(held.n_bytes() <= budget_bytes.max(20), "over the budget after step {step}");
            assert_eq!(held.n_bytes(), 10 * held.files().len(), "counted right after step {step}");
        }
        held
    }

    #[test]
    fn regular_ones_go_first_and_the_ends_never() {
        let shown = (0..=1000).filter(|&step| is_log_spaced(step) || step % 50 == 0);
        let n_log_spaced = (0..=1000).filter(|&step| is_log_spaced(step)).count();
        let held = held(shown, 10 * (n_log_spaced + 5));
        let steps: Vec<usize> = held.files().keys().copied().collect();
        assert!(steps.contains(&0) && steps.contains(&1000), "{steps:?}");
        assert!((1..=1000).filter(|&s| is_log_spaced(s)).all(|s| steps.contains(&s)), "{steps:?}");
        assert!(held.n_thinned() > 0, "some had to go");
    }

    #[test]
    fn small_ones_are_counted_too() {
        let held = held(0..2 * MOST, usize::MAX);
        assert_eq!((held.files().len(), held.n_thinned()), (MOST, MOST));
    }

    #[test]
    fn a_budget_for_nothing_keeps_the_first_and_the_last() {
        let held = held(0..100, 1);
        assert_eq!(held.files().keys().copied().collect::<Vec<_>>(), [0, 99]);
    }

    #[test]
    fn what_is_left_is_spread_evenly() {
        let held = held((0..=10_000).step_by(100), 200);
        let steps: Vec<usize> = held.files().keys().copied().collect();
        assert_eq!(steps.len(), 20);
        let widest = steps.windows(2).skip(1).map(|w| w[1] as f64 / w[0] as f64).fold(0.0, f64::max);
        assert!(widest <= 2.0, "no hole wider than a doubling: {steps:?}");
    }

    #[test]
    fn the_memory_they_take_is_told_with_what_had_to_go() {
        assert_eq!(Checkpoints::default().words(100_000_000), "0 checkpoints, 0.0 of 100 MB");
        let mut held = Checkpoints::default();
        let add = |held: &mut Checkpoints, step| held.add(step, Arc::new(vec![0; 900_000]), 2_000_000);
        add(&mut held, 0);
        assert_eq!(held.words(2_000_000), "1 checkpoint, 0.9 of 2 MB");
        add(&mut held, 1);
        add(&mut held, 2);
        assert_eq!(held.words(2_000_000), "2 checkpoints, 1.8 of 2 MB, 1 let go");
    }

    #[test]
    fn a_step_comes_once_and_later_ones_can_be_forgotten() {
        let mut held = held([0, 5, 5, 10], 1000);
        assert_eq!(held.n_bytes(), 30);
        held.truncate(5);
        assert_eq!((held.files().len(), held.n_bytes()), (2, 20));
    }
}
