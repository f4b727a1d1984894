//! The reader's own run on the first screen: preset, buttons, what the lab does, and the last numbers.

use leptos::prelude::*;

use crate::ui::views::controls::{PresetChoice, RunButtons};
use crate::ui::views::readouts::RunNumbers;
use crate::ui::views::status_line::StatusLine;

/// The strip.
#[component]
pub(in crate::ui) fn RunToolbar() -> impl IntoView {
    view! {
        <section class="run-toolbar" aria-label="Your own run">
            <div class="run-toolbar-controls">
                <PresetChoice />
                <RunButtons />
                <RunNumbers />
            </div>
            <StatusLine />
        </section>
    }
}
