//! A panel beside the curves: small, with everything but the figure behind one button, so that curve, grid, circle and
//! spectrum share a screen.

use leptos::prelude::*;

use crate::plot::figures::checkpoint::{CheckpointDataNeed, CheckpointFigure};
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::view_choices::ViewChange;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::panels::ablatable_figure::AblatableFigure;
use crate::ui::views::panels::panel::PanelFigure;
use crate::ui::views::panels::panel_content::{PanelContent, shown_circle, snapshot};
use crate::ui::views::popover::popover;

/// Everything on the first screen but the figures of the row is about so high, in CSS pixels.
const OTHER_HEIGHT: f64 = 520.0;
/// A figure is at least so high, and no higher. A cell of the grid of pairs takes whole pixels of the screen: beside its
/// legend and axes the 113 of the paper need this much for one each.
const FIGURE_HEIGHT: (f64, f64) = (222.0, 420.0);

/// The height of a figure beside the curves: what a window of this height has left.
fn figure_height() -> f64 {
    (dom::window_height() - OTHER_HEIGHT).clamp(FIGURE_HEIGHT.0, FIGURE_HEIGHT.1)
}

/// The panels beside the curves.
pub(in crate::ui) fn stage_panels() -> AnyView {
    CheckpointFigure::STAGE.into_iter().map(stage_panel).collect_view().into_any()
}

fn stage_panel(view: &'static CheckpointFigure) -> AnyView {
    let figure = PanelFigure::new(PanelContent::Inside(view), figure_height);
    let words = move || figure.ablatable.and_then(AblatableFigure::hint).unwrap_or_else(|| figure.words());
    let choice = view.needs.contains(&CheckpointDataNeed::Circle).then(|| circle_choice(Store::get()));
    let more = view! { {figure.layout_tools()} {figure.details()} };
    view! {
        <section node_ref=figure.section class="panel figure-panel stage-panel" id=view.id aria-label=view.title>
            <div class="panel-head">
                <h3>{view.title}</h3>
                {choice}
                {popover(view.id, view.title, more.into_any())}
            </div>
            {figure.sheet()}
            <p class="finding" title=words>{words}</p>
        </section>
    }
    .into_any()
}

/// The frequencies whose circle can be shown: those that the run is followed by.
fn circle_choice(store: Store) -> AnyView {
    let freqs = store.memo(|state: &State| {
        let circles = snapshot(state).and_then(|snapshot| Some(&snapshot.modular.as_ref()?.maps.circles));
        circles
            .map(|circles| circles.iter().map(|circle| circle.freq).collect::<Vec<_>>())
            .unwrap_or_default()
    });
    let shown = store.memo(shown_circle);
    let choose = move |text: String| {
        if let Ok(freq) = text.parse() {
            store.send(Message::ChangeView(ViewChange::ShowCircle(freq)));
        }
    };
    let options = move || {
        let option = |freq: usize| {
            view! { <option value=freq prop:selected=move || shown.get() == Some(freq)>{format!("k = {freq}")}</option> }
        };
        freqs.get().into_iter().map(option).collect_view()
    };
    view! {
        <select
            class="small"
            data-testid="circle-freq"
            aria-label="Frequency of the circle"
            hidden=move || freqs.with(Vec::is_empty)
            on:change:target=move |event| choose(event.target().value())
        >
            {options}
        </select>
    }
    .into_any()
}
