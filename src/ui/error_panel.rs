//! What went wrong, and the buttons that repair it.

use leptos::prelude::*;

use super::ladder::Ladder;
use super::store::Store;
use super::update::Message;

/// The error panel; absent while nothing is wrong.
#[component]
pub(super) fn ErrorPanel() -> impl IntoView {
    let store = Store::get();
    let failure = store.memo(|state| state.failure.clone());
    move || {
        failure.get().map(|failure| {
            let ladder = (!failure.ladder.is_empty()).then(|| {
                view! {
                    <details class="fold" open>
                        <summary>"What was tried"</summary>
                        <Ladder rungs=failure.ladder.clone() />
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
            view! {
                <section class="panel error" data-testid="error" role="alert" aria-label="Error">
                    <h2>"The lab stopped"</h2>
                    <p class="error-message">{failure.message.clone()}</p>
                    <div class="row">
                        {cpu}
                        <button type="button" data-testid="restart" on:click=move |_| store.send(Message::Restart)>
                            "Restart the worker"
                        </button>
                    </div>
                    {ladder}
                </section>
            }
        })
    }
}

/// What the page's link said and the page ignored.
#[component]
pub(super) fn Notices() -> impl IntoView {
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
                    <button type="button" on:click=move |_| store.send(Message::DismissNotices)>"Dismiss"</button>
                </section>
            }
        })
    }
}
