//! What a phrase of the reading does when it is pressed.

use crate::analysis::ablation::PaperAblation;
use crate::analysis::report::Report;
use crate::config::Preset;
use crate::ui::state::State;
use crate::ui::state::ablated_model::weights_at;
use crate::ui::state::ablation_editor::{Anatomy, Cut, Operation};
use crate::ui::state::view_choices::Look;
use crate::ui::update::Message;

/// Something the text points at or sets in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gesture {
    /// Choose a preset.
    SetPreset(Preset),
    /// Move the cursor of the run on show.
    MoveTo(Moment),
    /// Cut something out of the run on show.
    Ablate(Incision),
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

/// An ablation that the text speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incision {
    /// One of the paper's.
    Paper(PaperAblation),
    /// The key frequency with the largest part in the logits.
    StrongestFreq,
    /// None: the whole model again.
    Whole,
}

impl Gesture {
    /// What is sent to the page; nothing for a phrase that only points.
    ///
    /// # Errors
    /// A sentence that says why the run on show cannot follow.
    pub(super) fn message(self, state: &State) -> Result<Option<Message>, &'static str> {
        match self {
            Self::SetPreset(preset) => Ok(Some(Message::Choose(preset))),
            Self::MoveTo(moment) => moment.look(state).map(|look| Some(Message::Look(look))),
            Self::Ablate(incision) => incision.cut(state).map(|cut| cut.map(Message::Cut)),
            Self::Flash(_) => Ok(None),
        }
    }

    /// Where to look then: the `data-testid` of a control or a figure.
    pub(super) fn points_at(self) -> &'static str {
        match self {
            Self::SetPreset(_) => "preset",
            Self::MoveTo(_) => "loss-chart",
            Self::Ablate(_) => "knife",
            Self::Flash(hook) => hook,
        }
    }

    /// What it does, for a pointer that rests on the phrase.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::SetPreset(_) => "Chooses this preset",
            Self::MoveTo(_) => "Moves the cursor of the run on show",
            Self::Ablate(Incision::Whole) => "Puts back what is cut out of the run on show",
            Self::Ablate(_) => "Cuts it out of the run on show",
            Self::Flash(_) => "Shows where it is on the page",
        }
    }
}

impl Moment {
    fn look(self, state: &State) -> Result<Look, &'static str> {
        let exhibit = state.exhibit.as_ref().ok_or("There is no run on show yet.")?;
        let phases = exhibit.phases;
        let boundary = match self {
            Self::First => return Ok(Look::First),
            Self::Last => return Ok(Look::Last),
            Self::Memorised => phases.memorisation_end,
            Self::CleanupBegins => phases.cleanup_start,
            Self::CleanedUp => phases.cleanup_end,
        };
        let boundary = boundary.ok_or("The run on show has not reached this moment.")?;
        Ok(Look::Pin(boundary.step as f64))
    }
}

impl Incision {
    /// The change; none if it is made already, for a second press would put things back.
    fn cut(self, state: &State) -> Result<Option<Cut>, &'static str> {
        let ablation = state.surgery.ablation.clone();
        let (cut, model) = match self {
            Self::Whole => (Cut::Whole, Anatomy::default()),
            Self::Paper(paper) => (Cut::Paper(paper), anatomy(under_the_knife(state)?)),
            Self::StrongestFreq => {
                let report = under_the_knife(state)?;
                (Cut::Freq(strongest_freq(report)?), anatomy(report))
            }
        };
        Ok((!Operation { ablation, model }.is_cut(&cut)).then_some(cut))
    }
}

/// The report on the weights that are cut.
fn under_the_knife(state: &State) -> Result<&Report, &'static str> {
    let snapshot = weights_at(state).and_then(|step| state.exhibit.as_ref()?.snapshot_near(step));
    let missing = "There are no weights of the run on show to cut, or they are not taken apart yet.";
    snapshot.map(|snapshot| &snapshot.report).ok_or(missing)
}

fn anatomy(report: &Report) -> Anatomy {
    Anatomy { key_freqs: report.key_freqs.clone(), n_heads: report.attention.len() }
}

/// The key frequency whose cosines have the largest coefficient in the logits.
fn strongest_freq(report: &Report) -> Result<usize, &'static str> {
    let alpha = |k: &usize| report.alpha.get(k).copied().unwrap_or(0.0);
    let strongest = report.key_freqs.iter().copied().max_by(|a, b| alpha(a).total_cmp(&alpha(b)));
    strongest.ok_or("The run on show has no key frequency yet.")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Gesture, Incision, Moment};
    use crate::analysis::ablation::PaperAblation;
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::ablation_editor::Cut;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view_sample::{exhibit, snapshot};
    use crate::ui::state::view_choices::Look;
    use crate::ui::update::{Message, update};

    fn empty() -> State {
        State::new(Draft::new(Preset::Quick), Vec::new())
    }

    /// A page with a run of four rows, whose last weights were taken apart.
    fn with_weights() -> State {
        let mut run = exhibit(4);
        run.snapshots.insert(30, Arc::new(snapshot(30)));
        run.weights.insert(30, Arc::new(vec![30]));
        let mut state = empty();
        state.analyst.ready = true;
        update(&mut state, Message::AddExhibit { exhibit: Box::new(run), show: true });
        state
    }

    #[test]
    fn a_preset_is_chosen_and_a_figure_only_shown() {
        let state = empty();
        let choose = Gesture::SetPreset(Preset::Paper);
        assert_eq!(choose.message(&state), Ok(Some(Message::Choose(Preset::Paper))));
        assert_eq!(choose.points_at(), "preset");
        assert_eq!(Gesture::Flash("verdict").message(&state), Ok(None));
        assert_eq!(Gesture::Flash("verdict").points_at(), "verdict");
    }

    #[test]
    fn a_moment_that_was_not_reached_is_said_to_be_so() {
        let later = [Moment::Memorised, Moment::CleanupBegins, Moment::CleanedUp];
        for moment in [Moment::First, Moment::Last].into_iter().chain(later) {
            let told = Gesture::MoveTo(moment).message(&empty()).expect_err("no run");
            assert!(told.contains("no run"), "{moment:?}: {told}");
        }
        let state = with_weights();
        assert_eq!(Gesture::MoveTo(Moment::First).message(&state), Ok(Some(Message::Look(Look::First))));
        for moment in later {
            let told = Gesture::MoveTo(moment).message(&state).expect_err("the run is too short");
            assert!(told.contains("not reached"), "{moment:?}: {told}");
        }
    }

    #[test]
    fn an_ablation_is_made_once_and_only_where_there_are_weights() {
        let [paper, strongest, whole] =
            [Incision::Paper(PaperAblation::KeepKeyComponents), Incision::StrongestFreq, Incision::Whole]
                .map(Gesture::Ablate);
        for gesture in [paper, strongest] {
            assert!(gesture.message(&empty()).is_err_and(|told| told.contains("no weights")));
            assert_eq!(gesture.points_at(), "knife");
        }
        let mut state = with_weights();
        assert_eq!(whole.message(&state), Ok(None), "nothing is cut");
        let keep_key = Message::Cut(Cut::Paper(PaperAblation::KeepKeyComponents));
        assert_eq!(paper.message(&state), Ok(Some(keep_key)));

        let report = &state.exhibit.as_ref().expect("it is on show").snapshots[&30].report;
        let largest = report.key_freqs.iter().map(|k| report.alpha[k]).fold(f64::NEG_INFINITY, f64::max);
        let Ok(Some(Message::Cut(Cut::Freq(freq)))) = strongest.message(&state) else {
            panic!("a frequency")
        };
        assert_eq!(report.alpha[&freq], largest);
        update(&mut state, Message::Cut(Cut::Freq(freq)));
        assert_eq!(strongest.message(&state), Ok(None), "a second press does not put it back");
        assert_eq!(whole.message(&state), Ok(Some(Message::Cut(Cut::Whole))));
    }
}
