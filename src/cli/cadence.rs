//! Which steps are evaluated and which are saved.

use crate::config::RunConfig;

/// Whether the weights after `step` updates get a row of metrics: the first, every
/// `eval_every`-th, the last.
pub(super) fn is_evaluated(run: &RunConfig, step: usize) -> bool {
    is_due(run.eval_every, run.epochs, step)
}

/// Whether the weights after `step` updates are saved: the first, every `checkpoint_every`-th,
/// the last.
pub(super) fn is_saved(run: &RunConfig, step: usize) -> bool {
    is_due(run.checkpoint_every, run.epochs, step)
}

/// The first step after `step` at which something is due.
pub(super) fn next_stop(run: &RunConfig, step: usize) -> usize {
    let next = |every: usize| (step / every + 1) * every;
    next(run.eval_every).min(next(run.checkpoint_every)).min(run.epochs)
}

/// The last step up to `step` that is evaluated.
pub(super) fn last_evaluated(run: &RunConfig, step: usize) -> usize {
    if step == run.epochs { step } else { step / run.eval_every * run.eval_every }
}

fn is_due(every: usize, epochs: usize, step: usize) -> bool {
    step.is_multiple_of(every) || step == epochs
}

#[cfg(test)]
mod tests {
    use super::{is_evaluated, is_saved, last_evaluated, next_stop};
    use crate::config::Preset;

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
