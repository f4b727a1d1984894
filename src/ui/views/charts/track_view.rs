//! One chart of the time line on the page: its canvas, its cursor, its read-outs.

use std::rc::Rc;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;

use crate::error::Result;
use crate::plot::{PixelMap, Theme};
use crate::ui::browser::canvas::{Area, Painter};
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::comparison::compared;
use crate::ui::state::format::px;
use crate::ui::state::view_choices::{Track, ViewChange};
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::canvas::FigureCanvas;
use crate::ui::views::charts::scale_switch::ScaleSwitch;
use crate::ui::views::charts::track::Series;
use crate::ui::views::popover::popover;

/// A drag over fewer CSS pixels than this is a click.
const CLICK_PX: f64 = 5.0;

/// How much stands around a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum TrackStyle {
    /// On the first screen: caption, numbers and files behind one button.
    Stage,
    /// Below it: all in sight.
    Full,
}

/// A chart over steps, with what stands behind its button or below it, and what is drawn over it.
pub(in crate::ui) fn track_view(
    track: Track,
    map: RwSignal<Option<PixelMap>>,
    style: TrackStyle,
    details: AnyView,
    marks: AnyView,
) -> AnyView {
    let store = Store::get();
    let figure_canvas =
        FigureCanvas::new(Rc::new(TrackPainter { store, track }), move || store.track_figures());
    Effect::new(move |_| map.set(figure_canvas.maps.with(|maps| maps.first().copied())));
    let drag = RwSignal::new(None::<(f64, f64)>);
    let description = store.memo(move |state| {
        let run_view = state.run_view.as_ref();
        run_view.map_or_else(String::new, |run_view| track.description(run_view, state.view.step(run_view)))
    });
    let place = store.memo(|state| {
        state.run_view.as_ref().map_or((0, 0), |run_view| (state.view.step(run_view), run_view.last_step()))
    });
    let empty = store.memo(|state| state.run_view.as_ref().is_none_or(|run_view| run_view.last_step() == 0));
    let is_absent = store.memo(move |state| {
        let run_view = state.run_view.as_ref();
        run_view.is_some_and(|run_view| !track.domain().applies(&run_view.config.data))
    });
    let legend = track.series().map(|series| read_out(track, series)).collect_view();
    let scale = store.memo(move |state| state.view.y_of(track));
    let lay = move |scale| store.send(Message::ChangeView(ViewChange::LayY(track, scale)));
    let (more, below) = match style {
        TrackStyle::Stage => (Some(popover(track.id(), track.title(), details)), None),
        TrackStyle::Full => (None, Some(details)),
    };
    view! {
        <div class="track" id=format!("track-{}", track.id()) class:on-stage=style == TrackStyle::Stage hidden=move || is_absent.get()>
            <div class="track-head">
                <h3>{track.title()}</h3>
                <span class="unit">{track.unit()}</span>
                <p class="legend">{legend}</p>
                <ScaleSwitch
                    name="y"
                    words=format!("Vertical axis of {}", track.title())
                    id=track.id()
                    scale
                    set=Callback::new(lay)
                />
                {more}
            </div>
            <div class="figure-canvas" class:blank=move || empty.get()>
                <div
                    class="figure"
                    data-testid=format!("{}-chart", track.id())
                    role="slider"
                    tabindex="0"
                    aria-label=format!("{} by step", track.title())
                    aria-valuemin="0"
                    aria-valuemax=move || place.get().1.to_string()
                    aria-valuenow=move || place.get().0.to_string()
                    aria-valuetext=move || description.get()
                    aria-describedby="time-line-keys"
                    on:keydown=move |event| on_key(store, &event)
                >
                    {surface(store, figure_canvas, drag)}
                    <div class="overlay" aria-hidden="true">{overlay(store, track, figure_canvas, drag)} {marks}</div>
                </div>
                <p class="empty" hidden=move || !empty.get() || track != Track::Loss>
                    "Press Train: the curves appear here."
                </p>
            </div>
            {below}
        </div>
    }
    .into_any()
}

/// Draws a track of the run on show.
struct TrackPainter {
    store: Store,
    track: Track,
}

impl Painter for TrackPainter {
    fn height(&self, _: f64, _: &Theme) -> Option<f64> {
        None
    }

    fn draw(&self, area: &Area, theme: &Theme) -> Result<Vec<PixelMap>> {
        let chart = self.store.peek(|state| {
            let others: Vec<_> =
                compared(state).into_iter().map(|(compared, run_view)| (compared.color, run_view)).collect();
            state
                .run_view
                .as_ref()
                .map(|run_view| self.track.chart_over(run_view, &others, &state.view, theme))
        });
        chart.map(|chart| chart.draw(area, theme)).transpose().map(|map| map.into_iter().collect())
    }
}

/// The canvas: a pointer over it reads, a click pins, a drag with the mouse zooms, a double click shows all.
fn surface(store: Store, figure_canvas: FigureCanvas, drag: RwSignal<Option<(f64, f64)>>) -> impl IntoView {
    let change = move |change| store.send(Message::ChangeView(change));
    let at = move |event: &PointerEvent| {
        let map = figure_canvas.maps.with_untracked(|maps| maps.first().copied())?;
        Some(map.x_value(f64::from(event.offset_x())))
    };
    let is_mouse = |event: &PointerEvent| event.pointer_type() == "mouse";
    let down = move |event: PointerEvent| {
        let Some(step) = at(&event).filter(|_| event.button() == 0) else { return };
        if is_mouse(&event) {
            let x = f64::from(event.offset_x());
            drag.set(Some((x, x)));
            dom::hold_pointer(&event);
        }
        change(ViewChange::Hover(step));
    };
    let moved = move |event: PointerEvent| {
        if drag.get_untracked().is_some() {
            drag.update(|drag| *drag = drag.map(|(from, _)| (from, f64::from(event.offset_x()))));
        }
        if let Some(step) = at(&event) {
            change(ViewChange::Hover(step));
        }
    };
    let up = move |event: PointerEvent| {
        let Some(step) = at(&event) else { return };
        let dragged = drag.get_untracked().filter(|(from, to)| (to - from).abs() >= CLICK_PX);
        drag.set(None);
        match (dragged, figure_canvas.maps.with_untracked(|maps| maps.first().copied())) {
            (Some((from, to)), Some(map)) => change(ViewChange::Zoom(map.x_value(from), map.x_value(to))),
            _ if event.button() == 0 => change(ViewChange::Pin(step)),
            _ => {}
        }
    };
    view! {
        <canvas
            node_ref=figure_canvas.canvas
            aria-hidden="true"
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointerleave=move |_| change(ViewChange::Leave)
            on:pointercancel=move |_| {
                drag.set(None);
                change(ViewChange::Leave);
            }
            on:dblclick=move |_| change(ViewChange::DoubleClick)
        ></canvas>
    }
}

/// The cursor, the ends of the phases and the stretch under a drag.
fn overlay(
    store: Store,
    track: Track,
    figure_canvas: FigureCanvas,
    drag: RwSignal<Option<(f64, f64)>>,
) -> impl IntoView {
    let marks = store.memo(move |state| marks(state, track));
    let ends = store.memo(|state| {
        state
            .run_view
            .iter()
            .flat_map(|run_view| run_view.phases.ends())
            .map(|(_, step)| step)
            .collect::<Vec<_>>()
    });
    let upright = |class: &'static str, map: &PixelMap, step: usize| {
        let x = map.x_pixel(step as f64)?;
        let (top, bottom) = map.y_pixels;
        Some(view! { <i class=class style:left=px(x) style:top=px(top) style:height=px(bottom - top)></i> })
    };
    move || {
        let map = figure_canvas.maps.with(|maps| maps.first().copied())?;
        let ends: Vec<_> =
            ends.get().into_iter().filter_map(|step| upright("phase-end", &map, step)).collect();
        let marks = marks.get().map(|(step, dots)| {
            let dots: Vec<_> = dots
                .into_iter()
                .filter_map(|(key, at, value)| {
                    let (x, y) = (map.x_pixel(at as f64)?, map.y_pixel(value)?);
                    Some(view! { <i class="dot" data-key=key style:left=px(x) style:top=px(y)></i> })
                })
                .collect();
            view! { {upright("cursor-line", &map, step)} {dots} }
        });
        let chosen = drag.get().map(|(from, to)| {
            let edge = |x: f64| x.clamp(map.x_pixels.0, map.x_pixels.1);
            let (left, right) = (edge(from.min(to)), edge(from.max(to)));
            let (top, bottom) = map.y_pixels;
            view! {
                <i
                    class="chosen"
                    style:left=px(left)
                    style:top=px(top)
                    style:width=px(right - left)
                    style:height=px(bottom - top)
                ></i>
            }
        });
        Some(view! { {ends} {marks} {chosen} })
    }
}

/// The cursor's step, and each line's key, step and value there.
type Marks = (usize, Vec<(&'static str, usize, f64)>);

fn marks(state: &State, track: Track) -> Option<Marks> {
    let (run_view, step) = (state.run_view.as_ref()?, state.view.cursor()?);
    let dot = |series: Series| series.at(run_view, step).map(|(at, value)| (series.id.key(), at, value));
    Some((step, track.series().filter_map(dot).collect()))
}

/// A line's name and its value under the cursor, or its last.
fn read_out(track: Track, series: Series) -> impl IntoView {
    let store = Store::get();
    let value = store.memo(move |state| {
        let run_view = state.run_view.as_ref()?;
        series.at(run_view, state.view.step(run_view)).map(|(_, value)| series.measure.words(value))
    });
    let hook = format!("read-{}-{}", track.id(), series.id.key());
    view! {
        <span class="key" data-key=series.id.key()>
            {series.measure.short} " " <b data-testid=hook>{move || value.get().unwrap_or_else(|| "–".into())}</b>
        </span>
    }
}

/// The keys of the time line.
pub(super) fn on_key(store: Store, event: &KeyboardEvent) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    let far = if event.shift_key() { 10 } else { 1 };
    let change = match event.key().as_str() {
        "ArrowLeft" => ViewChange::By(-far),
        "ArrowRight" => ViewChange::By(far),
        "PageDown" => ViewChange::By(-10),
        "PageUp" => ViewChange::By(10),
        "Home" => ViewChange::First,
        "End" => ViewChange::Last,
        "Escape" => ViewChange::Unpin,
        "+" | "=" => ViewChange::ZoomBy(0.5),
        "-" => ViewChange::ZoomBy(2.0),
        "0" => ViewChange::ResetZoom,
        _ => return,
    };
    event.prevent_default();
    store.send(Message::ChangeView(change));
}
