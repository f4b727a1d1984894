//! The form: every setting as a labelled control that tells where it leaves the preset.

use leptos::prelude::*;

use crate::config::TaskConfig;
use crate::config::settings::{GROUPS, Group, Kind, Setting};
use crate::model::shape::ModelShape;
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// All settings.
#[component]
pub(in crate::ui) fn Settings() -> impl IntoView {
    let store = Store::get();
    let n_changed = store.memo(|state| state.draft.changed().len());
    let facts = store.memo(derived_facts);
    let changes = move || match n_changed.get() {
        0 => "as in the preset".to_owned(),
        1 => "1 changed".to_owned(),
        n => format!("{n} changed"),
    };
    let on_page = GROUPS.iter().filter(|group| group.on_page).copied();
    let groups = on_page.map(|group| view! { <GroupView group /> }).collect_view();
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
                {groups}
            </form>
            <p class="derived">{move || facts.get()}</p>
        </section>
    }
}

/// What the settings amount to.
fn derived_facts(state: &State) -> String {
    let Ok(config) = state.draft.config() else { return String::new() };
    let examples = match &config.data {
        TaskConfig::Modular(modular) => format!(
            "{} sums: {} to train on, {} to test with",
            format::count(modular.n_pairs()),
            format::count(modular.n_train()),
            format::count(modular.n_pairs() - modular.n_train()),
        ),
        other => other.words(),
    };
    let n_parameters = ModelShape::new(&config.data, &config.model).n_values();
    format!("{examples}. {} parameters.", format::count(n_parameters))
}

/// The first setting that keeps a run from starting, in words.
pub(in crate::ui) fn problem_summary(state: &State) -> Option<String> {
    let problems = state.draft.config().err()?;
    let problem = problems.first()?;
    Some(match problem.setting {
        Some(setting) => format!("{}: {}.", setting.label, problem.message),
        None => format!("{}.", problem.message),
    })
}

#[component]
fn GroupView(group: Group) -> impl IntoView {
    let rows = group.settings.iter().map(|setting| view! { <Row setting=*setting /> }).collect_view();
    if group.folded {
        view! { <details class="group"><summary>{group.title}</summary>{rows}</details> }.into_any()
    } else {
        view! { <fieldset class="group"><legend>{group.title}</legend>{rows}</fieldset> }.into_any()
    }
}

#[component]
fn Row(setting: &'static Setting) -> impl IntoView {
    let store = Store::get();
    let changed = store.memo(move |state| state.draft.is_changed(setting));
    let problem = store.memo(move |state| {
        let problems = state.draft.config().err().unwrap_or_default();
        problems.into_iter().find(|problem| problem.setting == Some(setting)).map(|problem| problem.message)
    });
    let preset_text = store.memo(move |state| state.draft.preset_text(setting));
    let id = format!("set-{}", setting.name);
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    let reset = move || {
        changed.get().then(|| {
            let preset = preset_text.get();
            view! {
                <button
                    type="button"
                    class="quiet reset-field"
                    data-testid=format!("reset-{}", setting.name)
                    title=format!("Back to the preset's {preset}")
                    aria-label=format!("Reset {} to {preset}", setting.label)
                    on:click=move |_| store.send(Message::ResetField(setting))
                >
                    "↺"
                </button>
            }
        })
    };
    let described = format!("{help_id} {problem_id}");
    view! {
        <div class="setting" class:changed=move || changed.get() class:invalid=move || problem.with(Option::is_some)>
            <label for=id.clone() title=setting.full_help()>{setting.label}</label>
            <span class="reset-slot">{reset}</span>
            <Control setting id described problem=problem.into() />
            <span class="visually-hidden" id=help_id>{setting.full_help()}</span>
            <p class="problem" id=problem_id hidden=move || problem.with(Option::is_none)>{move || problem.get()}</p>
        </div>
    }
}

#[component]
fn Control(
    setting: &'static Setting,
    id: String,
    described: String,
    problem: Signal<Option<String>>,
) -> impl IntoView {
    let store = Store::get();
    let text = store.memo(move |state| state.draft.text(setting));
    let invalid = move || problem.with(Option::is_some).then_some("true");
    let edit = move |text: String| store.send(Message::Edit(setting, text));
    if let Some(options) = setting.kind.options() {
        let options = options
            .iter()
            .map(|option| {
                let is_selected = move || text.with(|text| text == option.value);
                view! { <option value=option.value prop:selected=is_selected>{option.label}</option> }
            })
            .collect_view();
        return view! {
            <select
                id=id
                data-testid=format!("set-{}", setting.name)
                aria-describedby=described
                on:change:target=move |event| edit(event.target().value())
            >
                {options}
            </select>
        }
        .into_any();
    }
    let keyboard = match setting.kind {
        Kind::Integer { .. } => "numeric",
        Kind::Decimal { .. } => "decimal",
        Kind::Text { .. } | Kind::Choice { .. } | Kind::Switch { .. } => "text",
    };
    view! {
        <input
            type="text"
            id=id
            data-testid=format!("set-{}", setting.name)
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
