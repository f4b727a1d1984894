//! Cutting work into nearly equal parts.

use std::ops::Range;

/// One of some nearly equal parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which, from 0 on.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl Part {
    /// The only part.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// All of `count` parts, in their order.
    pub fn all(count: usize) -> impl Iterator<Item = Self> {
        (0..count).map(move |index| Self { index, count })
    }

    /// Its numbers of 0..n.
    pub fn of(self, n: usize) -> Range<usize> {
        self.index * n / self.count..(self.index + 1) * n / self.count
    }
}
