//! What a check finds: a number and words for each thing that its claim asks for.

use crate::format::count;

/// How a value lies to what its claim asks for, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// The claim is refuted.
    Fails,
    /// The claim is not refuted, and the value is not what the paper and the published models show.
    Differs,
    /// As claimed.
    Holds,
}

/// The value of one criterion.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// NaN for what did not happen, none if it was not measured.
    pub(super) value: Option<f64>,
    /// What it is, in words and numbers.
    pub(super) words: String,
}

impl Found {
    /// A value.
    pub(super) fn new(value: f64, words: impl Into<String>) -> Self {
        Self { value: Some(value), words: words.into() }
    }

    /// That it did not happen.
    pub(super) fn never(words: impl Into<String>) -> Self {
        Self::new(f64::NAN, words)
    }

    /// That it is not known.
    pub(super) fn unknown(words: impl Into<String>) -> Self {
        Self { value: None, words: words.into() }
    }
}

/// A step, or that it was never reached.
pub(super) fn at(step: Option<usize>) -> String {
    step.map_or("never".into(), |step| format!("at step {}", count(step)))
}
