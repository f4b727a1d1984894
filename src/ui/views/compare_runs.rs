//! The choice of runs that are laid over the one on show.

use leptos::prelude::*;

use crate::ui::state::comparison::{Compared, compared};
use crate::ui::state::run_view::RunView;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// Boxes to tick for the other runs at hand, with the legend of those that are ticked.
#[component]
pub(in crate::ui) fn CompareRuns() -> impl IntoView {
    let store = Store::get();
    let others = store.memo(|state| {
        let chosen: Vec<Compared> = compared(state).into_iter().map(|(compared, _)| compared).collect();
        let line = |run_view: &RunView| {
            let found = chosen.iter().find(|compared| compared.origin == run_view.origin).cloned();
            (run_view.origin.clone(), found)
        };
        state.other_runs.iter().map(line).collect::<Vec<_>>()
    });
    move || {
        let others = others.get();
        (!others.is_empty()).then(|| {
            let boxes = others
                .into_iter()
                .map(|(origin, compared)| {
                    let name = origin.name();
                    let is_on = compared.is_some();
                    let legend = compared.map(|compared| {
                        let key = format!("run-{}", compared.color);
                        view! { <span class="key" data-key=key>{compared.differences}</span> }
                    });
                    let toggle = move |_| {
                        store.send(Message::Compare { origin: origin.clone(), on: !is_on });
                    };
                    view! {
                        <label class="compared">
                            <input type="checkbox" data-testid="compare" prop:checked=is_on on:change=toggle />
                            {name}
                            {legend}
                        </label>
                    }
                })
                .collect_view();
            view! {
                <fieldset class="compare" data-testid="compare-runs">
                    <legend>"Compare with"</legend>
                    {boxes}
                </fieldset>
            }
        })
    }
}
