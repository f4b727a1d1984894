//! What stands behind one button of a figure. The browser opens it above everything else and closes it with Esc or a
//! click beside it.

use leptos::prelude::*;

/// The button and what it opens.
pub(in crate::ui) fn popover(id: &'static str, title: &'static str, body: AnyView) -> AnyView {
    let id = format!("more-{id}");
    view! {
        <button
            type="button"
            class="quiet popover-button"
            popovertarget=id.clone()
            aria-label=format!("More on {title}")
            title="Caption, numbers, files"
        >
            "\u{22ef}"
        </button>
        <div class="popover-body" id=id popover="auto" role="dialog" aria-label=title>
            <p class="popover-title">{title}</p>
            {body}
        </div>
    }
    .into_any()
}
