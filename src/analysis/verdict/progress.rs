//! Claims about the progress measures over a run.

use super::{
    Claim, Criterion, Domain, Evidence, Found, NotApplicableReason, Range, Requirement, Unit, at, step_value,
};
use crate::analysis::measure::RESTRICTED_LOSS_RANDOM;
use crate::analysis::progress::ProgressMeasures;
use crate::format::{count, number, percent};

pub(super) const CLAIMS: [Claim; 5] = [
    Claim {
        number: 24,
        text: "The restricted loss falls long before the test loss.",
        paper: "below 1 at step 6,000, the test loss at 9,900",
        criteria: &[LEAD, BY_CHANCE],
        why: "the circuit forms unseen while the test loss is still high: in the paper the lead is 39 % of the way, of \
              which a tenth is asked for; waves of random frequencies are worth little at that step, at least half of a \
              guess's loss",
        source: "section 5.2, figure 7",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-circuits"),
        recipe: None,
        check: restricted_leads,
    },
    Claim {
        number: 25,
        text: "The excluded loss dips, then rises while train and test loss stand still.",
        paper: "0.31 at step 1,330, then up to 13.4",
        criteria: &[DIP, RISE],
        why: "at the dip the train set is known better than by a guess without the key frequencies, in the paper with 0.07 times \
              ln p; before the test loss falls it depends on them: half of a guess's loss, where the paper has 2.8 times",
        source: "section 5.2, figure 7",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-circuits"),
        recipe: None,
        check: excluded_rises,
    },
    Claim {
        number: 26,
        text: "The squared weights fall slowly while circuits form, then sharply in cleanup.",
        paper: "3,385 at step 1,400, 2,001 at 9,400, 995 at 14,000",
        criteria: &[SHARPER],
        why: "relative, because decay takes equal parts of what is there: in the paper's curve the rate from nine tenths of \
              the step at which the test loss falls to twelve tenths is 3.3 times that of circuit formation before. Of the paper's experiment: with smaller \
              moduli the weights fall evenly",
        source: "section 5.2, figure 7",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-weights"),
        recipe: None,
        check: cleanup_is_sharp,
    },
    Claim {
        number: 27,
        text: "The Gini coefficients of W_E and W_L rise in cleanup.",
        paper: "a curve; final values unknown",
        criteria: &[RISE_W_E, RISE_W_L, LATE_W_E, LATE_W_L],
        why: "random weights have 0.037 and 0.040, published models 0.655 to 0.744 and 0.806 to 0.841 at the end; a model that \
              generalised without becoming sparse 0.18 and 0.37. In cleanup: most of the rise comes once the circuit has \
              formed",
        source: "section 5.1, figure 7",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-gini"),
        recipe: None,
        check: gini,
    },
    Claim {
        number: 28,
        text: "The phases come in order: memorisation, circuit formation, cleanup.",
        paper: "ends at 1,400, 9,400 and 14,000",
        criteria: &[AFTER_LEARNING, BEFORE_CIRCUITS, CLEANUP_BEGINS, CLEANUP_ENDS, MEMORISED],
        why: "each boundary against a measure that it is not made from: memorisation ends (by the excluded loss) once every \
              train pair is right and before the restricted loss is low; cleanup (by the weights) begins near the fall of \
              the test loss, at 0.95 of its step in the paper, and ends after it. Of the paper's experiment, as claim 26",
        source: "section 5.2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some(
            "appendix C.2.1: in other seeds memorisation ends near the same step, the later phases do not",
        ),
        anchor: Some("phases"),
        recipe: None,
        check: phase_order,
    },
];

type History<'a> = &'a [(usize, ProgressMeasures)];

const LEAD: Criterion = Criterion::new(
    "restricted loss below 1 earlier by {} of the steps that the test loss takes",
    Unit::Percent,
    Range::AtLeast(0.1),
);
const BY_CHANCE: Criterion =
    Criterion::new("restricted loss of random frequencies then {} ln p", Unit::Times, Range::AtLeast(0.5));

fn restricted_leads(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_room_to_grok()?;
    let history = evidence.progress()?;
    let (formed, test) = (circuits_formed(history), evidence.generalised_at()?);
    let lead = match (formed, test) {
        (Some(formed), Some(test)) => (test as f64 - formed as f64) / test.max(1) as f64,
        // It is the test loss that is to come later, if it comes at all.
        _ => f64::NAN,
    };
    let measures = formed.and_then(|formed| history.iter().find(|(step, _)| *step == formed));
    let random = match measures {
        None => Found::never(""),
        Some((_, measures)) => match RESTRICTED_LOSS_RANDOM.value(measures) {
            Some(random) => Found::new(
                random / evidence.guess(),
                format!("of random frequencies then {}", number(random)),
            ),
            None => Found::unknown("of random frequencies not measured"),
        },
    };
    Ok(vec![Found::new(lead, format!("restricted {}, test {}", at(formed), at(test))), random])
}

const DIP: Criterion =
    Criterion::new("a minimum {} ln p", Unit::Times, Range::Below(0.9)).published(Range::Below(0.25));
const RISE: Criterion =
    Criterion::new("then {} ln p before the test loss is below 1", Unit::Times, Range::AtLeast(0.5))
        .published(Range::AtLeast(1.0));

fn excluded_rises(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_room_to_grok()?;
    let (history, test) = (evidence.progress()?, evidence.generalised_at()?);
    let before = |(step, _): &&(usize, ProgressMeasures)| test.is_none_or(|test| *step <= test);
    let excluded: Vec<(usize, f64)> =
        history.iter().filter(before).map(|(step, m)| (*step, m.excluded_loss.train)).collect();
    // The untrained model is no dip, and a low value at the end none either unless something rises from it.
    let dip = (0..excluded.len()).reduce(|best, i| if excluded[i].1 < excluded[best].1 { i } else { best });
    let (dip_step, dip_loss) = dip.map_or((0, f64::NAN), |i| excluded[i]);
    let top = excluded[dip.unwrap_or(0)..].iter().map(|(_, loss)| *loss).fold(0.0, f64::max);
    let guess = evidence.guess();
    let rise = if test.is_some() { top / guess } else { f64::NAN };
    Ok(vec![
        Found::new(dip_loss / guess, format!("minimum {} at step {}", number(dip_loss), count(dip_step))),
        Found::new(rise, format!("then up to {}, test loss below 1 {}", number(top), at(test))),
    ])
}

const SHARPER: Criterion = Criterion::new(
    "a rate around the fall of the test loss {} that before",
    Unit::Times,
    Range::AtLeast(1.5),
);
/// Where cleanup is looked for, in parts of the step at which the test loss falls.
const CLEANUP: [f64; 2] = [0.9, 1.2];

fn cleanup_is_sharp(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_papers_setup()?;
    let (history, test) = (evidence.progress()?, evidence.generalised_at()?);
    let Some(test) = test else { return Ok(vec![Found::never("the test loss never falls for good")]) };
    let peak = (0..history.len()).reduce(|best, i| {
        if history[i].1.sum_sq_weights.total > history[best].1.sum_sq_weights.total { i } else { best }
    });
    let nearest = |part: f64| {
        let wanted = part * test as f64;
        (0..history.len()).min_by(|&i, &j| {
            let away = |i: usize| (history[i].0 as f64 - wanted).abs();
            away(i).total_cmp(&away(j))
        })
    };
    let [begins, ends] = CLEANUP.map(|part| nearest(part).unwrap_or(0));
    let rate = |from: usize, to: usize| {
        let log = |i: usize| libm::log(history[i].1.sum_sq_weights.total);
        (log(from) - log(to)) / (history[to].0 as f64 - history[from].0 as f64)
    };
    let (before, during) = (rate(peak.unwrap_or(0), begins), rate(begins, ends));
    let words = format!(
        "{:.4} % a step to {}, {:.4} % to {}; test loss below 1 for good {}",
        100.0 * before,
        count(history[begins].0),
        100.0 * during,
        count(history[ends].0),
        at(Some(test))
    );
    // Weights that rise before have no slow fall, and the later fall is all there is.
    let times = if before > 0.0 { during / before } else { f64::NAN };
    Ok(vec![Found::new(times, words)])
}

const RISE_W_E: Criterion = Criterion::new("W_E by {}", Unit::Plain, Range::AtLeast(0.3));
const RISE_W_L: Criterion = Criterion::new("W_L by {}", Unit::Plain, Range::AtLeast(0.3));
/// Once the restricted loss is below 1.
const LATE_W_E: Criterion =
    Criterion::new("of W_E {} after the circuit has formed", Unit::Percent, Range::AtLeast(0.5));
const LATE_W_L: Criterion =
    Criterion::new("of W_L {} after the circuit has formed", Unit::Percent, Range::AtLeast(0.5));

fn gini(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_room_to_grok()?;
    let history = evidence.progress()?;
    let (first, last) = (history[0].1.gini, history[history.len() - 1].1.gini);
    let formed = circuits_formed(history);
    let then = formed.and_then(|formed| history.iter().find(|(step, _)| *step == formed));
    let then = then.map(|(_, measures)| measures.gini);
    let rise = |what: &str, first: f64, last: f64| {
        Found::new(last - first, format!("{what} {} to {}", number(first), number(last)))
    };
    let late = |what: &str, first: f64, then: Option<f64>, last: f64| match then {
        Some(then) => {
            let share = (last - then) / (last - first);
            Found::new(share, format!("{} of it after step {}", percent(share), count(formed.unwrap_or(0))))
        }
        None => Found::never(format!("{what}: no circuit forms")),
    };
    Ok(vec![
        rise("W_E", first.w_e, last.w_e),
        rise("W_L", first.w_l, last.w_l),
        late("W_E", first.w_e, then.map(|gini| gini.w_e), last.w_e),
        late("W_L", first.w_l, then.map(|gini| gini.w_l), last.w_l),
    ])
}

const AFTER_LEARNING: Criterion = Criterion::new(
    "memorisation ends at {} the step of a train accuracy of 100 %",
    Unit::Times,
    Range::AtLeast(1.0),
);
const BEFORE_CIRCUITS: Criterion =
    Criterion::new("and at {} that of a restricted loss below 1", Unit::Percent, Range::Below(1.0));
const CLEANUP_BEGINS: Criterion = Criterion::new(
    "cleanup begins at {} of the step at which the test loss falls",
    Unit::Percent,
    Range::Between(0.5, 1.1),
);
const CLEANUP_ENDS: Criterion = Criterion::new("and ends at {} of it", Unit::Percent, Range::AtLeast(1.0));
const MEMORISED: Criterion =
    Criterion::told("memorisation ends {}", Unit::Step).published(Range::Between(1_000.0, 2_000.0));

fn phase_order(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_papers_setup()?;
    let (history, phases) = (evidence.progress()?, evidence.phases()?);
    let ends = phases.ends();
    let list: Vec<String> = ends.iter().map(|(name, step)| format!("{name} to {}", count(*step))).collect();
    let words = if list.is_empty() { "no circuit forms, so no phases".into() } else { list.join(", ") };
    let (learned, test) = (step_value(evidence.memorised_at()?), step_value(evidence.generalised_at()?));
    let formed = step_value(circuits_formed(history));
    let step = |boundary: Option<crate::analysis::phases::Boundary>| step_value(boundary.map(|b| b.step));
    let memorised = step(phases.memorisation_end);
    let ended = match phases.cleanup_end {
        None if phases.cleanup_start.is_some() => Found::unknown("the run ends before its cleanup"),
        end => Found::new(step(end) / test, ""),
    };
    Ok(vec![
        Found::new(memorised / learned.max(1.0), words),
        Found::new(memorised / formed, format!("restricted loss below 1 {}", at(circuits_formed(history)))),
        Found::new(
            step(phases.cleanup_start) / test,
            format!("test loss below 1 {}", at(evidence.generalised_at()?)),
        ),
        ended,
        Found::new(memorised, ""),
    ])
}

/// The first step at which the key frequencies' waves alone have a loss below 1.
fn circuits_formed(history: History) -> Option<usize> {
    history.iter().find(|(_, measures)| measures.restricted_loss.all < 1.0).map(|(step, _)| *step)
}
