//! The figures' numbers as tables, made only while they are open.

use leptos::prelude::*;

use super::data::{Quantity, thin};
use crate::plot::SpectrumChart;
use crate::ui::store::Store;

/// Rows of a table that a reader can still go through.
const MAX_ROWS: usize = 100;

/// The rows of one quantity.
#[component]
pub(super) fn MetricsTable(
    /// What is shown.
    quantity: Quantity,
) -> impl IntoView {
    let store = Store::get();
    let body = move || {
        store.track_figures();
        let (total, rows) =
            store.peek_run(|run| (run.rows.len(), thin(&run.rows, MAX_ROWS))).unwrap_or_default();
        let shown = rows.len();
        let lines = rows
            .into_iter()
            .map(|row| {
                let [train, test] = quantity.of(&row).map(|value| quantity.words(value));
                view! { <tr><th scope="row">{row.step}</th><td>{train}</td><td>{test}</td></tr> }
            })
            .collect_view();
        view! {
            <table>
                <caption>{format!("{shown} of {total} measured steps")}</caption>
                <thead><tr><th scope="col">"step"</th><th scope="col">"train"</th><th scope="col">"test"</th></tr></thead>
                <tbody>{lines}</tbody>
            </table>
        }
        .into_any()
    };
    view! { <Folded body /> }
}

/// The norms of a spectrum.
#[component]
pub(super) fn SpectrumTable(
    /// The spectrum.
    chart: Memo<SpectrumChart>,
) -> impl IntoView {
    let body = move || {
        let lines = chart
            .get()
            .harmonics
            .into_iter()
            .map(|h| {
                let [cos, sin] = [h.cos, h.sin].map(|norm| format!("{norm:.4}"));
                view! { <tr><th scope="row">{h.k}</th><td>{cos}</td><td>{sin}</td></tr> }
            })
            .collect_view();
        view! {
            <table>
                <thead><tr><th scope="col">"k"</th><th scope="col">"cos"</th><th scope="col">"sin"</th></tr></thead>
                <tbody>{lines}</tbody>
            </table>
        }
        .into_any()
    };
    view! { <Folded body /> }
}

/// A table that exists only while it is unfolded.
#[component]
fn Folded<Body>(body: Body) -> impl IntoView
where
    Body: Fn() -> AnyView + Copy + Send + Sync + 'static,
{
    let open = RwSignal::new(false);
    view! {
        <details class="fold numbers" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>"Numbers"</summary>
            <div class="table-box" tabindex="0" role="region" aria-label="Table of numbers">
                {move || open.get().then(body)}
            </div>
        </details>
    }
}
