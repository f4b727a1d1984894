//! Tasks: from the configuration of one to the examples that an engine trains on.
//!
//! Each task has a file of its own and a row in the functions below; nothing else here knows what is learned.

pub mod addition;
mod dataset;
mod examples;
pub mod modular;
pub mod repeated_subsequence;
mod sampler;
pub mod skip_trigram;

pub use dataset::{Dataset, Split};
pub use examples::{Examples, NO_TARGET, SequenceShape};
pub use sampler::{RandomWords, Sampler};

use crate::config::{Batches, TaskConfig};

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
            TaskConfig::Addition(config) => addition::dataset(config),
            TaskConfig::SkipTrigram(config) => skip_trigram::dataset(config),
            TaskConfig::Induction(config) => repeated_subsequence::dataset(config),
        }
    }
}

impl SequenceShape {
    /// The form of a task's examples, without making any.
    pub fn new(task: &TaskConfig) -> Self {
        match task {
            TaskConfig::Modular(config) => modular::sequence_shape(config.p),
            TaskConfig::Addition(config) => addition::sequence_shape(config.digits),
            TaskConfig::SkipTrigram(config) => skip_trigram::sequence_shape(config.symbols, config.noise),
            TaskConfig::Induction(config) => repeated_subsequence::sequence_shape(config),
        }
    }
}

/// The numbers of train and of test examples of a task, without making any; of fresh data the train examples of a step.
pub fn n_examples(task: &TaskConfig) -> [usize; 2] {
    let train = |batches: &Batches| if batches.n_train == 0 { batches.batch } else { batches.n_train };
    match task {
        TaskConfig::Modular(config) => [config.n_train(), config.n_pairs() - config.n_train()],
        TaskConfig::Addition(config) => [train(&config.batches), addition::N_TEST],
        TaskConfig::SkipTrigram(config) => [train(&config.batches), skip_trigram::N_TEST],
        TaskConfig::Induction(config) => [train(&config.batches), repeated_subsequence::N_TEST],
    }
}
