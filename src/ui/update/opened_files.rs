//! What a file that was opened does to the page: it adds, and takes nothing away.

use std::collections::BTreeMap;

use crate::analysis::phases::Phases;
use crate::error::Result;
use crate::protocol::capsule::{Capsule, Head};
use crate::ui::state::State;
use crate::ui::state::checkpoints::{BUDGET_BYTES, Checkpoints};
use crate::ui::state::opened_file::Found;
use crate::ui::state::report_card::ReportCard;
use crate::ui::state::run::Phase;
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::state::{link, run_name};
use crate::ui::update::{Effect, other_runs, stored_runs};

/// What the checkpoints of a capsule may take: a file that can still be sent by mail after packing.
const CAPSULE_BUDGET_BYTES: usize = 20 << 20;

/// The most reports that are shown side by side.
const MAX_CARDS: usize = 4;

/// The most sentences about files that could not be used: more would push the page out of sight.
const MAX_TROUBLES: usize = 12;

/// Takes in a file.
pub(super) fn on_file(state: &mut State, name: String, found: Result<Box<Found>>) -> Vec<Effect> {
    let found = match found {
        Ok(found) => *found,
        Err(error) => {
            refuse(state, format!("{name} could not be used: {error}. Nothing on the page was changed."));
            return Vec::new();
        }
    };
    match found {
        Found::Run(capsule) => return on_run(state, name, *capsule),
        Found::Weights { config, step, file } => {
            let weights = BTreeMap::from([(step.unwrap_or(0), file)]);
            add(state, name, Exhibit { weights, ..Exhibit::own(*config) });
        }
        Found::Rows(rows) => {
            let Ok(config) = state.draft.config() else {
                refuse(
                    state,
                    format!("{name} says nothing of its settings, and those of the form are not whole."),
                );
                return Vec::new();
            };
            state
                .remarks
                .push(format!("{name} says nothing of its settings: those of the form are assumed."));
            let mut exhibit = Exhibit::own(config);
            exhibit.add_rows(rows, 0);
            state.remarks.extend(exhibit.thinned_words());
            add(state, name, exhibit);
        }
        Found::Report(report) => {
            state.report_cards.retain(|card| card.name != name);
            state.report_cards.push(ReportCard { name, report: *report });
            let surplus = state.report_cards.len().saturating_sub(MAX_CARDS);
            state.report_cards.drain(..surplus);
        }
        Found::Config(config) => {
            state.draft = run_name::draft(&config);
            state.remarks.push(format!("The settings of {name} are in the form."));
            return vec![Effect::SaveLink(link::to_query(&state.draft))];
        }
    }
    Vec::new()
}

/// Tells of a file that could not be used, beside the others.
pub(super) fn refuse(state: &mut State, words: String) {
    state.file_troubles.retain(|told| *told != words);
    state.file_troubles.push(words);
    let surplus = state.file_troubles.len().saturating_sub(MAX_TROUBLES);
    state.file_troubles.drain(..surplus);
}

/// Shows what a file holds. The same file takes its own place; another one of the same name gets a number.
fn add(state: &mut State, name: String, exhibit: Exhibit) {
    let is_same = |known: &&Exhibit| {
        let same_name = match &known.origin {
            Origin::File(other) => *other == name || other.starts_with(&format!("{name} (")),
            Origin::Recorded | Origin::Own | Origin::Kept { .. } => false,
        };
        let same_numbers = format!("{:?}", known.rows) == format!("{:?}", exhibit.rows);
        same_name && same_numbers && known.weights == exhibit.weights && known.config == exhibit.config
    };
    let known = state.exhibits().find(is_same).map(|known| known.origin.clone());
    let origin = known.unwrap_or_else(|| Origin::File(other_runs::free_name(state, &name)));
    other_runs::add(state, Exhibit { origin, ..exhibit }, true);
}

/// A run becomes the page's own, to be gone on with, unless that would push aside one that exists nowhere else.
fn on_run(state: &mut State, name: String, capsule: Capsule) -> Vec<Effect> {
    let is_elsewhere = !state.is_at_risk()
        && state.run.as_ref().is_none_or(|run| run.phase == Phase::Kept || run.saved.is_some());
    if state.is_live() || !is_elsewhere {
        state.remarks.push(format!(
            "{name} is shown beside your run. To go on with it, reset your run and open the file again."
        ));
        let exhibit = exhibit_of(capsule, Origin::Own);
        add(state, name, exhibit);
        return Vec::new();
    }
    let mut effects = stored_runs::put_away(state);
    state.n_files += 1;
    let key = format!("{}-file-{}", state.tab, state.n_files);
    effects.extend(stored_runs::take_in(state, key, capsule));
    if let Some(run) = &mut state.run {
        run.is_in_file = true;
    }
    effects
}

/// A run as it can be looked at, with no more rows and checkpoints than the page holds of its own.
pub(super) fn exhibit_of(capsule: Capsule, origin: Origin) -> Exhibit {
    let Capsule { head, config, rows, measures, reports, state, mut checkpoints } = capsule;
    if let Some(saved) = state {
        // A state can be read as weights.
        checkpoints.entry(saved.step).or_insert(saved.state);
    }
    let mut held = Checkpoints::default();
    for (step, file) in checkpoints {
        held.add(step, file, BUDGET_BYTES);
    }
    let mut exhibit = Exhibit {
        origin,
        phases: Phases::find(&measures),
        progress: measures,
        reports,
        weights: held.files().clone(),
        ..Exhibit::own(config)
    };
    exhibit.add_rows(rows, head.n_rows_left_out);
    exhibit
}

/// All there is of the run on show.
pub fn shown_capsule(state: &State) -> Option<Capsule> {
    let exhibit = state.exhibit.as_ref()?;
    if exhibit.origin == Origin::Own
        && let Some(capsule) = stored_runs::capsule(state)
    {
        return Some(capsule);
    }
    let name = match &exhibit.origin {
        Origin::Recorded => Some("recorded run".to_owned()),
        Origin::Own => None,
        Origin::File(name) | Origin::Kept { name, .. } => Some(name.clone()),
    };
    Some(Capsule {
        head: Head { name, n_rows_left_out: exhibit.n_rows_left_out, ..stored_runs::head(state) },
        config: exhibit.config.clone(),
        rows: exhibit.rows.clone(),
        measures: exhibit.progress.clone(),
        reports: stored_runs::reports(exhibit),
        state: None,
        checkpoints: exhibit.weights.clone(),
    })
}

/// What a file has to leave out of the run on show, in words; none if it has room for all.
pub fn left_out_of(state: &State) -> Option<String> {
    let rows = state.exhibit.as_ref().and_then(Exhibit::thinned_words);
    let checkpoints = checkpoints_left_out_of(&shown_capsule(state)?);
    let words: Vec<String> = rows.into_iter().chain(checkpoints).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn checkpoints_left_out_of(capsule: &Capsule) -> Option<String> {
    let (all, kept) = (capsule.checkpoints.len(), slim_capsule(capsule.clone()).checkpoints.len());
    (kept < all).then(|| {
        format!(
            "The capsule holds {kept} of {all} checkpoints: with all of them it would be larger than {} MB. The \
             first, the last and the state to go on from are among them.",
            CAPSULE_BUDGET_BYTES >> 20
        )
    })
}

/// The same run with no more checkpoints than can be sent.
pub fn slim_capsule(capsule: Capsule) -> Capsule {
    let mut held = Checkpoints::default();
    for (step, file) in &capsule.checkpoints {
        held.add(*step, file.clone(), CAPSULE_BUDGET_BYTES);
    }
    Capsule { checkpoints: held.files().clone(), ..capsule }
}

#[cfg(test)]
#[path = "opened_files_tests.rs"]
mod tests;
