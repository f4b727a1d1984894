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

/// The most regular checkpoints up to any step that the page takes. With the log-spaced ones they are no more than a
/// page holds, so that hardly any is made only to be dropped again.
const MAX_REGULAR_SHOWN: usize = 500;

/// Whether the page takes a checkpoint after `step` updates: at those of [`is_saved`], and at
/// log-spaced ones, so that a run can be followed in its first steps as in its last. In a long run with many
/// checkpoints the regular ones become rarer: each time there are too many, only every other one is taken from
/// there on.
pub fn is_shown(run: &RunConfig, step: usize) -> bool {
    let mut every = run.checkpoint_every;
    while step / every > MAX_REGULAR_SHOWN {
        every *= 2;
    }
    is_due(every, run.epochs, step) || is_log_spaced(step)
}

/// How many rows of metrics a whole run has.
pub fn n_evaluated(run: &RunConfig) -> usize {
    run.epochs.div_ceil(run.eval_every) + 1
}

/// Of checkpoints at these ascending steps the one that is missed least: a regular one before a log-spaced one,
/// one with near neighbours before one that stands alone, never the first or the last.
pub fn least_missed(steps: impl Iterator<Item = usize>) -> Option<usize> {
    let steps: Vec<usize> = steps.collect();
    // The gap that would be left, as a part of the step: the eye sees steps on a log scale.
    let missed = |w: &[usize]| (is_log_spaced(w[1]), (w[2] - w[0]) as f64 / w[1] as f64);
    let inner = steps.windows(3).map(|w| (w[1], missed(w)));
    let least = inner.min_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    least.map(|(step, _)| step)
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

/// Checkpoints of a run that is made for its figures, unless the options say otherwise.
pub const CHECKPOINTS_FOR_FIGURES: usize = 400;

/// A checkpoint for every so many steps: [`CHECKPOINTS_FOR_FIGURES`] in all, at steps that have metrics, and never
/// fewer than the run would have had.
pub fn checkpoint_every_for_figures(run: &RunConfig) -> usize {
    let wanted = run.epochs.div_ceil(CHECKPOINTS_FOR_FIGURES).next_multiple_of(run.eval_every.max(1));
    wanted.min(run.checkpoint_every)
}

fn is_due(every: usize, epochs: usize, step: usize) -> bool {
    step.is_multiple_of(every) || step == epochs
}

#[cfg(test)]
mod tests {
    use super::{
        checkpoint_every_for_figures, is_evaluated, is_log_spaced, is_saved, is_shown, last_evaluated,
        n_evaluated, next_stop,
    };
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
    fn ten_million_steps_make_few_checkpoints_and_up_to_any_step_no_more_than_a_page_holds() {
        let mut run = Preset::Tiny.config().run;
        (run.epochs, run.checkpoint_every) = (10_000_000, 10);
        let shown: Vec<usize> = (0..=run.epochs).filter(|&step| is_shown(&run, step)).collect();
        assert!(shown.len() < 4_000, "{} checkpoints", shown.len());
        assert!((0..=5_000).step_by(10).all(|step| is_shown(&run, step)), "the first 500 all come");
        assert!(is_shown(&run, 480 * 20_480), "late ones every 20,480 steps");
        assert!(!is_shown(&run, 480 * 20_480 + 10_240), "and no more often");
        run.epochs = 5_000;
        assert!((0..=5_000).filter(|&step| is_saved(&run, step)).all(|step| is_shown(&run, step)));
    }

    #[test]
    fn the_rows_of_a_run_are_counted_beforehand() {
        let mut run = Preset::Tiny.config().run;
        for (epochs, eval_every) in [(300, 5), (301, 5), (7, 10), (1, 1)] {
            (run.epochs, run.eval_every) = (epochs, eval_every);
            let n = (0..=epochs).filter(|&step| is_evaluated(&run, step)).count();
            assert_eq!(n_evaluated(&run), n, "{epochs} steps, every {eval_every}");
        }
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

    #[test]
    fn checkpoints_are_close_enough_for_the_figures_and_have_metrics() {
        let run = Preset::Paper.config().run;
        assert_eq!(checkpoint_every_for_figures(&run), 100, "the published cadence");
        for preset in Preset::ALL {
            let run = preset.config().run;
            let every = checkpoint_every_for_figures(&run);
            assert!(
                every <= run.checkpoint_every && run.epochs / every <= super::CHECKPOINTS_FOR_FIGURES,
                "{preset:?}"
            );
            assert!(every.is_multiple_of(run.eval_every), "{preset:?}: {every}");
        }
        let short = crate::config::RunConfig { epochs: 3, ..run };
        assert_eq!(checkpoint_every_for_figures(&short), 10, "never 0");
    }
}
