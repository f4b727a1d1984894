//! All examples of a task, those that are trained on and those that are held out.

use super::{Examples, Sampler, SequenceShape};

/// The examples of a task: what an engine trains on.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The form of every example.
    pub shape: SequenceShape,
    /// The examples that are trained on, all in each step or a batch in each; of fresh data the first batch.
    pub train: Examples,
    /// The examples held out.
    pub test: Examples,
    /// Where each step takes its batch from, if it does not take the whole train set.
    pub sampler: Option<Sampler>,
}

/// A part of the examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Those trained on.
    Train,
    /// Those held out.
    Test,
    /// Both.
    All,
}

impl Dataset {
    /// Examples that are all there before the run begins.
    pub fn finite(train: Examples, test: Examples) -> Self {
        Self { shape: train.shape().clone(), train, test, sampler: None }
    }

    /// A fresh batch in every step.
    pub fn fresh(sampler: Sampler, test: Examples) -> Self {
        let train = sampler.batch().clone();
        Self { sampler: Some(sampler), ..Self::finite(train, test) }
    }

    /// One of some batches in each step, in an order that is shuffled for each pass.
    ///
    /// # Panics
    /// If there are no batches.
    pub fn shuffled_batches(seed: u32, batches: Vec<Examples>, test: Examples) -> Self {
        let mut train = Examples::empty(test.shape());
        for (tokens, targets) in batches.iter().flat_map(Examples::iter) {
            train.push(tokens, targets);
        }
        Self { sampler: Some(Sampler::shuffled(seed, batches)), ..Self::finite(train, test) }
    }
}
