//! The first screen: what happened in the run on show, its curves, and the model at the cursor beside its story. It
//! stands above every section.

pub(in crate::ui) mod ablation_chip;
pub(in crate::ui) mod try_sum;
pub(in crate::ui) mod run_toolbar;
pub(in crate::ui) mod story;

use leptos::prelude::*;

use crate::ui::lazy_bundle::{EarlySection, LazySection, Section};
use crate::ui::state::page_section::PageSection;
use crate::ui::state::story::headline;
use crate::ui::state::view_choices::{Track, ViewChange};
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::phase_bar::phase_bar;
use crate::ui::views::charts::scale_switch::ScaleSwitch;
use crate::ui::views::charts::track_view::{TrackStyle, track_view};
use crate::ui::views::run_heading::RunHeading;
use crate::ui::views::stage::run_toolbar::RunToolbar;

/// The tracks that everybody reads first, from left to right.
pub(in crate::ui) const STAGE_TRACKS: [Track; 2] = [Track::Accuracy, Track::Loss];

/// The first screen.
#[component]
pub(in crate::ui) fn Stage() -> impl IntoView {
    let store = Store::get();
    let headline = store.memo(|state| state.run_view.as_ref().and_then(headline).unwrap_or_default());
    let is_curves_alone = store.memo(|state| !state.section.shows_checkpoint());
    let charts = STAGE_TRACKS
        .map(|track| {
            let map = RwSignal::new(None);
            let details = view! { <LazySection section=Section::Early(EarlySection::TrackDetails(track)) /> };
            let marks = view! { <LazySection section=Section::Early(EarlySection::GrokMark(map)) /> };
            let chart = track_view(track, map, TrackStyle::Stage, details.into_any(), marks.into_any());
            let ribbon = if track == Track::Loss { "ribbon" } else { "ribbon-accuracy" };
            view! { <div class="stage-chart">{chart} {phase_bar(map, ribbon)}</div> }
        })
        .collect_view();
    view! {
        <div class="stage" class:curves-alone=move || is_curves_alone.get()>
            <div class="stage-top">
                <p class="headline" data-testid="headline">{move || headline.get()}</p>
                <RunToolbar />
            </div>
            <section class="panel stage-curves" id="run" aria-labelledby="run-title">
                <div class="stage-curves-head">
                    <RunHeading />
                    <AxisTools />
                </div>
                <div class="stage-charts">{charts}</div>
            </section>
            <div class="stage-row" data-sections=sections_with_row() hidden=move || is_curves_alone.get()>
                <LazySection section=Section::Early(EarlySection::StagePanels) />
            </div>
        </div>
    }
}

/// The sections beside which the row of panels stands, by their addresses.
fn sections_with_row() -> String {
    let with_row = PageSection::ALL.into_iter().filter(|section| section.shows_checkpoint());
    with_row.map(PageSection::id).collect::<Vec<_>>().join(" ")
}

/// How steps are laid out, and the way back from a zoom.
#[component]
fn AxisTools() -> impl IntoView {
    let store = Store::get();
    let change = move |change| store.send(Message::ChangeView(change));
    let x = store.memo(|state| state.view.x);
    let zoomed = store.memo(|state| state.view.zoom.is_some());
    view! {
        <div class="time-line-tools">
            <p class="hint-keys" id="time-line-keys">
                "Hover to read, click to pin, drag to zoom. Keys: ← and → move by one checkpoint, with Shift by ten; +, − and 0 zoom; Esc releases the cursor."
            </p>
            <ScaleSwitch name="x" words="Axis of steps" id="" scale=x set=Callback::new(move |scale| change(ViewChange::LayX(scale))) />
            <button
                type="button"
                class="quiet"
                data-testid="reset-zoom"
                disabled=move || !zoomed.get()
                on:click=move |_| change(ViewChange::ResetZoom)
            >
                "Show all steps"
            </button>
        </div>
    }
}
