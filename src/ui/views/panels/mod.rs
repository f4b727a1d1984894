//! The panels that follow the cursor: the model's inside, and the paper's figures.

pub(in crate::ui) mod ablations;
pub(in crate::ui) mod ask;
pub(in crate::ui) mod ablatable_figure;
pub(in crate::ui) mod ablation_panel;
pub(in crate::ui) mod ablation_result;
pub(in crate::ui) mod panel;
pub(in crate::ui) mod paper_ablation_rows;
pub(in crate::ui) mod pointed;
mod pointing;
pub(in crate::ui) mod panel_content;
pub(in crate::ui) mod stage_panel;

use leptos::prelude::*;

use crate::ui::views::panels::ablations::ablations;
use crate::ui::views::panels::panel::panel;
use crate::ui::views::panels::panel_content::PanelContent;

use crate::config::TaskConfig;
use crate::plot::figures::Figure;
use crate::plot::figures::checkpoint::CheckpointFigure;
use crate::ui::store::Store;

/// The inside of the model at the cursor.
#[component]
pub(in crate::ui) fn InsidePanels() -> impl IntoView {
    let panels =
        CheckpointFigure::INSIDE.into_iter().map(|view| panel(PanelContent::Inside(view))).collect_view();
    view! {
        <section class="inside" id="inside" aria-labelledby="inside-title">
            <div class="section-head">
                <h2 id="inside-title">"Inside the model"</h2>
                <p>
                    "What the weights at the cursor compute. Move the cursor above, or with the bar below. A click on a \
                     bar, a cell, a map or a cluster removes it from the model."
                </p>
            </div>
            <div class="panels">{panels} {ablations()}</div>
        </section>
    }
    .into_any()
}

/// The figures that a run of a task has.
fn ids_for(task: &TaskConfig) -> Vec<&'static str> {
    Figure::ALL.iter().filter(|figure| figure.domain().applies(task)).map(|figure| figure.id).collect()
}

/// The paper's figures for the run on show.
#[component]
pub(in crate::ui) fn PaperFigures() -> impl IntoView {
    let store = Store::get();
    let open = RwSignal::new(true);
    let ids = store.memo(|state| state.run_view.as_ref().map(|run_view| ids_for(&run_view.config.data)));
    let panels = move || {
        let ids = ids.get().filter(|_| open.get())?;
        let shown = Figure::ALL.into_iter().filter(|figure| ids.contains(&figure.id));
        let shown = shown.map(|figure| panel(PanelContent::paper(figure))).collect_view();
        Some(view! { <div class="panels">{shown}</div> })
    };
    view! {
        <section class="paper-figures" id="figures" aria-labelledby="figures-title">
            <div class="section-head">
                <h2 id="figures-title">"The paper\u{2019}s figures"</h2>
                <p>"The same figures for the run on show, as far as it has got at the cursor."</p>
                <button type="button" data-testid="show-figures" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                    {move || if open.get() { "Hide the figures" } else { "Show the figures" }}
                </button>
            </div>
            {panels}
        </section>
    }
    .into_any()
}
