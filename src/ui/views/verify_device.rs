//! "Verify this device": the button, and what the engines' comparison says.

use leptos::prelude::*;

use crate::config::EngineChoice;
use crate::engine::DeviceKind;
use crate::protocol::{Check, CheckOutcome, DeviceReport, Verification};
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::state::verification::Verify;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The button and the result.
#[component]
pub(in crate::ui) fn VerifyDevice() -> impl IntoView {
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
    let store = Store::get();
    let lines = verification
        .checks
        .iter()
        .map(|check| {
            let [engine, drift, loss, verdict] = words(check, verification.max_drift);
            view! { <tr><th scope="row">{engine}</th><td>{drift}</td><td>{loss}</td><td>{verdict}</td></tr> }
        })
        .collect_view();
    let left_out = store
        .peek(|state| left_out(&verification, state.device()))
        .into_iter()
        .map(|words| view! { <p data-testid="verify-left-out">{words}</p> })
        .collect_view();
    view! {
        <div data-testid="verify-result" role="status">
            <p>{summary(&verification)}</p>
            {left_out}
            <div class="table-wide">
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
        </div>
    }
}

fn words(check: &Check, max_drift: f64) -> [String; 4] {
    let verdict = if Verification::passes(max_drift)(check) { "right" } else { "wrong" };
    [
        format!("{} on {} ({})", check.engine.engine, check.engine.device, check.engine.device_name),
        format!("{:.1e}", check.drift),
        format!("{:.1e} nats", check.loss_difference),
        verdict.into(),
    ]
}

fn summary(verification: &Verification) -> String {
    let Verification { n_steps, max_drift, checks, .. } = verification;
    let steps = format::count(*n_steps);
    if checks.is_empty() {
        return "No engine could be compared.".into();
    }
    if verification.is_passed() {
        let on_gpu = is_gpu_compared(verification);
        let what =
            if on_gpu { "This device, its graphics card included," } else { "This device's processor" };
        format!(
            "{what} is verified: after {steps} steps every engine compared is within {max_drift:.0e} of the \
             reference."
        )
    } else {
        format!(
            "This device does not compute rightly: after {steps} steps an engine is further than {max_drift:.0e} from \
             the reference. Train on an engine that is right, and report the other with the words of the status line."
        )
    }
}

fn is_gpu_compared(verification: &Verification) -> bool {
    verification.checks.iter().any(|check| check.engine.device == DeviceKind::Gpu)
}

/// What was not compared, and why; a sentence each.
fn left_out(verification: &Verification, device: Option<&DeviceReport>) -> Vec<String> {
    let mut told: Vec<String> = verification
        .not_compared
        .iter()
        .map(|left| {
            format!(
                "The {} engine on the {} could not be compared: {}.",
                engine_words(left.engine),
                left.device,
                left.reason
            )
        })
        .collect();
    let is_gpu_told = verification.not_compared.iter().any(|left| left.device == DeviceKind::Gpu);
    if !is_gpu_compared(verification) && !is_gpu_told {
        let reason = device.map_or("no device was found", no_gpu_reason);
        told.push(format!("The graphics card was not compared: {reason}."));
    }
    told
}

/// An engine by what was asked for.
fn engine_words(engine: EngineChoice) -> &'static str {
    match engine {
        EngineChoice::Auto => "fastest",
        EngineChoice::Folded => "folded",
        EngineChoice::General => "general",
        EngineChoice::Autodiff => "autodiff",
        EngineChoice::Literal => "literal",
    }
}

/// Why the device in use is no graphics card: the question that failed, or what kept it from being asked.
fn no_gpu_reason(report: &DeviceReport) -> &str {
    let failed = report.probe_checks.iter().find(|check| check.outcome == CheckOutcome::Failed);
    failed.or(report.probe_checks.first()).map_or("none is in use", |check| check.detail.as_str())
}

#[cfg(test)]
mod tests {
    use super::{left_out, summary, words};
    use crate::config::{EngineChoice, Precision};
    use crate::engine::{DeviceKind, EngineInfo, EngineKind};
    use crate::protocol::{
        Check, CheckOutcome, DeviceReport, NotCompared, ProbeCheck, ProbeQuestion, Verification,
    };

    fn check(device: DeviceKind, drift: f64) -> Check {
        let engine = EngineInfo {
            engine: EngineKind::Folded,
            device,
            device_name: "WebAssembly".into(),
            precision: Precision::F32,
            reason: None,
        };
        Check { engine, drift, train_loss: 1.0, loss_difference: 1e-7 }
    }

    fn verification(checks: Vec<Check>) -> Verification {
        Verification { n_steps: 50, max_drift: 1e-3, checks, not_compared: Vec::new() }
    }

    #[test]
    fn the_verdict_follows_the_drift() {
        for (drift, is_right) in [(2e-6, true), (0.5, false), (f64::NAN, false)] {
            assert_eq!(
                words(&check(DeviceKind::Cpu, drift), 1e-3)[3],
                if is_right { "right" } else { "wrong" }
            );
            let told = summary(&verification(vec![check(DeviceKind::Cpu, drift)]));
            assert_eq!(told.contains("not compute rightly"), !is_right, "{drift}");
        }
        assert!(!summary(&verification(Vec::new())).contains("rightly"), "nothing was compared");
    }

    #[test]
    fn a_card_that_was_not_compared_is_not_said_to_be_right() {
        let on_cpu = verification(vec![check(DeviceKind::Cpu, 1e-6)]);
        assert!(summary(&on_cpu).starts_with("This device's processor is verified"));
        let on_both = verification(vec![check(DeviceKind::Cpu, 1e-6), check(DeviceKind::Gpu, 1e-6)]);
        assert!(summary(&on_both).contains("graphics card included"));
        assert!(left_out(&on_both, None).is_empty());

        let check = |outcome, detail: &str| ProbeCheck {
            question: ProbeQuestion::Adapter,
            outcome,
            detail: detail.into(),
        };
        let mut report = DeviceReport {
            device: DeviceKind::Cpu,
            name: "CPU".into(),
            software: false,
            probe_checks: Vec::new(),
        };
        report.probe_checks =
            vec![check(CheckOutcome::Passed, "https"), check(CheckOutcome::Failed, "no adapter")];
        assert_eq!(left_out(&on_cpu, Some(&report)), ["The graphics card was not compared: no adapter."]);
        report.probe_checks = vec![check(CheckOutcome::Skipped, "the CPU was asked for")];
        let told = left_out(&on_cpu, Some(&report));
        assert_eq!(told, ["The graphics card was not compared: the CPU was asked for."]);
    }

    #[test]
    fn an_engine_that_failed_is_named_and_the_others_stay() {
        let mut result = verification(vec![check(DeviceKind::Cpu, 1e-6)]);
        result.not_compared = vec![NotCompared {
            engine: EngineChoice::Auto,
            device: DeviceKind::Gpu,
            reason: "GPU: it is lost".into(),
        }];
        let told = left_out(&result, None);
        assert_eq!(told, ["The fastest engine on the GPU could not be compared: GPU: it is lost."]);
        assert!(summary(&result).contains("processor is verified"));
    }
}
