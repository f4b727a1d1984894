//! A question in the text: the reader chooses, then the run on show answers.

use leptos::prelude::*;

use crate::ui::store::Store;
use crate::ui::views::reading::prediction::Prediction;
use crate::ui::views::reading::run_number_view::RunRevision;

/// The question with its choices; the answer is shown when the reader asks for it, and follows the run on show.
pub(super) fn prediction(prediction: Prediction) -> AnyView {
    let store = Store::get();
    let revision: RunRevision = expect_context();
    let chosen = RwSignal::new(None::<usize>);
    let revealed = RwSignal::new(None::<usize>);
    let Prediction { id, question, choices, .. } = prediction;
    let choices = choices
        .iter()
        .enumerate()
        .map(|(i, words)| {
            view! {
                <label>
                    <input
                        type="radio"
                        name=format!("predict-{id}")
                        value=i.to_string()
                        data-testid=format!("predict-{id}-{i}")
                        prop:checked=move || chosen.get() == Some(i)
                        on:change=move |_| chosen.set(Some(i))
                    />
                    {*words}
                </label>
            }
            .into_any()
        })
        .collect_view();
    let answer = revision.memo(store, move |state| {
        revealed.get().map(|chosen| prediction.reveal(state.run_view.as_ref(), chosen))
    });
    view! {
        <fieldset class="prediction" data-testid=format!("predict-{id}")>
            <legend>{question}</legend>
            {choices}
            <button
                type="button"
                data-testid=format!("predict-{id}-reveal")
                disabled=move || chosen.get().is_none()
                on:click=move |_| revealed.set(chosen.get_untracked())
            >
                "Show what the run does"
            </button>
            <p class="prediction-answer" role="status" data-testid=format!("predict-{id}-answer")>{move || answer.get()}</p>
        </fieldset>
    }
    .into_any()
}
