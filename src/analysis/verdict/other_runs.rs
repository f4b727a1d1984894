//! Claims about other runs than the paper's main one.

use super::evidence::is_paper_except;
use super::sweeps::{fractions, other_moduli};
use super::{Claim, Evidence, Finding, NotApplicableReason, RangeMatch, Requirement, short};
use crate::config::{LossForm, Precision};
use crate::maths::stats;

/// A spike takes the train loss above this after it was a hundred times lower.
const SPIKE_LOSS: f64 = 1e-4;

/// A shorter run says nothing: without decay the paper looks at 40,000 steps, and a slingshot takes 1,400.
const LONG_ENOUGH: usize = 10_000;

pub(super) const CLAIMS: [Claim; 6] = [
    Claim {
        number: 29,
        text: "Without weight decay there is no grokking.",
        paper: "none in 40,000 steps; the excluded loss stays low",
        expected: "the test loss stays above 10 after step 1,000, over at least 10,000 steps",
        wider: None,
        why: "half of what the main run has while it does not generalise",
        source: "appendix D.1",
        requirement: Requirement::OtherRuns,
        not_robust: Some("appendix D.1: with dropout in its place three of three seeds grok"),
        check: no_decay,
    },
    Claim {
        number: 30,
        text: "The more of the table is trained on, the sooner it generalises.",
        paper: "60 % and more at once, 10 and 20 % never",
        expected: "test loss below 1 within a factor of 2 of the authors' sweep, at every fraction that was run; with 10 \
                   and 20 % not within 40,000 steps",
        wider: None,
        why: "published: 95 % 123, 90 % 156, 80 % 177, 70 % 129, 60 % 270, 50 % 744, 40 % 2,615, 30 % 7,583, \
              28 % 14,465, 25 % 21,419; other seeds differ",
        source: "appendix C.2.2, figures 20 and 21",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        check: fractions,
    },
    Claim {
        number: 31,
        text: "Dropout leads to grokking too, an l1 penalty does not.",
        paper: "3 of 3 seeds, none",
        expected: "optional",
        wider: None,
        why: "one of the paper's variations",
        source: "appendix D.1",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        check: |_| Err(NotApplicableReason::Other("this lab trains with weight decay only".into())),
    },
    Claim {
        number: 32,
        text: "Other moduli: p = 53 groks with decay 5 and not with 1, p = 109 like 113, p = 401 at once or never.",
        paper: "p = 401 at once with 20 and 30 % of the pairs, never with 5 and 10 %",
        expected: "of what was run: final test accuracy 100 % where it groks; a test loss that stays above 1 for 40,000 \
                   steps where it never does; one that falls within 500 steps of the train loss where it does at once",
        wider: None,
        why: "qualitative in the paper. At once: the authors' runs of p = 113 that they call so take 123 to 270 steps, \
              the next 744",
        source: "appendix C.2.2, figures 24 and 25",
        requirement: Requirement::OtherRuns,
        not_robust: Some(
            "figure 25: p = 401 generalises at once with 30 % of the pairs, so that there is nothing to grok",
        ),
        check: other_moduli,
    },
    Claim {
        number: 33,
        text: "A loss computed in low precision makes slingshots.",
        paper: "spikes of the train loss every 1,300 to 1,400 steps after memorisation",
        expected: "at least 3 spikes above 1e-4 after step 2,000, in a run with the textbook loss in 32 bits; 1,200 to \
                   1,500 steps apart in the median",
        wider: Some("at least 3 spikes, 1,000 to 2,000 steps apart"),
        why: "the published run has 44 in 50,000 steps, 1,430 apart in the median; the first gaps are longer",
        source: "appendix D.2",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        check: slingshots,
    },
    Claim {
        number: 34,
        text: "Other tasks grok on finite data and only change phase on infinite data.",
        paper: "five-digit addition, repeated subsequences, skip trigrams",
        expected: "optional",
        wider: None,
        why: "not modular addition",
        source: "appendix D.3",
        requirement: Requirement::OtherRuns,
        not_robust: None,
        check: |_| Err(NotApplicableReason::Other("this lab trains modular addition only".into())),
    },
];

fn no_decay(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    const HOW: &str = "grok train --preset paper --weight-decay 0 --out DIR";
    let runs = evidence.runs(&|config| {
        let without = is_paper_except(config, &|paper| {
            (paper.optim.weight_decay, paper.data.frac_train) = (0.0, config.data.frac_train);
        });
        without && config.data.frac_train <= 0.3
    });
    let Some(longest) = runs.iter().max_by_key(|run| run.last_step()) else {
        return Err(NotApplicableReason::Other(format!("needs a run of: {HOW}")));
    };
    let late = || runs.iter().flat_map(|run| run.metrics).filter(|row| row.step >= 1_000);
    if let Some(row) = late().find(|row| row.evaluation.test_loss <= 10.0) {
        let measured = format!("test loss {} at step {}", short(row.evaluation.test_loss), row.step);
        return Ok(Finding::one(false, measured));
    }
    let steps = longest.last_step();
    if steps < LONG_ENOUGH {
        return Err(NotApplicableReason::Other(format!(
            "needs at least {LONG_ENOUGH} steps; the run without decay has {steps}: {HOW}"
        )));
    }
    let least = late().map(|row| row.evaluation.test_loss).fold(f64::INFINITY, f64::min);
    Ok(Finding::one(true, format!("least test loss {} after step 1,000; over {steps} steps", short(least))))
}

fn slingshots(evidence: &Evidence) -> Result<Finding, NotApplicableReason> {
    const HOW: &str = "grok train --preset paper --loss textbook --out DIR";
    let runs = evidence.runs(&|config| {
        let textbook = is_paper_except(config, &|paper| paper.optim.loss = LossForm::Textbook);
        textbook && config.run.precision == Precision::F32
    });
    let Some(run) = runs.iter().max_by_key(|run| run.last_step()) else {
        return Err(NotApplicableReason::Other(format!("needs a run of: {HOW}")));
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
    let steps = run.last_step();
    if spikes.len() < 3 && steps < LONG_ENOUGH {
        return Err(NotApplicableReason::Other(format!(
            "needs at least {LONG_ENOUGH} steps; the run with the textbook loss has {steps}: {HOW}"
        )));
    }
    let list: Vec<String> = spikes.iter().take(6).map(usize::to_string).collect();
    let counted = match spikes.len() {
        0 => "no spikes".into(),
        n => format!("{n} spikes; the first at {}", list.join(", ")),
    };
    let gaps: Vec<f64> = spikes.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    if gaps.is_empty() {
        return Ok(Finding::one(false, counted));
    }
    let gap = stats::median(&gaps);
    let apart = RangeMatch::graded((1_200.0..=1_500.0).contains(&gap), (1_000.0..=2_000.0).contains(&gap));
    Ok(Finding::all(&[
        ((spikes.len() >= 3).into(), counted),
        (apart, format!("typically {gap:.0} steps apart")),
    ]))
}
