//! Runs laid over the one on show: which, in which colour, and in what their settings differ.

use crate::config::settings::{self, Setting};
use crate::engine::MetricsRow;
use crate::ui::state::State;
use crate::ui::state::run_name;
use crate::ui::state::run_view::{Origin, RunView};

/// The most runs in one chart, the one on show among them: more cannot be told apart.
pub const MAX_RUNS: usize = 5;

/// A run that is laid over the one on show.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Which.
    pub origin: Origin,
    /// Its name.
    pub name: String,
    /// What its settings have otherwise than the run on show, in words.
    pub differences: String,
    /// Its place among the colours of the theme: the first two are those of the run on show.
    pub color: usize,
}

/// The runs that are laid over the one on show, in the order in which they were chosen.
pub fn compared(state: &State) -> Vec<(Compared, &RunView)> {
    let Some(shown) = &state.run_view else { return Vec::new() };
    let chosen = state.compared.iter().filter(|origin| **origin != shown.origin).take(MAX_RUNS - 1);
    let found =
        chosen.filter_map(|origin| state.other_runs.iter().find(|run_view| run_view.origin == *origin));
    found
        .enumerate()
        .map(|(i, run_view)| {
            let compared = Compared {
                origin: run_view.origin.clone(),
                name: run_view.origin.name(),
                differences: differences(run_view, shown),
                color: i + 2,
            };
            (compared, run_view)
        })
        .collect()
}

/// The metrics of the other runs at hand that differ from the one on show in their seeds alone, each seed once.
pub fn other_seeds(state: &State) -> Vec<Vec<MetricsRow>> {
    let Some(shown) = &state.run_view else { return Vec::new() };
    let mut found: Vec<&RunView> = Vec::new();
    for run_view in state.other_runs.iter().filter(|run_view| !run_view.rows.is_empty()) {
        let is_new = found.iter().all(|known| known.config.differs_in_seeds_alone(&run_view.config));
        if is_new && shown.config.differs_in_seeds_alone(&run_view.config) {
            found.push(run_view);
        }
    }
    found.into_iter().map(|run_view| run_view.rows.clone()).collect()
}

/// What a run's settings have otherwise, in words.
fn differences(run_view: &RunView, shown: &RunView) -> String {
    // How a run was computed and how often it was looked at changes nothing of what it learns.
    let how = [
        &settings::EVAL_EVERY,
        &settings::CHECKPOINT_EVERY,
        &settings::THREADS,
        &settings::ENGINE,
        &settings::REPRODUCIBLE,
    ];
    let found = run_name::differences(&run_view.config, &shown.config);
    let found: Vec<_> = found.into_iter().filter(|(setting, _)| !how.contains(setting)).collect();
    if found.is_empty() {
        return "same settings".into();
    }
    let words = |(setting, text): (&Setting, String)| format!("{} {text}", setting.label);
    found.into_iter().map(words).collect::<Vec<_>>().join(", ")
}

/// Lays a run over the one on show, or takes it away. The oldest gives way when there is no room.
pub fn choose(chosen: &mut Vec<Origin>, origin: Origin, on: bool) {
    chosen.retain(|other| *other != origin);
    if on {
        chosen.push(origin);
        let surplus = chosen.len().saturating_sub(MAX_RUNS - 1);
        chosen.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_RUNS, choose, compared, other_seeds};
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::run_view;

    fn file(name: &str) -> Origin {
        Origin::File(name.into())
    }

    #[test]
    fn the_chosen_runs_come_with_their_differences_and_colours() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        state.run_view = Some(run_view(3));
        let mut other = RunView { origin: file("a"), ..run_view(3) };
        (other.config.optim.weight_decay, other.config.model.seed) = (0.25, 9);
        state.other_runs = vec![other, RunView { origin: file("b"), ..run_view(3) }];
        assert!(compared(&state).is_empty(), "none is chosen");
        for origin in [file("b"), file("gone"), file("a"), Origin::Own] {
            choose(&mut state.compared, origin, true);
        }
        let found: Vec<_> = compared(&state).into_iter().map(|(compared, _)| compared).collect();
        assert_eq!(
            found.iter().map(|c| (c.name.as_str(), c.color)).collect::<Vec<_>>(),
            [("b", 2), ("a", 3)]
        );
        assert_eq!(found[0].differences, "same settings");
        let words = &found[1].differences;
        let said = ["Weight decay λ 0.25", "Initial seed 9"];
        assert!(said.iter().all(|part| words.contains(part)), "in the words of the form: {words}");
    }

    #[test]
    fn other_seeds_are_the_same_experiment_and_each_comes_once() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        state.run_view = Some(run_view(3));
        let seed = |name: &str, seed: u32, n: usize| {
            let mut other = RunView { origin: file(name), ..run_view(n) };
            other.config.model.seed = seed;
            other
        };
        let mut decay = seed("decay", 7, 3);
        decay.config.optim.weight_decay = 0.25;
        state.other_runs = vec![
            seed("same", 0, 9),
            seed("a", 1, 4),
            seed("again", 1, 5),
            decay,
            seed("b", 2, 6),
            seed("c", 3, 0),
        ];
        let lengths: Vec<usize> = other_seeds(&state).iter().map(Vec::len).collect();
        assert_eq!(lengths, [4, 6], "not itself, not twice, no other decay, none without rows");
        state.run_view = None;
        assert_eq!(other_seeds(&state).len(), 0, "nothing on show");
    }

    #[test]
    fn no_more_runs_than_can_be_told_apart() {
        let mut chosen = Vec::new();
        for name in ["a", "b", "c", "d", "e", "e"] {
            choose(&mut chosen, file(name), true);
        }
        assert_eq!(chosen, ["b", "c", "d", "e"].map(file), "the oldest gave way, none comes twice");
        assert_eq!(chosen.len(), MAX_RUNS - 1);
        choose(&mut chosen, file("c"), false);
        assert_eq!(chosen, ["b", "d", "e"].map(file));
    }
}
