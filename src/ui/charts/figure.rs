//! A canvas with a cursor: draws at most once per frame, reads pointer and keys.

use std::rc::Rc;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

use crate::error::Result;
use crate::plot::{PixelMap, Theme};
use crate::ui::dom::{self, CanvasArea};
use crate::ui::header::Look;

/// Where the cursor is asked to go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Go {
    /// To a horizontal value.
    To(f64),
    /// By so many items.
    By(isize),
    /// To the first item.
    First,
    /// To the last item.
    Last,
    /// Away.
    Away,
}

impl Go {
    /// Where the cursor is then, among `n` items; `find` gives the item at a value.
    pub(super) fn apply(
        self,
        now: Option<usize>,
        n: usize,
        find: impl Fn(f64) -> Option<usize>,
    ) -> Option<usize> {
        let last = n.checked_sub(1)?;
        match self {
            Self::To(value) => find(value),
            Self::By(by) => Some(now.unwrap_or(last).saturating_add_signed(by).min(last)),
            Self::First => Some(0),
            Self::Last => Some(last),
            Self::Away => None,
        }
    }
}

/// The cursor as it is drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mark {
    /// The horizontal value.
    pub(super) x: f64,
    /// Vertical values, each with the name of its colour.
    pub(super) dots: Vec<(&'static str, f64)>,
}

/// A figure on a canvas.
#[component]
pub(super) fn Figure<Draw, Track, Move>(
    /// The hook for tests.
    test_id: &'static str,
    /// The figure in a sentence with its current numbers.
    #[prop(into)]
    description: Signal<String>,
    /// Draws it.
    draw: Draw,
    /// Reads every signal that `draw` depends on.
    track: Track,
    /// The cursor.
    #[prop(into)]
    mark: Signal<Option<Mark>>,
    /// Moves the cursor.
    go: Move,
) -> impl IntoView
where
    Draw: Fn(&CanvasArea, &Theme) -> Result<PixelMap> + 'static,
    Track: Fn() + 'static,
    Move: Fn(Go) + Clone + 'static,
{
    let canvas = NodeRef::<html::Canvas>::new();
    let map = RwSignal::new(None::<PixelMap>);
    draw_on_change(canvas, map, draw, track);

    let on_pointer = {
        let go = go.clone();
        move |event: PointerEvent| {
            if let Some(map) = map.get_untracked() {
                go(Go::To(map.x_value(f64::from(event.offset_x()))));
            }
        }
    };
    let on_leave = {
        let go = go.clone();
        move |event: PointerEvent| {
            // A finger that lifts leaves its reading on the screen.
            if event.pointer_type() == "mouse" {
                go(Go::Away);
            }
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let far = if event.shift_key() { 10 } else { 1 };
        let to = match event.key().as_str() {
            "ArrowLeft" => Go::By(-far),
            "ArrowRight" => Go::By(far),
            "Home" => Go::First,
            "End" => Go::Last,
            "Escape" => Go::Away,
            _ => return,
        };
        event.prevent_default();
        go(to);
    };
    let cursor = move || {
        let (mark, map) = (mark.get()?, map.get()?);
        let x = map.x_pixel(mark.x)?;
        let dots = mark
            .dots
            .into_iter()
            .filter_map(|(key, value)| {
                let y = map.y_pixel(value)?;
                Some(view! { <i class="dot" data-key=key style=format!("left:{x:.1}px;top:{y:.1}px")></i> })
            })
            .collect_view();
        let (top, bottom) = map.y_pixels;
        let line = format!("left:{x:.1}px;top:{top:.1}px;height:{:.1}px", bottom - top);
        Some(view! { <i class="hair" style=line></i> {dots} })
    };
    view! {
        <div
            class="figure"
            data-testid=test_id
            role="img"
            tabindex="0"
            aria-label=move || format!("{} The arrow keys read single points.", description.get())
            on:keydown=on_key
        >
            <canvas
                node_ref=canvas
                aria-hidden="true"
                on:pointermove=on_pointer.clone()
                on:pointerdown=on_pointer
                on:pointerleave=on_leave
            ></canvas>
            <div class="overlay" aria-hidden="true">{cursor}</div>
        </div>
    }
}

/// Draws when a tracked signal, the theme or the size changes, at most once per animation frame.
/// A hidden tab has no frames, so nothing is drawn there.
fn draw_on_change(
    canvas: NodeRef<html::Canvas>,
    map: RwSignal<Option<PixelMap>>,
    draw: impl Fn(&CanvasArea, &Theme) -> Result<PixelMap> + 'static,
    track: impl Fn() + 'static,
) {
    let look = Look::get();
    let size = RwSignal::new(0u32);
    let waiting = StoredValue::new(false);
    let draw = Rc::new(draw);
    let paint = Rc::new(move || {
        waiting.set_value(false);
        let Some(canvas) = canvas.get_untracked() else { return };
        match dom::paint(&canvas, &look.theme_now(), |area, theme| draw(area, theme)) {
            Ok(drawn) => map.set(drawn),
            Err(error) => leptos::logging::error!("{error}"),
        }
    });
    Effect::new(move |watched: Option<bool>| {
        track();
        size.track();
        look.theme();
        let Some(element) = canvas.get() else { return false };
        if watched != Some(true) {
            dom::watch_size(&element, move || size.update(|n| *n = n.wrapping_add(1)));
        }
        if !waiting.get_value() {
            waiting.set_value(true);
            let paint = Rc::clone(&paint);
            request_animation_frame(move || paint());
        }
        true
    });
}

#[cfg(test)]
mod tests {
    use super::Go;

    #[test]
    fn the_cursor_stays_among_the_items() {
        let find = |value: f64| Some(value as usize);
        for (go, now, then) in [
            (Go::By(-1), None, Some(3)),
            (Go::By(1), Some(4), Some(4)),
            (Go::By(-10), Some(4), Some(0)),
            (Go::First, Some(3), Some(0)),
            (Go::Last, None, Some(4)),
            (Go::To(2.0), None, Some(2)),
            (Go::Away, Some(2), None),
        ] {
            assert_eq!(go.apply(now, 5, find), then, "{go:?} from {now:?}");
        }
        assert_eq!(Go::By(1).apply(None, 0, find), None, "there is nothing to read");
    }
}
