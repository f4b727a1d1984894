//! The only file that touches the document, the window and canvases.

use leptos::prelude::{document, window};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, MediaQueryList, UrlSearchParams,
};

use crate::error::{LabError, Result};
use crate::plot::Theme;

/// A canvas as plotters sees it.
pub(super) type CanvasArea = DrawingArea<CanvasBackend, Shift>;

const THEME_KEY: &str = "grokking-lab.theme";

/// The element the lab lives in, without the text shown while it loads.
pub(super) fn empty_root() -> HtmlElement {
    let root = document()
        .get_element_by_id("lab")
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
        .expect("index.html has an element with the id lab");
    root.set_inner_html("");
    root
}

/// The decoded name-value pairs of the page's query.
pub(super) fn query_pairs() -> Vec<(String, String)> {
    let search = window().location().search().unwrap_or_default();
    let Ok(params) = UrlSearchParams::new_with_str(&search) else { return Vec::new() };
    js_sys::try_iter(&params)
        .ok()
        .flatten()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry: js_sys::Array = entry.ok()?.dyn_into().ok()?;
            Some((entry.get(0).as_string()?, entry.get(1).as_string()?))
        })
        .collect()
}

/// Puts a query in the page's address, without a new entry in the history.
pub(super) fn save_query(query: &str) {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let hash = location.hash().unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    if let Ok(history) = window().history() {
        // A browser may refuse when it is asked too often; the next change asks again.
        let _ =
            history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("{path}{mark}{query}{hash}")));
    }
}

/// Whether the keyboard's focus went down with a control that was disabled.
pub(super) fn focus_is_lost() -> bool {
    match document().active_element() {
        None => true,
        Some(element) => element.tag_name() == "BODY" || element.has_attribute("disabled"),
    }
}

/// Sets the text on the browser's tab.
pub(super) fn set_title(title: &str) {
    document().set_title(title);
}

/// The theme that was chosen on an earlier visit; none where the browser keeps nothing.
pub(super) fn stored_theme() -> Option<String> {
    window().local_storage().ok()??.get_item(THEME_KEY).ok()?
}

/// Uses a theme from now on (`light`, `dark`), or the system's (`auto`).
pub(super) fn use_theme(name: &str) {
    if let Some(root) = document().document_element() {
        // Neither call fails on an attribute of this name; storage may be forbidden.
        let _ = root.set_attribute("data-theme", name);
    }
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(THEME_KEY, name);
    }
}

/// Whether the system asks for dark pages, now and whenever that changes.
pub(super) fn watch_prefers_dark(mut changed: impl FnMut(bool) + 'static) {
    let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") else { return };
    changed(query.matches());
    let on_change = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
        let query: Option<MediaQueryList> = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(query) = query {
            changed(query.matches());
        }
    });
    // The listener lives as long as the page.
    let _ = query.add_event_listener_with_callback("change", on_change.as_ref().unchecked_ref());
    on_change.forget();
}

/// Calls back whenever an element's size changes, for as long as the page lives.
pub(super) fn watch_size(element: &Element, changed: impl FnMut() + 'static) {
    let on_change = Closure::<dyn FnMut()>::new(changed);
    if let Ok(observer) = web_sys::ResizeObserver::new(on_change.as_ref().unchecked_ref()) {
        observer.observe(element);
    }
    on_change.forget();
}

/// Draws a figure over a whole canvas, sharp on any screen.
///
/// # Errors
/// [`LabError::Content`] if the canvas cannot be drawn on, or what `draw` returns.
pub(super) fn paint<T>(
    canvas: &HtmlCanvasElement,
    theme: &Theme,
    draw: impl FnOnce(&CanvasArea, &Theme) -> Result<T>,
) -> Result<Option<T>> {
    // Plotters has whole pixels only: two of them per CSS pixel keep slanted lines smooth on
    // coarse screens too.
    let scale = window().device_pixel_ratio().max(2.0);
    let rect = canvas.get_bounding_client_rect();
    if rect.width() < 80.0 || rect.height() < 60.0 {
        return Ok(None);
    }
    canvas.set_width((rect.width() * scale).round() as u32);
    canvas.set_height((rect.height() * scale).round() as u32);
    round_joins(canvas);
    let backend = CanvasBackend::with_canvas_object(canvas.clone())
        .ok_or_else(|| LabError::content("figure", "this browser gives no 2d canvas"))?;
    draw(&backend.into_drawing_area(), &theme.clone().scaled(scale)).map(Some)
}

fn round_joins(canvas: &HtmlCanvasElement) {
    if let Ok(Some(context)) = canvas.get_context("2d")
        && let Ok(context) = context.dyn_into::<CanvasRenderingContext2d>()
    {
        context.set_line_join("round");
        context.set_line_cap("butt");
    }
}
