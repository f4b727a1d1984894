//! The verdict: does a run show what the paper says it shows, claim by claim?
//!
//! A claim's test follows from what is claimed, from the paper and from published models, one-sided where the claim is,
//! and free of scale where the claim is: losses against ln p, the loss of a guess, and steps against the step at which
//! the test loss falls. The tests were fixed before the seeds that check them were looked at; `docs/verdict.md` has the
//! pass rates, the controls that must fail, and the history.

mod ablations;
mod circuit;
mod claim;
mod claims;
mod criterion;
mod entry;
mod evidence;
mod finding;
pub mod kept_run;
mod learning;
mod not_applicable;
mod other_runs;
mod progress;
mod range;
mod recipe;
mod seed_values;
mod seeds;
mod sweeps;

pub use claim::{Claim, Requirement};
pub use claims::claims;
pub use criterion::Criterion;
pub use entry::VerdictEntry;
pub use evidence::{Evidence, RunRecord};
pub use not_applicable::NotApplicableReason;
pub use range::{Range, Unit};
pub use recipe::Recipe;
pub use seeds::place_among_seeds;

use crate::analysis::domain::Domain;
use criterion::step_value;
use finding::{Fit, Found, at};
use serde::{Deserialize, Serialize};

/// How a claim fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The run shows it.
    #[serde(rename = "holds")]
    Holds,
    /// The run does not refute it, but something is not as in the paper and the published models.
    #[serde(rename = "differs")]
    Differs,
    /// The run shows otherwise.
    #[serde(rename = "fails")]
    Fails,
    /// Nothing can be said; the reason is given.
    #[serde(rename = "not applicable")]
    NotApplicable,
}

impl Outcome {
    /// All of them, in the order of headlines.
    pub const ALL: [Self; 4] = [Self::Holds, Self::Differs, Self::Fails, Self::NotApplicable];

    /// The outcome in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Differs => "differs from the paper",
            Self::Fails => "fails",
            Self::NotApplicable => "not judged",
        }
    }
}

/// One row of the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The claim's number.
    pub number: usize,
    /// How it fared.
    pub outcome: Outcome,
    /// What the run shows, in words and numbers; empty if nothing can be said.
    pub measured: String,
    /// What decided against it: the part that fails, or else the part that differs, with what was asked.
    pub deviation: String,
    /// The value of each of the claim's criteria; NaN for what did not happen, none if it was not measured.
    pub values: Vec<Option<f64>>,
    /// Why nothing can be said, and which command would change that.
    pub reason: Option<NotApplicableReason>,
}

/// All rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// One row a claim, by number.
    pub rows: Vec<Row>,
}

impl Verdict {
    /// Looks at every claim.
    pub fn new(evidence: &Evidence) -> Self {
        let found = |claim: &Claim| {
            if !claim.domain.applies(&evidence.run.config.data) {
                return Err(NotApplicableReason::OtherTask);
            }
            if claim.must_hold() {
                evidence.require_frequencies()?;
            }
            (claim.check)(evidence)
        };
        let row = |claim: &Claim| match found(claim) {
            Ok(found) => Row::judged(claim, &found, evidence.is_papers_setup()),
            Err(reason) => Row::open(claim.number, reason),
        };
        Self { rows: claims().into_iter().map(row).collect() }
    }

    /// The claims about every run that groks which fail.
    pub fn broken(&self) -> Vec<&'static Claim> {
        let failed = |claim: &&Claim| {
            self.rows.iter().any(|row| row.number == claim.number && row.outcome == Outcome::Fails)
        };
        claims().into_iter().filter(|claim| claim.must_hold()).filter(failed).collect()
    }

    /// How many rows have an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|row| row.outcome == outcome).count()
    }

    /// How many claims fared how, in a sentence that says no more than was judged.
    pub fn headline(&self) -> String {
        let [holds, differs, fails, open] = Outcome::ALL.map(|outcome| self.count(outcome));
        let judged = holds + differs + fails;
        if judged == 0 {
            return format!("None of the {open} claims of the paper can be judged on this run.");
        }
        let hold = if holds == 1 { "holds" } else { "hold" };
        let differ = if differs == 1 { "differs" } else { "differ" };
        let fail = if fails == 1 { "fails" } else { "fail" };
        format!(
            "Of {} claims of the paper {judged} are judged: {holds} {hold}, {differs} {differ} from the paper, {fails} \
             {fail}; {open} are not judged.",
            self.rows.len()
        )
    }

    /// The rows as reports hold them.
    pub fn entries(&self) -> Vec<VerdictEntry> {
        self.rows.iter().map(VerdictEntry::new).collect()
    }
}

impl Row {
    /// What was found against what the claim asks for: as good as the worst of its parts.
    fn judged(claim: &Claim, found: &[Found], in_papers_setup: bool) -> Self {
        debug_assert_eq!(found.len(), claim.criteria.len(), "claim {}", claim.number);
        let fits: Vec<Option<Fit>> = claim
            .criteria
            .iter()
            .zip(found)
            .map(|(criterion, found)| criterion.fit(found.value?, in_papers_setup))
            .collect();
        let worst = fits.iter().flatten().min().copied();
        let outcome = match worst {
            Some(Fit::Holds) => Outcome::Holds,
            Some(Fit::Differs) => Outcome::Differs,
            Some(Fit::Fails) => Outcome::Fails,
            None => Outcome::NotApplicable,
        };
        let deviating = fits.iter().zip(claim.criteria.iter().zip(found));
        let deviating =
            deviating.filter(|(fit, _)| **fit == worst && worst != Some(Fit::Holds) && fit.is_some());
        let deviation = deviating.map(|(fit, (criterion, found))| {
            let (label, range) = match fit {
                Some(Fit::Fails) => ("asked", criterion.asked()),
                _ => ("published", criterion.published_words()),
            };
            format!("{} ({label}: {})", found.words, range.unwrap_or_default())
        });
        let measured: Vec<&str> =
            found.iter().map(|found| found.words.as_str()).filter(|words| !words.is_empty()).collect();
        Self {
            number: claim.number,
            outcome,
            measured: measured.join("; "),
            deviation: deviation.collect::<Vec<_>>().join("; "),
            values: found.iter().map(|found| found.value).collect(),
            reason: worst.is_none().then_some(NotApplicableReason::Told),
        }
    }

    /// A row about which nothing can be said.
    fn open(number: usize, reason: NotApplicableReason) -> Self {
        let (measured, deviation) = Default::default();
        let outcome = Outcome::NotApplicable;
        Self { number, outcome, measured, deviation, values: Vec::new(), reason: Some(reason) }
    }

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
}
