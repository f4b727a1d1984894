//! Claims about other runs than the paper's main one.

use super::recipe::{MORE_DATA, NO_DECAY, SMALL_MODULUS, TEXTBOOK_LOSS};
use super::sweeps::{AT_ONCE, GROKS, NEAR_SWEEP, NEVER, NEVER_IN_SWEEP, fractions, other_moduli};
use super::{Claim, Criterion, Evidence, Finding, NotApplicableReason, Range, Requirement, Unit};
use crate::analysis::paper_experiment::is_paper_except;
use crate::config::{LossForm, Precision};
use crate::format::{count, number};
use crate::maths::stats;

/// A spike takes the train loss above this after it was a hundred times lower.
const SPIKE_LOSS: f64 = 1e-4;

/// A shorter run without slingshots says nothing: one takes 1,400 steps.
const LONG_ENOUGH: usize = 10_000;

pub(super) const CLAIMS: [Claim; 6] = [
    Claim {
        number: 29,
        text: "Without weight decay there is no grokking.",
        paper: "none in 40,000 steps; the excluded loss stays low",
        criteria: &[STAYS_HIGH, LONG_RUN],
        why: "half of what the main run has while it does not generalise",
        source: "appendix D.1",
        requirement: Requirement::OtherRuns,
        not_robust: Some("appendix D.1: with dropout in its place three of three seeds grok"),
        anchor: Some("track-loss"),
        recipe: Some(&NO_DECAY),
        check: no_decay,
    },
    Claim {
        number: 30,
        text: "The more of the table is trained on, the sooner it generalises.",
        paper: "60 % and more at once, 10 and 20 % never",
        criteria: &[NEAR_SWEEP, NEVER_IN_SWEEP],
        why: "published: 95 % 123, 90 % 156, 80 % 177, 70 % 129, 60 % 270, 50 % 744, 40 % 2,615, 30 % 7,583, \
              28 % 14,465, 25 % 21,419; other seeds differ",
        source: "appendix C.2.2, figures 20 and 21",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: Some(&MORE_DATA),
        check: fractions,
    },
    Claim {
        number: 31,
        text: "Dropout leads to grokking too, an l1 penalty does not.",
        paper: "3 of 3 seeds, none",
        criteria: &[],
        why: "one of the paper's variations",
        source: "appendix D.1",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        anchor: None,
        recipe: None,
        check: |_| Err(NotApplicableReason::Other("this lab trains with weight decay only".into())),
    },
    Claim {
        number: 32,
        text: "Other moduli: p = 53 groks with decay 5 and not with 1, p = 109 like 113, p = 401 at once or never.",
        paper: "p = 401 at once with 20 and 30 % of the pairs, never with 5 and 10 %",
        criteria: &[GROKS, NEVER, AT_ONCE],
        why: "qualitative in the paper. At once: the authors' runs of p = 113 that they call so take 123 to 270 steps, \
              the next 744",
        source: "appendix C.2.2, figures 24 and 25",
        requirement: Requirement::OtherRuns,
        not_robust: Some(
            "figure 25: p = 401 generalises at once with 30 % of the pairs, so that there is nothing to grok",
        ),
        anchor: Some("track-loss"),
        recipe: Some(&SMALL_MODULUS),
        check: other_moduli,
    },
    Claim {
        number: 33,
        text: "A loss computed in low precision makes slingshots.",
        paper: "spikes of the train loss every 1,300 to 1,400 steps after memorisation",
        criteria: &[SPIKES, SPIKES_APART],
        why: "the published run has 44 in 50,000 steps, 1,430 apart in the median; the first gaps are longer",
        source: "appendix D.2",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        anchor: Some("track-loss"),
        recipe: Some(&TEXTBOOK_LOSS),
        check: slingshots,
    },
    Claim {
        number: 34,
        text: "Other tasks grok on finite data and only change phase on infinite data.",
        paper: "five-digit addition, repeated subsequences, skip trigrams",
        criteria: &[],
        why: "not modular addition",
        source: "appendix D.3",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        anchor: None,
        recipe: None,
        check: |_| Err(NotApplicableReason::Other("this lab trains modular addition only".into())),
    },
];

const STAYS_HIGH: Criterion =
    Criterion::new("a test loss {} after step 1,000", Unit::Plain, Range::Above(10.0));
/// A shorter run that has not grokked says nothing: the paper looks at 40,000 steps.
const LONG_RUN: Criterion = Criterion::new("over {}", Unit::Steps, Range::AtLeast(10_000.0));

fn no_decay(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let runs = evidence.runs(&|config| {
        let without = is_paper_except(config, &|paper| {
            (paper.optim.weight_decay, paper.data.frac_train) = (0.0, config.data.frac_train);
        });
        without && config.data.frac_train <= 0.3
    });
    let Some(longest) = runs.iter().max_by_key(|run| run.last_step()) else {
        return Err(NotApplicableReason::Other(format!("needs a run of: {}", NO_DECAY.command())));
    };
    let late = || runs.iter().flat_map(|run| run.metrics).filter(|row| row.step >= 1_000);
    // Losses of a run that diverged are no numbers, and not low.
    let is_low = |loss: f64| !loss.is_nan() && !STAYS_HIGH.expects(loss);
    if let Some(row) = late().find(|row| is_low(row.evaluation.test_loss)) {
        let loss = row.evaluation.test_loss;
        let measured = format!("test loss {} at step {}", number(loss), count(row.step));
        return Ok(Finding::one(STAYS_HIGH.judge(loss, measured)));
    }
    let steps = longest.last_step();
    if !LONG_RUN.expects(steps as f64) {
        return Err(NotApplicableReason::Other(format!(
            "needs a run {}; the one without decay has {}: {}",
            LONG_RUN.expected(),
            count(steps),
            NO_DECAY.command()
        )));
    }
    let least = late().map(|row| row.evaluation.test_loss).fold(f64::INFINITY, f64::min);
    Ok(Finding::all(&[
        STAYS_HIGH.judge(least, format!("least test loss {} after step 1,000", number(least))),
        LONG_RUN.judge(steps as f64, format!("over {} steps", count(steps))),
    ]))
}

const SPIKES: Criterion = Criterion::new(
    "{} spikes above 1e-4 after step 2,000, in a run with the textbook loss in 32 bits",
    Unit::Plain,
    Range::AtLeast(3.0),
);
const SPIKES_APART: Criterion =
    Criterion::new("{} apart in the median", Unit::Steps, Range::Between(1_200.0, 1_500.0))
        .wider(Range::Between(1_000.0, 2_000.0));

fn slingshots(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    let runs = evidence.runs(&|config| {
        let textbook = is_paper_except(config, &|paper| paper.optim.loss = LossForm::Textbook);
        textbook && config.run.precision == Precision::F32
    });
    let Some(run) = runs.iter().max_by_key(|run| run.last_step()) else {
        return Err(NotApplicableReason::Other(format!("needs a run of: {}", TEXTBOOK_LOSS.command())));
    };
    let (mut spikes, mut calm) = (Vec::new(), false);
    for row in run.metrics.iter().filter(|row| row.step > 2_000) {
        let loss = row.evaluation.train_loss;
        if loss < SPIKE_LOSS / 100.0 {
            calm = true;
        } else if calm && loss > SPIKE_LOSS {
            spikes.push(row.step);
            calm = false;
        }
    }
    let (steps, n_spikes) = (run.last_step(), spikes.len() as f64);
    if !SPIKES.expects(n_spikes) && steps < LONG_ENOUGH {
        return Err(NotApplicableReason::Other(format!(
            "needs at least {} steps; the run with the textbook loss has {}: {}",
            count(LONG_ENOUGH),
            count(steps),
            TEXTBOOK_LOSS.command()
        )));
    }
    let list: Vec<String> = spikes.iter().take(6).map(|&step| count(step)).collect();
    let counted = match spikes.len() {
        0 => "no spikes".into(),
        n => format!("{n} spikes; the first at {}", list.join("; ")),
    };
    let gaps: Vec<f64> = spikes.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    if gaps.is_empty() {
        return Ok(Finding::one(SPIKES.judge(n_spikes, counted)));
    }
    let gap = stats::median(&gaps);
    Ok(Finding::all(&[
        SPIKES.judge(n_spikes, counted),
        SPIKES_APART.judge(gap, format!("typically {} steps apart", count(gap.round() as usize))),
    ]))
}
