//! One claim: what the paper says, and what another seed must show of it.

use super::{Criterion, Evidence, Finding, NotApplicableReason, Recipe};
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
    /// What another seed must show. The expected ranges are those of the paper's fact sheet: the spread over four
    /// further fully grown models of the same shape and the authors' own sweep. A wider one is accepted where this
    /// lab's five runs go beyond those four models. Empty for what this lab cannot run.
    pub criteria: &'static [Criterion],
    /// Why these ranges.
    pub why: &'static str,
    /// Where the paper says so.
    pub source: &'static str,
    /// Whether it must hold.
    pub requirement: Requirement,
    /// Where the paper itself shows that it does not hold in general, and how; none where it does not.
    pub not_robust: Option<&'static str>,
    /// The part of the page that shows what it is about, by its id; none for what this lab cannot show.
    pub anchor: Option<&'static str>,
    /// How to make the run it needs, where it needs another one than the paper's.
    pub recipe: Option<&'static Recipe>,
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

impl Requirement {
    /// What it means.
    pub fn words(self) -> &'static str {
        match self {
            Self::EverySeed => "must hold for any seed",
            Self::WideRange => "must hold; the value depends on the seed",
            Self::SomeSeeds => "need not hold: other seeds do otherwise",
            Self::OtherRuns => "about other runs",
        }
    }
}

impl Claim {
    /// Whether a failure means that the paper was not reproduced.
    pub fn must_hold(&self) -> bool {
        matches!(self.requirement, Requirement::EverySeed | Requirement::WideRange)
    }

    /// What is expected, in words.
    pub fn expected(&self) -> String {
        self.words(Criterion::expected)
    }

    /// What decides, in words: the wider ranges where there are some, else the expected ones.
    pub fn accepted(&self) -> String {
        self.words(|criterion| criterion.wider_words().unwrap_or_else(|| criterion.expected()))
    }

    /// Whether more is accepted than is expected.
    pub fn has_wider(&self) -> bool {
        self.criteria.iter().any(|criterion| criterion.wider_words().is_some())
    }

    /// What is expected, and what is accepted where that is more.
    pub fn ranges(&self) -> String {
        if self.has_wider() {
            format!("{}. Wider, accepted: {}", self.expected(), self.accepted())
        } else {
            self.expected()
        }
    }

    fn words(&self, of: impl Fn(&Criterion) -> String) -> String {
        match self.criteria {
            [] => "optional".to_owned(),
            criteria => criteria.iter().map(of).collect::<Vec<_>>().join("; "),
        }
    }

    /// Where the paper itself shows that the claim does not hold in general; empty where it does not.
    pub fn caveat(&self) -> String {
        self.not_robust.map_or_else(String::new, |place| format!("not robust: {place}"))
    }
}
