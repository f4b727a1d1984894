//! Claims about the progress measures over a run.

use super::{
    Claim, Criterion, Evidence, Finding, NotApplicableReason, Range, Requirement, Unit, at, step_value,
};
use crate::analysis::progress::ProgressMeasures;
use crate::format::{count, number};

/// A rise is steady while no value falls below this fraction of the highest before it: room for the ripples
/// of a training run, not for a second descent.
const STEADY: f64 = 0.8;

pub(super) const CLAIMS: [Claim; 5] = [
    Claim {
        number: 24,
        text: "The restricted loss falls long before the test loss.",
        paper: "below 1 at step 6,000, the test loss at 9,900",
        criteria: &[LEAD],
        why: "the circuit forms while the test loss still rises and falls slowly",
        source: "section 5.2, figure 7",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-circuits"),
        recipe: None,
        check: restricted_leads,
    },
    Claim {
        number: 25,
        text: "The excluded loss dips, then rises while train and test loss stand still.",
        paper: "0.31 at step 1,330, then up to 13.4",
        criteria: &[DIP, DIP_STEP, RISE],
        why: "the model comes to depend on the key frequencies before it generalises",
        source: "section 5.2, figure 7",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-circuits"),
        recipe: None,
        check: excluded_rises,
    },
    Claim {
        number: 26,
        text: "The squared weights fall slowly while circuits form, then sharply in cleanup.",
        paper: "3,385 at step 1,400, 2,001 at 9,400, 995 at 14,000",
        criteria: &[STEEPEST],
        why: "cleanup and grokking are one event. Relative, because decay alone takes equal parts of what is there",
        source: "section 5.2, figure 7",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-weights"),
        recipe: None,
        check: cleanup_is_sharp,
    },
    Claim {
        number: 27,
        text: "The Gini coefficients of W_E and W_L rise in cleanup.",
        paper: "a curve; final values unknown",
        criteria: &[FIRST_W_E, FIRST_W_L, LAST_W_E, LAST_W_L],
        why: "random weights give 0.037 and 0.040; four further models and five seeds of this lab end at 0.655 to \
              0.786 and 0.798 to 0.861",
        source: "section 5.1, figure 7",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-gini"),
        recipe: None,
        check: gini,
    },
    Claim {
        number: 28,
        text: "The phases come in order: memorisation, circuit formation, cleanup.",
        paper: "ends at 1,400, 9,400 and 14,000",
        criteria: &[FIRST_END],
        why: "memorisation takes about the same time in all of the paper's seeds and in five of this lab (900 to 1,500), \
              the others do not",
        source: "section 5.2",
        requirement: Requirement::EverySeed,
        not_robust: Some(
            "appendix C.2.1: in other seeds memorisation ends near the same step, the later phases do not",
        ),
        anchor: Some("phases"),
        recipe: None,
        check: phase_order,
    },
];

type History<'a> = &'a [(usize, ProgressMeasures)];

const LEAD: Criterion = Criterion::new("below 1 {} earlier", Unit::Steps, Range::AtLeast(1_000.0)).or(
    "{} of the test loss's steps earlier",
    Unit::Percent,
    Range::AtLeast(0.15),
);

fn restricted_leads(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let restricted = first(evidence.progress()?, |m| m.restricted_loss.all < 1.0);
    let test = test_fall(evidence)?;
    let (steps, part) = match (restricted, test) {
        (Some(restricted), Some(test)) => {
            let lead = test.saturating_sub(restricted) as f64;
            (lead, lead / test.max(1) as f64)
        }
        // It is the test loss that is to come later, if it comes at all.
        _ => (f64::NAN, f64::NAN),
    };
    let measured = format!("restricted {}, test {}", at(restricted), at(test));
    Ok(Finding::one(LEAD.judge_both(steps, part, measured)))
}

const DIP: Criterion = Criterion::new("a minimum {}", Unit::Plain, Range::Below(1.0));
const DIP_STEP: Criterion = Criterion::new("reached {}", Unit::Step, Range::Below(2_000.0));
const RISE: Criterion = Criterion::new(
    "then a rise above 5 before the test loss is below 1, every value on the way {} of the highest before it",
    Unit::Percent,
    Range::AtLeast(1.0),
)
.wider(Range::AtLeast(STEADY));

fn excluded_rises(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let history = evidence.progress()?;
    let excluded = |(step, m): &(usize, ProgressMeasures)| (*step, m.excluded_loss.train);
    let early = history.iter().map(excluded).filter(|(step, _)| DIP_STEP.expects(*step as f64));
    let (dip_step, dip) =
        early.fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best });
    let after: Vec<(usize, f64)> =
        history.iter().map(excluded).filter(|(step, _)| *step >= dip_step).collect();
    let high = after.iter().position(|(_, loss)| *loss > 5.0);
    let steadiness = high.map(|high| steadiness(after[..=high].iter().map(|(_, loss)| *loss)));
    let (high, test) = (high.map(|i| after[i].0), test_fall(evidence)?);
    let before_test = high.is_some_and(|high| test.is_some_and(|test| high < test));
    let steadiness = steadiness.filter(|_| before_test).unwrap_or(f64::NAN);
    Ok(Finding::all(&[
        DIP.judge(dip, format!("minimum {}", number(dip))),
        DIP_STEP.judge(dip_step as f64, at(Some(dip_step))),
        RISE.judge(steadiness, format!("above 5 {}, test loss below 1 {}", at(high), at(test))),
    ]))
}

/// The least of each value over the highest up to it: 1 of values that never fall.
fn steadiness(values: impl Iterator<Item = f64>) -> f64 {
    let (mut top, mut least) = (0.0_f64, 1.0_f64);
    for value in values {
        if value.is_nan() {
            return f64::NAN;
        }
        top = top.max(value);
        if value < top {
            least = least.min(value / top);
        }
    }
    least
}

const STEEPEST: Criterion = Criterion::new(
    "their steepest relative fall since memorisation lies {} from the fall of the test loss",
    Unit::Steps,
    Range::AtMost(1_000.0),
);

fn cleanup_is_sharp(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let history = evidence.progress()?;
    let Some(memorised) = evidence.phases()?.memorisation_end else {
        return Ok(Finding::absent("no end of memorisation"));
    };
    let falls = history.windows(2).filter(|pair| pair[0].0 >= memorised.step).map(|pair| {
        let log = |i: usize| libm::log(pair[i].1.sum_sq_weights.total);
        let steps = (pair[1].0 - pair[0].0) as f64;
        (pair[0].0, pair[1].0, (log(0) - log(1)) / steps)
    });
    let steepest = falls.reduce(|best, next| if next.2 > best.2 { next } else { best });
    let Some((from, to, rate)) = steepest else {
        return Ok(Finding::absent("no checkpoint after memorisation"));
    };
    let test = test_fall(evidence)?;
    // From the nearest point of the interval that the fall is known to lie in; what does not fall is nowhere.
    let distance =
        test.filter(|_| rate > 0.0).map(|test| from.saturating_sub(test).max(test.saturating_sub(to)));
    let fall = format!("{:.3} % a step between {} and {}", 100.0 * rate, count(from), count(to));
    let measured = format!("{fall}; test loss below 1 {}", at(test));
    Ok(Finding::one(STEEPEST.judge(step_value(distance), measured)))
}

/// The Gini coefficients of random weights, of either matrix.
const RANDOM_GINI: Range = Range::Between(0.03, 0.05);
const FIRST_W_E: Criterion = Criterion::new("W_E {} at first", Unit::Plain, RANDOM_GINI);
const FIRST_W_L: Criterion = Criterion::new("W_L {} at first", Unit::Plain, RANDOM_GINI);
const LAST_W_E: Criterion = Criterion::new("W_E {} at last", Unit::Plain, Range::Between(0.65, 0.80));
const LAST_W_L: Criterion = Criterion::new("W_L {} at last", Unit::Plain, Range::Between(0.80, 0.88))
    .wider(Range::Between(0.78, 0.88));

fn gini(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let history = evidence.progress()?;
    let (first, last) = (history[0].1.gini, history[history.len() - 1].1.gini);
    let judged = |criterion: Criterion, what: &str, value: f64, when: &str| {
        criterion.judge(value, format!("{what} {} {when}", number(value)))
    };
    Ok(Finding::all(&[
        judged(FIRST_W_E, "W_E", first.w_e, "at first"),
        judged(FIRST_W_L, "W_L", first.w_l, "at first"),
        judged(LAST_W_E, "W_E", last.w_e, "at last"),
        judged(LAST_W_L, "W_L", last.w_l, "at last"),
    ]))
}

const FIRST_END: Criterion = Criterion::new(
    "all three found, in this order; the first ends {}",
    Unit::Step,
    Range::Between(1_000.0, 2_000.0),
)
.wider(Range::Between(800.0, 2_000.0));

fn phase_order(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let phases = evidence.phases()?;
    let ends = phases.ends();
    let list: Vec<String> = ends.iter().map(|(name, step)| format!("{name} to {}", count(*step))).collect();
    let in_order = ends.len() == 3 && ends.windows(2).all(|pair| pair[0].1 < pair[1].1);
    let first_end = in_order.then(|| ends[0].1);
    let measured = if list.is_empty() { "no end of memorisation".into() } else { list.join(", ") };
    Ok(Finding::one(FIRST_END.judge(step_value(first_end), measured)))
}

fn first(history: History, holds: impl Fn(&ProgressMeasures) -> bool) -> Option<usize> {
    history.iter().find(|(_, measures)| holds(measures)).map(|(step, _)| *step)
}

/// The first step with a test loss below 1: from the metrics, or else the coarser progress measures.
fn test_fall(evidence: &Evidence) -> Result<Option<usize>, NotApplicableReason> {
    match evidence.run.metrics {
        [] => Ok(first(evidence.progress()?, |m| m.loss.test < 1.0)),
        _ => Ok(evidence.run.test_below(1.0)),
    }
}
