//! One worker's part of a step, and the formula that splits anything into nearly equal ranges.

use std::ops::Range;

/// A worker's part of the work: number `rank` of `world_size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// Which part, from 0; the worker that leads the run has rank 0.
    pub rank: usize,
    /// Number of shards, one per worker.
    pub world_size: usize,
}

impl Shard {
    /// The whole work, done by one worker.
    pub(super) const SINGLE: Self = Self { rank: 0, world_size: 1 };

    /// This shard's sub-range of `0..n`.
    pub(super) fn range(self, n: usize) -> Range<usize> {
        even_range(self.rank, self.world_size, n)
    }
}

/// Splits `0..n` into `count` consecutive ranges whose lengths differ by one at most.
/// For example, `0..10` in 4 is `0..2`, `2..5`, `5..7`, `7..10`; with `n < count` some are empty.
pub(super) fn split_evenly(n: usize, count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).map(move |index| even_range(index, count, n))
}

/// Range number `index` of the `count` ranges of [`split_evenly`].
fn even_range(index: usize, count: usize, n: usize) -> Range<usize> {
    index * n / count..(index + 1) * n / count
}
