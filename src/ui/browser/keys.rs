//! Keys that work wherever the focus is.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::ui::browser::dom;
use crate::ui::state::shortcuts::KeyFocus;

/// Calls back with every key that is pressed without Ctrl, Alt or Meta, with where the focus is, unless a control has
/// used it or something lies over the page. `used` says whether it did something. For as long as the page lives.
pub(in crate::ui) fn watch_keys(used: impl Fn(&str, KeyFocus) -> bool + 'static) {
    dom::watch_key_events(move |event| {
        let has_modifier = event.ctrl_key() || event.alt_key() || event.meta_key();
        if has_modifier || event.default_prevented() || dom::is_covered() {
            return;
        }
        if used(&event.key(), focus_of(&event)) {
            event.prevent_default();
        }
    });
}

fn focus_of(event: &KeyboardEvent) -> KeyFocus {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_in =
        |selector: &str| target.as_ref().and_then(|target| target.closest(selector).ok().flatten()).is_some();
    if is_in("input, select, textarea") {
        KeyFocus::Field
    } else if is_in("a, button, summary, label") {
        KeyFocus::Button
    } else {
        KeyFocus::Elsewhere
    }
}
