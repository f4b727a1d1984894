//! What a file that was opened does to the page: it adds, and takes nothing away.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::protocol::capsule::Capsule;
use crate::ui::state::capsules::run_view_of;
use crate::ui::state::opened_file::Found;
use crate::ui::state::report_card::ReportCard;
use crate::ui::state::run::Phase;
use crate::ui::state::run_name;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::{LoadState, State};
use crate::ui::update::{Effect, linked_view, notices, other_runs, resume, stored_runs};

/// The most reports that are shown side by side.
const MAX_CARDS: usize = 4;

/// Takes in a file.
pub(super) fn on_file(state: &mut State, name: String, found: Result<Box<Found>>) -> Vec<Effect> {
    let found = match found {
        Ok(found) => *found,
        Err(error) => {
            notices::refuse_file(
                state,
                format!("{name} could not be used: {error}. Nothing on the page was changed."),
            );
            return Vec::new();
        }
    };
    match found {
        Found::Run(capsule) => return on_run(state, name, *capsule),
        Found::Weights { config, step, file } => {
            let weights = BTreeMap::from([(step.unwrap_or(0), file)]);
            add(state, name, RunView { weights, ..RunView::own(*config) });
        }
        Found::Rows(rows) => {
            let Ok(config) = state.draft.config() else {
                notices::refuse_file(
                    state,
                    format!("{name} says nothing of its settings, and those of the form are not whole."),
                );
                return Vec::new();
            };
            state
                .remarks
                .push(format!("{name} says nothing of its settings: those of the form are assumed."));
            let mut run_view = RunView::own(config);
            run_view.add_rows(rows, 0);
            state.remarks.extend(run_view.thinned_words());
            add(state, name, run_view);
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
            return linked_view::save(state);
        }
    }
    Vec::new()
}

/// Fetches the part of the page that reads files once more, if it could not be fetched.
pub(super) fn fetch_lazy_bundle(state: &mut State) -> Vec<Effect> {
    if !matches!(state.lazy_bundle, LoadState::Failed(_)) {
        // It is here or on its way.
        return Vec::new();
    }
    state.lazy_bundle = LoadState::Loading;
    vec![Effect::FetchLazyBundle]
}

/// Shows what a file holds. The same file takes its own place; another one of the same name gets a number.
fn add(state: &mut State, name: String, run_view: RunView) {
    let is_same = |known: &&RunView| {
        let same_name = match &known.origin {
            Origin::File(other) => *other == name || other.starts_with(&format!("{name} (")),
            Origin::Recorded | Origin::Own | Origin::Stored { .. } => false,
        };
        let same_numbers = format!("{:?}", known.rows) == format!("{:?}", run_view.rows);
        same_name && same_numbers && known.weights == run_view.weights && known.config == run_view.config
    };
    let known = state.run_views().find(is_same).map(|known| known.origin.clone());
    let origin = known.unwrap_or_else(|| Origin::File(other_runs::free_name(state, &name)));
    other_runs::add(state, RunView { origin, ..run_view }, true);
}

/// A run becomes the page's own, to be gone on with, unless that would push aside one that exists nowhere else.
fn on_run(state: &mut State, name: String, capsule: Capsule) -> Vec<Effect> {
    let is_elsewhere = !state.is_at_risk()
        && state.run.as_ref().is_none_or(|run| run.phase == Phase::Detached || run.saved.is_some());
    if state.is_live() || !is_elsewhere {
        state.remarks.push(format!(
            "{name} is shown beside your run. To go on with it, reset your run and open the file again."
        ));
        let run_view = run_view_of(capsule, Origin::Own);
        add(state, name, run_view);
        return Vec::new();
    }
    let mut effects = stored_runs::put_away(state);
    state.n_files += 1;
    let key = format!("{}-file-{}", state.tab, state.n_files);
    effects.extend(resume::take_in(state, key, capsule));
    if let Some(run) = &mut state.run {
        run.is_in_file = true;
    }
    effects
}

#[cfg(test)]
#[path = "opened_files_tests.rs"]
mod tests;
