//! The section of the reader's own run: its settings, what it does, and the device. Its buttons stand on the first
//! screen.

use leptos::prelude::*;

use crate::ui::views::bench::BenchPanel;
use crate::ui::views::controls::RunNotes;
use crate::ui::views::readouts::Readouts;
use crate::ui::views::settings_form::Settings;
use crate::ui::views::status_line::StatusNotes;
use crate::ui::views::verify_device::VerifyDevice;

/// The section.
#[component]
pub(in crate::ui) fn TrainSection() -> impl IntoView {
    view! {
        <div class="own" id="train">
            <section class="panel console" aria-labelledby="train-title">
                <h2 id="train-title">"Train your own"</h2>
                <RunNotes />
                <Readouts />
                <StatusNotes />
                <VerifyDevice />
                <BenchPanel />
            </section>
            <Settings />
        </div>
    }
    .into_any()
}
