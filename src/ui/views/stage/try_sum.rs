//! A sum to try on the model at the cursor, in the bar at the bottom.

use leptos::prelude::*;

use crate::config::TaskConfig;
use crate::task::modular::ModularTask;
use crate::ui::state::State;
use crate::ui::state::grid_cell::GridCell;
use crate::ui::store::Store;

/// The sum in the fields of a page just opened: in the recorded run neither it nor its mirror is trained on.
const FIRST: (usize, usize) = (42, 97);

/// The two fields and what the model says.
#[component]
pub(in crate::ui) fn TrySum() -> impl IntoView {
    let store = Store::get();
    let data = store.memo(|state| state.run_view.as_ref().map(|run_view| run_view.config.data.clone()));
    // Shuffling the pairs takes a millisecond.
    let train = Memo::new(move |_| data.with(|data| data.as_ref().map(is_train).unwrap_or_default()));
    let p = Memo::new(move |_| {
        data.with(|data| data.as_ref().and_then(|data| data.modular()).map_or(0, |sums| sums.p))
    });
    let pair = RwSignal::new(FIRST);
    let fitted = Memo::new(move |_| {
        let ((a, b), p) = (pair.get(), p.get().max(1));
        (a % p, b % p)
    });
    let cell = store.memo(move |state| {
        let snapshot = snapshot(state)?;
        train.with(|train| GridCell::new(snapshot, train, fitted.get()))
    });
    let field = move |hook: &'static str, name: &'static str, is_first: bool| {
        let value = move || {
            let (a, b) = fitted.get();
            if is_first { a } else { b }
        };
        let edit = move |text: String| {
            if let Ok(number) = text.parse() {
                pair.update(|(a, b)| *(if is_first { a } else { b }) = number);
            }
        };
        view! {
            <input
                type="number"
                min="0"
                max=move || p.get().saturating_sub(1)
                data-testid=hook
                aria-label=name
                prop:value=move || value().to_string()
                on:change:target=move |event| edit(event.target().value())
            />
        }
        .into_any()
    };
    let words = move || cell.with(|cell| cell.as_ref().map(GridCell::words));
    let short = move || {
        cell.with(|cell| {
            let cell = cell.as_ref()?;
            Some(format!("{} {}", cell.answer, if cell.is_right() { "right" } else { "wrong" }))
        })
    };
    let is_right = move || cell.with(|cell| cell.is_some_and(|cell| cell.is_right()));
    view! {
        <div class="try-sum" role="group" aria-label="Try a sum on the model at the cursor" hidden=move || cell.with(Option::is_none)>
            {field("try-a", "a", true)}
            <span>"+"</span>
            {field("try-b", "b", false)}
            <span>"="</span>
            <output class="sum-answer" class:right=is_right title=words data-testid="try-says">{short}</output>
        </div>
    }
    .into_any()
}

fn is_train(task: &TaskConfig) -> Vec<bool> {
    task.modular().map(|modular| ModularTask::new(modular).is_train()).unwrap_or_default()
}

fn snapshot(state: &State) -> Option<&crate::analysis::checkpoint::CheckpointAnalysis> {
    let run_view = state.run_view.as_ref()?;
    run_view.snapshot_near(state.view.step(run_view)).map(|snapshot| &**snapshot)
}
