//! The list of kept runs, and the offer to go on with the one that was left off.

use leptos::prelude::*;

use crate::error::ErrorReport;
use crate::ui::browser::dom;
use crate::ui::state::advice::{advice, of_storage};
use crate::ui::state::permissions::newest_unfinished;
use crate::ui::state::run::Phase;
use crate::ui::state::stored_runs::{Damaged, Room, StoredRun, StoredRuns};
use crate::ui::state::{OpenIntent, State};
use crate::ui::state::{format, run_name};
use crate::ui::store::Store;
use crate::ui::update::Message;

/// What can be gone on with: the run on the page, if it only needs a worker, else the one left off last.
#[derive(Debug, Clone, PartialEq)]
struct Offer {
    key: String,
    words: String,
    step: usize,
    epochs: usize,
    is_on_page: bool,
}

fn offer(state: &State) -> Option<Offer> {
    if let Some(run) = &state.run {
        let step = run.saved.as_ref()?.step;
        let offered = run.phase == Phase::Detached && state.can_resume_from_saved();
        return offered.then(|| Offer {
            key: run.key.clone(),
            words: run_name::name(&run.config),
            step,
            epochs: run.config.run.epochs,
            is_on_page: true,
        });
    }
    let kept = newest_unfinished(state)?;
    Some(Offer {
        words: kept.title.clone().unwrap_or_else(|| run_name::name(&kept.config)),
        step: kept.step,
        epochs: kept.config.run.epochs,
        key: kept.key,
        is_on_page: false,
    })
}

/// The run that had to make room though it is kept nowhere: present only while there is one.
fn unsaved_run_notice(store: Store) -> AnyView {
    let words = store.memo(|state| {
        let (_, capsule) = state.unsaved_run.as_ref()?;
        let name = capsule.head.name.clone().unwrap_or_else(|| run_name::name(&capsule.config));
        let step = format::count(capsule.state.as_ref().map_or(0, |saved| saved.step));
        Some(format!(
            "Your run {name}, at step {step}, is not saved in this browser. This tab still holds it."
        ))
    });
    let notice = move || {
        words.get().map(|words| {
            view! {
                <section class="panel notice" role="status" aria-label="A run set aside" data-testid="set-aside">
                    <p>{words}</p>
                    <div class="row">
                        <button type="button" data-testid="bring-back" on:click=move |_| store.send(Message::RestoreUnsavedRun)>
                            "Bring it back"
                        </button>
                        <button type="button" data-testid="let-go" on:click=move |_| store.send(Message::DiscardUnsavedRun)>
                            "Discard it"
                        </button>
                    </div>
                </section>
            }
        })
    };
    notice.into_any()
}

/// "Go on with your run", and the run that was set aside: each present only while there is one.
#[component]
pub(in crate::ui) fn ResumeOffer() -> impl IntoView {
    let store = Store::get();
    let offer = store.memo(offer);
    let resume = move || {
        offer.get().map(|Offer { key, words, step, epochs, is_on_page }| {
            let resume =
                move |_| store.send(Message::OpenStored { key: key.clone(), intent: OpenIntent::Resume });
            let where_ = if is_on_page { "Its curves are on show." } else { "It is saved in this browser." };
            view! {
                <section class="panel notice" role="status" aria-label="A run to go on with">
                    <p>
                        {format!(
                            "Your run {words} stopped at step {} of {}. {where_}",
                            format::count(step),
                            format::count(epochs)
                        )}
                    </p>
                    <button type="button" class="primary" data-testid="resume-kept" on:click=resume>
                        {format!("Resume from step {}", format::count(step))}
                    </button>
                </section>
            }
        })
    };
    view! {
        {resume}
        {unsaved_run_notice(store)}
    }
}

/// The list, with the room it takes.
#[component]
pub(in crate::ui) fn StoredRunsPanel() -> impl IntoView {
    let store = Store::get();
    let kept = store.memo(|state| state.stored_runs.clone());
    let lines = move || {
        kept.with(|kept| kept.runs.iter().map(|run| view! { <Line run=run.clone() /> }).collect_view())
    };
    let damaged = move || {
        kept.with(|kept| kept.damaged.iter().map(|run| damaged_line(store, run.clone())).collect_view())
    };
    view! {
        <section class="panel kept" id="kept" aria-labelledby="kept-title" data-testid="kept-runs">
            <div class="panel-head">
                <h2 id="kept-title">"Saved in this browser"</h2>
                <span class="unit" data-testid="room">{move || kept.with(room_words)}</span>
            </div>
            {move || {
                kept.with(|kept| kept.notice().cloned()).map(|kind| {
                    let words = store.peek(|state| storage_words(&kind, &state.host.user_agent));
                    view! {
                        <div class="problem" role="alert" data-testid="storage-notice">
                            <p>{words}</p>
                            <button
                                type="button"
                                data-testid="dismiss-storage"
                                on:click=move |_| store.send(Message::DismissStorageNotice)
                            >
                                "Dismiss"
                            </button>
                        </div>
                    }
                })
            }}
            <Show when=move || kept.with(|kept| kept.is_listed && kept.runs.is_empty() && kept.damaged.is_empty())>
                <p class="empty-list">"Runs that train here are saved here, and survive the closing of this tab."</p>
            </Show>
            <ul class="runs">{lines} {damaged}</ul>
        </section>
    }
}

/// What is wrong with the storage, and what to do about it here.
fn storage_words(kind: &ErrorReport, user_agent: &str) -> String {
    let advice = advice(of_storage(kind.kind), user_agent);
    format!("{}. {advice}", kind.message.trim_end_matches('.'))
}

/// A run of which nothing can be read: it takes room, and can be deleted.
fn damaged_line(store: Store, Damaged { key, n_records }: Damaged) -> AnyView {
    let name = format!("Damaged run {key}");
    view! {
        <li class="kept-run" data-testid="damaged-run">
            <span class="kept-name">{name.clone()}</span>
            <span class="facts">{format!("nothing of it can be read; {n_records} records take room")}</span>
            {delete_button(store, key, name)}
        </li>
    }
    .into_any()
}

/// Deletes a run at the second press: there is no way back. Not one that is under way.
fn delete_button(store: Store, key: String, name: String) -> AnyView {
    let sure = RwSignal::new(false);
    let is_live = {
        let (here, elsewhere) =
            (is_on_page(store, key.clone(), State::is_live), is_trained_elsewhere(store, key.clone()));
        Memo::new(move |_| here.get() || elsewhere.get())
    };
    let delete = move |_| {
        if sure.get_untracked() {
            store.send(Message::DeleteStored(key.clone()));
        } else {
            sure.set(true);
        }
    };
    view! {
        <button
            type="button"
            data-testid="delete-kept"
            disabled=is_live
            on:click=delete
            on:blur=move |_| sure.set(false)
            aria-label=move || if sure.get() { format!("Really delete {name}?") } else { format!("Delete {name}") }
        >
            {move || if sure.get() { "Really?" } else { "Delete" }}
        </button>
    }
    .into_any()
}

/// Whether the run of the page is that of a key, and is so. A line follows it and is not drawn anew: a press in
/// between would be lost.
fn is_on_page(store: Store, key: String, is_so: fn(&State) -> bool) -> Memo<bool> {
    store.memo(move |state| state.run.as_ref().is_some_and(|run| run.key == key) && is_so(state))
}

/// Whether another tab trains the run of a key.
fn is_trained_elsewhere(store: Store, key: String) -> Memo<bool> {
    store.memo(move |state| state.is_trained_elsewhere(&key))
}

fn room_words(kept: &StoredRuns) -> String {
    match kept.room {
        Some(Room { used_bytes, quota_bytes, is_persistent }) => {
            let promise = if is_persistent { ", not cleared by the browser" } else { "" };
            format!("{} of {} used{promise}", format::bytes(used_bytes), format::bytes(quota_bytes))
        }
        None => String::new(),
    }
}

#[component]
fn Line(run: StoredRun) -> impl IntoView {
    let store = Store::get();
    let StoredRun { key, title, config, saved_ms, step, n_bytes, .. } = run;
    let is_open = is_on_page(store, key.clone(), |_| true);
    let is_elsewhere = is_trained_elsewhere(store, key.clone());
    let name = title.unwrap_or_else(|| run_name::name(&config));
    let is_done = step >= config.run.epochs;
    let facts = format!(
        "{}, step {} of {}, {}",
        dom::local_time(saved_ms),
        format::count(step),
        format::count(config.run.epochs),
        format::bytes(n_bytes as f64)
    );
    let [for_open, for_compare, for_rename, for_delete] = [(); 4].map(|()| key.clone());
    let rename = move |text: String| {
        let text = text.trim().to_owned();
        store.send(Message::RenameStored {
            key: for_rename.clone(),
            title: (!text.is_empty()).then_some(text),
        });
    };
    let open = move |_| store.send(Message::OpenStored { key: for_open.clone(), intent: OpenIntent::Show });
    let open_label = {
        let name = name.clone();
        move || format!("{} {name}", if is_open.get() { "Open" } else { "Show" })
    };
    let compare =
        move |_| store.send(Message::OpenStored { key: for_compare.clone(), intent: OpenIntent::Compare });
    view! {
        <li class="kept-run" data-open=move || is_open.get().to_string()>
            <input
                class="kept-name"
                type="text"
                data-testid="kept-name"
                aria-label="Name of the run"
                autocomplete="off"
                prop:value=name.clone()
                on:change:target=move |event| rename(event.target().value())
            />
            <span class="facts" data-testid="kept-facts">
                {facts} {is_done.then_some(", finished")}
                {move || is_elsewhere.get().then_some(", being trained in another tab")}
            </span>
            <button type="button" data-testid="open-kept" disabled=is_open on:click=open aria-label=open_label>
                {move || if is_open.get() { "Open" } else { "Show" }}
            </button>
            <button
                type="button"
                data-testid="compare-kept"
                disabled=is_open
                on:click=compare
                aria-label=format!("Compare {name} with the run on show")
            >
                "Compare"
            </button>
            {delete_button(store, for_delete, name)}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::storage_words;
    use crate::error::{ErrorKind, ErrorReport, StorageFault};

    #[test]
    fn the_notice_says_what_is_wrong_and_what_to_do_in_whole_sentences() {
        let words = |fault, message: &str| {
            storage_words(&ErrorReport::new(ErrorKind::Storage(fault), message), "Firefox/145.0")
        };
        let full = words(StorageFault::Full, "There is no room for checkpoints.");
        assert!(full.contains("Manage Data") && !full.contains(".."), "{full}");
        let refused = words(StorageFault::Forbidden, "cannot use this browser's storage: SecurityError");
        assert!(refused.contains("SecurityError. Firefox refuses"), "{refused}");
    }
}
