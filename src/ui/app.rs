//! The page as a whole.

use leptos::prelude::*;

use crate::ui::browser::dom;
use crate::ui::effects;
use crate::ui::lazy_bundle::{
    BundleHandle, EarlySection, LateSection, LazyBundleError, LazySection, Section,
};
use crate::ui::state::format;
use crate::ui::state::link;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::run::Phase;
use crate::ui::state::view_link;
use crate::ui::state::{Host, State};
use crate::ui::store::Store;
use crate::ui::views::charts::playback_bar::PlaybackBar;
use crate::ui::views::error_panel::{ErrorPanel, Notices};
use crate::ui::views::files::DropZone;
use crate::ui::views::footer::Footer;
use crate::ui::views::header::Header;
use crate::ui::views::panels::pointed::PointedSignal;
use crate::ui::views::stage::Stage;
use crate::ui::views::theme_choice::PageTheme;

/// The lab.
#[component]
pub(super) fn App() -> impl IntoView {
    let store = Store::new(initial_state());
    let bundle = BundleHandle::new();
    provide_context(store);
    provide_context(bundle);
    effects::connect(store, bundle);
    provide_context(PageTheme::open());
    provide_context(PointedSignal::new());
    name_the_tab(store);
    let is_reading = store.memo(|state| state.section == PageSection::Reading);
    let is_presented = store.memo(|state| state.section == PageSection::Present);
    view! {
        <Header />
        <main class="lab" id="main" class:beside-reading=move || is_reading.get() class:presented=move || is_presented.get()>
            <ErrorPanel />
            <Notices />
            <LazyBundleError />
            <LazySection section=Section::Early(EarlySection::ResumeOffer) />
            <Stage />
            {page_section(store, PageSection::Explore, view! { <LazySection section=Section::Early(EarlySection::Inside) /> }.into_any())}
            {page_section(store, PageSection::Train, view! { <LazySection section=Section::Early(EarlySection::Train) /> }.into_any())}
            {page_section(store, PageSection::Ablate, view! { <LazySection section=Section::Early(EarlySection::Ablation) /> }.into_any())}
            {page_section(store, PageSection::Verdict, view! { <LazySection section=Section::Late(LateSection::Verdict) /> }.into_any())}
            {page_section(store, PageSection::Runs, view! { <LazySection section=Section::Late(LateSection::Runs) /> }.into_any())}
            {page_section(store, PageSection::Figures, view! { <LazySection section=Section::Late(LateSection::PaperFigures) /> }.into_any())}
            {page_section(store, PageSection::Reading, view! { <LazySection section=Section::Late(LateSection::Reading) /> }.into_any())}
            <DropZone />
            <PlaybackBar>
                <LazySection section=Section::Early(EarlySection::CursorTools) />
            </PlaybackBar>
        </main>
        <Footer />
    }
}

/// A section of the page, in sight while it is open. What it holds stays, so that the reader finds it as it was left.
fn page_section(store: Store, section: PageSection, body: AnyView) -> AnyView {
    let is_open = store.memo(move |state| state.section == section);
    view! { <div class="page-section" data-sections=section.id() hidden=move || !is_open.get()>{body}</div> }
        .into_any()
}

/// The state of a page just opened: the settings of its link, and what the browser tells of itself.
fn initial_state() -> State {
    let pairs = dom::query_pairs();
    let (draft, mut notices) = link::from_pairs(&pairs);
    let (linked_view, of_view) = view_link::from_pairs(&pairs);
    notices.extend(of_view);
    let host = Host {
        build: dom::build_name(),
        user_agent: dom::user_agent(),
        prefers_little_motion: dom::prefers_little_motion(),
    };
    let section = PageSection::of_fragment(&dom::fragment()).unwrap_or_default();
    let (tab, now_ms) = (dom::new_tab_name(), dom::now_ms());
    State { tab, now_ms, host, linked_view, section, ..State::new(draft, notices) }
}

/// Keeps the browser's tab telling how far the run is, for readers who look at another one.
fn name_the_tab(store: Store) {
    let title = store.memo(title);
    Effect::new(move |_| title.with(|title| dom::set_title(title)));
}

fn title(state: &State) -> String {
    let name = "Grokking Lab";
    let Some(run) = &state.run else { return name.into() };
    match run.phase {
        Phase::Training => format!("{}% · {name}", run.step * 100 / run.config.run.epochs.max(1)),
        Phase::Preparing => format!("preparing · {name}"),
        Phase::Paused => format!("paused at {} · {name}", format::count(run.step)),
        Phase::Finished => format!("finished · {name}"),
        Phase::Broken => format!("stopped · {name}"),
        Phase::Detached => format!("kept at {} · {name}", format::count(run.step)),
    }
}
