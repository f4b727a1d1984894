//! Claims about parts kept or removed, and about the attention.

use super::{Claim, Criterion, Evidence, Finding, NotApplicableReason, Range, Requirement, Unit};
use crate::analysis::ablation::PaperAblation;
use crate::analysis::attention::HeadReport;
use crate::format::{number, percent};

/// A head with less of its variance explained has no frequency to speak of.
const PERIODIC_FVE: f64 = 0.5;

pub(super) const CLAIMS: [Claim; 7] = [
    Claim {
        number: 17,
        text: "Keeping only the constant and eight components a key frequency of the logits does not hurt.",
        paper: "-70 %",
        criteria: &[KEPT],
        why: "the sign is not universal: published models show +3 to -90 %",
        source: "section 4.4, figure 6",
        requirement: Requirement::WideRange,
        not_robust: None,
        anchor: Some("figure-06"),
        recipe: None,
        check: keep_key_components,
    },
    Claim {
        number: 18,
        text: "The clustered neurons may be replaced by polynomials of their frequency.",
        paper: "+3 %",
        criteria: &[POLYNOMIALS],
        why: "published models show -65 to +225 %, five seeds of this lab up to +372 %",
        source: "section 4.4",
        requirement: Requirement::WideRange,
        not_robust: None,
        anchor: Some("ablations"),
        recipe: None,
        check: polynomial_neurons,
    },
    Claim {
        number: 19,
        text: "What the MLP does passes through the directions of W_L.",
        paper: "-50 % when the neurons are projected on them; 5.27 on the rest",
        criteria: &[ON_DIRECTIONS, OFF_DIRECTIONS],
        why: "published models show +6 % to 6 times the loss on them and 4.8 to 5.1 on the rest, five seeds of this \
              lab 3.9 to 4.4 on the rest",
        source: "section 4.4",
        requirement: Requirement::WideRange,
        not_robust: None,
        anchor: Some("ablations"),
        recipe: None,
        check: project_w_l,
    },
    Claim {
        number: 20,
        text: "Each head's attention to a is a wave of one frequency in a and b.",
        paper: "97.9 to 99.1 % of variance explained",
        criteria: &[PERIODIC_HEADS],
        why: "published models show 56 to 97 %",
        source: "appendix C.1.2, table 2",
        requirement: Requirement::WideRange,
        not_robust: None,
        anchor: Some("table-2"),
        recipe: None,
        check: periodic_attention,
    },
    Claim {
        number: 21,
        text: "Two heads share a frequency with opposite signs.",
        paper: "heads 1 and 3, k = 42",
        criteria: &[OPPOSITE_HEADS],
        why: "common, not guaranteed",
        source: "appendix C.1.2",
        requirement: Requirement::SomeSeeds,
        not_robust: None,
        anchor: Some("table-2"),
        recipe: None,
        check: opposite_heads,
    },
    Claim {
        number: 22,
        text: "The attention matters, and its skip connection too.",
        paper: "24.3 without the heads, 19.1 without the skip",
        criteria: &[NO_HEADS, NO_SKIP],
        why: "published models: 19.8 to 30.3, but only 0.05 to 0.6 without the skip; seeds of this lab down to 2.4e-4",
        source: "appendix A.1",
        requirement: Requirement::WideRange,
        not_robust: None,
        anchor: Some("ablations"),
        recipe: None,
        check: attention_matters,
    },
    Claim {
        number: 23,
        text: "The skip connection around the MLP hardly matters: logits ≈ W_L N.",
        paper: "3.8 times the loss with 0 in its place, 3.0 with its mean",
        criteria: &[NO_MLP_SKIP],
        why: "published models: 3 to 10 times; seeds of this lab up to 13",
        source: "appendix A.1",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("ablations"),
        recipe: None,
        check: mlp_skip,
    },
];

/// A loss as a multiple of the model's.
fn times(loss: f64, own: f64) -> String {
    format!("{} ({} times the loss)", number(loss), number(loss / own))
}

const KEPT: Criterion = Criterion::new("{} the loss", Unit::Times, Range::Below(1.2));

fn keep_key_components(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let report = evidence.report()?;
    let (kept, own) = (report.ablations.losses[PaperAblation::KeepKeyComponents], report.loss.all);
    Ok(Finding::one(KEPT.judge(kept / own, times(kept, own))))
}

const POLYNOMIALS: Criterion =
    Criterion::new("{} the loss", Unit::Times, Range::Below(4.0)).wider(Range::Below(8.0));

fn polynomial_neurons(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let report = evidence.report()?;
    let (replaced, own) = (report.ablations.losses[PaperAblation::PolynomialNeurons], report.loss.all);
    Ok(Finding::one(POLYNOMIALS.judge(replaced / own, times(replaced, own))))
}

const ON_DIRECTIONS: Criterion = Criterion::new("{} on them", Unit::Plain, Range::Below(1e-5));
const OFF_DIRECTIONS: Criterion =
    Criterion::new("{} on the rest", Unit::Plain, Range::Between(4.7, 6.5)).wider(Range::Between(3.5, 6.5));

fn project_w_l(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let losses = &evidence.report()?.ablations.losses;
    let (on, rest) = (losses[PaperAblation::ProjectWl], losses[PaperAblation::ComplementWl]);
    Ok(Finding::all(&[
        ON_DIRECTIONS.judge(on, format!("{} on them", number(on))),
        OFF_DIRECTIONS.judge(rest, format!("{} on the rest", number(rest))),
    ]))
}

const PERIODIC_HEADS: Criterion =
    Criterion::new("the third best head {} of variance explained", Unit::Percent, Range::Above(0.85));

fn periodic_attention(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let heads = &evidence.report()?.attention;
    let list: Vec<String> =
        heads.iter().map(|h| format!("head {}: k = {}, {}", h.head, h.freq, percent(h.fve))).collect();
    let mut fves: Vec<f64> = heads.iter().map(|head| head.fve).collect();
    fves.sort_by(|x, y| y.total_cmp(x));
    let third = fves.get(2).copied().unwrap_or(f64::NAN);
    Ok(Finding::one(PERIODIC_HEADS.judge(third, list.join("; "))))
}

const OPPOSITE_HEADS: Criterion = Criterion::new("{} such pair of heads", Unit::Plain, Range::AtLeast(1.0));

fn opposite_heads(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let heads = &evidence.report()?.attention;
    let opposite = |x: &HeadReport, y: &HeadReport| {
        let periodic = x.fve > PERIODIC_FVE && y.fve > PERIODIC_FVE;
        periodic && x.freq == y.freq && x.alpha * y.alpha + x.beta * y.beta < 0.0
    };
    let mut pairs = Vec::new();
    for (i, x) in heads.iter().enumerate() {
        for y in heads[i + 1..].iter().filter(|y| opposite(x, y)) {
            pairs.push(format!("heads {} and {}, k = {}", x.head, y.head, x.freq));
        }
    }
    let measured = if pairs.is_empty() { "no such pair".into() } else { pairs.join("; ") };
    Ok(Finding::one(OPPOSITE_HEADS.judge(pairs.len() as f64, measured)))
}

const NO_HEADS: Criterion = Criterion::new("{} without the heads", Unit::Plain, Range::Above(15.0));
const NO_SKIP: Criterion = Criterion::new("{} without the skip", Unit::Plain, Range::Above(0.01)).wider_by(
    "{} the loss without the skip",
    Unit::Times,
    Range::Above(100.0),
);

fn attention_matters(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let report = evidence.report()?;
    let (losses, own) = (&report.ablations.losses, report.loss.all);
    let (heads, skip) = (losses[PaperAblation::ZeroAttention], losses[PaperAblation::ZeroAttentionSkip]);
    Ok(Finding::all(&[
        NO_HEADS.judge(heads, format!("{} without the heads", number(heads))),
        NO_SKIP.judge_both(skip, skip / own, format!("{} without the skip", times(skip, own))),
    ]))
}

const NO_MLP_SKIP: Criterion =
    Criterion::new("{} the loss with 0 in its place", Unit::Times, Range::Below(12.0))
        .wider(Range::Below(20.0));

fn mlp_skip(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let report = evidence.report()?;
    let (losses, own) = (&report.ablations.losses, report.loss.all);
    let (zero, mean) = (losses[PaperAblation::ZeroMlpSkip], losses[PaperAblation::MeanMlpSkip]);
    let measured = format!("{} with 0, {} with its mean", times(zero, own), times(mean, own));
    Ok(Finding::one(NO_MLP_SKIP.judge(zero / own, measured)))
}
