//! The device probe: each check that was made of the browser, and how it ended.

use leptos::prelude::*;

use crate::protocol::{CheckOutcome, ProbeCheck, ProbeQuestion};
use crate::ui::state::advice::{FailureKind, advice};
use crate::ui::store::Store;

/// The rungs as a list.
#[component]
pub(in crate::ui) fn DeviceProbe(
    /// The rungs, in the order asked.
    checks: Vec<ProbeCheck>,
) -> impl IntoView {
    let advice = needs_advice(&checks).then(|| {
        let words = Store::get().peek(|state| advice(FailureKind::NoWebGpu, &state.host.user_agent));
        view! { <p class="probe-advice" data-testid="advice">{words}</p> }
    });
    let checks = checks
        .into_iter()
        .map(|check| {
            let (outcome, sign) = words(check.outcome);
            view! {
                <li data-outcome=outcome>
                    <span class="check-sign" aria-hidden="true">{sign}</span>
                    <span class="check-name">{check.question.to_string()}</span>
                    <span class="check-outcome">{outcome}</span>
                    <span class="check-detail">{check.detail}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <ol class="probe-checks">{checks}</ol>
        {advice}
    }
}

/// Whether the browser or its settings stand in the way of WebGPU: not the address of the page, and not an
/// adapter that works and is only slow.
fn needs_advice(checks: &[ProbeCheck]) -> bool {
    let failed = checks.iter().find(|check| check.outcome == CheckOutcome::Failed);
    failed.is_some_and(|check| check.question != ProbeQuestion::SecureContext)
}

fn words(outcome: CheckOutcome) -> (&'static str, &'static str) {
    match outcome {
        CheckOutcome::Passed => ("passed", "✓"),
        CheckOutcome::Warned => ("warning", "!"),
        CheckOutcome::Failed => ("failed", "✗"),
        CheckOutcome::Skipped => ("not asked", "–"),
    }
}

#[cfg(test)]
mod tests {
    use super::needs_advice;
    use crate::protocol::{CheckOutcome, ProbeCheck, ProbeQuestion};

    #[test]
    fn advice_is_for_what_the_browser_can_change() {
        let checks = |question, outcome| {
            let check = |question, outcome| ProbeCheck { question, outcome, detail: String::new() };
            [check(ProbeQuestion::Limits, CheckOutcome::Passed), check(question, outcome)]
        };
        assert!(needs_advice(&checks(ProbeQuestion::NavigatorGpu, CheckOutcome::Failed)));
        let insecure = checks(ProbeQuestion::SecureContext, CheckOutcome::Failed);
        assert!(!needs_advice(&insecure), "the address is to blame");
        assert!(
            !needs_advice(&checks(ProbeQuestion::Adapter, CheckOutcome::Skipped)),
            "the CPU was asked for"
        );
        assert!(!needs_advice(&[]));
    }
}
