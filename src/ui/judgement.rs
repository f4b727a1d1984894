//! The verdict on the run on show: judged from the page's state, and written as CSV and Markdown. Pure.

use super::exhibit::Exhibit;
use super::state::State;
use crate::analysis::verdict::{Evidence, Outcome, Row, RunRecord, Standing, Verdict};
use crate::plot::figures::{Cell, DataTable};

/// The verdict on the run on show; the other runs at hand are evidence for the claims about other runs.
pub fn judge(state: &State) -> Option<Verdict> {
    let run = record(state.exhibit.as_ref()?);
    let others = state.shelf.iter().map(record).collect();
    Some(Verdict::new(&Evidence { run, others }))
}

fn record(exhibit: &Exhibit) -> RunRecord<'_> {
    let report = exhibit.snapshots.last_key_value().map(|(_, snapshot)| &snapshot.report);
    RunRecord { config: &exhibit.config, metrics: &exhibit.rows, progress: &exhibit.progress, report }
}

/// How many claims hold, fail and could not be judged, in a sentence.
pub fn summary(verdict: &Verdict) -> String {
    let of = |outcome: Outcome| verdict.rows.iter().filter(|row| row.outcome == outcome).count();
    let broken = verdict.broken();
    let word = if of(Outcome::Pass) + of(Outcome::Fail) == 0 {
        "None of the paper\u{2019}s claims can be judged on this run.".to_owned()
    } else if broken.is_empty() {
        "Every claim that can be judged and must hold for any seed holds.".to_owned()
    } else {
        let numbers: Vec<_> = broken.iter().map(|claim| claim.number.to_string()).collect();
        format!("Claims that must hold for any seed and fail here: {}.", numbers.join(", "))
    };
    format!(
        "{word} Of {} claims {} hold, {} do not, {} cannot be judged.",
        verdict.rows.len(),
        of(Outcome::Pass),
        of(Outcome::Fail),
        of(Outcome::NotApplicable)
    )
}

/// An outcome in a word.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "holds",
        Outcome::Fail => "fails",
        Outcome::NotApplicable => "not judged",
    }
}

/// What a claim's standing means.
pub fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::EverySeed => "must hold for any seed",
        Standing::WideRange => "must hold; the value depends on the seed",
        Standing::SomeSeeds => "need not hold: other seeds do otherwise",
        Standing::OtherRuns => "about other runs",
    }
}

/// What the run shows of a claim, or why nothing can be said.
pub fn found(row: &Row) -> &str {
    if row.measured.is_empty() { &row.reason } else { &row.measured }
}

/// The part of the page that shows what a claim is about.
pub fn anchor(number: usize) -> &'static str {
    match number {
        1..=5 | 24..=28 => "run",
        6..=8 => "spectrum",
        9 => "logits",
        10 => "neurons",
        11 | 19 => "table-1",
        12..=15 => "figure-14",
        16 => "figure-15",
        17 | 18 => "figure-06",
        20..=23 => "attention",
        _ => "train",
    }
}

/// The verdict as a table.
pub fn table(verdict: &Verdict) -> DataTable {
    let columns = ["claim", "text", "paper", "accepted", "why", "source", "standing", "found", "outcome"];
    let mut table = DataTable::new("verdict", columns);
    for row in &verdict.rows {
        let claim = row.claim();
        let words = [claim.text, claim.paper, claim.accepted, claim.why, claim.source];
        let rest = [standing_words(claim.standing), found(row), outcome_word(row.outcome)];
        let words = words.into_iter().chain(rest).map(Cell::text);
        table.push(std::iter::once(Cell::Count(row.number)).chain(words));
    }
    table
}

/// The verdict as a Markdown table.
pub fn markdown(verdict: &Verdict) -> String {
    let mut text = format!(
        "{}\n\n| # | claim | paper | accepted | this run | outcome |\n|---|---|---|---|---|---|\n",
        summary(verdict)
    );
    for row in &verdict.rows {
        let claim = row.claim();
        let cells = [claim.text, claim.paper, claim.accepted, found(row), outcome_word(row.outcome)];
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text.push_str(&format!("| {} | {} |\n", row.number, cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{judge, markdown, summary, table};
    use crate::analysis::verdict::{Outcome, claims};
    use crate::config::Preset;
    use crate::ui::draft::Draft;
    use crate::ui::exhibit::Exhibit;
    use crate::ui::exhibit_sample::exhibit;
    use crate::ui::state::State;

    fn state(preset: Preset) -> State {
        let mut state = State::new(Draft::new(preset), Vec::new());
        state.exhibit = Some(Exhibit { config: preset.config(), ..exhibit(200) });
        state
    }

    #[test]
    fn every_claim_has_a_row_in_the_verdict_and_in_both_files() {
        let verdict = judge(&state(Preset::Paper)).expect("a run is on show");
        assert_eq!(verdict.rows.len(), claims().len());
        assert_eq!(table(&verdict).rows.len(), claims().len());
        let text = markdown(&verdict);
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("| ")).collect();
        assert_eq!(lines.len(), claims().len() + 1, "a heading and a line for each");
        assert!(verdict.rows.iter().any(|row| row.outcome == Outcome::Fail), "this run never groks");
        assert!(summary(&verdict).contains("fail here: "), "{}", summary(&verdict));
    }

    #[test]
    fn another_model_is_not_judged_and_another_run_is_evidence() {
        let mut state = state(Preset::Tiny);
        let verdict = judge(&state).expect("a run is on show");
        assert!(summary(&verdict).starts_with("None of the paper"), "{}", summary(&verdict));
        let mut no_decay = Preset::Paper.config();
        no_decay.optim.weight_decay = 0.0;
        state.shelf = vec![Exhibit { config: no_decay, ..exhibit(1_200) }];
        let verdict = judge(&state).expect("a run is on show");
        let row = verdict.rows.iter().find(|row| row.number == 29).expect("claim 29");
        assert_eq!(row.outcome, Outcome::Fail, "its test loss is 4: {}", row.measured);
        state.exhibit = None;
        assert_eq!(judge(&state), None, "nothing on show");
    }
}
