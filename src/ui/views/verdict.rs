//! The verdict panel: every claim of the paper, and what the run on show makes of it.

use leptos::prelude::*;

use crate::analysis::verdict::{Outcome, Row, Verdict};
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::measurement_policy::is_at_rest;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::verdict_model::{self, caution, places, recipe_edits};
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
    let shown = RwSignal::new(None);
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
                <p data-testid="verdict-summary">{move || verdict.get().as_ref().map(Verdict::headline)}</p>
                <p data-testid="verdict-note">{move || note.get()}</p>
                <span class="files">
                    <button type="button" class="quiet" data-testid="verdict-csv" on:click=save_csv>"CSV"</button>
                    <button type="button" class="quiet" data-testid="verdict-md" on:click=save_md>"Markdown"</button>
                </span>
            </div>
            <div class="panel table-wide" tabindex="0" role="region" aria-label="Claims of the paper">
                <p class="files" role="group" aria-label="Which outcomes are shown">
                    {move || verdict.get().map(|verdict| filters(shown, &verdict))}
                </p>
                <table class="verdict" data-testid="verdict">
                    <thead>
                        <tr>
                            <th scope="col">"#"</th>
                            <th scope="col">"Claim"</th>
                            <th scope="col">"Outcome"</th>
                        </tr>
                    </thead>
                    <tbody>{move || verdict.get().map(|verdict| rows(store, &verdict, shown.get()))}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Buttons that show all rows, or those of one outcome.
fn filters(shown: RwSignal<Option<Outcome>>, verdict: &Verdict) -> Vec<AnyView> {
    let choices = std::iter::once(None).chain(Outcome::ALL.map(Some));
    let button = |choice: Option<Outcome>| {
        let (words, id, n) = match choice {
            None => ("all", "all", verdict.rows.len()),
            Some(outcome) => (outcome.words(), kind(outcome), verdict.count(outcome)),
        };
        view! {
            <button
                type="button"
                class="quiet"
                data-testid=format!("verdict-filter-{id}")
                aria-pressed=move || (shown.get() == choice).to_string()
                on:click=move |_| shown.set(choice)
            >
                {format!("{words}: {n}")}
            </button>
        }
        .into_any()
    };
    choices.map(button).collect()
}

/// The name of an outcome in style sheets and hooks.
fn kind(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "passed",
        Outcome::Differs => "differs",
        Outcome::Fails => "failed",
        Outcome::NotApplicable => "open",
    }
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

fn rows(store: Store, verdict: &Verdict, shown: Option<Outcome>) -> Vec<AnyView> {
    let config = store.peek(|state| state.run_view.as_ref().map(|run_view| run_view.config.clone()));
    let is_shown = |row: &&Row| shown.is_none_or(|outcome| outcome == row.outcome);
    let places = |row: &Row| config.as_ref().map_or_else(Vec::new, |config| places(row, config));
    verdict.rows.iter().filter(is_shown).map(|row| row_view(store, row, &places(row))).collect()
}

/// A line, which opens to all that is known of the claim.
fn row_view(store: Store, row: &Row, places: &[(String, String)]) -> AnyView {
    let claim = row.claim();
    let sign = match row.outcome {
        Outcome::Holds => "✓ ",
        Outcome::Differs => "≈ ",
        Outcome::Fails => "✗ ",
        Outcome::NotApplicable => "",
    };
    let show = claim.anchor.map(|id| {
        view! { <a href=format!("#{id}") on:click=move |_| show_part(id)>"To what shows it"</a> }.into_any()
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
    let seeds: Vec<String> = places.iter().map(|(quantity, place)| format!("{quantity}: {place}")).collect();
    let lines = [
        ("This run", row.finding_or_reason().to_owned()),
        ("Deviation", row.deviation.clone()),
        ("Test", claim.expected()),
        ("Why", claim.why.to_owned()),
        ("In the paper", claim.paper.to_owned()),
        ("Published models", claim.published()),
        ("Among the seeds", seeds.join("; ")),
        ("Caution", caution(claim)),
        ("Source", format!("{}; {}", claim.source, claim.requirement.words())),
    ];
    let line = |(label, words): (&'static str, String)| {
        (!words.is_empty()).then(|| view! { <small>{format!("{label}: {words}")}</small> }.into_any())
    };
    let lines: Vec<_> = lines.into_iter().filter_map(line).collect();
    view! {
        <tr id=format!("claim-{}", row.number) data-outcome=kind(row.outcome)>
            <th scope="row">{row.number}</th>
            <td>
                <details>
                    <summary>{claim.text}</summary>
                    {lines}
                    {show}
                </details>
                {recipe}
            </td>
            <td class="outcome">{sign}{row.outcome.words()}</td>
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
