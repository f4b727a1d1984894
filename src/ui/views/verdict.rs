//! The verdict panel: every claim of the paper, and what the run on show makes of it.

use leptos::prelude::*;

use crate::analysis::verdict::{Outcome, Row, Verdict};
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::measurement_policy::is_at_rest;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::verdict_model::{self, caution, recipe_edits, summary};
use crate::ui::store::Store;
use crate::ui::update::Message;

/// A run that trains is judged again after so many rows.
const ROWS_AT_ONCE: usize = 50;

/// The panel.
#[component]
pub(in crate::ui) fn VerdictPanel() -> impl IntoView {
    let store = Store::get();
    // Judging takes a millisecond.
    let revision = store.memo(Revision::of);
    let note = store.memo(verdict_model::note);
    let verdict = Memo::new(move |_| {
        revision.get();
        store.peek(verdict_model::judge)
    });
    let save_csv = move |_| {
        if let Some(verdict) = verdict.get_untracked() {
            dom::save_text("verdict.csv", "text/csv", &verdict_model::table(&verdict).csv());
        }
    };
    let save_md = move |_| {
        if let Some(verdict) = verdict.get_untracked() {
            dom::save_text("verdict.md", "text/markdown", &verdict_model::markdown(&verdict));
        }
    };
    view! {
        <section class="verdict-section" id="verdict" aria-labelledby="verdict-title">
            <div class="section-head">
                <h2 id="verdict-title">"Verdict"</h2>
                <p data-testid="verdict-summary">{move || verdict.get().as_ref().map(summary)}</p>
                <p data-testid="verdict-note">{move || note.get()}</p>
                <span class="files">
                    <button type="button" class="quiet" data-testid="verdict-csv" on:click=save_csv>"CSV"</button>
                    <button type="button" class="quiet" data-testid="verdict-md" on:click=save_md>"Markdown"</button>
                </span>
            </div>
            <div class="panel table-wide" tabindex="0" role="region" aria-label="Claims of the paper">
                <table class="verdict" data-testid="verdict">
                    <thead>
                        <tr>
                            <th scope="col">"#"</th>
                            <th scope="col">"Claim"</th>
                            <th scope="col">"In the paper"</th>
                            <th scope="col">"Accepted range and source"</th>
                            <th scope="col">"This run"</th>
                            <th scope="col">"Outcome"</th>
                        </tr>
                    </thead>
                    <tbody>{move || verdict.get().map(|verdict| rows(store, &verdict))}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Changes when the verdict might: what a run that trains has measured is looked at now and then, and all of it
/// once it stands.
#[derive(Debug, Clone, PartialEq)]
struct Revision {
    origin: Option<Origin>,
    is_at_rest: bool,
    rows: usize,
    measured: (usize, usize, usize),
    others: usize,
    n_ends: usize,
}

impl Revision {
    fn of(state: &State) -> Self {
        let rows = |run_view: &RunView| match is_at_rest(state, run_view) {
            true => run_view.rows.len(),
            false => run_view.rows.len() / ROWS_AT_ONCE,
        };
        let measured =
            |run_view: &RunView| (run_view.progress.len(), run_view.snapshots.len(), run_view.edition);
        let run_view = state.run_view.as_ref();
        Self {
            origin: run_view.map(|run_view| run_view.origin.clone()),
            is_at_rest: run_view.is_some_and(|run_view| is_at_rest(state, run_view)),
            rows: run_view.map_or(0, rows),
            measured: run_view.map(measured).unwrap_or_default(),
            others: state.other_runs.iter().map(|other| 1 + rows(other)).sum(),
            n_ends: state.analyst.n_ends,
        }
    }
}

fn rows(store: Store, verdict: &Verdict) -> Vec<AnyView> {
    verdict.rows.iter().map(|row| row_view(store, row, verdict)).collect()
}

fn row_view(store: Store, row: &Row, verdict: &Verdict) -> AnyView {
    let claim = row.claim();
    let (sign, kind) = match row.outcome {
        Outcome::Pass => ("✓ ", "passed"),
        Outcome::Fail => ("✗ ", "failed"),
        Outcome::NotApplicable => ("", "open"),
    };
    // A run of another kind has the same reason many times.
    let same = verdict.rows.iter().find(|other| row.reason.is_some() && other.reason == row.reason);
    let found = match same {
        Some(first) if first.number < row.number => format!("as claim {}", first.number),
        _ => row.finding_or_reason().to_owned(),
    };
    let small = format!("{}; {}", claim.source, claim.requirement.words());
    let text = match claim.anchor {
        Some(id) => {
            let show = move |_| show_part(id);
            view! { <a href=format!("#{id}") title="To what shows it" on:click=show>{claim.text}</a> }
                .into_any()
        }
        None => claim.text.into_any(),
    };
    let caution = caution(claim);
    let caution = (!caution.is_empty()).then(|| {
        view! { <small class="caution" data-testid=format!("caution-{}", row.number)>{caution}</small> }
            .into_any()
    });
    let recipe = claim.recipe.map(|recipe| {
        let set = move |_| {
            store.send(Message::Choose(recipe.preset));
            recipe_edits(recipe)
                .into_iter()
                .for_each(|(setting, text)| store.send(Message::Edit(setting, text)));
            dom::flash("preset");
        };
        view! {
            <button type="button" class="quiet" data-testid=format!("recipe-{}", row.number) on:click=set>
                {format!("Try it: {}", recipe.label)}
            </button>
        }
        .into_any()
    });
    let beyond = match row.beyond.as_str() {
        "" => String::new(),
        beyond => format!("outside of what is expected: {beyond}"),
    };
    view! {
        <tr id=format!("claim-{}", row.number) data-outcome=kind>
            <th scope="row">{row.number}</th>
            <td>
                {text}
                <small>{small}</small>
                {caution}
            </td>
            <td>{claim.paper}</td>
            <td>{claim.ranges()} <small>{claim.why}</small></td>
            <td>{found} <small>{beyond}</small> {recipe}</td>
            <td class="outcome">{sign}{row.outcome_words()}</td>
        </tr>
    }
    .into_any()
}

/// Draws the eye to the part of the page with this id. The paper's figures may be hidden.
fn show_part(id: &'static str) {
    if !dom::flash_part(id) && dom::press("show-figures") {
        // They are there by the next frame.
        request_animation_frame(move || {
            dom::flash_part(id);
        });
    }
}
