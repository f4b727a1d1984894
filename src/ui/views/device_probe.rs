//! The start-up ladder: each question that was asked of the browser, and how it ended.

use leptos::prelude::*;

use crate::protocol::{LadderRung, ProbeQuestion, RungOutcome};
use crate::ui::state::advice::{Trouble, advice};
use crate::ui::store::Store;

/// The rungs as a list.
#[component]
pub(in crate::ui) fn Ladder(
    /// The rungs, in the order asked.
    rungs: Vec<LadderRung>,
) -> impl IntoView {
    let advice = needs_advice(&rungs).then(|| {
        let words = Store::get().peek(|state| advice(Trouble::NoWebGpu, &state.host.user_agent));
        view! { <p class="ladder-advice" data-testid="advice">{words}</p> }
    });
    let rungs = rungs
        .into_iter()
        .map(|rung| {
            let (outcome, sign) = words(rung.outcome);
            view! {
                <li data-outcome=outcome>
                    <span class="rung-sign" aria-hidden="true">{sign}</span>
                    <span class="rung-name">{rung.question.to_string()}</span>
                    <span class="rung-outcome">{outcome}</span>
                    <span class="rung-detail">{rung.detail}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <ol class="ladder">{rungs}</ol>
        {advice}
    }
}

/// Whether the browser or its settings stand in the way of WebGPU: not the address of the page, and not an
/// adapter that works and is only slow.
fn needs_advice(rungs: &[LadderRung]) -> bool {
    let failed = rungs.iter().find(|rung| rung.outcome == RungOutcome::Failed);
    failed.is_some_and(|rung| rung.question != ProbeQuestion::SecureContext)
}

fn words(outcome: RungOutcome) -> (&'static str, &'static str) {
    match outcome {
        RungOutcome::Passed => ("passed", "✓"),
        RungOutcome::Warned => ("warning", "!"),
        RungOutcome::Failed => ("failed", "✗"),
        RungOutcome::Skipped => ("not asked", "–"),
    }
}

#[cfg(test)]
mod tests {
    use super::needs_advice;
    use crate::protocol::{LadderRung, ProbeQuestion, RungOutcome};

    #[test]
    fn advice_is_for_what_the_browser_can_change() {
        let rungs = |question, outcome| {
            let rung = |question, outcome| LadderRung { question, outcome, detail: String::new() };
            [rung(ProbeQuestion::Limits, RungOutcome::Passed), rung(question, outcome)]
        };
        assert!(needs_advice(&rungs(ProbeQuestion::NavigatorGpu, RungOutcome::Failed)));
        let insecure = rungs(ProbeQuestion::SecureContext, RungOutcome::Failed);
        assert!(!needs_advice(&insecure), "the address is to blame");
        assert!(!needs_advice(&rungs(ProbeQuestion::Adapter, RungOutcome::Skipped)), "the CPU was asked for");
        assert!(!needs_advice(&[]));
    }
}
