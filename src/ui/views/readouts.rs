//! The numbers of the last measurement.

use leptos::prelude::*;

use crate::analysis::measure::{ACCURACY_TEST, ACCURACY_TRAIN, LOSS_TEST, LOSS_TRAIN, Measure};
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::store::Store;

/// The step and the losses, small, with the progress of the run.
#[component]
pub(in crate::ui) fn RunNumbers() -> impl IntoView {
    let store = Store::get();
    let step = store.memo(|state| state.run.as_ref().map_or(0, |run| run.step));
    let epochs = store.memo(|state| {
        let running = state.run.as_ref().map(|run| run.config.run.epochs);
        running.or_else(|| state.draft.config().ok().map(|config| config.run.epochs)).unwrap_or(0)
    });
    let of_epochs = move || match epochs.get() {
        0 => String::new(),
        epochs => format!("of {}", format::count(epochs)),
    };
    let part = move || step.get() as f64 / epochs.get().max(1) as f64;
    view! {
        <div class="run-numbers" role="group" aria-label="Latest numbers">
            <div class="readout">
                <span class="readout-name">"Step"</span>
                <span class="readout-value">
                    <span data-testid="epoch">{move || step.get()}</span>
                    <small>{of_epochs}</small>
                </span>
            </div>
            <Measured store measure=&LOSS_TRAIN test_id="train-loss" key="train" />
            <Measured store measure=&LOSS_TEST test_id="test-loss" key="test" />
            <progress class="run-progress" max="1" prop:value=part aria-label="Part of the steps done"></progress>
        </div>
    }
}

/// What else the last measurement has.
#[component]
pub(in crate::ui) fn Readouts() -> impl IntoView {
    let store = Store::get();
    let collapsed = store.memo(|state| {
        state.last_row().and_then(|row| row.evaluation.softmax_collapse_fraction).map(format::percent)
    });
    view! {
        <section class="panel readouts" aria-label="Further numbers">
            <Measured store measure=&ACCURACY_TRAIN test_id="train-accuracy" key="train" />
            <Measured store measure=&ACCURACY_TEST test_id="test-accuracy" key="test" />
            <div class="readout">
                <span class="readout-name">"p(correct) rounds to 1 in float32"</span>
                <span class="readout-value">
                    <span data-testid="collapsed">{move || collapsed.get().unwrap_or_else(|| "–".into())}</span>
                    <small>"of train sums"</small>
                </span>
            </div>
        </section>
    }
}

/// A measure that rows of metrics have.
#[component]
fn Measured(
    store: Store,
    measure: &'static Measure,
    test_id: &'static str,
    key: &'static str,
) -> impl IntoView {
    let value = store.memo(move |state: &State| {
        let (row, of) = (state.last_row()?, measure.evaluated?);
        Some(measure.words(of(&row.evaluation)))
    });
    view! {
        <div class="readout">
            <span class="readout-name" data-key=key>{format::capitalised(&measure.name())}</span>
            <span class="readout-value">
                <span data-testid=test_id>{move || value.get().unwrap_or_else(|| "–".into())}</span>
            </span>
        </div>
    }
}
