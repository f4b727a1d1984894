//! Why a claim cannot be judged.

use std::fmt;

/// What a claim lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotApplicableReason {
    /// The claim is about the last weights, and there is no report on them.
    NoReport,
    /// The report on the last weights is of an earlier version, which did not measure what the claim asks for.
    OldReport,
    /// The claim is about the course of the run, and its measures do not compare: they were not all taken with the
    /// same key frequencies.
    MixedFreqs,
    /// The claim is about another task than the run's.
    OtherTask,
    /// What the claim is about is told and not judged.
    Told,
    /// Something else, in words, with the command that would change it if there is one.
    Other(String),
}

impl NotApplicableReason {
    /// The reason in words.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NoReport => "no report on the last weights",
            Self::OldReport => {
                "the report on the last weights is of an earlier version: grok analyse makes it anew"
            }
            Self::MixedFreqs => "the checkpoints are not all measured with the same key frequencies",
            Self::OtherTask => "the claim is about another task than this run's",
            Self::Told => "told and not judged: it need not be so in every run",
            Self::Other(words) => words,
        }
    }
}

impl fmt::Display for NotApplicableReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
