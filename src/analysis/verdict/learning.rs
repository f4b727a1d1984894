//! Claims about the losses and the size of the weights over a run.

use super::{
    Claim, Criterion, Evidence, Finding, NotApplicableReason, Range, RangeMatch, Requirement, Unit, at,
    step_value,
};
use crate::engine::MetricsRow;
use crate::format::{number, percent};

pub(super) const CLAIMS: [Claim; 5] = [
    Claim {
        number: 1,
        text: "The train set is learned by heart quickly.",
        paper: "accuracy 100 % by step 200; loss below 1e-6 at about 1,200",
        criteria: &[LEARNED, SMALL, TINY],
        why: "over the authors' sweep of the train fraction these times hardly move: 620 to 745 and 1,020 to 1,195",
        source: "figure 2, section 5.2",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: None,
        check: memorises,
    },
    Claim {
        number: 2,
        text: "Meanwhile the test loss rises.",
        paper: "maximum 25.8 at step 1,330",
        criteria: &[PEAK, PEAK_STEP],
        why: "the authors' runs at 30 % and nearby peak at 26 to 32 between 1,320 and 1,455",
        source: "figure 2",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: None,
        check: test_loss_rises,
    },
    Claim {
        number: 3,
        text: "It groks: long after, the test loss falls and every answer is right.",
        paper: "test loss below 1 at step 9,900; accuracy 100 %",
        criteria: &[FALL, ALL_RIGHT],
        why: "the authors' own runs at 30 % take 7,583 and 9,900 steps, at 28 % 14,465; five seeds of this lab 3,000 \
              to 10,700",
        source: "figure 2, section 4",
        requirement: Requirement::EverySeed,
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
        criteria: &[FINAL_TRAIN, FINAL_TEST],
        why: "four further models: train 8.9e-8 to 9.4e-8, test 1.9e-7 to 3.9e-7",
        source: "section 4.4",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: None,
        check: final_losses,
    },
    Claim {
        number: 5,
        text: "The sum of squared weights rises while learning by heart and then falls by decay.",
        paper: "1,783 at first, peak 3,660, 955 at last",
        criteria: &[FIRST_SUM, PEAK_SUM, PEAK_SUM_STEP, LAST_SUM],
        why: "the first follows from the initial distributions; four further models end at 850 to 894, five seeds of \
              this lab at 828 to 976",
        source: "figure 7, section 5.1",
        requirement: Requirement::EverySeed,
        not_robust: None,
        anchor: Some("track-weights"),
        recipe: None,
        check: squared_weights,
    },
];

const LEARNED: Criterion = Criterion::new("train accuracy 100 % {}", Unit::Step, Range::AtMost(400.0));
const SMALL: Criterion = Criterion::new("train loss below 1e-4 {}", Unit::Step, Range::Between(600.0, 900.0));
const TINY: Criterion = Criterion::new("below 1e-6 {}", Unit::Step, Range::Between(1_000.0, 1_500.0));

fn memorises(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    let all_right = first(metrics, |row| row.evaluation.train_accuracy == 1.0);
    let small = first(metrics, |row| row.evaluation.train_loss < 1e-4);
    let tiny = first(metrics, |row| row.evaluation.train_loss < 1e-6);
    Ok(Finding::all(&[
        LEARNED.judge(step_value(all_right), format!("train accuracy 100 % {}", at(all_right))),
        SMALL.judge(step_value(small), format!("train loss below 1e-4 {}", at(small))),
        TINY.judge(step_value(tiny), format!("below 1e-6 {}", at(tiny))),
    ]))
}

const PEAK: Criterion = Criterion::new("a maximum of {}", Unit::Plain, Range::Between(15.0, 40.0));
const PEAK_STEP: Criterion = Criterion::new("reached {}", Unit::Step, Range::Between(1_000.0, 2_000.0));

fn test_loss_rises(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    // A run that diverged ends with losses that are no numbers.
    let losses =
        metrics.iter().map(|row| (row.step, row.evaluation.test_loss)).filter(|(_, x)| x.is_finite());
    let Some((step, loss)) = losses.reduce(|top, next| if next.1 > top.1 { next } else { top }) else {
        return Err(NotApplicableReason::Other("no finite test loss in the metrics".into()));
    };
    Ok(Finding::all(&[
        PEAK.judge(loss, format!("maximum {}", number(loss))),
        PEAK_STEP.judge(step as f64, at(Some(step))),
    ]))
}

const FALL: Criterion = Criterion::new("test loss below 1 {}", Unit::Step, Range::Between(4_000.0, 20_000.0))
    .wider(Range::Between(2_000.0, 20_000.0));
const ALL_RIGHT: Criterion = Criterion::new("final test accuracy {}", Unit::Percent, Range::Exactly(1.0));

fn groks(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    let below = evidence.run.test_below(1.0);
    let accuracy = metrics.last().map_or(0.0, |row| row.evaluation.test_accuracy);
    Ok(Finding::all(&[
        FALL.judge(step_value(below), format!("test loss below 1 {}", at(below))),
        ALL_RIGHT.judge(accuracy, format!("final test accuracy {}", percent(accuracy))),
    ]))
}

const FINAL_TRAIN: Criterion = Criterion::new("train {}", Unit::Plain, Range::Between(8e-8, 1.2e-7));
const FINAL_TEST: Criterion = Criterion::new("test {}", Unit::Plain, Range::Between(1e-7, 6e-7));

fn final_losses(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let loss = evidence.report()?.loss;
    Ok(Finding::all(&[
        FINAL_TRAIN.judge(loss.train, format!("train {}", number(loss.train))),
        FINAL_TEST.judge(loss.test, format!("test {}", number(loss.test))),
        (RangeMatch::Expected, format!("all {}", number(loss.all))),
    ]))
}

const FIRST_SUM: Criterion = Criterion::new("{} at first", Unit::Plain, Range::PlusMinus(1_781.0, 30.0));
const PEAK_SUM: Criterion = Criterion::new("a peak of {}", Unit::Plain, Range::Between(3_300.0, 3_900.0));
const PEAK_SUM_STEP: Criterion = Criterion::new("reached {}", Unit::Step, Range::Below(1_200.0));
const LAST_SUM: Criterion = Criterion::new("{} at last", Unit::Plain, Range::Between(830.0, 1_000.0))
    .wider(Range::Between(800.0, 1_000.0));

fn squared_weights(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let sums: Vec<(usize, f64)> =
        evidence.progress()?.iter().map(|(step, measures)| (*step, measures.sum_sq_weights.total)).collect();
    let (first, last) = (sums[0].1, sums[sums.len() - 1].1);
    let (step, peak) =
        sums.iter().copied().fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
    Ok(Finding::all(&[
        FIRST_SUM.judge(first, format!("{} at first", number(first))),
        PEAK_SUM.judge(peak, format!("peak {}", number(peak))),
        PEAK_SUM_STEP.judge(step as f64, at(Some(step))),
        LAST_SUM.judge(last, format!("{} at last", number(last))),
    ]))
}

fn first(metrics: &[MetricsRow], holds: impl Fn(&MetricsRow) -> bool) -> Option<usize> {
    metrics.iter().find(|row| holds(row)).map(|row| row.step)
}
