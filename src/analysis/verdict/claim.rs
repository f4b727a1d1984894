//! The claims: what the paper says, and what another seed must show of it.

use super::{Evidence, Finding, NotApplicableReason};
use super::{ablations, circuit, learning, other_runs, progress};
use serde::{Deserialize, Serialize};

/// Something the paper says.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// Its number in the lab's list, from 1.
    pub number: usize,
    /// What is claimed.
    pub text: &'static str,
    /// The value of the paper's own run.
    pub paper: &'static str,
    /// What another seed is expected to show, by the paper's fact sheet: the spread over four further fully grown
    /// models of the same shape and the authors' own sweep.
    pub expected: &'static str,
    /// The wider range that is accepted, where this lab's five runs go beyond those four models. None where the
    /// expected range holds all nine.
    pub wider: Option<&'static str>,
    /// Why these ranges.
    pub why: &'static str,
    /// Where the paper says so.
    pub source: &'static str,
    /// Whether it must hold.
    pub requirement: Requirement,
    /// Where the paper itself shows that it does not hold in general, and how; none where it does not.
    pub not_robust: Option<&'static str>,
    pub(super) check: Check,
}

/// How a claim is looked at: a finding, or what is missing for one.
pub(super) type Check = fn(&Evidence) -> Result<Finding, NotApplicableReason>;

/// Whether a claim must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// It must hold for any seed of the paper's run.
    EverySeed,
    /// The paper's value depends on the seed, as its own further runs or published models show; the
    /// accepted range is wide enough for any seed, and must hold.
    WideRange,
    /// It need not hold: other seeds do otherwise.
    SomeSeeds,
    /// It is about other runs than the paper's main one.
    OtherRuns,
}

/// Every claim, by number.
pub fn claims() -> Vec<&'static Claim> {
    let groups: [&'static [Claim]; 5] =
        [&learning::CLAIMS, &circuit::CLAIMS, &ablations::CLAIMS, &progress::CLAIMS, &other_runs::CLAIMS];
    groups.into_iter().flatten().collect()
}

impl Claim {
    /// Whether a failure means that the paper was not reproduced.
    pub fn must_hold(&self) -> bool {
        matches!(self.requirement, Requirement::EverySeed | Requirement::WideRange)
    }

    /// The range that decides: the wider one where there is one.
    pub fn accepted(&self) -> &'static str {
        self.wider.unwrap_or(self.expected)
    }

    /// What is expected, and what is accepted where that is more.
    pub fn ranges(&self) -> String {
        match self.wider {
            Some(wider) => format!("{}. Wider, accepted: {wider}", self.expected),
            None => self.expected.to_owned(),
        }
    }

    /// Where the paper itself shows that the claim does not hold in general; empty where it does not.
    pub fn caveat(&self) -> String {
        self.not_robust.map_or_else(String::new, |place| format!("not robust: {place}"))
    }
}
