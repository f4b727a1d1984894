//! What a phrase of the reading does when it is pressed.

use crate::config::Preset;
use crate::ui::state::State;
use crate::ui::update::Message;
use crate::ui::view::Look;

/// Something the text points at or sets in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gesture {
    /// Choose a preset.
    SetPreset(Preset),
    /// Move the cursor of the run on show.
    MoveTo(Moment),
    /// Draw the eye to a control or a figure, named by its `data-testid`.
    Flash(&'static str),
}

/// A moment that every run has, though each at another step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before any update.
    First,
    /// The end of memorisation.
    Memorised,
    /// The beginning of cleanup.
    CleanupBegins,
    /// The end of cleanup.
    CleanedUp,
    /// The last step.
    Last,
}

impl Gesture {
    /// What is sent to the page; nothing for a moment that the run on show has not reached.
    pub(super) fn message(self, state: &State) -> Option<Message> {
        match self {
            Self::SetPreset(preset) => Some(Message::Choose(preset)),
            Self::MoveTo(moment) => moment.look(state).map(Message::Look),
            Self::Flash(_) => None,
        }
    }

    /// Where to look then: the `data-testid` of a control or a figure.
    pub(super) fn points_at(self) -> &'static str {
        match self {
            Self::SetPreset(_) => "preset",
            Self::MoveTo(_) => "loss-chart",
            Self::Flash(hook) => hook,
        }
    }

    /// What it does, for a pointer that rests on the phrase.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::SetPreset(_) => "Chooses this preset",
            Self::MoveTo(_) => "Moves the cursor of the run on show",
            Self::Flash(_) => "Shows where it is on the page",
        }
    }
}

impl Moment {
    fn look(self, state: &State) -> Option<Look> {
        let phases = state.exhibit.as_ref()?.phases;
        let boundary = match self {
            Self::First => return Some(Look::First),
            Self::Last => return Some(Look::Last),
            Self::Memorised => phases.memorisation_end,
            Self::CleanupBegins => phases.cleanup_start,
            Self::CleanedUp => phases.cleanup_end,
        };
        boundary.map(|boundary| Look::Pin(boundary.step as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::{Gesture, Moment};
    use crate::config::Preset;
    use crate::ui::draft::Draft;
    use crate::ui::state::State;
    use crate::ui::update::Message;

    #[test]
    fn a_preset_is_chosen_and_a_figure_only_shown() {
        let state = State::new(Draft::new(Preset::Quick), Vec::new());
        let choose = Gesture::SetPreset(Preset::Paper);
        assert_eq!(choose.message(&state), Some(Message::Choose(Preset::Paper)));
        assert_eq!(choose.points_at(), "preset");
        assert_eq!(Gesture::Flash("verdict").message(&state), None);
        assert_eq!(Gesture::Flash("verdict").points_at(), "verdict");
    }

    #[test]
    fn without_a_run_there_is_no_moment_to_go_to() {
        let state = State::new(Draft::new(Preset::Quick), Vec::new());
        for moment in
            [Moment::First, Moment::Memorised, Moment::CleanupBegins, Moment::CleanedUp, Moment::Last]
        {
            assert_eq!(Gesture::MoveTo(moment).message(&state), None, "{moment:?}");
        }
    }
}
