//! Runs as files: what a capsule of a run holds, and the run that a capsule shows. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::modular::report::Report;
use crate::analysis::phases::Phases;
use crate::protocol::capsule::{Capsule, Head};
use crate::ui::state::State;
use crate::ui::state::checkpoints::{BUDGET_BYTES, Checkpoints};
use crate::ui::state::run_view::{Origin, RunView};

/// What this page can say of any run it writes.
fn head(state: &State) -> Head {
    let plain = Head::default();
    let build = state.host.build.iter().fold(plain.build.clone(), |text, build| format!("{text} {build}"));
    let user_agent = Some(state.host.user_agent.clone()).filter(|text| !text.is_empty());
    Head { build, user_agent, ..plain }
}

/// Every report of a run that is at hand.
fn reports(run_view: &RunView) -> BTreeMap<usize, Arc<Report>> {
    let mut reports = run_view.reports.clone();
    for (step, snapshot) in &run_view.snapshots {
        if let Some(report) = snapshot.report() {
            reports.insert(*step, Arc::new(report.clone()));
        }
    }
    reports
}

/// All there is of the run of this tab.
pub fn capsule(state: &State) -> Option<Capsule> {
    let (run, own) = (state.run.as_ref()?, state.own()?);
    let title =
        state.stored_runs.runs.iter().find(|kept| kept.key == run.key).and_then(|kept| kept.title.clone());
    let head = Head {
        name: title,
        began_ms: Some(run.began_ms),
        engine: run.engine.clone(),
        n_rows_left_out: own.n_rows_left_out,
        ..head(state)
    };
    Some(Capsule {
        head,
        config: run.config.clone(),
        rows: own.rows.clone(),
        measures: own.progress.clone(),
        reports: reports(own),
        state: run.saved.clone(),
        checkpoints: run.checkpoints.files().clone(),
    })
}

/// What the checkpoints of a capsule may take: a file that can still be sent by mail after packing.
pub(in crate::ui) const CAPSULE_BUDGET_BYTES: usize = 20 << 20;

/// A run as it can be looked at, with no more rows and checkpoints than the page holds of its own.
pub fn run_view_of(capsule: Capsule, origin: Origin) -> RunView {
    let Capsule { head, config, rows, measures, reports, state, mut checkpoints } = capsule;
    if let Some(saved) = state {
        // A state can be read as weights.
        checkpoints.entry(saved.step).or_insert(saved.state);
    }
    let mut held = Checkpoints::default();
    for (step, file) in checkpoints {
        held.add(step, file, BUDGET_BYTES);
    }
    let mut run_view = RunView {
        origin,
        phases: Phases::find(&measures),
        progress: measures,
        reports,
        weights: held.files().clone(),
        ..RunView::own(config)
    };
    run_view.add_rows(rows, head.n_rows_left_out);
    run_view
}

/// All there is of the run on show.
pub fn shown_capsule(state: &State) -> Option<Capsule> {
    let run_view = state.run_view.as_ref()?;
    if run_view.origin == Origin::Own
        && let Some(capsule) = capsule(state)
    {
        return Some(capsule);
    }
    let name = match &run_view.origin {
        Origin::Recorded => Some("recorded run".to_owned()),
        Origin::Own => None,
        Origin::File(name) | Origin::Stored { name, .. } => Some(name.clone()),
    };
    Some(Capsule {
        head: Head { name, n_rows_left_out: run_view.n_rows_left_out, ..head(state) },
        config: run_view.config.clone(),
        rows: run_view.rows.clone(),
        measures: run_view.progress.clone(),
        reports: reports(run_view),
        state: None,
        checkpoints: run_view.weights.clone(),
    })
}

/// What a file has to leave out of the run on show, in words; none if it has room for all.
pub fn left_out_of(state: &State) -> Option<String> {
    let rows = state.run_view.as_ref().and_then(RunView::thinned_words);
    let checkpoints = checkpoints_left_out_of(&shown_capsule(state)?);
    let words: Vec<String> = rows.into_iter().chain(checkpoints).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

pub(in crate::ui) fn checkpoints_left_out_of(capsule: &Capsule) -> Option<String> {
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
