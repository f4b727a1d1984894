//! The lazy bundles: what neither the first sight nor training needs. The publishing step splits them off
//! into files of their own: the panels of the section that a page opens on, which are fetched right after the first
//! paint, and the other sections, which are fetched after those.
//!
//! Whatever is reached through [`LazyBundle`] or [`SectionBundle`] alone lies in those files; whatever the page calls
//! by name lies in the first one. So what is in the tables below decides how much comes first.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::error::{LabError, Result};
use crate::plot::PixelMap;
use crate::protocol::analyst::AnalystRequest;
use crate::ui::browser::analyst_client::AnalystClient;
use crate::ui::browser::run_storage::storage_actor::StorageActor;
use crate::ui::browser::{fetch, recorded_run};
use crate::ui::state::LoadState;
use crate::ui::state::opened_file::{self, Found};
use crate::ui::state::stored_runs::StorageCommand;
use crate::ui::state::view_choices::Track;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::grok_mark::{GrokAnnouncement, grok_mark};
use crate::ui::views::charts::time_line::TimeLine;
use crate::ui::views::charts::track_details::track_details;
use crate::ui::views::compare_runs::CompareRuns;
use crate::ui::views::files::Files;
use crate::ui::views::kept_runs::{ResumeOffer, StoredRunsPanel};
use crate::ui::views::panels::ablation_panel::AblationPanel;
use crate::ui::views::panels::stage_panel::stage_panels;
use crate::ui::views::panels::{InsidePanels, PaperFigures};
use crate::ui::views::reading::Reading;
use crate::ui::views::seed_runs::SeedRuns;
use crate::ui::views::share::Share;
use crate::ui::views::stage::ablation_chip::AblationChip;
use crate::ui::views::stage::story::Story;
use crate::ui::views::stage::try_sum::TrySum;
use crate::ui::views::train_section::TrainSection;
use crate::ui::views::verdict::VerdictPanel;

/// Hands requests to the analyst.
pub(super) type Analyst = Box<dyn Fn(AnalystRequest) -> Result<()>>;

/// Hands commands to the storage actor.
pub(super) type SendToStorage = Box<dyn Fn(StorageCommand)>;

/// What the lazy bundle does, as a table: the one way into it.
#[derive(Debug)]
pub(super) struct LazyBundle {
    /// Draws a section.
    pub(super) draw: fn(EarlySection) -> AnyView,
    /// Shows a recorded run.
    pub(super) show_recorded: fn(Store, Vec<u8>),
    /// Fetches the weights of a step of the recorded run.
    pub(super) fetch_weights: fn(Store, usize),
    /// Finds out what a file is.
    pub(super) read_file: fn(Vec<u8>) -> Result<Found>,
    /// Begins the analyst.
    pub(super) begin_analyst: fn(Store) -> Result<Analyst>,
    /// Begins the storage actor.
    pub(super) begin_storage: fn(Store) -> SendToStorage,
}

/// What the sections that come last do.
#[derive(Debug)]
struct SectionBundle {
    /// Draws a section.
    draw: fn(LateSection) -> AnyView,
}

/// A part of the page that comes with a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Of the lazy bundle.
    Early(EarlySection),
    /// Of the bundle that comes last.
    Late(LateSection),
}

/// What comes right after the first paint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EarlySection {
    /// The offer to go on with a kept run.
    ResumeOffer,
    /// The settings of the reader's own run, what it does, and the device.
    Train,
    /// The panels beside the curves, and the story.
    StagePanels,
    /// A sum to try at the cursor, what is ablated, and that the run groks.
    CursorTools,
    /// What stands behind the button of a chart of the first screen.
    TrackDetails(Track),
    /// The moment at which the run groks, over a chart whose values lie where the signal says.
    GrokMark(RwSignal<Option<PixelMap>>),
    /// The inside of the model.
    Inside,
    /// Ablations, and sums to ask.
    Ablation,
}

/// What is in sections of the page that are not open at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LateSection {
    /// The verdict on the paper's claims.
    Verdict,
    /// The paper's figures.
    PaperFigures,
    /// The runs at hand, and files in and out.
    Runs,
    /// The text beside the figures.
    Reading,
    /// The link to what is on show, and how to cite it.
    Share,
}

/// The page's handle to the rest of it, from before it is fetched; copies share it.
#[derive(Clone, Copy)]
pub(super) struct BundleHandle {
    loaded: RwSignal<Option<&'static LazyBundle>>,
    sections: RwSignal<Option<&'static SectionBundle>>,
    /// What waits for the lazy bundle.
    waiting: StoredValue<Vec<Job>, LocalStorage>,
}

/// Something to do with the lazy bundle.
type Job = Box<dyn FnOnce(&'static LazyBundle)>;

impl BundleHandle {
    /// A handle to a bundle that was not fetched yet.
    pub(super) fn new() -> Self {
        let (loaded, sections) = (RwSignal::new(None), RwSignal::new(None));
        Self { loaded, sections, waiting: StoredValue::new_local(Vec::new()) }
    }

    /// Does something with the lazy bundle, as soon as it is here.
    pub(super) fn with(self, job: impl FnOnce(&'static LazyBundle) + 'static) {
        match self.loaded.get_untracked() {
            Some(bundle) => job(bundle),
            None => self.waiting.update_value(|waiting| waiting.push(Box::new(job))),
        }
    }

    /// Fetches it, does what waits for it, calls `done`, and fetches the other sections. A fetch that failed can be
    /// tried again.
    pub(super) fn fetch(self, done: impl Fn(Result<()>) + 'static) {
        spawn_local(async move {
            fetch::yield_to_event_loop().await;
            match split_off().await {
                Ok(bundle) => {
                    // The curves of the recorded run stand above all that the rest draws, so they come first.
                    self.do_what_waits(bundle);
                    fetch::yield_to_event_loop().await;
                    self.loaded.set(Some(bundle));
                    self.do_what_waits(bundle);
                    done(Ok(()));
                    fetch::yield_to_event_loop().await;
                    match split_off_sections().await {
                        Ok(sections) => self.sections.set(Some(sections)),
                        Err(_) => done(Err(not_fetched())),
                    }
                }
                Err(_) => done(Err(not_fetched())),
            }
        });
    }

    /// Draws a section, if its bundle is here.
    fn draw(self, section: Section) -> Option<AnyView> {
        match section {
            Section::Early(section) => self.loaded.get().map(|bundle| (bundle.draw)(section)),
            Section::Late(section) => self.sections.get().map(|bundle| (bundle.draw)(section)),
        }
    }

    fn do_what_waits(self, bundle: &'static LazyBundle) {
        let jobs = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        jobs.into_iter().for_each(|job| job(bundle));
    }
}

fn not_fetched() -> LabError {
    let reason = "the connection may have failed, or the site has a newer build: then reload the page";
    LabError::file("fetch", "the rest of the page", reason)
}

static LAZY_BUNDLE: LazyBundle = LazyBundle {
    draw,
    show_recorded: |store, bytes| {
        spawn_local(recorded_run::show(bytes, move |message| store.send(message)));
    },
    fetch_weights: |store, step| {
        spawn_local(recorded_run::fetch_weights(step, move |message| store.send(message)));
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

fn draw(section: EarlySection) -> AnyView {
    match section {
        EarlySection::ResumeOffer => view! { <ResumeOffer /> }.into_any(),
        EarlySection::Train => view! { <TrainSection /> }.into_any(),
        EarlySection::StagePanels => view! { {stage_panels()} <Story /> }.into_any(),
        EarlySection::CursorTools => view! { <TrySum /> <AblationChip /> <GrokAnnouncement /> }.into_any(),
        EarlySection::TrackDetails(track) => track_details(track),
        EarlySection::GrokMark(map) => grok_mark(map),
        EarlySection::Inside => view! { <InsidePanels /> <TimeLine /> }.into_any(),
        EarlySection::Ablation => view! { <AblationPanel /> }.into_any(),
    }
}

static SECTION_BUNDLE: SectionBundle = SectionBundle { draw: draw_late };

#[wasm_split(sections, fallible)]
fn split_off_sections() -> Result<&'static SectionBundle, SplitLoaderError> {
    Ok(&SECTION_BUNDLE)
}

fn draw_late(section: LateSection) -> AnyView {
    match section {
        LateSection::Verdict => view! { <VerdictPanel /> }.into_any(),
        LateSection::PaperFigures => view! { <PaperFigures /> }.into_any(),
        LateSection::Runs => view! { <CompareRuns /> <StoredRunsPanel /> <Files /> <SeedRuns /> }.into_any(),
        LateSection::Reading => view! { <Reading /> }.into_any(),
        LateSection::Share => view! { <Share /> }.into_any(),
    }
}

/// A section, as soon as the lazy bundle is here; until then a line in the place of the first panels.
#[component]
pub(super) fn LazySection(section: Section) -> impl IntoView {
    let bundle: BundleHandle = expect_context();
    move || match bundle.draw(section) {
        Some(view) => view,
        None if section == Section::Early(EarlySection::StagePanels) => {
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
