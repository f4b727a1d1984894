//! A panel beside the curves: small, with everything but the figure behind one button, so that curve, grid, circle and
//! spectrum share a screen.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::plot::figures::checkpoint::{CheckpointDataNeed, CheckpointFigure};
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::stage_tabs::StageTab;
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

/// The height of a figure beside the curves: what a window of this height has left. On a phone, where figures stay in
/// sight while the text below is read, it is the least.
fn figure_height() -> f64 {
    if dom::matches_media(NARROW) {
        return FIGURE_HEIGHT.0;
    }
    (dom::window_height() - OTHER_HEIGHT).clamp(FIGURE_HEIGHT.0, FIGURE_HEIGHT.1)
}

/// A window that shows one figure at a time; the style sheets have the same width.
const NARROW: &str = "(max-width: 44rem)";

/// Which figures are in sight: all of them, or on a phone that of the tab that is chosen.
#[derive(Clone, Copy)]
struct Tabs {
    is_narrow: RwSignal<bool>,
    chosen: RwSignal<StageTab>,
}

impl Tabs {
    /// Whether a figure is out of sight; the view follows it.
    fn hides(self, tab: StageTab) -> bool {
        self.is_narrow.get() && self.chosen.get() != tab
    }

    /// The role of a figure's panel; the view follows it.
    fn role(self) -> Option<&'static str> {
        self.is_narrow.get().then_some("tabpanel")
    }
}

/// The panels beside the curves; on a phone with tabs, and the heads as a fourth.
pub(in crate::ui) fn stage_panels() -> AnyView {
    let tabs = Tabs { is_narrow: RwSignal::new(false), chosen: RwSignal::new(StageTab::default()) };
    dom::watch_media(NARROW, move |is_narrow| tabs.is_narrow.set(is_narrow));
    let panels = CheckpointFigure::STAGE.into_iter().zip(StageTab::ALL);
    let panels = panels.map(|(view, tab)| stage_panel(view, tab, tabs)).collect_view();
    // Once there they stay: a telephone is turned more than once.
    let were_shown = Memo::new(move |before: Option<&bool>| before == Some(&true) || tabs.is_narrow.get());
    let heads = move || were_shown.get().then(|| heads_panel(tabs));
    view! { {tab_list(tabs)} {panels} {heads} }.into_any()
}

/// The tabs.
fn tab_list(tabs: Tabs) -> AnyView {
    let buttons = StageTab::ALL
        .map(|tab| {
            let is_chosen = move || tabs.chosen.get() == tab;
            let on_key = move |event: KeyboardEvent| {
                if let Some(next) = tab.after_key(&event.key()) {
                    event.prevent_default();
                    tabs.chosen.set(next);
                    dom::focus(next.hook());
                }
            };
            view! {
                <button
                    type="button"
                    role="tab"
                    id=tab.hook()
                    data-testid=tab.hook()
                    aria-selected=move || is_chosen().to_string()
                    aria-controls=tab.panel()
                    tabindex=move || if is_chosen() { "0" } else { "-1" }
                    on:click=move |_| tabs.chosen.set(tab)
                    on:keydown=on_key
                >
                    {tab.title()}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="stage-tabs" role="tablist" aria-label="Figures" hidden=move || !tabs.is_narrow.get()>{buttons}</div>
    }
    .into_any()
}

/// The heads on a phone. Their numbers, files and ablations are with the panel below.
fn heads_panel(tabs: Tabs) -> AnyView {
    let view = CheckpointFigure::HEADS;
    let figure = PanelFigure::new(PanelContent::Inside(view), figure_height);
    view! {
        <section
            node_ref=figure.section
            class="panel figure-panel stage-panel"
            id=StageTab::Heads.panel()
            role="tabpanel"
            aria-label=view.title
            hidden=move || !tabs.is_narrow.get() || tabs.hides(StageTab::Heads)
        >
            <div class="panel-head">
                <h3>{view.title}</h3>
            </div>
            {figure.sheet_called(StageTab::Heads.panel().to_owned())}
            <p class="finding">{move || figure.words()}</p>
        </section>
    }
    .into_any()
}

fn stage_panel(view: &'static CheckpointFigure, tab: StageTab, tabs: Tabs) -> AnyView {
    let figure = PanelFigure::new(PanelContent::Inside(view), figure_height);
    let words = move || {
        let hint = figure.ablatable.and_then(AblatableFigure::hint);
        hint.or_else(|| figure.pointed_line()).unwrap_or_else(|| figure.words())
    };
    // A sum that the arrow keys have moved to is said; a finding, which changes with every step, is not.
    let pairs = figure.has_pairs().then(|| {
        view! { <p class="visually-hidden" role="status" data-testid="pair-line">{move || figure.pointed_line()}</p> }
    });
    let choice = view.needs.contains(&CheckpointDataNeed::Circle).then(|| circle_choice(Store::get()));
    let more = view! { {figure.layout_tools()} {figure.details()} };
    view! {
        <section
            node_ref=figure.section
            class="panel figure-panel stage-panel"
            id=view.id
            role=move || tabs.role()
            aria-label=view.title
            hidden=move || tabs.hides(tab)
        >
            <div class="panel-head">
                <h3>{view.title}</h3>
                {choice}
                {popover(view.id, view.title, more.into_any())}
            </div>
            {figure.sheet()}
            <p class="finding" title=words>{words}</p>
            {pairs}
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
