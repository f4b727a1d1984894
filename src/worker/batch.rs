//! How many steps a GPU gets at once.

/// About this long a pause may wait, and a page that shares the GPU.
const TARGET_SECS: f64 = 0.05;

/// Finds the number of steps that take [`TARGET_SECS`], from one on.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Steps that were wanted last, whatever the limit; 0 before the first.
    wanted: usize,
    secs_per_step: f64,
}

impl Batch {
    /// After a pause it begins with one step again.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Steps of the next batch, from 1 to `limit`. At most twice as many as before, for a first step that
    /// was quick by chance must not block a screen.
    pub(super) fn next(&mut self, limit: usize) -> usize {
        let fit = (TARGET_SECS / self.secs_per_step) as usize;
        self.wanted = fit.clamp(1, self.wanted.saturating_mul(2).max(1));
        self.wanted.min(limit.max(1))
    }

    /// `n` steps took so many seconds of training, evaluations and readings left out.
    pub(super) fn note(&mut self, n: usize, secs: f64) {
        self.secs_per_step = secs.max(0.0) / n.max(1) as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;

    #[test]
    fn batches_grow_to_the_target_and_shrink_at_once() {
        let mut batch = Batch::default();
        let mut sizes = Vec::new();
        for _ in 0..8 {
            let n = batch.next(1000);
            batch.note(n, 0.001 * n as f64);
            sizes.push(n);
        }
        assert_eq!(sizes[..6], [1, 2, 4, 8, 16, 32], "doubling");
        assert!((49..=50).contains(&sizes[7]), "50 steps of 1 ms: {sizes:?}");
        assert_eq!(batch.next(7), 7, "never past the limit");
        batch.note(7, 0.007);
        assert!((49..=50).contains(&batch.next(1000)), "the limit does not make the next one small");
        batch.note(50, 50.0);
        assert_eq!(batch.next(1000), 1, "steps of a second come one by one");
        batch.note(1, 0.001);
        batch.restart();
        assert_eq!(batch.next(1000), 1, "from one again after a pause");
        batch.note(1, 0.0);
        assert_eq!(batch.next(1000), 2, "a clock that stands still");
    }
}
