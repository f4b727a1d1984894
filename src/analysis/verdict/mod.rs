//! The verdict: does a run show what the paper says it shows, claim by claim?
//!
//! A claim's ranges are those of another seed, not of the paper's own run. The expected one comes from the fact
//! sheet: four further fully grown models of the same shape (Chughtai, Chan and Nanda 2023) and the authors' sweep
//! over the train fraction. Where this lab's five runs go beyond it a wider one is accepted, and a row says when only
//! that one holds.

mod ablations;
mod circuit;
mod claim;
mod claims;
mod criterion;
mod evidence;
mod finding;
mod learning;
mod not_applicable;
mod other_runs;
mod progress;
mod range;
mod recipe;
mod sweeps;

pub use claim::{Claim, Requirement};
pub use claims::claims;
pub use criterion::Criterion;
pub use evidence::{Evidence, RunRecord};
pub use not_applicable::NotApplicableReason;
pub use range::{Range, Unit};
pub use recipe::Recipe;

use criterion::step_value;
use finding::{Finding, RangeMatch, at};
use serde::{Deserialize, Serialize};

/// How a claim fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The run shows it.
    Pass,
    /// The run shows otherwise.
    Fail,
    /// Nothing can be said; the reason is given.
    NotApplicable,
}

/// One row of the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The claim's number.
    pub number: usize,
    /// How it fared.
    pub outcome: Outcome,
    /// What the run shows, in words and numbers; empty if nothing can be said.
    pub measured: String,
    /// The part of it that the wider range alone holds, of a claim that passes; empty if all is as expected.
    #[serde(default)]
    pub beyond: String,
    /// Why nothing can be said, and which command would change that.
    #[serde(with = "not_applicable")]
    pub reason: Option<NotApplicableReason>,
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One row a claim, by number.
    pub rows: Vec<Row>,
}

impl Verdict {
    /// Looks at every claim.
    pub fn new(evidence: &Evidence) -> Self {
        let row = |claim: &Claim| {
            let number = claim.number;
            match (claim.check)(evidence) {
                Ok(Finding { fit, measured, outside_expected: beyond }) => {
                    let outcome = if fit == RangeMatch::Outside { Outcome::Fail } else { Outcome::Pass };
                    let beyond = if fit == RangeMatch::Wider { beyond } else { String::new() };
                    Row { number, outcome, measured, beyond, reason: None }
                }
                Err(reason) => {
                    let (measured, beyond) = Default::default();
                    Row { number, outcome: Outcome::NotApplicable, measured, beyond, reason: Some(reason) }
                }
            }
        };
        Self { rows: claims().into_iter().map(row).collect() }
    }

    /// The claims that must hold and do not.
    pub fn broken(&self) -> Vec<&'static Claim> {
        let failed = |claim: &&Claim| {
            self.rows.iter().any(|row| row.number == claim.number && row.outcome == Outcome::Fail)
        };
        claims().into_iter().filter(|claim| claim.must_hold()).filter(failed).collect()
    }
}

impl Row {
    /// What the row is about.
    ///
    /// # Panics
    /// If the row was not made by [`Verdict::new`] and its number is no claim's.
    pub fn claim(&self) -> &'static Claim {
        claims().into_iter().find(|claim| claim.number == self.number).expect("a row has a claim's number")
    }

    /// What the run shows, or why nothing can be said.
    pub fn finding_or_reason(&self) -> &str {
        match &self.reason {
            Some(reason) if self.measured.is_empty() => reason.as_str(),
            _ => &self.measured,
        }
    }

    /// The outcome in a few words.
    pub fn outcome_words(&self) -> &'static str {
        match self.outcome {
            Outcome::Pass if self.beyond.is_empty() => "holds",
            Outcome::Pass => "holds, in the wider range alone",
            Outcome::Fail => "fails",
            Outcome::NotApplicable => "not judged",
        }
    }
}
