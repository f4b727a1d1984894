//! Claims about other runs than the paper's main one.

use super::recipe::{MORE_DATA, NO_DECAY, SMALL_MODULUS, TEXTBOOK_LOSS};
use super::sweeps::{AS_IN_PAPER, AT_ONCE_IN_SWEEP, NEVER_IN_SWEEP, ORDER, fractions, other_moduli};
use super::{
    Claim, Criterion, Domain, Evidence, Found, NotApplicableReason, Range, Requirement, RunRecord, Unit,
};
use crate::analysis::modular::paper_experiment::{frac_train, is_paper_except};
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
        criteria: &[STAYS_HIGH, STAYS_MEMORISED, LONG_RUN],
        why: "40,000 steps are what the paper looks at; a test loss of 10 is half of what the main run has while it does not \
              generalise, and an excluded loss below 1 says that nothing comes to rest on the key frequencies",
        source: "appendix D.1",
        requirement: Requirement::OtherRuns,
        domain: Domain::Modular,
        not_robust: Some("appendix D.1: with dropout in its place three of three seeds grok"),
        anchor: Some("track-loss"),
        recipe: Some(&NO_DECAY),
        check: no_decay,
    },
    Claim {
        number: 30,
        text: "The more of the table is trained on, the sooner it generalises.",
        paper: "60 % and more at once, 10 and 20 % never",
        criteria: &[ORDER, AT_ONCE_IN_SWEEP, NEVER_IN_SWEEP],
        why: "the order over at least five fractions, and the ends that the paper names. Published: 95 % 123, 90 % 156, 80 % 177, 70 % 129, 60 % 270, 50 % 744, 40 % 2,615, 30 % 7,583, \
              28 % 14,465, 25 % 21,419",
        source: "appendix C.2.2, figures 20 and 21",
        requirement: Requirement::OtherRuns,
        domain: Domain::Modular,
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
        domain: Domain::Modular,
        not_robust: None,
        anchor: None,
        recipe: None,
        check: |_| Err(NotApplicableReason::Other("this lab trains with weight decay only".into())),
    },
    Claim {
        number: 32,
        text: "Other moduli: p = 53 groks with decay 5 and not with 1, p = 109 like 113, p = 401 at once or never.",
        paper: "p = 401 at once with 20 and 30 % of the pairs, never with 5 and 10 %",
        criteria: &[AS_IN_PAPER],
        why: "every case must end as in the paper: one alone says nothing about the others. At once: the authors' runs of p = 113 that they call so take 123 to 270 steps, \
              the next 744",
        source: "appendix C.2.2, figures 24 and 25",
        requirement: Requirement::OtherRuns,
        domain: Domain::Modular,
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
        domain: Domain::Modular,
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
        domain: Domain::AnyTask,
        not_robust: None,
        anchor: None,
        recipe: None,
        check: |_| Err(NotApplicableReason::Other("this lab trains modular addition only".into())),
    },
];

const STAYS_HIGH: Criterion =
    Criterion::new("a test loss {} after step 1,000", Unit::Plain, Range::Above(10.0));
const STAYS_MEMORISED: Criterion =
    Criterion::new("an excluded loss {} after step 1,000", Unit::Plain, Range::Below(1.0));
const LONG_RUN: Criterion = Criterion::new("over {}", Unit::Steps, Range::AtLeast(40_000.0));

/// From here on memorisation is over without decay, too.
const LATE: usize = 1_000;

fn no_decay(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let runs = evidence.runs(&|config| {
        let without = is_paper_except(config, &|paper| {
            paper.optim.weight_decay = 0.0;
            paper.data.change_modular(|modular| modular.frac_train = frac_train(config));
        });
        without && frac_train(config) <= 0.3
    });
    let Some(longest) = runs.iter().max_by_key(|run| run.last_step()) else {
        return Err(NotApplicableReason::Other(format!("needs a run of: {}", NO_DECAY.command())));
    };
    let steps = longest.last_step();
    let over = Found::new(steps as f64, format!("over {} steps", count(steps)));
    let late = || runs.iter().flat_map(|run| run.metrics).filter(|row| row.step >= LATE);
    // Losses of a run that diverged are no numbers, and not low.
    let is_low = |loss: f64| !loss.is_nan() && loss <= 10.0;
    if let Some(row) = late().find(|row| is_low(row.evaluation.test_loss)) {
        let loss = row.evaluation.test_loss;
        let words = format!("test loss {} at step {}", number(loss), count(row.step));
        return Ok(vec![Found::new(loss, words), Found::unknown(""), over]);
    }
    if steps < 40_000 {
        return Err(NotApplicableReason::Other(format!(
            "needs a run over at least 40,000 steps; the one without decay has {}: {}",
            count(steps),
            NO_DECAY.command()
        )));
    }
    let least = late().map(|row| row.evaluation.test_loss).fold(f64::INFINITY, f64::min);
    let Some(excluded) = most_excluded(&runs) else {
        return Err(NotApplicableReason::Other(
            "needs the progress measures of the run without decay: its checkpoints".into(),
        ));
    };
    Ok(vec![
        Found::new(least, format!("least test loss {} after step 1,000", number(least))),
        Found::new(excluded, format!("largest excluded loss {}", number(excluded))),
        over,
    ])
}

/// The largest excluded loss after memorisation; none if none was measured.
fn most_excluded(runs: &[RunRecord]) -> Option<f64> {
    let late = runs.iter().flat_map(|run| run.progress).filter(|(step, _)| *step >= LATE);
    late.map(|(_, measures)| measures.excluded_loss.train).reduce(f64::max)
}

const SPIKES: Criterion = Criterion::new(
    "{} spikes above 1e-4 after step 2,000, in a run with the textbook loss in 32 bits",
    Unit::Plain,
    Range::AtLeast(3.0),
);
const SPIKES_APART: Criterion =
    Criterion::told("{} apart in the median", Unit::Steps).published(Range::Between(1_200.0, 1_500.0));

fn slingshots(evidence: &Evidence) -> Result<Vec<Found>, NotApplicableReason> {
    let runs = evidence.runs(&|config| {
        let textbook = is_paper_except(config, &|paper| paper.optim.loss = LossForm::Textbook);
        textbook && config.run.precision == Precision::F32
    });
    let Some(run) = runs.iter().max_by_key(|run| run.last_step()) else {
        return Err(NotApplicableReason::Other(format!("needs a run of: {}", TEXTBOOK_LOSS.command())));
    };
    let (spikes, steps) = (spikes(run), run.last_step());
    if spikes.len() < 3 && steps < LONG_ENOUGH {
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
    let apart = match gaps.as_slice() {
        [] => Found::unknown(""),
        gaps => {
            let gap = stats::median(gaps);
            Found::new(gap, format!("typically {} steps apart", count(gap.round() as usize)))
        }
    };
    Ok(vec![Found::new(spikes.len() as f64, counted), apart])
}

/// The steps at which the train loss jumps after it was low.
fn spikes(run: &RunRecord) -> Vec<usize> {
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
    spikes
}
