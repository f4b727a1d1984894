//! The box to tick that keeps the screen awake while a run is trained.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::ui::browser::{dom, screen_lock};
use crate::ui::state::State;
use crate::ui::state::run::Phase;
use crate::ui::store::Store;

/// The box; where the browser cannot do it, disabled with the reason.
#[component]
pub(in crate::ui) fn WakeLock() -> impl IntoView {
    let store = Store::get();
    let is_possible = screen_lock::has_wake_lock();
    let wanted = RwSignal::new(false);
    let problem = RwSignal::new(
        (!is_possible).then(|| "This browser cannot do it, or the page is not served securely.".to_owned()),
    );
    if is_possible {
        let training = store.memo(is_training);
        hold(Memo::new(move |_| wanted.get() && training.get()), problem);
    }
    view! {
        <p class="wake-lock">
            <label>
                <input
                    type="checkbox"
                    data-testid="wake-lock"
                    aria-describedby="wake-lock-trouble"
                    disabled=!is_possible
                    prop:checked=move || wanted.get()
                    on:change=move |_| wanted.update(|wanted| *wanted = !*wanted)
                />
                " Keep the screen awake while training "
            </label>
            <small id="wake-lock-trouble">{move || problem.get()}</small>
        </p>
    }
    .into_any()
}

fn is_training(state: &State) -> bool {
    matches!(state.phase(), Some(Phase::Preparing | Phase::Training))
}

/// Holds a lock as long as `on`, and takes it anew when the page comes into sight: the browser takes it
/// back from a page that nobody sees.
fn hold(on: Memo<bool>, problem: RwSignal<Option<String>>) {
    let lock: StoredValue<Option<JsValue>, LocalStorage> = StoredValue::new_local(None);
    let release = move || {
        if let Some(lock) = lock.try_update_value(Option::take).flatten() {
            screen_lock::unlock_screen(&lock);
        }
    };
    let take = move || {
        spawn_local(async move {
            match screen_lock::lock_screen().await {
                Ok(new) => {
                    release();
                    problem.set(None);
                    lock.set_value(Some(new));
                    // The run may have ended meanwhile.
                    if !on.get_untracked() {
                        release();
                    }
                }
                Err(error) => problem.set(Some(format!("The screen may go to sleep: {error}."))),
            }
        });
    };
    Effect::new(move |_| {
        if on.get() {
            take();
        } else {
            release();
        }
    });
    dom::watch_shown(move || {
        if on.get_untracked() {
            take();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::is_training;
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run::{Phase, Run};

    #[test]
    fn the_screen_may_sleep_as_soon_as_no_step_is_made() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        assert!(!is_training(&state));
        for (phase, awake) in [
            (Phase::Preparing, true),
            (Phase::Training, true),
            (Phase::Paused, false),
            (Phase::Finished, false),
            (Phase::Broken, false),
            (Phase::Detached, false),
        ] {
            state.run = Some(Run { phase, ..Run::new(1, Preset::Tiny.config()) });
            assert_eq!(is_training(&state), awake, "{phase:?}");
        }
    }
}
