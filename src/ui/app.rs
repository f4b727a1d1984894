//! The page as a whole.

use leptos::prelude::*;

use super::bench::BenchPanel;
use super::charts::{TimeLine, Transport};
use super::controls::Controls;
use super::dom;
use super::error_panel::{ErrorPanel, Notices};
use super::files::DropZone;
use super::foot::Foot;
use super::format;
use super::header::{Header, Look};
use super::readouts::Readouts;
use super::rest::{Later, RestTrouble, Section};
use super::settings::Settings;
use super::state::{Phase, State};
use super::status::StatusLine;
use super::store::Store;
use super::verify::VerifyDevice;

/// The lab.
#[component]
pub(super) fn App() -> impl IntoView {
    provide_context(Store::open());
    provide_context(Look::open());
    name_the_tab(Store::get());
    view! {
        <Header />
        <main class="lab">
            <ErrorPanel />
            <Notices />
            <RestTrouble />
            <Later section=Section::ResumeOffer />
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
            <Later section=Section::Inside />
            <Later section=Section::Knife />
            <Later section=Section::Verdict />
            <Later section=Section::PaperFigures />
            <Later section=Section::KeptRuns />
            <Later section=Section::Files />
            <DropZone />
            <Transport />
        </main>
        <Later section=Section::Reading />
        <Foot />
    }
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
        Phase::Kept => format!("kept at {} · {name}", format::count(run.step)),
    }
}
