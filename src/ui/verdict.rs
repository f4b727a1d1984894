//! The verdict panel: every claim of the paper, and what the run on show makes of it.

use leptos::prelude::*;

use super::dom;
use super::exhibit::Origin;
use super::judgement::{self, anchor, found, standing_words, summary};
use super::state::State;
use super::store::Store;
use crate::analysis::verdict::{Outcome, Row, Verdict};

/// The panel.
#[component]
pub(super) fn VerdictPanel() -> impl IntoView {
    let store = Store::get();
    // Judging takes a millisecond: only when the run has got further by a checkpoint.
    let revision = store.memo(revision);
    let verdict = Memo::new(move |_| {
        revision.get();
        store.peek(judgement::judge)
    });
    let save_csv = move |_| {
        if let Some(verdict) = verdict.get_untracked() {
            dom::save_text("verdict.csv", "text/csv", &judgement::table(&verdict).csv());
        }
    };
    let save_md = move |_| {
        if let Some(verdict) = verdict.get_untracked() {
            dom::save_text("verdict.md", "text/markdown", &judgement::markdown(&verdict));
        }
    };
    view! {
        <section class="verdict-section" id="verdict" aria-labelledby="verdict-title">
            <div class="section-head">
                <h2 id="verdict-title">"Verdict"</h2>
                <p data-testid="verdict-summary">{move || verdict.get().as_ref().map(summary)}</p>
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
                            <th scope="col">"Expected of another seed, and why"</th>
                            <th scope="col">"This run"</th>
                            <th scope="col">"Outcome"</th>
                        </tr>
                    </thead>
                    <tbody>{move || verdict.get().map(|verdict| rows(&verdict))}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Changes when the verdict might.
fn revision(state: &State) -> (Option<Origin>, usize, usize, usize, usize) {
    let exhibit = state.exhibit.as_ref();
    (
        exhibit.map(|exhibit| exhibit.origin.clone()),
        exhibit.map_or(0, |exhibit| exhibit.rows.len() / 50),
        exhibit.map_or(0, |exhibit| exhibit.progress.len()),
        exhibit.map_or(0, |exhibit| exhibit.snapshots.len()),
        state.shelf.len(),
    )
}

fn rows(verdict: &Verdict) -> Vec<AnyView> {
    verdict.rows.iter().map(|row| row_view(row, verdict)).collect()
}

fn row_view(row: &Row, verdict: &Verdict) -> AnyView {
    let claim = row.claim();
    let (sign, kind) = match row.outcome {
        Outcome::Pass => ("✓ ", "passed"),
        Outcome::Fail => ("✗ ", "failed"),
        Outcome::NotApplicable => ("", "open"),
    };
    // A run of another kind has the same reason many times.
    let same = verdict.rows.iter().find(|other| !row.reason.is_empty() && other.reason == row.reason);
    let found = match same {
        Some(first) if first.number < row.number => format!("as claim {}", first.number),
        _ => found(row).to_owned(),
    };
    let small = format!("{}; {}", claim.source, standing_words(claim.standing));
    let small = if claim.not_robust.is_some() { format!("{small}; {}", claim.caveat()) } else { small };
    let beyond = match row.beyond.as_str() {
        "" => String::new(),
        beyond => format!("outside of what is expected: {beyond}"),
    };
    view! {
        <tr id=format!("claim-{}", row.number) data-outcome=kind>
            <th scope="row">{row.number}</th>
            <td>
                <a href=format!("#{}", anchor(row.number)) title="To what shows it">{claim.text}</a>
                <small>{small}</small>
            </td>
            <td>{claim.paper}</td>
            <td>{claim.ranges()} <small>{claim.why}</small></td>
            <td>{found} <small>{beyond}</small></td>
            <td class="outcome">{sign}{row.outcome_words()}</td>
        </tr>
    }
    .into_any()
}
