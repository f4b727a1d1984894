//! Two buttons: linear and logarithmic.

use leptos::prelude::*;

use crate::plot::Scale;

/// The switch of one axis.
#[component]
pub(in crate::ui) fn ScaleSwitch(
    /// The axis' letter.
    name: &'static str,
    /// The axis' name.
    #[prop(into)]
    words: String,
    /// What the hooks for tests begin with after the letter; empty for none.
    id: &'static str,
    /// How it is laid out.
    scale: Memo<Scale>,
    /// Lays it out otherwise.
    set: Callback<Scale>,
) -> impl IntoView {
    let button = move |to: Scale, text: &'static str| {
        view! {
            <button
                type="button"
                data-testid=if id.is_empty() { format!("{name}-{text}") } else { format!("{id}-{name}-{text}") }
                aria-pressed=move || (scale.get() == to).to_string()
                on:click=move |_| set.run(to)
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
