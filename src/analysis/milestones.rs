//! When a run memorised its train set and when it generalised, read off its metrics.

use crate::engine::MetricsRow;

/// The test loss, in nats, below which a model has generalised. That of a guess is ln p, above 1 for every p from 3.
pub const GENERALISED_LOSS_NATS: f64 = 1.0;

/// The first step at which every train example is right; none if there is no such step.
pub fn memorised_at(metrics: &[MetricsRow]) -> Option<usize> {
    metrics.iter().find(|row| row.evaluation.train_accuracy == 1.0).map(|row| row.step)
}

/// The first step from which the test loss stays below [`GENERALISED_LOSS_NATS`] to the end; none if there is no such step.
pub fn generalised_at(metrics: &[MetricsRow]) -> Option<usize> {
    settles(metrics.iter().map(|row| (row.step, row.evaluation.test_loss < GENERALISED_LOSS_NATS)))
}

/// The first step from which something stays so to the end.
pub(super) fn settles(steps: impl DoubleEndedIterator<Item = (usize, bool)>) -> Option<usize> {
    steps.rev().take_while(|(_, holds)| *holds).last().map(|(step, _)| step)
}

#[cfg(test)]
mod tests {
    use super::settles;

    #[test]
    fn what_is_left_again_has_not_settled() {
        let steps = |holds: &[bool]| settles(holds.iter().enumerate().map(|(i, h)| (10 * i, *h)));
        assert_eq!(steps(&[false, true, true]), Some(10));
        assert_eq!(steps(&[false, true, false, true]), Some(30), "a spike on the way");
        assert_eq!((steps(&[true, false]), steps(&[])), (None, None));
    }
}
