//! The lazy bundle: what neither the first sight nor training needs. The publishing step splits it off
//! into a file of its own, which is fetched right after the first paint.
//!
//! Whatever is reached through [`LazyBundle`] alone lies in that file; whatever the page calls by name lies in the
//! first one. So what is in the table below decides how much comes first.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::error::{LabError, Result};
use crate::protocol::analyst::AnalystRequest;
use crate::ui::browser::analyst_client::AnalystClient;
use crate::ui::browser::run_storage::storage_actor::StorageActor;
use crate::ui::browser::{fetch, recorded_run};
use crate::ui::state::LoadState;
use crate::ui::state::opened_file::{self, Found};
use crate::ui::state::stored_runs::StorageCommand;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::files::Files;
use crate::ui::views::kept_runs::{ResumeOffer, StoredRunsPanel};
use crate::ui::views::panels::ablation_panel::AblationPanel;
use crate::ui::views::panels::{InsidePanels, PaperFigures};
use crate::ui::views::reading::Reading;
use crate::ui::views::verdict::VerdictPanel;

/// Hands requests to the analyst.
pub(super) type Analyst = Box<dyn Fn(AnalystRequest) -> Result<()>>;

/// Hands commands to the storage actor.
pub(super) type SendToStorage = Box<dyn Fn(StorageCommand)>;

/// What the lazy bundle does, as a table: the one way into it.
#[derive(Debug)]
pub(super) struct LazyBundle {
    /// Draws a section.
    pub(super) draw: fn(Section) -> AnyView,
    /// Shows a recorded run.
    pub(super) show_recorded: fn(Store, Vec<u8>),
    /// Finds out what a file is.
    pub(super) read_file: fn(Vec<u8>) -> Result<Found>,
    /// Begins the analyst.
    pub(super) begin_analyst: fn(Store) -> Result<Analyst>,
    /// Begins the storage actor.
    pub(super) begin_storage: fn(Store) -> SendToStorage,
}

/// A section of the page that comes with the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// The offer to go on with a kept run.
    ResumeOffer,
    /// The inside of the model.
    Inside,
    /// Ablations, and sums to ask.
    Ablation,
    /// The verdict on the paper's claims.
    Verdict,
    /// The paper's figures.
    PaperFigures,
    /// The runs that are kept.
    StoredRuns,
    /// Files in and out.
    Files,
    /// The text beside the instrument.
    Reading,
}

/// The page's handle to the rest of it, from before it is fetched; copies share it.
#[derive(Clone, Copy)]
pub(super) struct BundleHandle {
    loaded: RwSignal<Option<&'static LazyBundle>>,
    /// What waits for it.
    waiting: StoredValue<Vec<Job>, LocalStorage>,
}

/// Something to do with the lazy bundle.
type Job = Box<dyn FnOnce(&'static LazyBundle)>;

impl BundleHandle {
    /// A handle to a bundle that was not fetched yet.
    pub(super) fn new() -> Self {
        Self { loaded: RwSignal::new(None), waiting: StoredValue::new_local(Vec::new()) }
    }

    /// Does something with the lazy bundle, as soon as it is here.
    pub(super) fn with(self, job: impl FnOnce(&'static LazyBundle) + 'static) {
        match self.loaded.get_untracked() {
            Some(bundle) => job(bundle),
            None => self.waiting.update_value(|waiting| waiting.push(Box::new(job))),
        }
    }

    /// Fetches it, does what waits for it, and calls `done`. A fetch that failed can be tried again.
    pub(super) fn fetch(self, done: impl Fn(Result<()>) + 'static) {
        spawn_local(async move {
            fetch::yield_to_event_loop().await;
            match load().await {
                Ok(bundle) => {
                    // The curves of the recorded run stand above all that the rest draws, so they come first.
                    self.do_what_waits(bundle);
                    fetch::yield_to_event_loop().await;
                    self.loaded.set(Some(bundle));
                    self.do_what_waits(bundle);
                    done(Ok(()));
                }
                Err(error) => done(Err(error)),
            }
        });
    }

    fn do_what_waits(self, bundle: &'static LazyBundle) {
        let jobs = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        jobs.into_iter().for_each(|job| job(bundle));
    }
}

/// # Errors
/// [`LabError::File`] if it cannot be had.
async fn load() -> Result<&'static LazyBundle> {
    split_off().await.map_err(|_| {
        let reason = "the connection may have failed, or the site has a newer build: then reload the page";
        LabError::file("fetch", "the rest of the page", reason)
    })
}

static LAZY_BUNDLE: LazyBundle = LazyBundle {
    draw,
    show_recorded: |store, bytes| {
        spawn_local(recorded_run::show(bytes, move |message| store.send(message)));
    },
    read_file: opened_file::read,
    begin_analyst: |store| {
        let rests = move || store.peek(|state| state.analyst.rests);
        let client = AnalystClient::spawn(move |message| store.send(message), rests)?;
        Ok(Box::new(move |request| client.post(request)))
    },
    begin_storage: |store| {
        let storage = StorageActor::new(move |event| store.send(Message::FromStorage(event)));
        Box::new(move |command| storage.push(command))
    },
};

#[wasm_split(lazy_bundle, fallible)]
fn split_off() -> Result<&'static LazyBundle, SplitLoaderError> {
    Ok(&LAZY_BUNDLE)
}

fn draw(section: Section) -> AnyView {
    match section {
        Section::ResumeOffer => view! { <ResumeOffer /> }.into_any(),
        Section::Inside => view! { <InsidePanels /> }.into_any(),
        Section::Ablation => view! { <AblationPanel /> }.into_any(),
        Section::Verdict => view! { <VerdictPanel /> }.into_any(),
        Section::PaperFigures => view! { <PaperFigures /> }.into_any(),
        Section::StoredRuns => view! { <StoredRunsPanel /> }.into_any(),
        Section::Files => view! { <Files /> }.into_any(),
        Section::Reading => view! { <Reading /> }.into_any(),
    }
}

/// A section, as soon as the lazy bundle is here; until then a line in the place of the first panels.
#[component]
pub(super) fn LazySection(section: Section) -> impl IntoView {
    let bundle: BundleHandle = expect_context();
    move || match bundle.loaded.get() {
        Some(bundle) => (bundle.draw)(section),
        None if section == Section::Inside => {
            view! { <p class="lead">"The panels are on their way…"</p> }.into_any()
        }
        None => ().into_any(),
    }
}

/// Says that the lazy bundle could not be fetched, and tries again.
#[component]
pub(super) fn LazyBundleError() -> impl IntoView {
    let store = Store::get();
    let reason = store.memo(|state| match &state.lazy_bundle {
        LoadState::Failed(reason) => Some(reason.clone()),
        LoadState::Loading | LoadState::Loaded => None,
    });
    move || {
        reason.get().map(|reason| {
            view! {
                <section class="panel error" data-testid="rest-error" role="alert" aria-label="A part is missing">
                    <h2>"A part of the page is missing"</h2>
                    <p class="error-message">{format!("The lab {reason}.")}</p>
                    <p>"It can train as it is; the recorded run, the panels, files and kept runs have to wait."</p>
                    <div class="row">
                        <button type="button" class="primary" data-testid="fetch-rest" on:click=move |_| store.send(Message::FetchLazyBundle)>
                            "Try again"
                        </button>
                    </div>
                </section>
            }
        })
    }
}
