//! Claims about other runs than the paper's main one.

use super::{Claim, Evidence, Finding, Missing, RunRecord, Standing, at, short};
use crate::config::{ExperimentConfig, LossForm, Precision};

/// The step at which the test loss of the authors' runs fell below 1, by train fraction in per cent.
const PUBLISHED_SWEEP: [(usize, usize); 10] = [
    (95, 123),
    (90, 156),
    (80, 177),
    (70, 129),
    (60, 270),
    (50, 744),
    (40, 2_615),
    (30, 7_583),
    (28, 14_465),
    (25, 21_419),
];

/// A spike takes the train loss above this after it was a hundred times lower.
const SPIKE_LOSS: f64 = 1e-4;

pub(super) const CLAIMS: [Claim; 6] = [
    Claim {
        number: 29,
        text: "Without weight decay there is no grokking.",
        paper: "none in 40,000 steps; the excluded loss stays low",
        accepted: "the test loss stays above 10 after step 1,000, over at least 10,000 steps",
        why: "half of what the main run has while it does not generalise",
        source: "appendix D.1",
        standing: Standing::OtherRuns,
        check: no_decay,
    },
    Claim {
        number: 30,
        text: "The more of the table is trained on, the sooner it generalises.",
        paper: "60 % and more at once, 10 and 20 % never",
        accepted: "test loss below 1 within a factor of 2 of the authors' sweep, at every fraction that was run",
        why: "published: 95 % 123, 90 % 156, 80 % 177, 70 % 129, 60 % 270, 50 % 744, 40 % 2,615, 30 % 7,583, \
              28 % 14,465, 25 % 21,419; other seeds differ",
        source: "appendix C.2.2, figures 20 and 21",
        standing: Standing::OtherRuns,
        check: fractions,
    },
    Claim {
        number: 31,
        text: "Dropout leads to grokking too, an l1 penalty does not.",
        paper: "3 of 3 seeds, none",
        accepted: "optional",
        why: "one of the paper's variations",
        source: "appendix D.1",
        standing: Standing::OtherRuns,
        check: |_| Err(Missing("this lab trains with weight decay only".into())),
    },
    Claim {
        number: 32,
        text: "Other moduli behave alike: p = 53 groks with decay 5, p = 109 like 113.",
        paper: "yes; p = 53 not with decay 1",
        accepted: "final test accuracy 100 %",
        why: "qualitative",
        source: "appendix C.2.2, figure 24",
        standing: Standing::OtherRuns,
        check: other_moduli,
    },
    Claim {
        number: 33,
        text: "A loss computed in low precision makes slingshots.",
        paper: "spikes of the train loss every 1,300 to 1,400 steps after memorisation",
        accepted: "at least 3 spikes above 1e-4 after step 2,000, in a run with the textbook loss in 32 bits",
        why: "the published run has 44 in 50,000 steps",
        source: "appendix D.2",
        standing: Standing::OtherRuns,
        check: slingshots,
    },
    Claim {
        number: 34,
        text: "Other tasks grok on finite data and only change phase on infinite data.",
        paper: "five-digit addition, repeated subsequences, skip trigrams",
        accepted: "optional",
        why: "not modular addition",
        source: "appendix D.3",
        standing: Standing::OtherRuns,
        check: |_| Err(Missing("this lab trains modular addition only".into())),
    },
];

fn with<'a>(evidence: &Evidence<'a>, wanted: impl Fn(&ExperimentConfig) -> bool) -> Vec<RunRecord<'a>> {
    evidence.all().filter(|run| wanted(run.config) && !run.metrics.is_empty()).collect()
}

fn last_step(run: &RunRecord) -> usize {
    run.metrics.last().map_or(0, |row| row.step)
}

fn no_decay(evidence: &Evidence) -> Result<Finding, Missing> {
    let runs = with(evidence, |config| {
        config.optim.weight_decay == 0.0 && config.data.p == 113 && config.data.frac_train <= 0.3
    });
    let Some(run) = runs.iter().max_by_key(|run| last_step(run)) else {
        return Err(Missing("needs a run of: grok train --preset paper --weight-decay 0 --out DIR".into()));
    };
    let late = run.metrics.iter().filter(|row| row.step >= 1_000).map(|row| row.evaluation.test_loss);
    let least = late.fold(f64::INFINITY, f64::min);
    Ok(Finding::all(&[
        (least > 10.0, format!("least test loss {}", short(least))),
        (last_step(run) >= 10_000, format!("over {} steps", last_step(run))),
    ]))
}

fn fractions(evidence: &Evidence) -> Result<Finding, Missing> {
    let mut parts = Vec::new();
    for (per_cent, published) in PUBLISHED_SWEEP {
        let wanted = |config: &ExperimentConfig| {
            let same = (100.0 * config.data.frac_train - per_cent as f64).abs() < 0.5;
            same && config.data.p == 113 && config.optim.weight_decay == 1.0
        };
        for run in with(evidence, wanted) {
            let step = run.test_below(1.0);
            let close = step.is_some_and(|step| 2 * step >= published && step <= 2 * published);
            parts.push((close, format!("{per_cent} % {}", at(step))));
        }
    }
    // The main run alone is no comparison of fractions.
    if parts.len() < 2 {
        return Err(Missing(
            "needs runs at other fractions: grok train --preset paper --frac 0.5 --out DIR, and 0.4, 0.28, 0.25".into(),
        ));
    }
    Ok(Finding::all(&parts))
}

fn other_moduli(evidence: &Evidence) -> Result<Finding, Missing> {
    let expected = |config: &ExperimentConfig| match config.data.p {
        53 => config.optim.weight_decay == 5.0,
        109 => config.optim.weight_decay == 1.0,
        _ => false,
    };
    let parts: Vec<(bool, String)> = with(evidence, expected)
        .iter()
        .map(|run| {
            let accuracy = run.metrics.last().map_or(0.0, |row| row.evaluation.test_accuracy);
            (accuracy == 1.0, format!("p = {}: test accuracy {}", run.config.data.p, short(accuracy)))
        })
        .collect();
    if parts.is_empty() {
        return Err(Missing(
            "needs a run of: grok train --preset paper --p 53 --weight-decay 5 --out DIR, or --p 109".into(),
        ));
    }
    Ok(Finding::all(&parts))
}

fn slingshots(evidence: &Evidence) -> Result<Finding, Missing> {
    let runs = with(evidence, |config| {
        config.optim.loss == LossForm::Textbook
            && config.run.precision == Precision::F32
            && config.data.p == 113
    });
    let Some(run) = runs.iter().max_by_key(|run| last_step(run)) else {
        return Err(Missing("needs a run of: grok train --preset paper --loss textbook --out DIR".into()));
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
    let list: Vec<String> = spikes.iter().take(6).map(usize::to_string).collect();
    Ok(Finding::one(spikes.len() >= 3, format!("{} spikes; the first at {}", spikes.len(), list.join(", "))))
}
