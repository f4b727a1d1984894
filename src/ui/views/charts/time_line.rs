//! The time line: all charts over steps, one below the other, with one cursor.

use leptos::prelude::*;

use crate::ui::state::view_choices::{Track, ViewChange};
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::phase_bar::phase_bar;
use crate::ui::views::charts::scale_switch::ScaleSwitch;
use crate::ui::views::charts::track_view::track_view;
use crate::ui::views::compare_runs::CompareRuns;
use crate::ui::views::run_heading::RunHeading;

/// The run on show, by step.
#[component]
pub(crate) fn TimeLine() -> impl IntoView {
    let store = Store::get();
    let change = move |change| store.send(Message::ChangeView(change));
    let x = store.memo(|state| state.view.x);
    let zoomed = store.memo(|state| state.view.zoom.is_some());
    let tracks = Track::ALL
        .map(|track| {
            let map = RwSignal::new(None);
            let chart = track_view(track, map);
            let phase_bar = (track == Track::Loss).then(|| phase_bar(map));
            view! { {chart} {phase_bar} }
        })
        .collect_view();
    view! {
        <section class="panel time-line" id="run" aria-labelledby="run-title">
            <RunHeading />
            <CompareRuns />
            <div class="time-line-tools">
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
                <p class="hint-keys" id="time-line-keys">
                    "Point to read, click to pin, drag to zoom. Keys: ← → next checkpoint, Shift for ten, + − 0 zoom, Esc frees the cursor."
                </p>
            </div>
            {tracks}
        </section>
    }
}
