//! One claim: what the paper says, and the test that a run must pass.

use super::{Criterion, Domain, Evidence, Found, NotApplicableReason, Recipe};
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
    /// The test: every range must hold. Empty for what this lab cannot run.
    pub criteria: &'static [Criterion],
    /// Why these ranges: how they follow from the claim, the paper and the published models.
    pub why: &'static str,
    /// Where the paper says so.
    pub source: &'static str,
    /// Which runs it is about.
    pub requirement: Requirement,
    /// Which tasks it is about.
    pub domain: Domain,
    /// Where the paper itself or published models show that it does not hold in general, and how; none where not.
    pub not_robust: Option<&'static str>,
    /// The part of the page that shows what it is about, by its id; none for what this lab cannot show.
    pub anchor: Option<&'static str>,
    /// How to make the run it needs, where it needs another one than the paper's.
    pub recipe: Option<&'static Recipe>,
    pub(super) check: Check,
}

/// How a claim is looked at: what was found for each of its criteria, or what is missing.
pub(super) type Check = fn(&Evidence) -> Result<Vec<Found>, NotApplicableReason>;

/// Which runs a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Every run that groks.
    EverySeed,
    /// Other runs than the paper's main one.
    OtherRuns,
}

impl Requirement {
    /// What it means.
    pub fn words(self) -> &'static str {
        match self {
            Self::EverySeed => "about every run that groks",
            Self::OtherRuns => "about other runs",
        }
    }
}

impl Claim {
    /// Whether a failure means that the paper was not reproduced.
    pub fn must_hold(&self) -> bool {
        self.requirement == Requirement::EverySeed
    }

    /// The test, in words.
    pub fn expected(&self) -> String {
        let asked: Vec<String> = self.criteria.iter().filter_map(Criterion::asked).collect();
        if asked.is_empty() { "told, not judged".to_owned() } else { asked.join("; ") }
    }

    /// What the paper and the published models show, in words; empty if no range is compared.
    pub fn published(&self) -> String {
        let published: Vec<String> = self.criteria.iter().filter_map(Criterion::published_words).collect();
        published.join("; ")
    }

    /// Where the claim does not hold in general; empty where it does.
    pub fn caveat(&self) -> String {
        self.not_robust.map_or_else(String::new, |place| format!("not robust: {place}"))
    }
}
