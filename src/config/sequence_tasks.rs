//! The settings of the paper's tasks on sequences (section 5.3).
//!
//! In common: with `n_train` 0 every step has `batch` fresh examples, else the train set has `n_train` that stay.

use serde::{Deserialize, Serialize};

/// Addition of two numbers digit by digit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename = "addition")]
pub struct AdditionConfig {
    /// Digits of each number.
    pub digits: usize,
    /// Which examples, and how many.
    #[serde(flatten)]
    pub batches: Batches,
}

/// A signal token in noise, which is the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename = "skip-trigram")]
pub struct SkipTrigramConfig {
    /// Different signals, and different tokens of noise.
    pub symbols: usize,
    /// Tokens of noise in a sequence, the signal among them.
    pub noise: usize,
    /// Which examples, and how many.
    #[serde(flatten)]
    pub batches: Batches,
}

/// A run of random tokens that comes again, which an induction head foresees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename = "induction")]
pub struct InductionConfig {
    /// Tokens of a sequence.
    pub n_ctx: usize,
    /// Tokens of the run that comes again.
    pub sub_len: usize,
    /// How often it stands in a sequence.
    pub repeats: usize,
    /// Different tokens, the one that begins a sequence among them.
    pub d_vocab: usize,
    /// Which examples, and how many.
    #[serde(flatten)]
    pub batches: Batches,
}

/// The examples of a sequence task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batches {
    /// Examples of a step.
    pub batch: usize,
    /// Examples of a train set that stays, all in each step, or one batch of them where sequences repeat a
    /// subsequence; 0 for fresh data.
    pub n_train: usize,
    /// Seed of the examples.
    pub data_seed: u32,
}

impl Batches {
    /// Those of [`AdditionConfig::PUBLISHED`].
    pub const PUBLISHED_ADDITION: Self = Self { batch: 64, n_train: 0, data_seed: 0 };
}

impl AdditionConfig {
    /// The published settings, with another seed than the published.
    pub const PUBLISHED: Self = Self { digits: 5, batches: Batches::PUBLISHED_ADDITION };
}

impl SkipTrigramConfig {
    /// The published settings, with another seed than the published.
    pub const PUBLISHED: Self =
        Self { symbols: 10, noise: 40, batches: Batches { batch: 256, n_train: 0, data_seed: 0 } };
}

impl InductionConfig {
    /// The published settings, with another seed than the published.
    pub const PUBLISHED: Self = Self {
        n_ctx: 85,
        sub_len: 16,
        repeats: 3,
        d_vocab: 128,
        batches: Batches { batch: 128, n_train: 0, data_seed: 0 },
    };
}
