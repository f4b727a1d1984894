//! The page as a whole.

use leptos::prelude::*;

use crate::ui::browser::dom;
use crate::ui::effects;
use crate::ui::lazy_bundle::{BundleHandle, LazyBundleError, LazySection, Section};
use crate::ui::state::format;
use crate::ui::state::link;
use crate::ui::state::run::Phase;
use crate::ui::state::{Host, State};
use crate::ui::store::Store;
use crate::ui::views::bench::BenchPanel;
use crate::ui::views::charts::playback_bar::PlaybackBar;
use crate::ui::views::charts::time_line::TimeLine;
use crate::ui::views::controls::Controls;
use crate::ui::views::error_panel::{ErrorPanel, Notices};
use crate::ui::views::files::DropZone;
use crate::ui::views::footer::Footer;
use crate::ui::views::header::Header;
use crate::ui::views::readouts::Readouts;
use crate::ui::views::settings_form::Settings;
use crate::ui::views::status_line::StatusLine;
use crate::ui::views::theme_choice::PageTheme;
use crate::ui::views::verify_device::VerifyDevice;

/// The lab.
#[component]
pub(super) fn App() -> impl IntoView {
    let store = Store::new(initial_state());
    let bundle = BundleHandle::new();
    provide_context(store);
    provide_context(bundle);
    effects::connect(store, bundle);
    provide_context(PageTheme::open());
    name_the_tab(store);
    view! {
        <Header />
        <main class="lab">
            <ErrorPanel />
            <Notices />
            <LazyBundleError />
            <LazySection section=Section::ResumeOffer />
            <div class="hero">
                <TimeLine />
                <div class="own" id="train">
                    <section class="panel console" aria-labelledby="train-title">
                        <h2 id="train-title">"Train your own"</h2>
                        <Controls />
                        <Readouts />
                        <StatusLine />
                        <VerifyDevice />
                    </section>
                    <Settings />
                    <BenchPanel />
                </div>
            </div>
            <LazySection section=Section::Inside />
            <LazySection section=Section::Ablation />
            <LazySection section=Section::Verdict />
            <LazySection section=Section::PaperFigures />
            <LazySection section=Section::StoredRuns />
            <LazySection section=Section::Files />
            <DropZone />
            <PlaybackBar />
        </main>
        <LazySection section=Section::Reading />
        <Footer />
    }
}

/// The state of a page just opened: the settings of its link, and what the browser tells of itself.
fn initial_state() -> State {
    let (draft, notices) = link::from_pairs(&dom::query_pairs());
    let host = Host { build: dom::build_name(), user_agent: dom::user_agent() };
    State { tab: dom::new_tab_name(), now_ms: dom::now_ms(), host, ..State::new(draft, notices) }
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
