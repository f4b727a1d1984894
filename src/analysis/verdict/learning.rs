//! Claims about the losses and the size of the weights over a run.

use super::{Claim, Evidence, Finding, NotApplicableReason, RangeMatch, Requirement, at, per_cent, short};
use crate::engine::MetricsRow;

pub(super) const CLAIMS: [Claim; 5] = [
    Claim {
        number: 1,
        text: "The train set is learned by heart quickly.",
        paper: "accuracy 100 % by step 200; loss below 1e-6 at about 1,200",
        expected: "accuracy 100 % by step 400; loss below 1e-4 at 600 to 900, below 1e-6 at 1,000 to 1,500",
        wider: None,
        why: "over the authors' sweep of the train fraction these times hardly move: 620 to 745 and 1,020 to 1,195",
        source: "figure 2, section 5.2",
        requirement: Requirement::EverySeed,
        not_robust: None,
        check: memorises,
    },
    Claim {
        number: 2,
        text: "Meanwhile the test loss rises.",
        paper: "maximum 25.8 at step 1,330",
        expected: "a maximum of 15 to 40 at step 1,000 to 2,000",
        wider: None,
        why: "the authors' runs at 30 % and nearby peak at 26 to 32 between 1,320 and 1,455",
        source: "figure 2",
        requirement: Requirement::EverySeed,
        not_robust: None,
        check: test_loss_rises,
    },
    Claim {
        number: 3,
        text: "It groks: long after, the test loss falls and every answer is right.",
        paper: "test loss below 1 at step 9,900; accuracy 100 %",
        expected: "test loss below 1 at 4,000 to 20,000; final test accuracy 100 %",
        wider: Some("test loss below 1 at 2,000 to 20,000; final test accuracy 100 %"),
        why: "the authors' own runs at 30 % take 7,583 and 9,900 steps, at 28 % 14,465; five seeds of this lab 3,000 \
              to 10,700",
        source: "figure 2, section 4",
        requirement: Requirement::EverySeed,
        not_robust: Some(
            "appendix C.2.2: with 60 % of the pairs and more it generalises at once, with 10 and 20 % and with p = 53 and decay 1 never",
        ),
        check: groks,
    },
    Claim {
        number: 4,
        text: "The final losses are small but not zero: weight decay holds the logits down.",
        paper: "train 9.9e-8, test 3.0e-7, all 2.41e-7",
        expected: "train 8e-8 to 1.2e-7, test 1e-7 to 6e-7",
        wider: None,
        why: "four further models: train 8.9e-8 to 9.4e-8, test 1.9e-7 to 3.9e-7",
        source: "section 4.4",
        requirement: Requirement::EverySeed,
        not_robust: None,
        check: final_losses,
    },
    Claim {
        number: 5,
        text: "The sum of squared weights rises while learning by heart and then falls by decay.",
        paper: "1,783 at first, peak 3,660, 955 at last",
        expected: "1,781 ± 30 at first; a peak of 3,300 to 3,900 before step 1,200; 830 to 1,000 at last",
        wider: Some("1,781 ± 30 at first; a peak of 3,300 to 3,900 before step 1,200; 800 to 1,000 at last"),
        why: "the first follows from the initial distributions; four further models end at 850 to 894, five seeds of \
              this lab at 828 to 976",
        source: "figure 7, section 5.1",
        requirement: Requirement::EverySeed,
        not_robust: None,
        check: squared_weights,
    },
];

fn first(metrics: &[MetricsRow], holds: impl Fn(&MetricsRow) -> bool) -> Option<usize> {
    metrics.iter().find(|row| holds(row)).map(|row| row.step)
}

fn within(step: Option<usize>, low: usize, high: usize) -> bool {
    step.is_some_and(|step| (low..=high).contains(&step))
}

fn memorises(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    let all_right = first(metrics, |row| row.evaluation.train_accuracy == 1.0);
    let small = first(metrics, |row| row.evaluation.train_loss < 1e-4);
    let tiny = first(metrics, |row| row.evaluation.train_loss < 1e-6);
    Ok(Finding::all(&[
        (within(all_right, 0, 400).into(), format!("accuracy 100 % {}", at(all_right))),
        (within(small, 600, 900).into(), format!("loss below 1e-4 {}", at(small))),
        (within(tiny, 1_000, 1_500).into(), format!("below 1e-6 {}", at(tiny))),
    ]))
}

fn test_loss_rises(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    // A run that diverged ends with losses that are no numbers.
    let losses =
        metrics.iter().map(|row| (row.step, row.evaluation.test_loss)).filter(|(_, x)| x.is_finite());
    let Some((step, loss)) = losses.reduce(|top, next| if next.1 > top.1 { next } else { top }) else {
        return Err(NotApplicableReason::Other("no finite test loss in the metrics".into()));
    };
    let holds = (15.0..=40.0).contains(&loss) && (1_000..=2_000).contains(&step);
    Ok(Finding::one(holds, format!("maximum {} at step {step}", short(loss))))
}

fn groks(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let metrics = evidence.metrics()?;
    let below = evidence.run.test_below(1.0);
    let accuracy = metrics.last().map_or(0.0, |row| row.evaluation.test_accuracy);
    Ok(Finding::all(&[
        (
            RangeMatch::graded(within(below, 4_000, 20_000), within(below, 2_000, 20_000)),
            format!("test loss below 1 {}", at(below)),
        ),
        ((accuracy == 1.0).into(), format!("final test accuracy {}", per_cent(accuracy))),
    ]))
}

fn final_losses(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let loss = evidence.report()?.loss;
    Ok(Finding::all(&[
        ((8e-8..=1.2e-7).contains(&loss.train).into(), format!("train {}", short(loss.train))),
        ((1e-7..=6e-7).contains(&loss.test).into(), format!("test {}", short(loss.test))),
        (RangeMatch::Expected, format!("all {}", short(loss.all))),
    ]))
}

fn squared_weights(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let sums: Vec<(usize, f64)> =
        evidence.progress()?.iter().map(|(step, measures)| (*step, measures.sum_sq_weights.total)).collect();
    let (first, last) = (sums[0].1, sums[sums.len() - 1].1);
    let (step, peak) =
        sums.iter().copied().fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
    Ok(Finding::all(&[
        (((first - 1_781.0).abs() <= 30.0).into(), format!("{} at first", short(first))),
        (
            ((3_300.0..=3_900.0).contains(&peak) && step < 1_200).into(),
            format!("peak {} at step {step}", short(peak)),
        ),
        (
            RangeMatch::graded((830.0..=1_000.0).contains(&last), (800.0..=1_000.0).contains(&last)),
            format!("{} at last", short(last)),
        ),
    ]))
}
