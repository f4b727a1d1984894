//! Modular addition: every sum a + b mod p as the sequence `[a, b, =]`, and which of them are trained on.

mod split;

pub use split::shuffled_pairs;

use super::{Dataset, Examples, SequenceShape};
use crate::config::{ModularConfig, TaskConfig};
use crate::error::{LabError, Result};

/// One sequence `[a, b, =]`, whose answer is (a + b) mod p.
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
/// use grokking_lab::task::modular::{ModularTask, Pair};
///
/// let task = ModularTask::of(&Preset::Paper.config().data).expect("the paper's task");
/// assert_eq!((task.train.len(), task.test.len()), (3830, 113 * 113 - 3830));
/// assert_eq!(task.train[0], Pair { a: 18, b: 34 }, "CPython's random.shuffle after random.seed(0)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModularTask {
    /// The modulus.
    pub p: usize,
    /// Pairs that are trained on, in the order of the split.
    pub train: Vec<Pair>,
    /// All other pairs, in the order of the split.
    pub test: Vec<Pair>,
}

/// The form of the sequences: tokens 0 to p-1 are the numbers, token p is "=", and the prediction at "=" counts.
pub fn sequence_shape(p: usize) -> SequenceShape {
    SequenceShape { n_ctx: 3, d_vocab: p + 1, d_vocab_out: p + 1, loss_positions: vec![2] }
}

impl Pair {
    /// The sequence `[a, b, =]` of a table modulo p.
    pub fn tokens(self, p: usize) -> [u32; 3] {
        [self.a as u32, self.b as u32, p as u32]
    }
}

impl ModularTask {
    /// The table of a configuration and its split.
    pub fn new(config: &ModularConfig) -> Self {
        let mut train = shuffled_pairs(config.p, config.split);
        let test = train.split_off(config.n_train());
        Self { p: config.p, train, test }
    }

    /// The table of a configuration.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the task is another.
    pub fn of(task: &TaskConfig) -> Result<Self> {
        let modular = task.modular();
        modular
            .map(Self::new)
            .ok_or_else(|| LabError::setting("task", "another", "sums a + b mod p are needed"))
    }

    /// The table as examples, in the order of the split.
    pub fn dataset(&self) -> Dataset {
        let shape = sequence_shape(self.p);
        let examples = |pairs: &[Pair]| {
            let mut examples = Examples::empty(&shape);
            pairs.iter().for_each(|&pair| examples.push(&pair.tokens(self.p), &[self.answer(pair) as u32]));
            examples
        };
        Dataset::finite(examples(&self.train), examples(&self.test))
    }

    /// The answer (a + b) mod p.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    /// use grokking_lab::task::modular::{ModularTask, Pair};
    ///
    /// let task = ModularTask::of(&Preset::Paper.config().data).expect("the paper's task");
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
