//! The verdict on the run on show: judged from the page's state, and written as CSV and Markdown. Pure.

use crate::analysis::verdict::{
    Claim, Criterion, Evidence, NotApplicableReason, Outcome, Recipe, Requirement, Row, RunRecord, Verdict,
    place_among_seeds,
};
use crate::config::settings::{self, Setting};
use crate::config::{ExperimentConfig, Preset};
use crate::plot::figures::{Cell, DataTable};
use crate::ui::state::State;
use crate::ui::state::analyst::MOST_ENDS;
use crate::ui::state::format::count;
use crate::ui::state::measurement_policy::{is_at_rest, last_report, last_weights, to_measure};
use crate::ui::state::run_view::RunView;

/// The verdict on the run on show; the other runs at hand are evidence for the claims about other runs. Of the
/// last weights nothing is said but what the report on them says, and of a run that trains nothing is said to
/// fail: it may show it yet.
pub fn judge(state: &State) -> Option<Verdict> {
    let run_view = state.run_view.as_ref()?;
    let record = |run_view| record(state, run_view);
    let others = state.other_runs.iter().map(record).collect();
    let mut verdict = Verdict::new(&Evidence { run: record(run_view), others });
    let (rests, waits_for) = (is_at_rest(state, run_view), waits_for(state, run_view));
    for row in &mut verdict.rows {
        let here = match row.reason {
            Some(NotApplicableReason::NoReport) => {
                waits_for.clone().unwrap_or_else(|| "no weights of the last step are at hand".into())
            }
            Some(NotApplicableReason::MixedFreqs) if rests && to_measure(state, run_view).is_some() => {
                "the checkpoints are being measured again with the last key frequencies".into()
            }
            _ if row.outcome == Outcome::Fails
                && row.claim().requirement != Requirement::OtherRuns
                && !rests =>
            {
                row.outcome = Outcome::NotApplicable;
                format!("not yet, and the run is not over: {}", std::mem::take(&mut row.measured))
            }
            _ => continue,
        };
        row.reason = Some(NotApplicableReason::Other(here));
    }
    Some(verdict)
}

fn record<'a>(state: &State, run_view: &'a RunView) -> RunRecord<'a> {
    let report = last_report(state, run_view);
    RunRecord { config: &run_view.config, metrics: &run_view.rows, progress: &run_view.progress, report }
}

/// What the report on the last weights waits for, if it will come.
fn waits_for(state: &State, run_view: &RunView) -> Option<String> {
    if !is_at_rest(state, run_view) {
        return Some("the run is not over".into());
    }
    let (step, _) = last_weights(state, run_view).filter(|_| last_report(state, run_view).is_none())?;
    Some(if state.analyst.n_ends > MOST_ENDS {
        "the last weights could not be analysed: reload the page".into()
    } else {
        format!("the weights of step {} are being analysed", count(step))
    })
}

/// What the reader has to know of the verdict before reading it; none if the run is over and all is analysed.
pub fn note(state: &State) -> Option<String> {
    let run_view = state.run_view.as_ref()?;
    let (step, epochs) = (run_view.last_step(), run_view.config.run.epochs);
    let at = format!("step {} of {}", count(step), count(epochs));
    let wait = waits_for(state, run_view).filter(|_| is_at_rest(state, run_view));
    let wait = wait.map_or_else(String::new, |wait| format!(" Meanwhile {wait}."));
    if !is_at_rest(state, run_view) {
        Some(format!("The run is not over: it is at {at}. What it does not show yet is not judged."))
    } else if step < epochs && !run_view.rows.is_empty() {
        Some(format!("The run stands at {at} and is judged as it stands.{wait}"))
    } else {
        wait.strip_prefix(" Meanwhile ").map(|wait| format!("In a moment: {wait}"))
    }
}

/// Where each measured value of a row lies among the seeds of the paper's run that the project keeps: the quantity and
/// its place. Nothing of a run that is not of the paper's setup.
pub fn places(row: &Row, config: &ExperimentConfig) -> Vec<(String, String)> {
    let paper = Preset::Paper.config();
    let size = |config: &ExperimentConfig| {
        config.data.modular().map(|modular| (modular.p, modular.frac_train, config.model.d_mlp))
    };
    if size(config) != size(&paper) {
        return Vec::new();
    }
    let criteria = row.claim().criteria.iter().zip(&row.values).enumerate();
    let place = |(i, (criterion, value)): (usize, (&Criterion, &Option<f64>))| {
        Some((criterion.quantity(), place_among_seeds(row.number, i, (*value)?)?))
    };
    criteria.filter_map(place).collect()
}

/// The settings of a recipe that differ from its preset's, with their texts.
pub fn recipe_edits(recipe: &Recipe) -> Vec<(&'static Setting, String)> {
    let (preset, config) = (recipe.preset.config(), recipe.config());
    let texts = settings::all().map(|setting| (setting, setting.read(&config)));
    texts.filter(|(setting, text)| *text != setting.read(&preset)).collect()
}

/// That a claim is not robust, if it is not, and who says so; else empty.
pub fn caution(claim: &Claim) -> String {
    claim.not_robust.map_or_else(String::new, |place| format!("This is not robust: {place}."))
}

/// The verdict as a table.
pub fn table(verdict: &Verdict) -> DataTable {
    let columns = [
        "claim",
        "text",
        "paper",
        "test",
        "published",
        "why",
        "source",
        "standing",
        "not robust",
        "found",
        "deviation",
        "outcome",
    ];
    let mut table = DataTable::new("verdict", columns);
    for row in &verdict.rows {
        let claim = row.claim();
        let words = [
            claim.text,
            claim.paper,
            &claim.expected(),
            &claim.published(),
            claim.why,
            claim.source,
            claim.requirement.words(),
            claim.not_robust.unwrap_or_default(),
            row.finding_or_reason(),
            &row.deviation,
            row.outcome.words(),
        ]
        .map(Cell::text);
        table.push(std::iter::once(Cell::Count(row.number)).chain(words));
    }
    table
}

/// The verdict as a Markdown table.
pub fn markdown(verdict: &Verdict) -> String {
    let mut text = format!(
        "{}\n\n| # | claim | paper | test | this run | outcome |\n|---|---|---|---|---|---|\n",
        verdict.headline()
    );
    for row in &verdict.rows {
        let claim = row.claim();
        let both = |words: &str, label: &str, more: &str| match more {
            "" => words.to_owned(),
            more => format!("{words} ({label}{more})"),
        };
        let cells = [
            both(claim.text, "", &claim.caveat()),
            claim.paper.to_owned(),
            claim.expected(),
            row.finding_or_reason().to_owned(),
            both(row.outcome.words(), "", &row.deviation),
        ];
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text.push_str(&format!("| {} | {} |\n", row.number, cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use super::{caution, judge, markdown, note, places, recipe_edits, table};
    use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
    use crate::analysis::verdict::{NotApplicableReason, Outcome, Row, claims};
    use crate::config::{ExperimentConfig, LossForm, ModularConfig, Preset};
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::plot::figures::Figure;
    use crate::plot::figures::checkpoint::CheckpointFigure;
    use crate::task::modular::ModularTask;
    use crate::ui::state::State;
    use crate::ui::state::analyst::MOST_ENDS;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run::{Phase, Run};
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::{measures, run_view};

    fn state(preset: Preset) -> State {
        let mut state = State::new(Draft::new(preset), Vec::new());
        state.run_view = Some(RunView { config: preset.config(), ..run_view(200) });
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
        assert!(verdict.rows.iter().any(|row| row.outcome == Outcome::Fails), "this run never groks");
        assert!(verdict.headline().starts_with("Of 34 claims"), "{}", verdict.headline());
        assert!(text.contains("(not robust: table 5: 71 to 89 %"), "what the paper itself takes back");
        let csv = table(&verdict).csv();
        assert!(
            csv.contains("table 5: 71 to 89 %")
                && csv.contains("squared residual below 5 %")
                && csv.contains("squared residual below 1.2 %"),
            "the test and what is published: {csv}"
        );
    }

    #[test]
    fn another_run_is_evidence() {
        let mut state = state(Preset::Tiny);
        let verdict = judge(&state).expect("a run is on show");
        assert!(verdict.count(Outcome::NotApplicable) > 20, "no report: {}", verdict.headline());
        let mut no_decay = Preset::Paper.config();
        no_decay.optim.weight_decay = 0.0;
        state.other_runs = vec![RunView { config: no_decay, ..run_view(1_200) }];
        let verdict = judge(&state).expect("a run is on show");
        let row = verdict.rows.iter().find(|row| row.number == 29).expect("claim 29");
        assert_eq!(row.outcome, Outcome::Fails, "its test loss is 4: {}", row.measured);
        state.run_view = None;
        assert_eq!(judge(&state), None, "nothing on show");
    }

    /// A page whose own run has the paper's settings and is in a phase.
    fn own(phase: Phase) -> State {
        let mut state = state(Preset::Paper);
        let run = state.run_view.as_mut().expect("a run is on show");
        run.origin = Origin::Own;
        state.run = Some(Run { phase, ..Run::new(1, run.config.clone()) });
        state
    }

    fn row(state: &State, number: usize) -> Row {
        let verdict = judge(state).expect("a run is on show");
        verdict.rows.into_iter().find(|row| row.number == number).expect("a row for each claim")
    }

    /// A snapshot whose report is as good as none: random weights of the paper's shape in a small model.
    fn snapshot(step: usize, loss: f64) -> Arc<CheckpointAnalysis> {
        let config = Preset::Tiny.config();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let task = ModularTask::of(&config.data).expect("a modular task");
        let mut snapshot = ModularAnalysis::new(&weights, &task, None).expect("it can be");
        (snapshot.report.loss.train, snapshot.report.loss.test) = (loss, loss);
        Arc::new(CheckpointAnalysis::of_modular(step, snapshot))
    }

    #[test]
    fn a_run_that_trains_fails_nothing_yet_and_is_judged_once_it_stands() {
        let training = own(Phase::Training);
        let verdict = judge(&training).expect("a run is on show");
        assert!(verdict.rows.iter().all(|row| row.outcome != Outcome::Fails), "it may show it yet");
        let third = row(&training, 3);
        assert!(third.finding_or_reason().starts_with("not yet") && third.measured.is_empty(), "{third:?}");
        assert_eq!(row(&training, 6).finding_or_reason(), "the run is not over");
        assert!(
            note(&training).is_some_and(|note| note.contains("step 1,990 of 40,000")),
            "{:?}",
            note(&training)
        );
        for phase in [Phase::Paused, Phase::Finished, Phase::Broken, Phase::Detached] {
            assert_eq!(row(&own(phase), 3).outcome, Outcome::Fails, "{phase:?}: it has not grokked");
        }
        assert!(note(&own(Phase::Paused)).is_some_and(|note| note.contains("judged as it stands")));
    }

    #[test]
    fn only_the_last_weights_are_taken_for_the_last() {
        let mut state = own(Phase::Detached);
        assert_eq!(row(&state, 4).finding_or_reason(), "no weights of the last step are at hand");
        let run = state.run_view.as_mut().expect("a run is on show");
        run.weights = [(0, vec![0].into()), (1_990, vec![1].into())].into();
        run.snapshots.insert(0, snapshot(0, 9e-8));
        assert_eq!(
            row(&state, 4).finding_or_reason(),
            "the weights of step 1,990 are being analysed",
            "0 is not the last"
        );
        assert!(note(&state).is_some_and(|note| note.contains("1,990 are being analysed")));
        let run = state.run_view.as_mut().expect("a run is on show");
        run.snapshots.insert(1_990, snapshot(1_990, 5.0));
        let fourth = row(&state, 4);
        assert!(fourth.outcome == Outcome::Fails && fourth.measured.contains("5.000"), "{fourth:?}");
        state.run_view.as_mut().expect("a run is on show").snapshots.remove(&1_990);
        state.analyst.n_ends = MOST_ENDS + 1;
        assert!(
            row(&state, 4).finding_or_reason().contains("could not be analysed"),
            "nothing is waited for in vain"
        );
    }

    #[test]
    fn a_course_measured_with_several_sets_of_frequencies_is_not_judged() {
        let mut state = own(Phase::Detached);
        let run = state.run_view.as_mut().expect("a run is on show");
        run.progress = vec![(0, measures(4.0)), (1_990, measures(0.5))];
        assert_eq!(row(&state, 28).outcome, Outcome::Fails, "no phases in two checkpoints");
        state.run_view.as_mut().expect("as above").progress[0].1.key_freqs = vec![1, 2];
        for number in 24..=28 {
            let row = row(&state, number);
            assert!(row.reason == Some(NotApplicableReason::MixedFreqs), "{row:?}");
        }
    }

    #[test]
    fn every_claim_leads_to_a_part_of_the_page() {
        let tracks = ["loss", "accuracy", "circuits", "gini", "weights"].map(|id| format!("track-{id}"));
        let known = Figure::ALL
            .iter()
            .map(|figure| figure.id)
            .chain(CheckpointFigure::ALL.iter().map(|view| view.id));
        let known: Vec<&str> =
            known.chain(tracks.iter().map(String::as_str)).chain(["ablations", "phases"]).collect();
        for claim in claims() {
            match claim.anchor {
                Some(id) => assert!(known.contains(&id), "claim {}: no part `{id}`", claim.number),
                None => assert!([31, 34].contains(&claim.number), "claim {} has a figure", claim.number),
            }
        }
    }

    #[test]
    fn a_recipe_puts_the_run_of_its_claim_into_the_form() {
        type Check = fn(&ExperimentConfig) -> bool;
        fn of(config: &ExperimentConfig) -> &ModularConfig {
            config.data.modular().expect("the paper's task")
        }
        let is_right: [(usize, Check); 4] = [
            (29, |config| config.optim.weight_decay == 0.0 && of(config).p == 113),
            (30, |config| of(config).frac_train == 0.6 && of(config).p == 113),
            (32, |config| config.optim.weight_decay == 5.0 && of(config).p == 53),
            (33, |config| config.optim.loss == LossForm::Textbook && of(config).p == 113),
        ];
        for claim in claims() {
            let wanted = is_right.iter().find(|(number, _)| *number == claim.number);
            assert_eq!(claim.recipe.is_some(), wanted.is_some(), "claim {}", claim.number);
            let (Some(recipe), Some((_, is_right))) = (claim.recipe, wanted) else { continue };
            let mut draft = Draft::new(recipe.preset);
            for (setting, text) in recipe_edits(recipe) {
                draft.set(setting, text);
            }
            let config = draft.config().expect("it can be trained");
            assert!(is_right(&config), "claim {}: {config:?}", claim.number);
        }
    }

    #[test]
    fn claims_that_are_not_robust_say_so() {
        let marked: Vec<usize> =
            claims().iter().filter(|claim| !caution(claim).is_empty()).map(|claim| claim.number).collect();
        for number in [3, 17, 18, 19, 20, 21, 22] {
            assert!(marked.contains(&number), "claim {number}");
        }
        let of = |number: usize| claims().into_iter().find(|claim| claim.number == number).map(caution);
        assert!(of(12).is_some_and(|words| words.contains("This is not robust: table 5")));
        assert_eq!(of(1).as_deref(), Some(""), "the train set is always memorised");
    }

    #[test]
    fn places_among_the_seeds_are_for_runs_of_the_papers_setup() {
        let state = state(Preset::Paper);
        let verdict = judge(&state).expect("a run is on show");
        let first = &verdict.rows[0];
        let of = |preset: Preset| places(first, &preset.config());
        assert!(of(Preset::Quick).is_empty() && of(Preset::Data60).is_empty(), "other runs are not compared");
        let of_paper = of(Preset::Paper);
        if of_paper.is_empty() {
            // Not through a macro whose output is kept back where a test passes.
            let warning =
                "WARNING: no seed of the paper's run is kept, so no place among the seeds is checked";
            let _ = writeln!(std::io::stderr(), "{warning}");
        }
        for (quantity, place) in of_paper {
            assert!(!quantity.is_empty() && place.contains("seeds"), "{quantity}: {place}");
        }
    }
}
