//! The bar at the bottom of the window: where the cursor is, and a slider that moves it.

use std::time::Duration;

use leptos::prelude::*;

use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::state::view_choices::ViewChange;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// Between two places of the cursor while it moves by itself: thirty a second, as circles and bars are drawn in between.
const TICK: Duration = Duration::from_millis(33);
/// A page that was held up does not jump further than this.
const MAX_TICK_SECS: f64 = 0.25;

/// The bar; it stays in sight wherever the reader is on the page.
#[component]
pub(crate) fn PlaybackBar(
    /// What else stands in it.
    children: Children,
) -> impl IntoView {
    let store = Store::get();
    let change = move |change| store.send(Message::ChangeView(change));
    let place = store.memo(place);
    let playing = store.memo(|state| state.view.playing);
    play(store, playing);
    let words = move || place.get().words();
    view! {
        <div class="playback-bar" id="playback" role="group" aria-label="Cursor" class:off=move || place.get().n_stops < 2>
            <div class="playback-buttons">
                <button type="button" aria-label="Previous checkpoint" title="Previous checkpoint" data-testid="scrub-back" on:click=move |_| change(ViewChange::By(-1))>"‹"</button>
                <button type="button" class="play" aria-pressed=move || playing.get().to_string() data-testid="play" on:click=move |_| change(ViewChange::TogglePlay)>
                    {move || if playing.get() { "Stop" } else { "Play" }}
                </button>
                <button type="button" aria-label="Next checkpoint" title="Next checkpoint" data-testid="scrub-on" on:click=move |_| change(ViewChange::By(1))>"›"</button>
            </div>
            <input
                type="range"
                class="scrub"
                data-testid="scrub"
                aria-label="Checkpoint"
                aria-valuetext=words
                min="0"
                max=move || place.get().n_stops.saturating_sub(1)
                step="1"
                prop:value=move || place.get().stop.to_string()
                on:input:target=move |event| {
                    if let Ok(stop) = event.target().value().parse() {
                        change(ViewChange::ToStop(stop));
                    }
                }
            />
            <p class="playback-text">
                "step " <b data-testid="cursor-step">{move || place.get().step}</b> " "
                <span data-testid="cursor-phase">{move || place.get().phase}</span>
            </p>
            {children()}
        </div>
    }
}

/// Where the cursor is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    step: usize,
    phase: &'static str,
    stop: usize,
    n_stops: usize,
}

impl Place {
    fn words(&self) -> String {
        format!("step {}, {}", format::count(self.step), self.phase)
    }
}

fn place(state: &State) -> Place {
    let Some(run_view) = &state.run_view else { return Place { step: 0, phase: "", stop: 0, n_stops: 0 } };
    let (step, stops) = (state.view.step(run_view), run_view.stops());
    let after = stops.partition_point(|&stop| stop < step);
    let near = |&i: &usize| stops.get(i).map_or(usize::MAX, |stop| stop.abs_diff(step));
    let stop = [after.saturating_sub(1), after].into_iter().min_by_key(near).unwrap_or(0);
    Place { step, phase: run_view.phase_at(step).unwrap_or(""), stop, n_stops: stops.len() }
}

/// Moves the cursor on while it plays.
fn play(store: Store, playing: Memo<bool>) {
    Effect::new(move |timer: Option<Option<IntervalHandle>>| {
        if let Some(timer) = timer.flatten() {
            timer.clear();
        }
        let before_ms = StoredValue::new(dom::now_ms());
        let tick = move || {
            let now_ms = dom::now_ms();
            let secs = ((now_ms - before_ms.get_value()) / 1000.0).clamp(0.0, MAX_TICK_SECS);
            before_ms.set_value(now_ms);
            store.send(Message::ChangeView(ViewChange::Tick(secs)));
        };
        playing.get().then(|| set_interval_with_handle(tick, TICK).ok()).flatten()
    });
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view_sample::{measures, run_view};

    #[test]
    fn the_slider_stands_at_the_nearest_stop() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        assert_eq!(place(&state).n_stops, 0, "nothing on show");
        let mut run = run_view(101);
        run.progress = [0, 100, 1_000].map(|step| (step, measures(1.0))).into();
        state.run_view = Some(run);
        for (pin, stop) in [(Some(0), 0), (Some(40), 0), (Some(60), 1), (Some(540), 1), (None, 2)] {
            state.view.pin = pin;
            assert_eq!(place(&state).stop, stop, "{pin:?}");
        }
    }
}
