//! The link to what is on show, and how to cite it.

use leptos::prelude::*;

use crate::ui::browser::dom;
use crate::ui::state::citation::bibtex;
use crate::ui::state::view_link;
use crate::ui::store::Store;

/// Two buttons, and what the second one unfolds.
#[component]
pub(in crate::ui) fn Share() -> impl IntoView {
    let store = Store::get();
    let told = RwSignal::new("");
    let citation = RwSignal::new(String::new());
    let write_address =
        move || store.peek(|state| dom::save_address(&view_link::to_query(state), state.section.fragment()));
    let copy = move |_| {
        write_address();
        dom::copy_text(dom::address(), move |is_copied| {
            told.set(if is_copied {
                "Link copied. It opens these settings and this section and, for the recorded run, the same step and ablation."
            } else {
                "The browser blocked copying. You can copy the link from the address bar."
            });
        });
    };
    let cite = move |_| {
        write_address();
        citation.set(store.peek(|state| bibtex(state, &dom::address())));
    };
    view! {
        <div class="share" role="group" aria-label="Share">
            <button type="button" class="quiet" data-testid="copy-link" on:click=copy>"Copy link"</button>
            <button type="button" class="quiet" data-testid="cite" aria-expanded=move || citation.with(|text| !text.is_empty()).to_string() on:click=cite>"Cite"</button>
            <span role="status" data-testid="share-says">{move || told.get()}</span>
            <pre data-testid="citation" tabindex="0" hidden=move || citation.with(String::is_empty)>{move || citation.get()}</pre>
        </div>
    }
    .into_any()
}
