//! The task: every sum a + b mod p, and which of them are trained on.

mod split;

pub use split::shuffled_pairs;

use crate::config::DataConfig;

/// One prompt `[a, b, =]`, whose answer is (a + b) mod p.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The first number.
    pub a: usize,
    /// The second number.
    pub b: usize,
}

/// The whole table of sums, split in two.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::task::{Pair, Task};
///
/// let task = Task::new(&Preset::Paper.config().data);
/// assert_eq!((task.train.len(), task.test.len()), (3830, 113 * 113 - 3830));
/// assert_eq!(task.train[0], Pair { a: 18, b: 34 }, "CPython's random.shuffle after random.seed(0)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The modulus.
    pub p: usize,
    /// Pairs that are trained on, in the order of the split.
    pub train: Vec<Pair>,
    /// All other pairs, in the order of the split.
    pub test: Vec<Pair>,
}

/// A part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The pairs trained on.
    Train,
    /// The pairs held out.
    Test,
    /// All p² pairs.
    All,
}

impl Task {
    /// The table of a configuration and its split.
    pub fn new(data: &DataConfig) -> Self {
        let mut train = shuffled_pairs(data.p, data.split);
        let test = train.split_off(data.n_train());
        Self { p: data.p, train, test }
    }

    /// The answer (a + b) mod p.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    /// use grokking_lab::task::{Pair, Task};
    ///
    /// let task = Task::new(&Preset::Paper.config().data);
    /// assert_eq!(task.answer(Pair { a: 100, b: 20 }), 7, "120 mod 113");
    /// ```
    pub fn answer(&self, pair: Pair) -> usize {
        (pair.a + pair.b) % self.p
    }

    /// All p² pairs, row by row: (0, 0), (0, 1), …
    pub fn all_pairs(p: usize) -> Vec<Pair> {
        (0..p * p).map(|i| Pair { a: i / p, b: i % p }).collect()
    }

    /// For each pair in row-major order, whether it is trained on.
    pub fn is_train(&self) -> Vec<bool> {
        let mut mask = vec![false; self.p * self.p];
        for pair in &self.train {
            mask[pair.a * self.p + pair.b] = true;
        }
        mask
    }
}
