//! Loss and accuracy by step.

use leptos::prelude::*;

use super::Cursor;
pub(crate) use super::data::Quantity;
use super::data::nearest_row;
use super::figure::{Figure, Go, Mark};
use super::table::MetricsTable;
use crate::engine::MetricsRow;
use crate::plot::Scale;
use crate::ui::state::Run;
use crate::ui::store::Store;

/// The panel of one quantity.
#[component]
pub(crate) fn Curves(
    /// What it shows.
    quantity: Quantity,
) -> impl IntoView {
    let store = Store::get();
    let cursor = Cursor::get();
    let y_scale = RwSignal::new(if quantity == Quantity::Loss { Scale::Log } else { Scale::Linear });
    let (test_id, title, unit) = match quantity {
        Quantity::Loss => ("loss-chart", "Loss", "nats, by step"),
        Quantity::Accuracy => ("accuracy-chart", "Accuracy", "right answers, by step"),
    };

    let row = Memo::new(move |_| {
        let index = cursor.row.get();
        store.with(|state| read_row(&state.run.as_ref()?.rows, index))
    });
    let mark = Signal::derive(move || {
        let index = cursor.row.get()?;
        let row = store.with(|state| state.run.as_ref()?.rows.get(index).copied())?;
        let [train, test] = quantity.of(&row);
        Some(Mark { x: row.step as f64, dots: vec![("train", train), ("test", test)] })
    });
    let description =
        store.memo(move |state| quantity.description(state.run.as_ref().map_or(&[], |run| &run.rows)));
    let go = move |go: Go| {
        let next = store.peek_run(|run: &Run| {
            go.apply(cursor.row.get_untracked(), run.rows.len(), |step| nearest_row(&run.rows, step))
        });
        cursor.row.set(next.flatten());
    };
    let draw = move |area: &_, theme: &_| {
        let (x, y) = (cursor.x_scale.get_untracked(), y_scale.get_untracked());
        let chart =
            store.peek(|state| quantity.chart(state.run.as_ref().map_or(&[], |run| &run.rows), x, y, theme));
        chart.draw(area, theme)
    };
    let track = move || {
        store.track_figures();
        cursor.x_scale.track();
        y_scale.track();
    };
    // Read out what the cursor finds, not every number that training makes.
    let live = move || if cursor.row.get().is_some() { "polite" } else { "off" };
    let empty = store.memo(|state| state.run.as_ref().is_none_or(|run| run.rows.is_empty()));
    let read =
        move |set: usize| row.get().map_or_else(|| "–".into(), |row| quantity.words(quantity.of(&row)[set]));
    let at_step = move || row.get().map(|row| format!("step {}", crate::ui::format::count(row.step)));
    let switches = (quantity == Quantity::Loss).then(|| {
        view! {
            <div class="switches">
                <ScaleSwitch name="x" words="Horizontal axis" scale=cursor.x_scale />
                <ScaleSwitch name="y" words="Vertical axis" scale=y_scale />
            </div>
        }
    });
    view! {
        <section class="panel chart" class:wide=quantity == Quantity::Loss aria-label=title>
            <div class="panel-head">
                <h2>{title}</h2>
                <span class="unit">{unit}</span>
                {switches}
            </div>
            <p class="legend" aria-live=live>
                <span class="key" data-key="train">"train "<b>{move || read(0)}</b></span>
                <span class="key" data-key="test">"test "<b>{move || read(1)}</b></span>
                <span class="at">{at_step}</span>
            </p>
            <div class="stage" class:blank=move || empty.get()>
                <Figure test_id description draw track mark go />
                <p class="empty" hidden=move || !empty.get()>"Press Train: the curves appear here."</p>
            </div>
            <MetricsTable quantity />
        </section>
    }
}

/// The row under the cursor, or the last.
fn read_row(rows: &[MetricsRow], index: Option<usize>) -> Option<MetricsRow> {
    index.and_then(|i| rows.get(i)).or(rows.last()).copied()
}

/// Two buttons: linear and logarithmic.
#[component]
fn ScaleSwitch(name: &'static str, words: &'static str, scale: RwSignal<Scale>) -> impl IntoView {
    let button = move |to: Scale, text: &'static str| {
        view! {
            <button
                type="button"
                data-testid=format!("{name}-{text}")
                aria-pressed=move || (scale.get() == to).to_string()
                on:click=move |_| scale.set(to)
            >
                {text}
            </button>
        }
    };
    view! {
        <div class="switch small" role="group" aria-label=words>
            <span class="switch-name" aria-hidden="true">{name}</span>
            {button(Scale::Linear, "linear")}
            {button(Scale::Log, "log")}
        </div>
    }
}
