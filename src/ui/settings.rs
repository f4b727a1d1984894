//! The form: every setting as a labelled control that tells where it leaves the preset.

use leptos::prelude::*;

use super::field::{Field, GROUPS, Group, Kind};
use super::format;
use super::state::State;
use super::store::Store;
use super::update::Message;
use crate::model::shape::ModelShape;

/// All settings.
#[component]
pub(super) fn Settings() -> impl IntoView {
    let store = Store::get();
    let n_changed = store.memo(|state| state.draft.changed().len());
    let facts = store.memo(derived_facts);
    let changes = move || match n_changed.get() {
        0 => "as in the preset".to_owned(),
        1 => "1 changed".to_owned(),
        n => format!("{n} changed"),
    };
    view! {
        <section class="panel settings" aria-labelledby="settings-title">
            <div class="panel-head">
                <h2 id="settings-title">"Settings"</h2>
                <span class="changes">{changes}</span>
                <button
                    type="button"
                    class="quiet"
                    data-testid="reset-settings"
                    disabled=move || n_changed.get() == 0
                    on:click=move |_| store.send(Message::ResetFields)
                >
                    "Reset all"
                </button>
            </div>
            <form on:submit=|event| event.prevent_default()>
                {GROUPS.map(|group| view! { <GroupView group /> }).collect_view()}
            </form>
            <p class="derived">{move || facts.get()}</p>
        </section>
    }
}

/// What the settings amount to.
fn derived_facts(state: &State) -> String {
    let Ok(config) = state.draft.config() else { return String::new() };
    let n_pairs = config.data.p * config.data.p;
    let n_train = config.data.n_train();
    format!(
        "{} sums: {} to train on, {} to test with. {} parameters.",
        format::count(n_pairs),
        format::count(n_train),
        format::count(n_pairs - n_train),
        format::count(ModelShape::new(&config.data, &config.model).n_values()),
    )
}

/// The first setting that keeps a run from starting, in words.
pub(super) fn problem_summary(state: &State) -> Option<String> {
    let problems = state.draft.config().err()?;
    let problem = problems.first()?;
    Some(match problem.field {
        Some(field) => format!("{}: {}.", field.label(), problem.message),
        None => format!("{}.", problem.message),
    })
}

#[component]
fn GroupView(group: Group) -> impl IntoView {
    let rows = group.fields.iter().map(|field| view! { <Row field=*field /> }).collect_view();
    if group.folded {
        view! { <details class="group"><summary>{group.title}</summary>{rows}</details> }.into_any()
    } else {
        view! { <fieldset class="group"><legend>{group.title}</legend>{rows}</fieldset> }.into_any()
    }
}

#[component]
fn Row(field: Field) -> impl IntoView {
    let store = Store::get();
    let changed = store.memo(move |state| state.draft.is_changed(field));
    let problem = store.memo(move |state| {
        let problems = state.draft.config().err().unwrap_or_default();
        problems.into_iter().find(|problem| problem.field == Some(field)).map(|problem| problem.message)
    });
    let preset_text = store.memo(move |state| state.draft.preset_text(field));
    let id = format!("set-{}", field.name());
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    let reset = move || {
        changed.get().then(|| {
            let preset = preset_text.get();
            view! {
                <button
                    type="button"
                    class="quiet reset-field"
                    data-testid=format!("reset-{}", field.name())
                    title=format!("Back to the preset's {preset}")
                    aria-label=format!("Reset {} to {preset}", field.label())
                    on:click=move |_| store.send(Message::ResetField(field))
                >
                    "↺"
                </button>
            }
        })
    };
    let described = format!("{help_id} {problem_id}");
    view! {
        <div class="setting" class:changed=move || changed.get() class:invalid=move || problem.with(Option::is_some)>
            <label for=id.clone() title=field.help()>{field.label()}</label>
            <span class="reset-slot">{reset}</span>
            <Control field id described problem=problem.into() />
            <span class="visually-hidden" id=help_id>{field.help()}</span>
            <p class="problem" id=problem_id hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
        </div>
    }
}

#[component]
fn Control(field: Field, id: String, described: String, problem: Signal<Option<String>>) -> impl IntoView {
    let store = Store::get();
    let text = store.memo(move |state| state.draft.text(field));
    let invalid = move || problem.with(Option::is_some).then_some("true");
    let edit = move |text: String| store.send(Message::Edit(field, text));
    if let Kind::Choice(choices) = field.kind() {
        let options = choices
            .iter()
            .map(|(name, words)| {
                view! { <option value=*name prop:selected=move || text.with(|t| t == name)>{*words}</option> }
            })
            .collect_view();
        return view! {
            <select
                id=id
                data-testid=format!("set-{}", field.name())
                aria-describedby=described
                on:change:target=move |event| edit(event.target().value())
            >
                {options}
            </select>
        }
        .into_any();
    }
    let keyboard = match field.kind() {
        Kind::Integer => "numeric",
        Kind::Decimal => "decimal",
        Kind::Text | Kind::Choice(_) => "text",
    };
    view! {
        <input
            type="text"
            id=id
            data-testid=format!("set-{}", field.name())
            inputmode=keyboard
            autocomplete="off"
            spellcheck="false"
            aria-describedby=described
            aria-invalid=invalid
            prop:value=move || text.get()
            on:input:target=move |event| edit(event.target().value())
        />
    }
    .into_any()
}
