//! What went wrong, and the buttons that repair it.

use leptos::prelude::*;

use crate::config::DeviceChoice;
use crate::engine::DeviceKind;
use crate::ui::state::advice::{FailureKind, advice};
use crate::ui::state::format;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::device_probe::DeviceProbe;
use crate::ui::views::files::file_problems;

/// The error panel; absent while nothing is wrong.
#[component]
pub(in crate::ui) fn ErrorPanel() -> impl IntoView {
    let store = Store::get();
    let failure = store.memo(|state| state.failure.clone());
    // The step of the state to go on from, and whether the graphics card may be to blame.
    let failed_at = store.memo(|state| {
        let run = state.run.as_ref().filter(|_| state.can_resume_from_saved())?;
        let on_gpu = run.engine.as_ref().is_some_and(|engine| engine.device == DeviceKind::Gpu);
        Some((run.saved.as_ref()?.step, on_gpu || state.connected_choice == DeviceChoice::Gpu))
    });
    move || {
        failure.get().map(|failure| {
            let probe_checks = (!failure.probe_checks.is_empty()).then(|| {
                view! {
                    <details class="fold" open>
                        <summary>"What was tried"</summary>
                        <DeviceProbe checks=failure.probe_checks.clone() />
                    </details>
                }
            });
            let cpu = failure.offers_cpu.then(|| {
                view! {
                    <button type="button" class="primary" data-testid="use-cpu" on:click=move |_| store.send(Message::UseCpu)>
                        "Use the CPU"
                    </button>
                }
            });
            let resume_from_saved = failed_at.get().map(|(step, was_on_gpu)| resume_buttons(store, step, was_on_gpu));
            // Of a device that cannot be had, the questions below say what to do.
            let kind = failure.kind.filter(|kind| *kind != FailureKind::NoWebGpu);
            let advice = kind.map(|kind| {
                let words = store.peek(|state| advice(kind, &state.host.user_agent));
                view! { <p data-testid="advice">{words}</p> }
            });
            view! {
                <section class="panel error" data-testid="error" role="alert" aria-label="Error">
                    <h2>"The lab stopped"</h2>
                    <p class="error-message">{failure.message.clone()}</p>
                    {advice}
                    <div class="row">
                        {resume_from_saved}
                        {cpu}
                        <button type="button" data-testid="restart" on:click=move |_| store.send(Message::Restart)>
                            "Restart the worker"
                        </button>
                    </div>
                    {probe_checks}
                </section>
            }
        })
    }
}

/// The ways to resume the run from a step: as it was computed, and on the CPU if the graphics card may be to blame.
fn resume_buttons(store: Store, step: usize, was_on_gpu: bool) -> AnyView {
    let words = format!("Resume from step {}", format::count(step));
    let resume = move |device| store.send(Message::ResumeFromSaved(device));
    let on_cpu = was_on_gpu.then(|| {
        view! {
            <button type="button" data-testid="go-on-cpu" on:click=move |_| resume(Some(DeviceChoice::Cpu))>
                {format!("{words}, on the CPU")}
            </button>
        }
    });
    view! {
        <button type="button" class="primary" data-testid="go-on" on:click=move |_| resume(None)>
            {words}
        </button>
        {on_cpu}
    }
    .into_any()
}

/// What the page's link said and the page ignored, and what else the reader should know.
#[component]
pub(in crate::ui) fn Notices() -> impl IntoView {
    view! {
        {file_problems(Store::get(), "file-error", true)}
        <LinkNotices />
        <Remarks />
    }
}

#[component]
fn Remarks() -> impl IntoView {
    let store = Store::get();
    let remarks = store.memo(|state| state.remarks.clone());
    move || {
        let remarks = remarks.get();
        (!remarks.is_empty()).then(|| {
            let items = remarks.into_iter().map(|remark| view! { <li>{remark}</li> }).collect_view();
            view! {
                <section class="panel notice" data-testid="remarks" role="status" aria-label="Remarks">
                    <ul>{items}</ul>
                    <button type="button" data-testid="dismiss-remarks" on:click=move |_| store.send(Message::DismissRemarks)>"Dismiss"</button>
                </section>
            }
        })
    }
}

#[component]
fn LinkNotices() -> impl IntoView {
    let store = Store::get();
    let notices = store.memo(|state| state.notices.clone());
    move || {
        let notices = notices.get();
        (!notices.is_empty()).then(|| {
            let items = notices.into_iter().map(|notice| view! { <li>{notice}</li> }).collect_view();
            view! {
                <section class="panel notice" data-testid="notices" role="status" aria-label="Ignored parts of the link">
                    <p>"Parts of this link were ignored:"</p>
                    <ul>{items}</ul>
                    <button type="button" data-testid="dismiss-notices" on:click=move |_| store.send(Message::DismissNotices)>"Dismiss"</button>
                </section>
            }
        })
    }
}
