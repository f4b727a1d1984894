//! The phases of the run as a ribbon below the axis of steps, and the measures at their boundaries.

use leptos::prelude::*;

use crate::analysis::phases::{Boundary, Phases};
use crate::plot::PixelMap;
use crate::ui::state::State;
use crate::ui::state::format::{self, px};
use crate::ui::state::measurement_policy;
use crate::ui::state::timeline_stops::Span;
use crate::ui::state::view_choices::ViewChange;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The phases below a chart's axis of steps; `map` is the chart's, `hook` a name for tests. A click leads to a phase.
pub(in crate::ui) fn phase_bar(map: RwSignal<Option<PixelMap>>, hook: &'static str) -> AnyView {
    let store = Store::get();
    let spans = store.memo(|state| {
        state.run_view.as_ref().map(crate::ui::state::run_view::RunView::spans).unwrap_or_default()
    });
    let now = store.memo(current);
    let phase_bar = move || {
        let map = map.get()?;
        let spans: Vec<_> = spans.get().into_iter().filter_map(|span| place(&map, &span)).collect();
        let spans = spans
            .into_iter()
            .map(|(span, left, width)| {
                let title = format!("{}: step {} to {}", span.name, format::count(span.from), format::count(span.to));
                let current = move || now.get() == Some(span.number);
                let go = move |_| store.send(Message::ChangeView(ViewChange::Pin(span.to as f64)));
                view! {
                    <li data-phase=span.number.to_string() class:now=current style:left=px(left) style:width=px(width) title=title on:click=go>{span.name}</li>
                }
            })
            .collect_view();
        Some(view! { <ul class="phase-bar" data-testid=hook aria-label="Phases">{spans}</ul> })
    };
    view! { <div class="phases">{phase_bar}</div> }.into_any()
}

/// The boundaries of the phases with the measures that tell, as buttons that lead there.
#[component]
pub(super) fn PhaseBoundaries() -> impl IntoView {
    let store = Store::get();
    let phases =
        store.memo(|state| state.run_view.as_ref().map(|run_view| run_view.phases).unwrap_or_default());
    let followed = store.memo(measurement_policy::words);
    let buttons = move || {
        boundaries(&phases.get())
            .into_iter()
            .map(|(number, words, boundary)| {
                let go = move |_| store.send(Message::ChangeView(ViewChange::Pin(boundary.step as f64)));
                view! {
                    <button type="button" class="boundary" data-phase=number.to_string() title=all_values(&boundary) on:click=go>
                        <b>{format::count(boundary.step)}</b> " " {words}
                    </button>
                }
            })
            .collect_view()
    };
    view! {
        <div class="phases" id="phases">
            <div class="boundaries" role="group" aria-label="Boundaries of the phases">{buttons}</div>
            <p class="caption" data-testid="followed" hidden=move || followed.get().is_none()>
                {move || followed.get()}
            </p>
        </div>
    }
    .into_any()
}

/// The number of the phase under the cursor.
fn current(state: &State) -> Option<usize> {
    let run_view = state.run_view.as_ref()?;
    let step = state.view.cursor()?;
    run_view.spans().into_iter().find(|span| step <= span.to).map(|span| span.number)
}

/// Where a span lies below its chart, in CSS pixels: its left edge and its width.
fn place(map: &PixelMap, span: &Span) -> Option<(Span, f64, f64)> {
    let (left, right) = map.x_pixels;
    let at = |step: usize| {
        let part = (map.x.coordinate_or_floor(step as f64)? - map.x.low) / (map.x.high - map.x.low);
        Some(left + part.clamp(0.0, 1.0) * (right - left))
    };
    let (from, to) = (at(span.from)?, at(span.to)?);
    (to > from).then_some((*span, from, to - from))
}

/// Each boundary that was found, with the number of the phase that begins there and the measure that tells.
fn boundaries(phases: &Phases) -> Vec<(usize, String, Boundary)> {
    let of = |number: usize, boundary: Option<Boundary>, words: fn(&Boundary) -> String| {
        boundary.map(|boundary| (number, words(&boundary), boundary))
    };
    [
        of(1, phases.memorisation_end, |b| {
            format!("memorisation ends: excluded loss at its minimum, {}", format::number(b.excluded_loss))
        }),
        of(2, phases.cleanup_start, |b| {
            format!("cleanup begins: knee of Σ w², {}", format::number(b.sum_sq_weights))
        }),
        of(3, phases.cleanup_end, |b| {
            format!("cleanup ends: Σ w² levels off, {}", format::number(b.sum_sq_weights))
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn all_values(boundary: &Boundary) -> String {
    format!(
        "Step {}: excluded loss {}, restricted loss {}, test loss {}, sum of squared weights {}",
        format::count(boundary.step),
        format::number(boundary.excluded_loss),
        format::number(boundary.restricted_loss),
        format::number(boundary.test_loss),
        format::number(boundary.sum_sq_weights)
    )
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::plot::{Axis, PixelMap};
    use crate::ui::state::timeline_stops::Span;

    #[test]
    fn spans_touch_and_are_cut_at_the_ends_of_the_axis() {
        let map = PixelMap {
            x_pixels: (50.0, 250.0),
            y_pixels: (0.0, 1.0),
            x: Axis::linear(100.0, 300.0),
            y: Axis::linear(0.0, 1.0),
        };
        let span = |from, to| Span { name: "x", number: 0, from, to };
        let at = |from, to| place(&map, &span(from, to)).map(|(_, left, width)| (left, width));
        assert_eq!(at(0, 200), Some((50.0, 100.0)), "cut at the left");
        assert_eq!(at(200, 900), Some((150.0, 100.0)), "where the first ends");
        assert_eq!(at(300, 900), None, "outside");
    }
}
