//! The charts over steps that stand below the first screen, one below the other, with the same cursor.

use leptos::prelude::*;

use crate::ui::state::view_choices::Track;
use crate::ui::views::charts::grok_mark::grok_mark;
use crate::ui::views::charts::phase_bar::PhaseBoundaries;
use crate::ui::views::charts::track_details::track_details;
use crate::ui::views::charts::track_view::{TrackStyle, track_view};

/// What was measured besides losses and accuracies.
const TRACKS: [Track; 3] = [Track::Circuits, Track::Gini, Track::Weights];

/// The further charts of the run on show.
#[component]
pub(in crate::ui) fn TimeLine() -> impl IntoView {
    let tracks = TRACKS
        .map(|track| {
            let map = RwSignal::new(None);
            track_view(track, map, TrackStyle::Full, track_details(track), grok_mark(map))
        })
        .collect_view();
    view! {
        <section class="panel time-line" aria-labelledby="time-line-title">
            <h2 id="time-line-title">"Progress measures"</h2>
            <PhaseBoundaries />
            {tracks}
        </section>
    }
    .into_any()
}
