//! What a file that was opened does to the page: it adds, and takes nothing away.

use std::collections::BTreeMap;

use super::{Effect, keep, shelf};
use crate::analysis::phases::Phases;
use crate::error::Result;
use crate::protocol::capsule::{Capsule, Head};
use crate::ui::checkpoints::Checkpoints;
use crate::ui::exhibit::{Exhibit, Origin};
use crate::ui::files::found::Found;
use crate::ui::files::report_card::ReportCard;
use crate::ui::state::{Phase, State};
use crate::ui::{link, run_name};

/// What the checkpoints of a capsule may take: a file that can still be sent by mail after packing.
const CAPSULE_BUDGET_BYTES: usize = 20 << 20;

/// The most reports that are shown side by side.
const MAX_CARDS: usize = 4;

/// Takes in a file.
pub(super) fn on_file(state: &mut State, name: String, found: Result<Box<Found>>) -> Vec<Effect> {
    let found = match found {
        Ok(found) => *found,
        Err(error) => {
            state.file_trouble =
                Some(format!("{name} could not be used: {error}. Nothing on the page was changed."));
            return Vec::new();
        }
    };
    state.file_trouble = None;
    match found {
        Found::Run(capsule) => return on_run(state, name, *capsule),
        Found::Weights { config, step, file } => {
            let weights = BTreeMap::from([(step.unwrap_or(0), file)]);
            let exhibit = Exhibit { origin: Origin::File(name), weights, ..Exhibit::own(*config) };
            shelf::add(state, exhibit, true);
        }
        Found::Rows(rows) => {
            let Ok(config) = state.draft.config() else {
                state.file_trouble = Some(format!(
                    "{name} says nothing of its settings, and those of the form are not whole."
                ));
                return Vec::new();
            };
            state
                .remarks
                .push(format!("{name} says nothing of its settings: those of the form are assumed."));
            shelf::add(state, Exhibit { origin: Origin::File(name), rows, ..Exhibit::own(config) }, true);
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

/// A run becomes the page's own, to be gone on with, unless that would push aside one that exists nowhere else.
fn on_run(state: &mut State, name: String, capsule: Capsule) -> Vec<Effect> {
    let is_elsewhere = state.run.as_ref().is_none_or(|run| {
        run.phase == Phase::Kept
            || (run.kept_step.is_some() && run.kept_step == run.saved.as_ref().map(|s| s.step))
    });
    if state.is_live() || !is_elsewhere {
        state.remarks.push(format!(
            "{name} is shown beside your run. To go on with it, reset your run and open the file again."
        ));
        shelf::add(state, exhibit_of(capsule, Origin::File(name)), true);
        return Vec::new();
    }
    let mut effects = keep::put_away(state);
    state.n_files += 1;
    let key = format!("{}-file-{}", state.tab, state.n_files);
    effects.extend(keep::take_in(state, key, capsule));
    effects
}

/// A run as it can be looked at.
pub(super) fn exhibit_of(capsule: Capsule, origin: Origin) -> Exhibit {
    let Capsule { config, rows, measures, state, mut checkpoints, .. } = capsule;
    if let Some(saved) = state {
        // A state can be read as weights.
        checkpoints.entry(saved.step).or_insert(saved.state);
    }
    Exhibit {
        origin,
        rows,
        phases: Phases::find(&measures),
        progress: measures,
        weights: checkpoints,
        ..Exhibit::own(config)
    }
}

/// All there is of the run on show.
pub fn shown_capsule(state: &State) -> Option<Capsule> {
    let exhibit = state.exhibit.as_ref()?;
    if exhibit.origin == Origin::Own
        && let Some(capsule) = keep::capsule(state)
    {
        return Some(capsule);
    }
    let name = match &exhibit.origin {
        Origin::Recorded => Some("recorded run".to_owned()),
        Origin::Own => None,
        Origin::File(name) | Origin::Kept(name) => Some(name.clone()),
    };
    Some(Capsule {
        head: Head { name, ..Head::default() },
        config: exhibit.config.clone(),
        rows: exhibit.rows.clone(),
        measures: exhibit.progress.clone(),
        report: exhibit.snapshots.last_key_value().map(|(_, snapshot)| snapshot.report.clone()),
        state: None,
        checkpoints: exhibit.weights.clone(),
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
#[path = "files_tests.rs"]
mod tests;
