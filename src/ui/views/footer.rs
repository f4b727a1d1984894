//! The foot of the page: where the experiment is from, and that the page stays here.

use leptos::prelude::*;

use crate::ui::browser::dom;
use crate::ui::lazy_bundle::{LateSection, LazySection, Section};
use crate::ui::state::Worker;
use crate::ui::store::Store;

/// The foot.
#[component]
pub(in crate::ui) fn Footer() -> impl IntoView {
    let store = Store::get();
    let is_kept = RwSignal::new(false);
    let is_loaded = store.memo(|state| !matches!(state.worker, Worker::Loading));
    let asked = StoredValue::new(false);
    // Only then, so that keeping the files takes nothing from loading them.
    Effect::new(move |_| {
        if is_loaded.get() && !asked.get_value() {
            asked.set_value(true);
            dom::keep_offline(move || is_kept.set(true));
        }
    });
    view! {
        <footer class="page-footer">
            <LazySection section=Section::Late(LateSection::Share) />
            <p>
                "After "
                <a href="https://arxiv.org/abs/2301.05217">
                    "Nanda et al., Progress measures for grokking via mechanistic interpretability"
                </a>
                " (ICLR 2023). Everything is computed in this tab; nothing is sent anywhere."
            </p>
            <p role="status" data-testid="offline">
                {move || is_kept.get().then_some("This page is kept in your browser: it opens without a network, too.")}
            </p>
        </footer>
    }
}
