//! A row of the verdict as `report.json` and `grok analyse --json` hold it.

use serde::{Deserialize, Serialize};

use super::{Outcome, Row};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictEntry {
    /// The claim's number.
    pub row: usize,
    /// What is claimed.
    pub claim: String,
    /// How it fared.
    pub outcome: Outcome,
    /// What the run shows; empty if nothing can be said.
    pub measured: String,
    /// The test.
    pub expected: String,
    /// Why this outcome: what decided against the claim, why it cannot be judged, or else why the test is what it is.
    pub why: String,
}

impl VerdictEntry {
    pub(super) fn new(row: &Row) -> Self {
        let claim = row.claim();
        let why = match (&row.reason, row.outcome) {
            (Some(reason), _) => reason.as_str(),
            (None, Outcome::Fails | Outcome::Differs) => &row.deviation,
            (None, _) => claim.why,
        };
        Self {
            row: row.number,
            claim: claim.text.to_owned(),
            outcome: row.outcome,
            measured: row.measured.clone(),
            expected: claim.expected(),
            why: why.to_owned(),
        }
    }
}
