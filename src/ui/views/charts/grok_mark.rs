//! The moment at which the run on show groks: a line across the charts over steps with its step, and a sentence that is
//! said once while it trains.

use leptos::prelude::*;

use crate::plot::PixelMap;
use crate::ui::state::State;
use crate::ui::state::format::{count, px};
use crate::ui::state::run::Phase;
use crate::ui::state::story::{grok_moment, grok_sentence};
use crate::ui::store::Store;

/// The line over a chart whose values lie where `map` says, and its label.
pub(in crate::ui) fn grok_mark(map: RwSignal<Option<PixelMap>>) -> AnyView {
    let store = Store::get();
    let step = store.memo(|state| state.run_view.as_ref().and_then(grok_moment).map(|row| row.step));
    let mark = move || {
        let (map, step) = (map.get()?, step.get()?);
        let Place { x, is_left } = place(&map, step)?;
        let (top, bottom) = map.y_pixels;
        Some(view! {
            <i class="grok-line" style:left=px(x) style:top=px(top) style:height=px(bottom - top)></i>
            <span class="grok-label" class:left=is_left data-testid="grok-label" style:left=px(x) style:top=px(f64::midpoint(top, bottom))>
                {format!("groks at step {}", count(step))}
            </span>
        })
    };
    mark.into_any()
}

/// Where the line stands, in CSS pixels, and whether its label has more room on its left.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    x: f64,
    is_left: bool,
}

/// None outside the stretch on show.
fn place(map: &PixelMap, step: usize) -> Option<Place> {
    let x = map.x_pixel(step as f64)?;
    let (left, right) = map.x_pixels;
    Some(Place { x, is_left: x > f64::midpoint(left, right) })
}

/// The sentence, for the ear; for the eye it is in the headline.
#[component]
pub(in crate::ui) fn GrokAnnouncement() -> impl IntoView {
    let store = Store::get();
    let now = store.memo(|state| (state.phase(), own_sentence(state)));
    let said =
        Memo::new(move |before: Option<&String>| now.with(|(phase, own)| next_words(before, *phase, own)));
    view! { <p class="visually-hidden" role="status" data-testid="grok-news">{move || said.get()}</p> }
}

/// What there is to say of the run of this tab.
fn own_sentence(state: &State) -> Option<String> {
    state.own().and_then(grok_sentence)
}

/// What is said next: it begins while the run trains, and then stays as it is, so that it is said once. A run that was
/// opened, or that has been replaced by another, is not news.
fn next_words(before: Option<&String>, phase: Option<Phase>, own: &Option<String>) -> String {
    match own {
        Some(own) if phase == Some(Phase::Training) => own.clone(),
        Some(own) => before.filter(|before| *before == own).cloned().unwrap_or_default(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{next_words, place};
    use crate::plot::{Axis, PixelMap};
    use crate::ui::state::run::Phase;

    #[test]
    fn the_label_stands_where_there_is_room_and_nowhere_outside_the_stretch_on_show() {
        let map = PixelMap {
            x_pixels: (50.0, 250.0),
            y_pixels: (0.0, 1.0),
            x: Axis::linear(0.0, 1_000.0),
            y: Axis::linear(0.0, 1.0),
        };
        let at = |step| place(&map, step).map(|place| (place.x, place.is_left));
        assert_eq!(at(250), Some((100.0, false)), "on the right of the line");
        assert_eq!(at(750), Some((200.0, true)), "on its left");
        assert_eq!(at(2_000), None);
    }

    #[test]
    fn it_is_said_once_and_only_while_the_run_trains() {
        let own = Some("It groks.".to_owned());
        assert_eq!(next_words(None, Some(Phase::Training), &None), "", "it has not yet");
        let said = next_words(None, Some(Phase::Training), &own);
        assert_eq!(said, "It groks.");
        for phase in [Phase::Training, Phase::Paused, Phase::Finished] {
            assert_eq!(next_words(Some(&said), Some(phase), &own), said, "{phase:?}: the same words stay");
        }
        assert_eq!(next_words(None, Some(Phase::Detached), &own), "", "an opened run is no news");
        assert_eq!(next_words(Some(&said), None, &None), "", "the run was dropped");
    }
}
