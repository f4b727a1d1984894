//! Tasks: from the configuration of one to the examples that an engine trains on.
//!
//! Each task has a file of its own and a row in the functions below; nothing else here knows what is learned.

mod dataset;
mod examples;
pub mod modular;
mod sampler;

pub use dataset::{Dataset, Split};
pub use examples::{Examples, NO_TARGET, SequenceShape};
pub use sampler::{RandomWords, Sampler};

use crate::config::TaskConfig;

impl Dataset {
    /// Makes the examples of a task.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    /// use grokking_lab::task::Dataset;
    ///
    /// let dataset = Dataset::new(&Preset::Paper.config().data);
    /// assert_eq!((dataset.train.len(), dataset.test.len()), (3830, 113 * 113 - 3830));
    /// assert_eq!(dataset.train.tokens(0), [18, 34, 113], "a, b and the token of \"=\"");
    /// assert_eq!(dataset.train.targets(0), [52], "18 + 34");
    /// ```
    pub fn new(task: &TaskConfig) -> Self {
        match task {
            TaskConfig::Modular(config) => modular::ModularTask::new(config).dataset(),
        }
    }
}

impl SequenceShape {
    /// The form of a task's examples, without making any.
    pub fn new(task: &TaskConfig) -> Self {
        match task {
            TaskConfig::Modular(config) => modular::sequence_shape(config.p),
        }
    }
}

/// The numbers of train and of test examples of a task, without making any.
pub fn n_examples(task: &TaskConfig) -> [usize; 2] {
    match task {
        TaskConfig::Modular(config) => [config.n_train(), config.n_pairs() - config.n_train()],
    }
}
