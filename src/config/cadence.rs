//! Which steps are evaluated, which are saved and which are looked at.

use super::RunConfig;

/// Whether the weights after `step` updates get a row of metrics: the first, every
/// `eval_every`-th, the last.
pub fn is_evaluated(run: &RunConfig, step: usize) -> bool {
    is_due(run.eval_every, run.epochs, step)
}

/// Whether the weights after `step` updates are saved: the first, every `checkpoint_every`-th,
/// the last.
pub fn is_saved(run: &RunConfig, step: usize) -> bool {
    is_due(run.checkpoint_every, run.epochs, step)
}

/// Whether the page takes a checkpoint after `step` updates: at those of [`is_saved`], and at
/// log-spaced ones, so that a run can be followed in its first steps as in its last.
pub fn is_shown(run: &RunConfig, step: usize) -> bool {
    is_saved(run, step) || is_log_spaced(step)
}

/// Whether a step is one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, …: four to a doubling.
///
/// ```
/// use grokking_lab::config::cadence::is_log_spaced;
///
/// let steps: Vec<usize> = (16..=64).filter(|&step| is_log_spaced(step)).collect();
/// assert_eq!(steps, [16, 20, 24, 28, 32, 40, 48, 56, 64]);
/// ```
pub fn is_log_spaced(step: usize) -> bool {
    // Such a number has its three highest bits and then zeros.
    let n_bits = usize::BITS - step.leading_zeros();
    step.trailing_zeros() + 3 >= n_bits
}

/// The first step after `step` at which something is due.
pub fn next_stop(run: &RunConfig, step: usize) -> usize {
    let next = |every: usize| (step / every + 1) * every;
    next(run.eval_every).min(next(run.checkpoint_every)).min(run.epochs)
}

/// The last step up to `step` that is evaluated.
pub fn last_evaluated(run: &RunConfig, step: usize) -> usize {
    if step == run.epochs { step } else { step / run.eval_every * run.eval_every }
}

fn is_due(every: usize, epochs: usize, step: usize) -> bool {
    step.is_multiple_of(every) || step == epochs
}

#[cfg(test)]
mod tests {
    use super::{is_evaluated, is_log_spaced, is_saved, is_shown, last_evaluated, next_stop};
    use crate::config::Preset;

    #[test]
    fn log_spaced_steps_come_four_to_a_doubling() {
        let first: Vec<usize> = (0..50).filter(|&step| is_log_spaced(step)).collect();
        assert_eq!(first, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48]);
        let run = Preset::Paper.config().run;
        let n = (0..=run.epochs).filter(|&step| is_shown(&run, step)).count();
        assert_eq!(n, 41 + 56, "of the paper's run: 41 regular ones, and 56 log-spaced besides");
    }

    #[test]
    fn walking_from_stop_to_stop_meets_every_due_step() {
        let mut run = Preset::Tiny.config().run;
        (run.epochs, run.eval_every, run.checkpoint_every) = (50, 7, 12);
        let mut stops = vec![0];
        while stops.last() != Some(&50) {
            stops.push(next_stop(&run, stops[stops.len() - 1]));
        }
        let due: Vec<usize> = (0..=50).filter(|&s| is_evaluated(&run, s) || is_saved(&run, s)).collect();
        assert_eq!(stops, due, "0, multiples of 7 and 12, and the last");
        for step in 0..=50 {
            let last = (0..=step).rev().find(|&s| is_evaluated(&run, s));
            assert_eq!(Some(last_evaluated(&run, step)), last, "up to {step}");
        }
    }
}
