//! The page as a whole.

use leptos::prelude::*;

use super::charts::{Cursor, Curves, Quantity, SpectrumPanel};
use super::controls::Controls;
use super::dom;
use super::error_panel::{ErrorPanel, Notices};
use super::format;
use super::header::{Header, Look};
use super::readouts::Readouts;
use super::settings::Settings;
use super::state::{Phase, State};
use super::status::StatusLine;
use super::store::Store;

/// The lab.
#[component]
pub(super) fn App() -> impl IntoView {
    provide_context(Store::open());
    provide_context(Look::open());
    provide_context(Cursor::new());
    name_the_tab(Store::get());
    view! {
        <Header />
        <main class="lab">
            <section class="panel console" aria-label="Run">
                <Controls />
                <StatusLine />
            </section>
            <ErrorPanel />
            <Notices />
            <Readouts />
            <div class="charts">
                <Curves quantity=Quantity::Loss />
                <Curves quantity=Quantity::Accuracy />
                <SpectrumPanel />
            </div>
            <Settings />
        </main>
        <footer class="foot">
            <p>
                "After "
                <a href="https://arxiv.org/abs/2301.05217">
                    "Nanda et al., Progress measures for grokking via mechanistic interpretability"
                </a>
                " (ICLR 2023). Everything is computed in this tab; nothing is sent anywhere."
            </p>
        </footer>
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
    }
}
