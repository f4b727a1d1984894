//! Claims about the circuit in the last weights.

use super::learning::{DOES_THE_TASK, does_the_task};
use super::{Claim, Criterion, Domain, Evidence, Found, NotApplicableReason, Range, Requirement, Unit};
use crate::analysis::modular::key_freqs::KEY_FRACTION;
use crate::analysis::modular::report::Report;
use crate::format::{number, percent};
use crate::maths::fourier::{freq_of, norms_by_freq};
use crate::maths::stats;

/// Half of what separates the paper's algorithm from the nearest other one: a network that averages the two points on
/// the circle instead of turning by their sum (Zhong and others 2023) has logits |cos w_k(a - b) / 2| cos w_k(a + b - c),
/// of which cosines of a + b - c explain 2 (2/π)² = 81 %.
const HALF_WAY: Range = Range::AtLeast(0.9);

pub(super) const CLAIMS: [Claim; 11] = [
    Claim {
        number: 6,
        text: "The embedding is sparse in the Fourier basis.",
        paper: "6 peaks, 5 of them used",
        criteria: &[LARGEST, PEAKS],
        why: "random weights have 1.2 times the median, and every frequency above a quarter of the largest; clean published \
              models 32 to 78 times, and 4 or 5 of 56 frequencies. Sparse is to leave out most: at most a third stands out",
        source: "section 4.1, figure 3",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("table 5: models trained with dropout are not sparse in the Fourier basis"),
        anchor: Some("spectrum"),
        recipe: None,
        check: sparse_embedding,
    },
    Claim {
        number: 7,
        text: "The model uses a handful of frequencies.",
        paper: "5: 14, 35, 41, 42, 52",
        criteria: &[N_USED],
        why: "used is a frequency above a quarter of the largest in W_L that at least one neuron computes. One alone does \
              not separate the answers (appendix B); the paper's further seeds have 3 to 5, published models 3 or 4",
        source: "sections 4.1 and C.2.1",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("appendix C.2.1: other seeds have 3 to 5 frequencies, and others than these"),
        anchor: Some("spectrum"),
        recipe: None,
        check: used_freqs,
    },
    Claim {
        number: 8,
        text: "The neuron-logit map has low rank: two directions a used frequency.",
        paper: "rank 10, residual 0.55 %",
        criteria: &[RESIDUAL, GAP],
        why: "what the used frequencies leave of ‖W_L‖²: 0.29 to 0.77 % in published models, all but the constant in random \
              ones. The paper's 0.55 % is the squared ratio. Two directions a frequency: the next singular value is smaller",
        source: "section 4.2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("spectrum"),
        recipe: None,
        check: low_rank,
    },
    Claim {
        number: 9,
        text: "The logits' 2-D spectrum is a few 2 × 2 blocks.",
        paper: "20 components in 5 blocks",
        criteria: &[BLOCK_SHARE],
        why: "published models have more than 97 %; a network that averages the points on the circle has 81 %, and 90 % lies \
              half way from there",
        source: "section 4.1, figure 4",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("logits"),
        recipe: None,
        check: blocks,
    },
    Claim {
        number: 10,
        text: "Most of what the neurons tell the logits comes from polynomials of one frequency.",
        paper: "433 of 512 neurons explained to 85 %",
        criteria: &[CLUSTERED_SHARE, N_CLUSTERED],
        why: "each neuron counts by the variance that it adds to the logits, so that idle ones do not; most is four fifths. \
              Published: above 98.9 %, and 433 to 495 neurons; 95.8 % in a model that has just grokked, 91.8 % amid a \
              slingshot, 0 in random weights",
        source: "section 4.3, figure 5",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("figure-05"),
        recipe: None,
        check: clusters,
    },
    Claim {
        number: 11,
        text: "The directions of W_L read cos and sin w_k(a + b) from the neurons.",
        paper: "93.2 to 98.2 % of variance explained",
        criteria: &[MEAN_DIRECTION, LEAST_DIRECTION],
        why: "the mean over directions weighted by α², since a weak frequency hardly speaks: 96.0 to 97.5 % in published \
              models; 81 % in a network that averages the points on the circle, and 90 % lies half way from there",
        source: "table 1",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("table-1"),
        recipe: None,
        check: directions,
    },
    Claim {
        number: 12,
        text: "The logits are a sum of cosines of w_k(a + b - c).",
        paper: "95 % of their squared norm explained",
        criteria: &[COSINE_FVE],
        why: "of the logits' squared norm, not centred: 95.2 to 96.8 % in published models; 81 % in a network that averages \
              the points on the circle, and 90 % lies half way from there. More is better",
        source: "section 4.2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some("table 5: 71 to 89 % in models trained with dropout"),
        anchor: Some("figure-14"),
        recipe: None,
        check: cosines,
    },
    Claim {
        number: 13,
        text: "Those cosines alone do better than the model.",
        paper: "loss 4.7e-8 against 2.41e-7",
        criteria: &[DOES_THE_TASK, COSINE_FVE, COSINE_LOSS, COSINE_CONTROL],
        why: "better than a model that does the task, as the cosines that it is made of, and not as cosines of random \
              frequencies are",
        source: "section 4.2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("figure-14"),
        recipe: None,
        check: cosine_loss,
    },
    Claim {
        number: 14,
        text: "The waves in a + b of the key frequencies suffice: the restricted loss is small.",
        paper: "5.55e-8 against 2.41e-7",
        criteria: &[DOES_THE_TASK, RESTRICTED_RATIO, RESTRICTED_CONTROL],
        why: "to suffice is to lose nothing that matters: at most twice the loss of a model that does the task, where \
              published models have a third and less; random frequencies must not suffice",
        source: "section 5.1, figure 7",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-circuits"),
        recipe: None,
        check: restricted,
    },
    Claim {
        number: 15,
        text: "They are needed: without them the train set is lost too.",
        paper: "excluded loss about 6.0, 1.3 times ln p",
        criteria: &[DOES_THE_TASK, EXCLUDED],
        why: "lost: at least half of what a guess loses, where the paper and published models have 1.3 to 1.9 times",
        source: "section 5.1, figure 7",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-circuits"),
        recipe: None,
        check: excluded,
    },
    Claim {
        number: 16,
        text: "Each key frequency is needed.",
        paper: "2.8e-4 to 7.2e-2 with one removed",
        criteria: &[DOES_THE_TASK, EACH_EXCLUDED, LEAST_EXCLUDED],
        why: "the geometric mean over frequencies weighted by α², since a weak one matters less: the paper's least is 2,800 \
              times its train loss, that of published models 160,000; two orders of magnitude are asked for",
        source: "section 4.4, figure 15",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("figure-15"),
        recipe: None,
        check: excluded_one_by_one,
    },
];

const LARGEST: Criterion = Criterion::new("the largest norm {} the median", Unit::Times, Range::AtLeast(5.0))
    .published(Range::AtLeast(15.0));
const PEAKS: Criterion = Criterion::new(
    "{} of the frequencies above a quarter of the largest",
    Unit::Percent,
    Range::AtMost(0.33),
);

fn sparse_embedding(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let norms = norms_by_freq(&evidence.report()?.spectra.w_e);
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let peaks = norms.iter().filter(|&&norm| norm > KEY_FRACTION * largest).count();
    let ratio = largest / stats::median(&norms);
    Ok(vec![
        Found::new(ratio, format!("the largest {} times the median", number(ratio))),
        Found::new(peaks as f64 / norms.len() as f64, format!("{peaks} peaks of {}", norms.len())),
    ])
}

const N_USED: Criterion = Criterion::new("{} frequencies", Unit::Plain, Range::Between(2.0, 8.0))
    .published(Range::Between(3.0, 6.0));

fn used_freqs(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let used = report.used_freqs();
    let list: Vec<String> = used.iter().map(usize::to_string).collect();
    let unused = match report.key_freqs.len() - used.len() {
        0 => String::new(),
        n => format!(", and {n} above a quarter in W_L without neurons"),
    };
    Ok(vec![Found::new(used.len() as f64, format!("{}: {}{unused}", used.len(), list.join(", ")))])
}

const RESIDUAL: Criterion =
    Criterion::new("squared residual {}", Unit::Percent, Range::Below(0.05)).published(Range::Below(0.012));
const GAP: Criterion = Criterion::new(
    "the singular value 2n, for n used frequencies, {} the next",
    Unit::Times,
    Range::Above(2.0),
)
.published(Range::Above(5.0));

fn low_rank(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let used = report.used_freqs();
    let squared = |i: usize| report.spectra.w_l[i] * report.spectra.w_l[i];
    let rows = 0..report.spectra.w_l.len();
    let total: f64 = rows.clone().map(squared).sum();
    let left: f64 = rows.filter(|&i| i == 0 || !used.contains(&freq_of(i))).map(squared).sum();
    let residual = if total > 0.0 { left / total } else { f64::NAN };
    let (values, rank) = (&report.w_l_singular_values, 2 * used.len());
    if used.is_empty() {
        return Ok(vec![Found::never("no frequency is used"), Found::unknown("")]);
    }
    let gap = match (rank.checked_sub(1).and_then(|last| values.get(last)), values.get(rank)) {
        (Some(last), Some(next)) => last / next,
        _ => f64::NAN,
    };
    Ok(vec![
        Found::new(
            residual,
            format!("squared residual {}, its root {}", percent(residual), percent(residual.sqrt())),
        ),
        Found::new(gap, format!("singular value {rank} is {} times the next", number(gap))),
    ])
}

const BLOCK_SHARE: Criterion = Criterion::new(
    "the 4n components of the n key frequencies hold {} of the variance",
    Unit::Percent,
    HALF_WAY,
)
.published(Range::Above(0.97));

fn blocks(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let share = report.logit_spectrum.key_block_share;
    let count = 4 * report.key_freqs.len();
    Ok(vec![Found::new(share, format!("{count} components hold {}", percent(share)))])
}

const CLUSTERED_SHARE: Criterion =
    Criterion::new("{} of the variance that neurons add to the logits", Unit::Percent, Range::AtLeast(0.8))
        .published(Range::Above(0.98));
const N_CLUSTERED: Criterion =
    Criterion::told("{} neurons", Unit::Plain).published(Range::Between(400.0, 500.0));

fn clusters(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let neurons = &evidence.report()?.neurons;
    let share = evidence.report()?.clustered_variance.ok_or(NotApplicableReason::OldReport)?;
    let sizes: Vec<String> = neurons.per_freq.iter().map(|(k, n)| format!("k = {k}: {n}")).collect();
    let words = format!("{} neurons ({})", neurons.clustered, sizes.join(", "));
    Ok(vec![
        Found::new(share, format!("{} of the variance", percent(share))),
        Found::new(neurons.clustered as f64, words),
    ])
}

const MEAN_DIRECTION: Criterion = Criterion::new("a mean of {}", Unit::Percent, HALF_WAY);
const LEAST_DIRECTION: Criterion = Criterion::told("the least {}", Unit::Percent);

fn directions(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let used = report.used_freqs();
    let of_used = || report.directions.iter().filter(|direction| used.contains(&direction.freq));
    let weighted: Vec<(f64, f64)> =
        of_used().map(|direction| (weight(report, direction.freq), direction.fve)).collect();
    let (mean, least) =
        (weighted_mean(&weighted), of_used().map(|direction| direction.fve).fold(f64::NAN, f64::min));
    if used.is_empty() {
        return Ok(vec![Found::never("no frequency is used"), Found::unknown("")]);
    }
    Ok(vec![
        Found::new(mean, format!("mean {}", percent(mean))),
        Found::new(least, format!("least {}", percent(least))),
    ])
}

/// α² of a frequency: its share of the logits' squared norm, up to a factor that all have.
fn weight(report: &Report, freq: usize) -> f64 {
    report.alpha.get(&freq).map_or(0.0, |alpha| alpha * alpha)
}

/// The mean of values with weights; NaN if nothing weighs anything.
fn weighted_mean(weighted: &[(f64, f64)]) -> f64 {
    let total: f64 = weighted.iter().map(|(weight, _)| weight).sum();
    weighted.iter().map(|(weight, value)| weight * value).sum::<f64>() / total
}

const COSINE_FVE: Criterion =
    Criterion::new("cosines explain {} of the logits' squared norm", Unit::Percent, HALF_WAY)
        .published(Range::AtLeast(0.94));

fn cosines(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    Ok(vec![explained(evidence.report()?)])
}

fn explained(report: &Report) -> Found {
    Found::new(report.logit_fve, format!("{} explained", percent(report.logit_fve)))
}

const COSINE_LOSS: Criterion = Criterion::new("their loss {} the model's", Unit::Times, Range::Below(1.0));
/// What suffices must be better than chance by this much.
const OF_CHANCE: Range = Range::Below(0.01);
const COSINE_CONTROL: Criterion =
    Criterion::new("{} that of cosines of random frequencies", Unit::Times, OF_CHANCE);

fn cosine_loss(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let (report, controls) = evidence.report_and_controls()?;
    let (fit, own, random) = (report.cosine_fit_loss, report.loss.all, controls.random_freqs_cosine_loss);
    Ok(vec![
        does_the_task(evidence, own),
        explained(report),
        Found::new(fit / own, format!("their loss is {}", number(fit))),
        Found::new(fit / random, format!("that of random frequencies at least {}", number(random))),
    ])
}

const RESTRICTED_RATIO: Criterion =
    Criterion::new("restricted loss {} the model's", Unit::Times, Range::Below(2.0))
        .published(Range::Below(1.0));
const RESTRICTED_CONTROL: Criterion = Criterion::new("{} that of random frequencies", Unit::Times, OF_CHANCE);

fn restricted(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let (report, controls) = evidence.report_and_controls()?;
    let (restricted, own) = (report.restricted_loss.all, report.loss.all);
    let random = controls.random_freqs_restricted_loss;
    Ok(vec![
        does_the_task(evidence, own),
        Found::new(restricted / own, format!("restricted loss {}", number(restricted))),
        Found::new(restricted / random, format!("of random frequencies at least {}", number(random))),
    ])
}

const EXCLUDED: Criterion =
    Criterion::new("excluded loss {} ln p", Unit::Times, Range::AtLeast(0.5)).published(Range::AtLeast(1.0));

fn excluded(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let (excluded, times) = (report.excluded_loss.train, report.excluded_loss.train / evidence.guess());
    Ok(vec![
        does_the_task(evidence, report.loss.all),
        Found::new(times, format!("excluded loss {}, {times:.2} times ln p", number(excluded))),
    ])
}

const EACH_EXCLUDED: Criterion = Criterion::new(
    "the train loss without one {} what it was, in the mean",
    Unit::Times,
    Range::AtLeast(100.0),
);
const LEAST_EXCLUDED: Criterion = Criterion::told("without the least important {}", Unit::Times);

fn excluded_one_by_one(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let report = evidence.report()?;
    let each = &report.excluded_loss.per_freq;
    let list: Vec<String> = each.iter().map(|(k, loss)| format!("k = {k}: {}", number(*loss))).collect();
    let times = |loss: f64| loss / report.loss.train;
    let logs: Vec<(f64, f64)> =
        each.iter().map(|(k, loss)| (weight(report, *k), libm::log(times(*loss)))).collect();
    let mean = libm::exp(weighted_mean(&logs));
    let least = each.values().copied().map(times).fold(f64::NAN, f64::min);
    Ok(vec![
        does_the_task(evidence, report.loss.all),
        Found::new(mean, format!("without one {} times the train loss in the mean", number(mean))),
        Found::new(least, list.join(", ")),
    ])
}
