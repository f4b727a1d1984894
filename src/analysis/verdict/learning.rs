//! Claims about the losses and the size of the weights over a run.

use super::{
    Claim, Criterion, Domain, Evidence, Found, NotApplicableReason, Range, Requirement, Unit, at, step_value,
};
use crate::config::Preset;
use crate::engine::MetricsRow;
use crate::format::{count, number, percent};

/// A model that does the task on every pair: claims about what its parts do presuppose one. A ten-thousandth of a
/// guess's loss; the paper's model has a twenty-millionth.
pub(super) const DOES_THE_TASK: Criterion =
    Criterion::new("the model's own loss over all pairs {} ln p", Unit::Times, Range::Below(1e-4));

/// The loss over all pairs of the model that is judged.
pub(super) fn does_the_task(evidence: &Evidence, loss: f64) -> Found {
    Found::new(loss / evidence.guess(), format!("the model's loss is {}", number(loss)))
}

pub(super) const CLAIMS: [Claim; 5] = [
    Claim {
        number: 1,
        text: "The train set is memorised quickly.",
        paper: "accuracy 100 % by step 200; loss below 1e-6 at about 1,200",
        criteria: &[LEARNED, SMALL, TINY],
        why: "the published runs have a train loss below 0.01 by step 155 to 323 whatever their train fraction and decay; \
              three times as many steps are granted, and scaled with the learning rate",
        source: "figure 2, section 5.2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: None,
        check: memorises,
    },
    Claim {
        number: 2,
        text: "Meanwhile the test loss rises above that of guessing.",
        paper: "maximum 25.8, 5.5 times ln p, at step 1,330",
        criteria: &[PEAK, PEAK_STEP],
        why: "a network that has learned nothing has 1.01 times ln p; the authors' runs peak at 1.3 times ln p with 50 % \
              of the pairs, 2.1 with 40 %, 5.6 with 30 % and 6.9 with 25 %",
        source: "figure 2",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: None,
        check: test_loss_rises,
    },
    Claim {
        number: 3,
        text: "It groks: long after, the test loss falls and every answer is right.",
        paper: "test loss below 1 at step 9,900; accuracy 100 %",
        criteria: &[FALL, LATE, RIGHT],
        why: "long after: three times the steps that memorising takes, where the paper has fifty and the authors' run with \
              half of the table five. When it happens depends on the seed, and is told",
        source: "figure 2, section 4",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: Some(
            "appendix C.2.2: with 60 % of the pairs and more it generalises at once, with 10 and 20 % and with p = 53 and decay 1 never",
        ),
        anchor: Some("track-loss"),
        recipe: None,
        check: groks,
    },
    Claim {
        number: 4,
        text: "The final losses are small but not zero: weight decay holds the logits down.",
        paper: "train 9.9e-8, test 3.0e-7, all 2.41e-7",
        criteria: &[DOES_THE_TASK, NOT_ZERO, FINAL_TEST, SPLIT],
        why: "published models end with a train loss of 8.9e-8 to 9.9e-8 at decay 1 and 9.2e-9 at decay 0.1, without decay \
              at 1.7e-10. The pairs trained on keep the lower loss: a random part of the table would lie within five \
              standard errors",
        source: "section 4.4",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: None,
        check: final_losses,
    },
    Claim {
        number: 5,
        text: "The sum of squared weights rises while memorising and then falls by decay.",
        paper: "1,783 at first, peak 3,660, 955 at last",
        criteria: &[RISE, DECLINE, FIRST_SUM, LAST_SUM],
        why: "in the paper it doubles and falls to a quarter of its peak; a tenth and three tenths are asked for. The \
              published models end at 850 to 955",
        source: "figure 7, section 5.1",
        requirement: Requirement::EverySeed,
        domain: Domain::Modular,
        not_robust: None,
        anchor: Some("track-weights"),
        recipe: None,
        check: squared_weights,
    },
];

const LEARNED: Criterion = Criterion::new("train accuracy 100 % {}", Unit::Step, Range::AtMost(400.0));
const SMALL: Criterion = Criterion::new("train loss below 0.01 {}", Unit::Step, Range::AtMost(1_000.0));
const TINY: Criterion = Criterion::told("train loss below 1e-6 {}", Unit::Step);

fn memorises(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    // Half the learning rate, twice the steps.
    let scale = evidence.run.config.optim.lr / Preset::Paper.config().optim.lr;
    let all_right = evidence.memorised_at()?;
    let small = first(metrics, |row| row.evaluation.train_loss < 0.01);
    let tiny = first(metrics, |row| row.evaluation.train_loss < 1e-6);
    Ok(vec![
        Found::new(scale * step_value(all_right), format!("train accuracy 100 % {}", at(all_right))),
        Found::new(scale * step_value(small), format!("train loss below 0.01 {}", at(small))),
        Found::new(step_value(tiny), format!("below 1e-6 {}", at(tiny))),
    ])
}

const PEAK: Criterion = Criterion::new("a maximum of {} ln p", Unit::Times, Range::Above(1.1))
    .published(Range::Between(3.2, 8.5));
const PEAK_STEP: Criterion = Criterion::told("reached {}", Unit::Step);

fn test_loss_rises(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_room_to_grok()?;
    let metrics = evidence.metrics()?;
    // A run that diverged ends with losses that are no numbers.
    let losses =
        metrics.iter().map(|row| (row.step, row.evaluation.test_loss)).filter(|(_, x)| x.is_finite());
    let Some((step, loss)) = losses.reduce(|top, next| if next.1 > top.1 { next } else { top }) else {
        return Err(NotApplicableReason::Other("no finite test loss in the metrics".into()));
    };
    let times = loss / evidence.guess();
    Ok(vec![
        Found::new(times, format!("maximum {}, {times:.1} times ln p", number(loss))),
        Found::new(step as f64, at(Some(step))),
    ])
}

const FALL: Criterion = Criterion::new(
    "a test loss below 1 at some step and from there to the end",
    Unit::Step,
    Range::AtLeast(0.0),
);
const LATE: Criterion = Criterion::new(
    "that step {} the steps that a train accuracy of 100 % takes",
    Unit::Times,
    Range::AtLeast(3.0),
);
const RIGHT: Criterion =
    Criterion::new("{} right of the held-out pairs", Unit::Percent, Range::AtLeast(0.99))
        .published(Range::Exactly(1.0));

fn groks(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    evidence.require_room_to_grok()?;
    let metrics = evidence.metrics()?;
    let (falls, learned) = (evidence.generalised_at()?, evidence.memorised_at()?);
    let late = step_value(falls) / step_value(learned).max(1.0);
    let all = metrics.last().map_or(0.0, |row| row.evaluation.test_accuracy);
    // Mirror images of train pairs are known without the rule.
    let right = match evidence.run.report.and_then(|report| report.held_out) {
        Some(held_out) if held_out.unmirrored.pairs > 0 => {
            let accuracy = held_out.unmirrored.accuracy;
            Found::new(accuracy, format!("at last {} right without mirror images", percent(accuracy)))
        }
        _ => Found::new(all, format!("at last {} right", percent(all))),
    };
    Ok(vec![
        Found::new(step_value(falls), format!("test loss below 1 for good {}", at(falls))),
        Found::new(late, format!("train accuracy 100 % {}", at(learned))),
        right,
    ])
}

const NOT_ZERO: Criterion =
    Criterion::new("train loss {}", Unit::Plain, Range::Above(2e-9)).published(Range::Between(8e-8, 1.2e-7));
const FINAL_TEST: Criterion =
    Criterion::told("test loss {}", Unit::Plain).published(Range::Between(1e-7, 6e-7));
const SPLIT: Criterion = Criterion::new(
    "the logarithm of the held-out pairs' loss above that of the train pairs by {} standard errors of a random split",
    Unit::Plain,
    Range::Above(5.0),
);

fn final_losses(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let (loss, held_out) = (evidence.report()?.loss, evidence.held_out()?);
    Ok(vec![
        does_the_task(evidence, loss.all),
        Found::new(loss.train, format!("train {}", number(loss.train))),
        Found::new(loss.test, format!("test {}", number(loss.test))),
        Found::new(held_out.split_z, format!("{:.0} standard errors apart", held_out.split_z)),
    ])
}

const RISE: Criterion = Criterion::new("a peak of {} the first", Unit::Times, Range::AtLeast(1.1));
const DECLINE: Criterion = Criterion::new("the last {} of the peak", Unit::Percent, Range::AtMost(0.7));
const FIRST_SUM: Criterion = Criterion::told("{} at first", Unit::Plain);
const LAST_SUM: Criterion =
    Criterion::told("{} at last", Unit::Plain).published(Range::Between(830.0, 1_000.0));

fn squared_weights(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let sums: Vec<(usize, f64)> =
        evidence.progress()?.iter().map(|(step, measures)| (*step, measures.sum_sq_weights.total)).collect();
    let (first, last) = (sums[0].1, sums[sums.len() - 1].1);
    let (step, peak) =
        sums.iter().copied().fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
    Ok(vec![
        Found::new(peak / first, format!("peak {} at step {}", number(peak), count(step))),
        Found::new(last / peak, format!("{} of that at last", percent(last / peak))),
        Found::new(first, format!("{} at first", number(first))),
        Found::new(last, format!("{} at last", number(last))),
    ])
}

fn first(metrics: &[MetricsRow], holds: impl Fn(&MetricsRow) -> bool) -> Option<usize> {
    metrics.iter().find(|row| holds(row)).map(|row| row.step)
}
