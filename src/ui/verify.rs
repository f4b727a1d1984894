//! "Verify this device": the button, and what the engines' comparison says.

use leptos::prelude::*;

use super::format;
use super::state::State;
use super::store::Store;
use super::update::Message;
use crate::protocol::{Check, Verification};

/// How the check of the device stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Verify {
    /// It was not asked for.
    #[default]
    Idle,
    /// The worker is at it.
    Running,
    /// It is done.
    Done(Verification),
    /// It could not be done; the reason in words.
    Failed(String),
}

/// The button and the result.
#[component]
pub(super) fn VerifyDevice() -> impl IntoView {
    let store = Store::get();
    let verify = store.memo(|state| state.verify.clone());
    let enabled = store.memo(State::can_verify);
    let result = move || {
        match verify.get() {
        Verify::Idle => ().into_any(),
        Verify::Running => view! { <p role="status">"Each engine makes its steps…"</p> }.into_any(),
        Verify::Failed(reason) => {
            view! { <p class="problem" role="alert" data-testid="verify-result">{format!("Not verified: {reason}.")}</p> }
                .into_any()
        }
        Verify::Done(verification) => view! { <VerifyTable verification /> }.into_any(),
    }
    };
    view! {
        <details class="fold verify">
            <summary>"Verify this device"</summary>
            <p>
                "Every engine at hand makes the same steps of a small model, and is compared with the transformer \
                 as written, in 64-bit floats."
            </p>
            <button type="button" data-testid="verify-device" disabled=move || !enabled.get() on:click=move |_| store.send(Message::Verify)>
                "Verify"
            </button>
            {result}
        </details>
    }
}

#[component]
fn VerifyTable(verification: Verification) -> impl IntoView {
    let lines = verification
        .checks
        .iter()
        .map(|check| {
            let [engine, drift, loss, verdict] = words(check, verification.max_drift);
            view! { <tr><th scope="row">{engine}</th><td>{drift}</td><td>{loss}</td><td>{verdict}</td></tr> }
        })
        .collect_view();
    view! {
        <div data-testid="verify-result" role="status">
            <p>{summary(&verification)}</p>
            <table>
                <thead>
                    <tr>
                        <th scope="col">"engine"</th>
                        <th scope="col">"drift of the weights"</th>
                        <th scope="col">"drift of the train loss"</th>
                        <th scope="col">"verdict"</th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

fn words(check: &Check, max_drift: f64) -> [String; 4] {
    let verdict = if Verification::passes(max_drift)(check) { "right" } else { "wrong" };
    [
        format!(
            "{} on {} ({})",
            check.engine.engine,
            check.engine.device.to_uppercase(),
            check.engine.device_name
        ),
        format!("{:.1e}", check.drift),
        format!("{:.1e} nats", check.loss_difference),
        verdict.into(),
    ]
}

fn summary(verification: &Verification) -> String {
    let Verification { n_steps, max_drift, .. } = verification;
    let steps = format::count(*n_steps);
    if verification.is_passed() {
        format!(
            "This device computes rightly: after {steps} steps every engine is within {max_drift:.0e} of the reference."
        )
    } else {
        format!(
            "This device does not compute rightly: after {steps} steps an engine is further than {max_drift:.0e} from \
             the reference. Train on an engine that is right, and report the other with the words of the status line."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{summary, words};
    use crate::engine::EngineInfo;
    use crate::protocol::{Check, Verification};

    #[test]
    fn the_verdict_follows_the_drift() {
        let engine = EngineInfo {
            engine: "folded".into(),
            device: "cpu".into(),
            device_name: "WebAssembly".into(),
            precision: "f32".into(),
            reason: String::new(),
        };
        for (drift, is_right) in [(2e-6, true), (0.5, false), (f64::NAN, false)] {
            let check = Check { engine: engine.clone(), drift, train_loss: 1.0, loss_difference: 1e-7 };
            assert_eq!(words(&check, 1e-3)[3], if is_right { "right" } else { "wrong" });
            let verification = Verification { n_steps: 50, max_drift: 1e-3, checks: vec![check] };
            assert_eq!(summary(&verification).contains("not compute rightly"), !is_right, "{drift}");
        }
    }
}
