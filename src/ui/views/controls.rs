//! The preset, the buttons of a run, and how long it would take here.

use leptos::ev::MouseEvent;
use leptos::html;
use leptos::prelude::*;

use crate::config::Preset;
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::estimates;
use crate::ui::state::format;
use crate::ui::state::run::Phase;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::settings_form::problem_summary;
use crate::ui::views::wake_lock::WakeLock;

/// A button of the run.
struct Button {
    /// Its hook for tests.
    test_id: &'static str,
    /// The words on it.
    words: &'static str,
    /// What it does, for a pointer that rests on it.
    hint: &'static str,
    /// What it sends.
    message: Message,
    /// When it makes sense.
    enabled: fn(&State) -> bool,
    /// When it is the next thing to do.
    primary: fn(&State) -> bool,
    /// When it is there at all: of Train, Pause and Resume there is one at a time.
    shown: fn(&State) -> bool,
}

/// Nothing is under way: a run can be begun.
fn is_idle(state: &State) -> bool {
    !matches!(state.phase(), Some(Phase::Preparing | Phase::Training | Phase::Paused))
}

fn is_training(state: &State) -> bool {
    matches!(state.phase(), Some(Phase::Preparing | Phase::Training))
}

fn is_paused(state: &State) -> bool {
    state.phase() == Some(Phase::Paused)
}

fn buttons() -> [Button; 6] {
    [
        Button {
            test_id: "start",
            words: "Train",
            hint: "Start a run with the settings below",
            message: Message::Start,
            enabled: State::can_start,
            primary: is_idle,
            shown: is_idle,
        },
        Button {
            test_id: "pause",
            words: "Pause",
            hint: "Pause after the current step",
            message: Message::Pause,
            enabled: State::can_pause,
            primary: is_training,
            shown: is_training,
        },
        Button {
            test_id: "resume",
            words: "Resume",
            hint: "Continue training",
            message: Message::Resume,
            enabled: State::can_resume,
            primary: is_paused,
            shown: is_paused,
        },
        Button {
            test_id: "step",
            words: "Step",
            hint: "Make one update and stay paused",
            message: Message::Step,
            enabled: State::can_step,
            primary: |_| false,
            shown: |_| true,
        },
        Button {
            test_id: "stop",
            words: "Stop",
            hint: "Stop; the run is saved and can be resumed",
            message: Message::Stop,
            enabled: State::can_stop,
            primary: |_| false,
            shown: |state| is_training(state) || is_paused(state),
        },
        Button {
            test_id: "reset",
            words: "New run",
            hint: "Put this run away and make room for another one",
            message: Message::Reset,
            enabled: State::can_reset,
            primary: |_| false,
            shown: State::can_reset,
        },
    ]
}

/// The preset's menu.
#[component]
pub(in crate::ui) fn PresetChoice() -> impl IntoView {
    let store = Store::get();
    let preset = store.memo(|state| state.draft.preset);
    let estimates = store.memo(preset_estimates);
    let options = Preset::on_page()
        .enumerate()
        .map(|(i, each)| {
            let words = move || match estimates.with(|all| all[i].clone()) {
                Some(estimate) => format!("{}: {estimate}", each.name()),
                None => each.name(),
            };
            view! { <option value=each.name() prop:selected=move || preset.get() == each>{words}</option> }
        })
        .collect_view();
    let choose = move |name: String| {
        if let Ok(preset) = Preset::from_name(&name) {
            store.send(Message::Choose(preset));
        }
    };
    view! {
        <div class="preset">
            <label for="preset">"Preset"</label>
            <select
                id="preset"
                data-testid="preset"
                on:focus=move |_| store.send(Message::WantEstimates)
                on:change:target=move |event| choose(event.target().value())
            >
                {options}
            </select>
        </div>
    }
}

/// The buttons of a run: those that make sense now.
#[component]
pub(in crate::ui) fn RunButtons() -> impl IntoView {
    // Whether one of the buttons was pressed: a page just opened takes no focus.
    let pressed = StoredValue::new(false);
    view! {
        <div class="buttons" role="group" aria-label="Run">
            {buttons().map(|button| view! { <RunButton button pressed /> }).collect_view()}
        </div>
    }
}

/// What the preset is, how long it would take, and what keeps it from starting.
#[component]
pub(in crate::ui) fn RunNotes() -> impl IntoView {
    let store = Store::get();
    let preset = store.memo(|state| state.draft.preset);
    let estimate = store.memo(estimate);
    view! {
        <div class="controls">
            <p class="preset-summary" id="preset-summary">{move || preset.get().summary()}</p>
            <p class="preset-summary">
                "On this device: " <span data-testid="estimate">{move || estimate.get()}</span>
            </p>
            <WakeLock />
            <Hint />
        </div>
    }
}

/// How long each preset would take, in their order; none before it is known.
fn preset_estimates(state: &State) -> Vec<Option<String>> {
    let device = state.draft.device();
    let secs = |preset| state.estimates.secs(&estimates::of_preset(preset, device));
    Preset::on_page().map(|preset| secs(preset).map(estimates::words)).collect()
}

/// How long the settings in the form would take.
fn estimate(state: &State) -> String {
    let Ok(config) = state.draft.config() else { return "these settings cannot be trained".into() };
    match state.estimates.secs(&config) {
        Some(secs) => {
            format!("{} for all {} steps", estimates::words(secs), format::count(config.run.epochs))
        }
        None if state.estimates.measuring.is_some() => "measuring…".into(),
        None if state.device().is_some_and(|report| report.software) => {
            "not measured, for the graphics card is software".into()
        }
        None => "not measured yet".into(),
    }
}

#[component]
fn RunButton(button: Button, pressed: StoredValue<bool>) -> impl IntoView {
    let store = Store::get();
    let Button { test_id, words, hint, message, enabled, primary, shown } = button;
    let shown = store.memo(shown);
    let enabled = store.memo(enabled);
    let primary = store.memo(primary);
    let button = NodeRef::<html::Button>::new();
    keep_focus(button, enabled, primary, pressed);
    let click = move |_: MouseEvent| {
        pressed.set_value(true);
        store.send(message.clone());
    };
    view! {
        <button
            node_ref=button
            type="button"
            data-testid=test_id
            title=hint
            hidden=move || !shown.get()
            class:primary=move || primary.get()
            disabled=move || !enabled.get()
            on:click=click
        >
            {words}
        </button>
    }
}

/// Hands the focus of a button that its own press disabled to the next thing to do, so that a run
/// can be paused and resumed with one key.
fn keep_focus(
    button: NodeRef<html::Button>,
    enabled: Memo<bool>,
    primary: Memo<bool>,
    pressed: StoredValue<bool>,
) {
    Effect::new(move |before: Option<bool>| {
        let next = enabled.get() && primary.get();
        if next && before == Some(false) && pressed.get_value() {
            // By the next frame the view has followed: a button still disabled takes no focus.
            request_animation_frame(move || {
                if let Some(button) = button.get_untracked()
                    && dom::focus_is_lost()
                {
                    // The button may be disabled again already; then the focus stays where it is.
                    let _ = button.focus();
                }
            });
        }
        next
    });
}

/// Why the obvious button cannot be pressed, or what pressing it leaves out.
#[component]
fn Hint() -> impl IntoView {
    let store = Store::get();
    let hint = store.memo(|state| {
        if let Some(problem) = problem_summary(state) {
            return Some(problem);
        }
        match (state.form_left_run(), state.phase()) {
            (true, Some(Phase::Preparing | Phase::Training | Phase::Paused)) => Some(
                "You changed the settings. This run keeps the old ones; press New run to train with the new ones."
                    .into(),
            ),
            _ => None,
        }
    });
    move || hint.get().map(|hint| view! { <p class="hint" role="status">{hint}</p> })
}

#[cfg(test)]
mod tests {
    use super::{buttons, estimate, preset_estimates};
    use crate::config::{Preset, settings};
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;

    #[test]
    fn estimates_stand_beside_the_settings_they_are_of() {
        let mut state = State::new(Draft::new(Preset::Quick), Vec::new());
        assert_eq!(estimate(&state), "not measured yet");
        state.estimates.measuring = Some(Preset::Paper.config());
        assert_eq!(estimate(&state), "measuring…");
        state.estimates.ran(&Preset::Quick.config(), 100.0);
        assert_eq!(estimate(&state), "about 40 s for all 4,000 steps");
        let all = preset_estimates(&state);
        let of = |preset| &all[Preset::on_page().position(|each| each == preset).expect("a preset")];
        assert_eq!(of(Preset::Quick).as_deref(), Some("about 40 s"));
        assert_eq!(*of(Preset::Paper), None, "nothing is made up");
        state.draft.set(&settings::P, "100".into());
        assert!(estimate(&state).contains("cannot"), "100 is not prime");
    }

    #[test]
    fn every_button_has_a_hook_of_its_own() {
        let hooks = buttons().map(|button| button.test_id);
        assert_eq!(hooks, ["start", "pause", "resume", "step", "stop", "reset"]);
    }
}
