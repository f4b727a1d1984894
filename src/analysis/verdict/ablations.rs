//! Claims about parts kept or removed, and about the attention.

use super::learning::{DOES_THE_TASK, does_the_task};
use super::{Claim, Criterion, Domain, Evidence, Found, NotApplicableReason, Range, Requirement, Unit};
use crate::analysis::modular::ablation::PaperAblation;
use crate::analysis::modular::attention::HeadReport;
use crate::format::{number, percent};
use crate::maths::stats;

/// A head with less of its variance explained has no frequency to speak of.
const PERIODIC_FVE: f64 = 0.5;

/// An ablated model still does the task: a hundredth of a guess's loss. How far below is not the claim: between 2e-7 and
/// 3e-6 no answer changes.
const STILL: Range = Range::Below(0.01);

/// A result must be better than its control by this much.
const OF_CONTROL: Range = Range::Below(0.01);

pub(super) const CLAIMS: [Claim; 7] = [
    Claim {
        number: 17,
        text: "Keeping only the constant and eight components a key frequency of the logits does not hurt.",
        paper: "-70 %",
        criteria: &[DOES_THE_TASK, KEPT],
        why: "published models show +3 to -90 %; not to hurt is to stay below twice the loss of a model that does the task",
        source: "section 4.4, figure 6",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("published models show +3 to -90 %"),
        anchor: Some("figure-06"),
        recipe: None,
        check: keep_key_components,
    },
    Claim {
        number: 18,
        text: "The clustered neurons may be replaced by polynomials of their frequency.",
        paper: "+3 %",
        criteria: &[DOES_THE_TASK, POLYNOMIALS, POLYNOMIALS_CONTROL, POLYNOMIALS_TIMES],
        why: "they may if every answer stays right, and polynomials of another cluster's frequency would not do; how much \
              the loss changes depends on the model: -65 to +225 % in published ones",
        source: "section 4.4",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("published models show -65 to +225 %"),
        anchor: Some("ablations"),
        recipe: None,
        check: polynomial_neurons,
    },
    Claim {
        number: 19,
        text: "What the MLP does passes through the directions of W_L.",
        paper: "-50 % when the neurons are projected on them; 5.27, worse than guessing, on the rest",
        criteria: &[DOES_THE_TASK, ON_DIRECTIONS, RIGHT_WITHOUT, RANDOM_SUBSPACE, OFF_DIRECTIONS],
        why: "projected on them the model still does the task; the rest has lost half of the answers and half of what a guess \
              loses, where published models have lost 92 to 95 % and 1.02 to 1.07 times; as many random directions \
              can be missed. The paper's rest is worse than guessing, 1.1 times ln p",
        source: "section 4.4",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("published models show +6 % to 3.5 times the loss on the directions"),
        anchor: Some("ablations"),
        recipe: None,
        check: project_w_l,
    },
    Claim {
        number: 20,
        text: "Each head's attention to a is a wave of one frequency in a and b.",
        paper: "97.9 to 99.1 % of variance explained",
        criteria: &[PERIODIC_HEADS],
        why: "published models show 56 to 97 % a head, 83 to 94 % in the mean. One wave of many frequencies has more of the \
              variance than a third only if the attention is made of it; random heads have a few per cent, even attention none",
        source: "appendix C.1.2, table 2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("heads of published models have 56 to 97 %"),
        anchor: Some("table-2"),
        recipe: None,
        check: periodic_attention,
    },
    Claim {
        number: 21,
        text: "Two heads share a frequency with opposite signs.",
        paper: "heads 1 and 3, k = 42",
        criteria: &[OPPOSITE_HEADS],
        why: "four heads that choose among three or four frequencies often share one; so it is told and not judged",
        source: "appendix C.1.2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("it is common, not guaranteed"),
        anchor: Some("table-2"),
        recipe: None,
        check: opposite_heads,
    },
    Claim {
        number: 22,
        text: "The attention matters, and its skip connection too.",
        paper: "24.3 without the heads, 19.1 without the skip",
        criteria: &[DOES_THE_TASK, NO_HEADS, NO_SKIP],
        why: "without heads \"=\" sees neither number: half of what a guess loses at least, 19.9 and more in published models. The skip's 19.1 \
              is the paper's alone: 0.05 to 0.6 in published models, so that any value is told and not judged",
        source: "appendix A.1",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("without the skip 0.05 to 0.6 in published models"),
        anchor: Some("ablations"),
        recipe: None,
        check: attention_matters,
    },
    Claim {
        number: 23,
        text: "The skip connection around the MLP hardly matters: logits ≈ W_L N.",
        paper: "3.8 times the loss with 0 in its place, 3.0 with its mean",
        criteria: &[DOES_THE_TASK, NO_MLP_SKIP, NO_MLP_SKIP_TIMES],
        why: "it hardly matters if the model does the task without it; published models show 3 to 10 times the loss",
        source: "appendix A.1",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("ablations"),
        recipe: None,
        check: mlp_skip,
    },
];

/// A loss and what multiple of the model's it is.
fn times(loss: f64, own: f64) -> String {
    format!("{} ({} times the loss)", number(loss), number(loss / own))
}

const KEPT: Criterion =
    Criterion::new("{} the loss", Unit::Times, Range::Below(2.0)).published(Range::Below(1.2));

fn keep_key_components(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let (kept, own) = (report.ablations.losses[PaperAblation::KeepKeyComponents], report.loss.all);
    Ok(vec![does_the_task(evidence, own), Found::new(kept / own, times(kept, own))])
}

const POLYNOMIALS: Criterion = Criterion::new("a loss {} ln p", Unit::Times, STILL);
const POLYNOMIALS_CONTROL: Criterion =
    Criterion::new("{} the loss with the clusters' frequencies shuffled", Unit::Times, OF_CONTROL);
const POLYNOMIALS_TIMES: Criterion = Criterion::told("{} the loss", Unit::Times).published(Range::Below(4.0));

fn polynomial_neurons(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let (report, controls) = evidence.report_and_controls()?;
    let (replaced, own) = (report.ablations.losses[PaperAblation::PolynomialNeurons], report.loss.all);
    let shuffled = controls.shuffled_polynomials_loss;
    Ok(vec![
        does_the_task(evidence, own),
        Found::new(replaced / evidence.guess(), format!("{} with polynomials", number(replaced))),
        Found::new(replaced / shuffled, format!("{} with shuffled frequencies", number(shuffled))),
        Found::new(replaced / own, format!("{} times the loss", number(replaced / own))),
    ])
}

const ON_DIRECTIONS: Criterion = Criterion::new("{} ln p on them", Unit::Times, STILL);
const RIGHT_WITHOUT: Criterion =
    Criterion::new("the rest right on {} of the pairs", Unit::Percent, Range::AtMost(0.5))
        .published(Range::AtMost(0.1));
const RANDOM_SUBSPACE: Criterion =
    Criterion::new("{} ln p without as many random directions", Unit::Times, STILL);
const OFF_DIRECTIONS: Criterion =
    Criterion::new("a loss {} ln p on the rest", Unit::Times, Range::AtLeast(0.5))
        .published(Range::AtLeast(1.0));

fn project_w_l(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let (report, controls) = evidence.report_and_controls()?;
    let losses = &report.ablations.losses;
    let (on, rest) = (losses[PaperAblation::ProjectWl], losses[PaperAblation::ComplementWl]);
    let (guess, random) = (evidence.guess(), controls.random_subspace_loss);
    let right = controls.complement_accuracy;
    Ok(vec![
        does_the_task(evidence, report.loss.all),
        Found::new(on / guess, format!("{} on them", number(on))),
        Found::new(right, format!("the rest is right on {}", percent(right))),
        Found::new(random / guess, format!("{} without random directions", number(random))),
        Found::new(rest / guess, format!("{} on the rest", number(rest))),
    ])
}

const PERIODIC_HEADS: Criterion =
    Criterion::new("a mean over heads of {} of variance explained", Unit::Percent, Range::Above(0.33))
        .published(Range::Above(0.8));

fn periodic_attention(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_one_block()?;
    let heads = &evidence.report()?.attention;
    let list: Vec<String> =
        heads.iter().map(|h| format!("head {}: k = {}, {}", h.head, h.freq, percent(h.fve))).collect();
    let fves: Vec<f64> = heads.iter().map(|head| head.fve).collect();
    let mean = stats::mean(&fves);
    Ok(vec![Found::new(mean, format!("mean {} ({})", percent(mean), list.join("; ")))])
}

const OPPOSITE_HEADS: Criterion = Criterion::told("the least cosine of (α, β) of two heads {}", Unit::Plain);

fn opposite_heads(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_one_block()?;
    let heads = &evidence.report()?.attention;
    let cosine = |x: &HeadReport, y: &HeadReport| {
        let norm = |head: &HeadReport| libm::hypot(head.alpha, head.beta);
        (x.alpha * y.alpha + x.beta * y.beta) / (norm(x) * norm(y))
    };
    let share =
        |x: &HeadReport, y: &HeadReport| x.fve > PERIODIC_FVE && y.fve > PERIODIC_FVE && x.freq == y.freq;
    let mut least: Option<(f64, String)> = None;
    for (i, x) in heads.iter().enumerate() {
        for y in heads[i + 1..].iter().filter(|y| share(x, y)) {
            let value = cosine(x, y);
            if least.as_ref().is_none_or(|(known, _)| value < *known) {
                let words = format!("heads {} and {}, k = {}: cosine {value:.2}", x.head, y.head, x.freq);
                least = Some((value, words));
            }
        }
    }
    Ok(vec![match least {
        Some((value, words)) => Found::new(value, words),
        None => Found::never("no two heads share a frequency"),
    }])
}

const NO_HEADS: Criterion = Criterion::new("{} ln p without the heads", Unit::Times, Range::AtLeast(0.5))
    .published(Range::Above(3.2));
const NO_SKIP: Criterion = Criterion::told("{} without the skip", Unit::Plain).published(Range::Above(10.0));

fn attention_matters(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let (losses, own) = (&report.ablations.losses, report.loss.all);
    let (heads, skip) = (losses[PaperAblation::ZeroAttention], losses[PaperAblation::ZeroAttentionSkip]);
    Ok(vec![
        does_the_task(evidence, own),
        Found::new(heads / evidence.guess(), format!("{} without the heads", number(heads))),
        Found::new(skip, format!("{} without the skip", times(skip, own))),
    ])
}

const NO_MLP_SKIP: Criterion = Criterion::new("{} ln p with 0 in its place", Unit::Times, STILL);
const NO_MLP_SKIP_TIMES: Criterion =
    Criterion::told("{} the loss", Unit::Times).published(Range::Below(12.0));

fn mlp_skip(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let (losses, own) = (&report.ablations.losses, report.loss.all);
    let (zero, mean) = (losses[PaperAblation::ZeroMlpSkip], losses[PaperAblation::MeanMlpSkip]);
    Ok(vec![
        does_the_task(evidence, own),
        Found::new(zero / evidence.guess(), format!("{} with 0", number(zero))),
        Found::new(
            zero / own,
            format!("{} times the loss, {} with its mean", number(zero / own), number(mean / own)),
        ),
    ])
}
