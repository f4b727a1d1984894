//! The start-up ladder: each question that was asked of the browser, and how it ended.

use leptos::prelude::*;

use crate::protocol::{LadderRung, RungOutcome};

/// The rungs as a list.
#[component]
pub(super) fn Ladder(
    /// The rungs, in the order asked.
    rungs: Vec<LadderRung>,
) -> impl IntoView {
    let rungs = rungs
        .into_iter()
        .map(|rung| {
            let (outcome, sign) = words(rung.outcome);
            view! {
                <li data-outcome=outcome>
                    <span class="rung-sign" aria-hidden="true">{sign}</span>
                    <span class="rung-name">{rung.name}</span>
                    <span class="rung-outcome">{outcome}</span>
                    <span class="rung-detail">{rung.detail}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="ladder">{rungs}</ol> }
}

fn words(outcome: RungOutcome) -> (&'static str, &'static str) {
    match outcome {
        RungOutcome::Passed => ("passed", "✓"),
        RungOutcome::Warned => ("warning", "!"),
        RungOutcome::Failed => ("failed", "✗"),
        RungOutcome::Skipped => ("not asked", "–"),
    }
}
