//! The verdict: does a run show what the paper says it shows, claim by claim?
//!
//! A claim's accepted range is that of another seed, not of the paper's own run: it comes from four further
//! fully grown models of the same shape (Chughtai, Chan and Nanda 2023) and the authors' sweep over the
//! train fraction.

mod ablations;
mod circuit;
mod evidence;
mod learning;
mod other_runs;
mod progress;

pub use evidence::{Evidence, RunRecord};

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
    /// What another seed must show.
    pub accepted: &'static str,
    /// Why that range.
    pub why: &'static str,
    /// Where the paper says so.
    pub source: &'static str,
    /// Whether it must hold.
    pub standing: Standing,
    check: Check,
}

/// How a claim is looked at: a finding, or what is missing for one.
type Check = fn(&Evidence) -> Result<Finding, Missing>;

/// Whether a claim must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
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
    /// Why nothing can be said, and which command would change that; else empty.
    pub reason: String,
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// One row a claim, by number.
    pub rows: Vec<Row>,
}

/// What a check found.
#[derive(Debug)]
struct Finding {
    holds: bool,
    measured: String,
}

/// What a check lacks.
#[derive(Debug)]
struct Missing(String);

/// Every claim, by number.
pub fn claims() -> Vec<&'static Claim> {
    let groups: [&'static [Claim]; 5] =
        [&learning::CLAIMS, &circuit::CLAIMS, &ablations::CLAIMS, &progress::CLAIMS, &other_runs::CLAIMS];
    groups.into_iter().flatten().collect()
}

impl Verdict {
    /// Looks at every claim.
    pub fn new(evidence: &Evidence) -> Self {
        let row = |claim: &Claim| {
            let number = claim.number;
            match (claim.check)(evidence) {
                Ok(Finding { holds, measured }) => {
                    let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
                    Row { number, outcome, measured, reason: String::new() }
                }
                Err(Missing(reason)) => {
                    Row { number, outcome: Outcome::NotApplicable, measured: String::new(), reason }
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

impl Claim {
    /// Whether a failure means that the paper was not reproduced.
    pub fn must_hold(&self) -> bool {
        matches!(self.standing, Standing::EverySeed | Standing::WideRange)
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
}

impl Finding {
    /// Holds if every part does.
    fn all(parts: &[(bool, String)]) -> Self {
        let texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).collect();
        Self { holds: parts.iter().all(|(holds, _)| *holds), measured: texts.join("; ") }
    }

    /// One part.
    fn one(holds: bool, measured: String) -> Self {
        Self { holds, measured }
    }
}

/// A number as people read it: 4 significant digits, with an exponent where it is very small or large.
fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if (1e-3..1e5).contains(&size) {
        let digits = 3 - (libm::log10(size).floor() as i32).min(3);
        format!("{value:.*}", digits.max(0) as usize)
    } else {
        format!("{value:.2e}")
    }
}

/// A fraction in per cent.
fn per_cent(value: f64) -> String {
    format!("{:.2} %", 100.0 * value)
}

/// A step, or that it was never reached.
fn at(step: Option<usize>) -> String {
    step.map_or("never".into(), |step| format!("at step {step}"))
}
