//! How many steps a GPU gets at once.

/// About this long a pause may wait, and a page that shares the GPU.
const TARGET_SECS: f64 = 0.05;

/// Finds the number of steps that take [`TARGET_SECS`], from one on.
#[derive(Debug, Default)]
pub struct Batch {
    /// When the last batch began, and its steps.
    last: Option<(f64, usize)>,
}

impl Batch {
    /// After a pause nothing is known of the time between.
    pub fn restart(&mut self) {
        self.last = None;
    }

    /// Steps of the batch that begins now, from 1 to `limit`. At most twice as many as before, for a
    /// first step that was quick by chance must not block a screen.
    pub fn next(&mut self, now_secs: f64, limit: usize) -> usize {
        let wanted = match self.last {
            None => 1,
            Some((begun_secs, n)) => {
                let fit = n as f64 * TARGET_SECS / (now_secs - begun_secs).max(1e-6);
                (fit as usize).clamp(1, 2 * n)
            }
        };
        let n = wanted.clamp(1, limit.max(1));
        self.last = Some((now_secs, n));
        n
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;

    #[test]
    fn batches_grow_to_the_target_and_shrink_at_once() {
        let (mut batch, mut now) = (Batch::default(), 0.0);
        let mut sizes = Vec::new();
        for _ in 0..8 {
            sizes.push(batch.next(now, 1000));
            now += 0.001 * sizes[sizes.len() - 1] as f64;
        }
        assert_eq!(sizes[..6], [1, 2, 4, 8, 16, 32], "doubling");
        assert!((49..=50).contains(&sizes[7]), "50 steps of 1 ms: {sizes:?}");
        assert_eq!(batch.next(now, 7), 7, "never past the limit");
        assert_eq!(batch.next(now + 7.0, 1000), 1, "steps of a second come one by one");
        batch.restart();
        assert_eq!(batch.next(now + 9.0, 1000), 1, "from one again after a pause");
    }
}
