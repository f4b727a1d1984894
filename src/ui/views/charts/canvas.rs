//! A canvas that draws itself when what it shows has changed, and only while it can be seen.

use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;

use crate::plot::PixelMap;
use crate::ui::browser::canvas::Painter;
use crate::ui::browser::{canvas, dom};
use crate::ui::views::theme_choice::PageTheme;

/// A canvas and what was last drawn on it.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct FigureCanvas {
    /// The element.
    pub(in crate::ui) canvas: NodeRef<html::Canvas>,
    /// Where each panel's values lie.
    pub(in crate::ui) maps: RwSignal<Vec<PixelMap>>,
}

impl FigureCanvas {
    /// Draws with `painter` when a signal that `track` reads, the theme or the size changes: at most once per
    /// animation frame, and never for a figure far from the screen or in a hidden tab.
    pub(in crate::ui) fn new(painter: Rc<dyn Painter>, track: impl Fn() + 'static) -> Self {
        let figure_canvas = Self { canvas: NodeRef::new(), maps: RwSignal::new(Vec::new()) };
        let theme_choice = PageTheme::get();
        let size = RwSignal::new(0u32);
        let visible = RwSignal::new(false);
        let waiting = StoredValue::new(false);
        let paint = Rc::new(move || {
            waiting.set_value(false);
            let Some(canvas) = figure_canvas.canvas.get_untracked() else { return };
            match canvas::paint(&canvas, &theme_choice.theme_now(), &*painter) {
                Ok(Some(maps)) => figure_canvas.maps.set(maps),
                Ok(None) => {}
                Err(error) => leptos::logging::error!("{error}"),
            }
        });
        Effect::new(move |watched: Option<bool>| {
            let Some(element) = figure_canvas.canvas.get() else { return false };
            if watched != Some(true) {
                dom::watch_size(&element, move || size.update(|n| *n = n.wrapping_add(1)));
                dom::watch_visible(&element, move |now| visible.set(now));
            }
            if visible.get() {
                track();
                size.track();
                theme_choice.theme();
                if !waiting.get_value() {
                    waiting.set_value(true);
                    let paint = Rc::clone(&paint);
                    request_animation_frame(move || paint());
                }
            }
            true
        });
        figure_canvas
    }
}
