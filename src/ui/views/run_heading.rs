//! Which run is on show, in words, and the switch to another one.

use leptos::prelude::*;

use crate::config::{ExperimentConfig, InitDraw, LossForm, TaskConfig};
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The heading of the time line.
#[component]
pub(in crate::ui) fn RunHeading() -> impl IntoView {
    let store = Store::get();
    let title =
        store.memo(|state| state.run_view.as_ref().map_or("No run yet".to_owned(), |e| e.origin.name()));
    let facts = store.memo(|state| state.run_view.as_ref().map_or_else(|| coming(state), facts));
    let announced = store.memo(announcement);
    let others = store.memo(choices);
    let switch = move || {
        let choices = others.get();
        (choices.len() > 1).then(|| {
            let buttons = choices
                .into_iter()
                .map(|(origin, is_shown)| {
                    let (words, hook) = (origin.name(), hook(&origin));
                    let show = move |_| store.send(Message::Show(origin.clone()));
                    view! {
                        <button type="button" data-testid=hook aria-pressed=is_shown.to_string() on:click=show>{words}</button>
                    }
                })
                .collect_view();
            view! { <div class="switch" role="group" aria-label="Run on show">{buttons}</div> }
        })
    };
    view! {
        <div class="run-heading">
            <div>
                <h2 id="run-title" data-testid="exhibit">{move || title.get()}</h2>
                <p class="facts" data-testid="exhibit-facts">{move || facts.get()}</p>
                <p class="visually-hidden" role="status">{move || announced.get()}</p>
            </div>
            {switch}
        </div>
    }
}

/// How much of the recorded run has come, while nothing else is on show.
fn coming(state: &State) -> String {
    let words = |n_bytes: usize| format!("Fetching the recorded run: {} kB", format::count(n_bytes / 1_000));
    state.recorded_bytes.map(words).unwrap_or_default()
}

/// What a screen reader says of it: that it begins and that it ends, not every piece.
fn announcement(state: &State) -> &'static str {
    let is_here = state.run_views().any(|run_view| run_view.origin == Origin::Recorded);
    match state.recorded_bytes {
        _ if is_here => "The recorded run is here.",
        Some(_) => "Fetching the recorded run.",
        None => "",
    }
}

fn hook(origin: &Origin) -> String {
    match origin {
        Origin::Recorded => "show-recorded".into(),
        Origin::Own => "show-own".into(),
        Origin::File(name) => format!("show-file-{name}"),
        Origin::Stored { name, .. } => format!("show-kept-{name}"),
    }
}

/// The runs at hand in a fixed order, and which is on show.
fn choices(state: &State) -> Vec<(Origin, bool)> {
    let shown = state.run_view.as_ref().map(|run_view| &run_view.origin);
    let mut choices: Vec<_> =
        state.run_views().map(|e| (e.origin.clone(), Some(&e.origin) == shown)).collect();
    choices.sort_by_key(|(origin, _)| match origin {
        Origin::Recorded => (0, String::new()),
        Origin::Own => (1, String::new()),
        Origin::Stored { name, .. } => (2, name.clone()),
        Origin::File(name) => (3, name.clone()),
    });
    choices
}

/// What a run is, in a line.
fn facts(run_view: &RunView) -> String {
    let ExperimentConfig { data, model, optim, .. } = &run_view.config;
    let mut facts = match data {
        TaskConfig::Modular(modular) => vec![
            format!("a + b mod {}", modular.p),
            format!(
                "{} of {} sums to train on",
                format::count(modular.n_train()),
                format::count(modular.n_pairs())
            ),
            format!("split {}", modular.split),
        ],
        other => vec![other.words()],
    };
    let seed = match model.init_draw {
        InitDraw::Lab => format!("seed {}", model.seed),
        InitDraw::Torch => format!("seed {} of PyTorch", model.seed),
    };
    facts.extend([seed, format!("weight decay {}", optim.weight_decay)]);
    if optim.loss == LossForm::Textbook {
        facts.push("textbook loss".into());
    }
    facts.push(format!("{} steps", format::count(run_view.last_step())));
    facts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::{announcement, choices, coming, facts};
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::run_view;

    #[test]
    fn the_switch_keeps_its_order_whatever_is_on_show() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        state.run_view = Some(run_view(2));
        state.other_runs = vec![
            RunView { origin: Origin::File("a".into()), ..run_view(2) },
            RunView { origin: Origin::Recorded, ..run_view(2) },
        ];
        let order: Vec<_> = choices(&state).into_iter().collect();
        let expected = [(Origin::Recorded, false), (Origin::Own, true), (Origin::File("a".into()), false)];
        assert_eq!(order, expected);
    }

    #[test]
    fn the_line_names_what_decides_the_run() {
        let words = facts(&run_view(4));
        for part in ["a + b mod 7", "34 of 49 sums", "split python:0", "seed 0", "weight decay 1", "30 steps"]
        {
            assert!(words.contains(part), "{part} in {words}");
        }
    }
    #[test]
    fn the_recorded_run_is_counted_for_the_eye_and_announced_twice_for_the_ear() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        assert_eq!((coming(&state).as_str(), announcement(&state)), ("", ""));
        let mut said = Vec::new();
        for n_bytes in [0, 400_000, 1_200_000] {
            state.recorded_bytes = Some(n_bytes);
            said.push(announcement(&state));
        }
        assert_eq!(said, ["Fetching the recorded run."; 3], "the same words are said once");
        assert_eq!(coming(&state), "Fetching the recorded run: 1,200 kB");
        state.run_view = Some(RunView { origin: Origin::Recorded, ..run_view(2) });
        state.recorded_bytes = None;
        assert_eq!(announcement(&state), "The recorded run is here.");
    }
}
