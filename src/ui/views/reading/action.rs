//! What a phrase of the reading does when it is pressed.

use crate::analysis::modular::ablation::PaperAblation;
use crate::analysis::modular::report::Report;
use crate::config::Preset;
use crate::ui::state::State;
use crate::ui::state::ablated_model::weights_at;
use crate::ui::state::ablation_editor::{AblationEdit, AppliedAblation, ModelInfo};
use crate::ui::state::view_choices::ViewChange;
use crate::ui::update::Message;

/// Something the text points at or sets in motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PhraseAction {
    /// Choose a preset.
    SetPreset(Preset),
    /// Move the cursor of the run on show.
    MoveTo(Moment),
    /// Cut something out of the run on show.
    Ablate(ReadingAblation),
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
pub(super) enum ReadingAblation {
    /// One of the paper's.
    Paper(PaperAblation),
    /// The key frequency with the largest part in the logits.
    StrongestFreq,
    /// None: the whole model again.
    Whole,
}

impl PhraseAction {
    /// What is sent to the page; nothing for a phrase that only points.
    ///
    /// # Errors
    /// A sentence that says why the run on show cannot follow.
    pub(super) fn message(self, state: &State) -> Result<Option<Message>, &'static str> {
        match self {
            Self::SetPreset(preset) => Ok(Some(Message::Choose(preset))),
            Self::MoveTo(moment) => moment.change(state).map(|change| Some(Message::ChangeView(change))),
            Self::Ablate(ablation) => ablation.edit(state).map(|edit| edit.map(Message::EditAblation)),
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
            Self::Ablate(ReadingAblation::Whole) => "Restores the full model of the run on show",
            Self::Ablate(_) => "Removes it from the model of the run on show",
            Self::Flash(_) => "Shows where it is on the page",
        }
    }
}

impl Moment {
    fn change(self, state: &State) -> Result<ViewChange, &'static str> {
        let run_view = state.run_view.as_ref().ok_or("There is no run on show yet.")?;
        let phases = run_view.phases;
        let boundary = match self {
            Self::First => return Ok(ViewChange::First),
            Self::Last => return Ok(ViewChange::Last),
            Self::Memorised => phases.memorisation_end,
            Self::CleanupBegins => phases.cleanup_start,
            Self::CleanedUp => phases.cleanup_end,
        };
        let boundary = boundary.ok_or("The run on show has not reached this moment.")?;
        Ok(ViewChange::Pin(boundary.step as f64))
    }
}

impl ReadingAblation {
    /// The change; none if it is made already, for a second press would put things back.
    fn edit(self, state: &State) -> Result<Option<AblationEdit>, &'static str> {
        let ablation = state.ablation_editor.ablation.clone();
        let (edit, model) = match self {
            Self::Whole => (AblationEdit::Whole, ModelInfo::default()),
            Self::Paper(paper) => (AblationEdit::Paper(paper), model_info(ablated_report(state)?)),
            Self::StrongestFreq => {
                let report = ablated_report(state)?;
                (AblationEdit::Freq(strongest_freq(report)?), model_info(report))
            }
        };
        Ok((!AppliedAblation { ablation, model }.is_applied(&edit)).then_some(edit))
    }
}

/// The report on the weights that are ablated.
fn ablated_report(state: &State) -> Result<&Report, &'static str> {
    let snapshot = weights_at(state).and_then(|step| state.run_view.as_ref()?.snapshot_near(step));
    let missing = "There are no weights of the run on show to ablate, or they are not analysed yet.";
    snapshot.and_then(|snapshot| snapshot.report()).ok_or(missing)
}

fn model_info(report: &Report) -> ModelInfo {
    ModelInfo { key_freqs: report.key_freqs.clone(), n_heads: report.attention.len() }
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

    use super::{Moment, PhraseAction, ReadingAblation};
    use crate::analysis::modular::ablation::PaperAblation;
    use crate::config::Preset;
    use crate::ui::state::State;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view_sample::{run_view, snapshot};
    use crate::ui::state::view_choices::ViewChange;
    use crate::ui::update::{Message, update};

    fn empty() -> State {
        State::new(Draft::new(Preset::Quick), Vec::new())
    }

    /// A page with a run of four rows, whose last weights were analysed.
    fn with_weights() -> State {
        let mut run = run_view(4);
        run.snapshots.insert(30, Arc::new(snapshot(30)));
        run.weights.insert(30, Arc::new(vec![30]));
        let mut state = empty();
        state.analyst.ready = true;
        update(&mut state, Message::AddRunView { run_view: Box::new(run), show: true });
        state
    }

    #[test]
    fn a_preset_is_chosen_and_a_figure_only_shown() {
        let state = empty();
        let choose = PhraseAction::SetPreset(Preset::Paper);
        assert_eq!(choose.message(&state), Ok(Some(Message::Choose(Preset::Paper))));
        assert_eq!(choose.points_at(), "preset");
        assert_eq!(PhraseAction::Flash("verdict").message(&state), Ok(None));
        assert_eq!(PhraseAction::Flash("verdict").points_at(), "verdict");
    }

    #[test]
    fn a_moment_that_was_not_reached_is_said_to_be_so() {
        let later = [Moment::Memorised, Moment::CleanupBegins, Moment::CleanedUp];
        for moment in [Moment::First, Moment::Last].into_iter().chain(later) {
            let told = PhraseAction::MoveTo(moment).message(&empty()).expect_err("no run");
            assert!(told.contains("no run"), "{moment:?}: {told}");
        }
        let state = with_weights();
        assert_eq!(
            PhraseAction::MoveTo(Moment::First).message(&state),
            Ok(Some(Message::ChangeView(ViewChange::First)))
        );
        for moment in later {
            let told = PhraseAction::MoveTo(moment).message(&state).expect_err("the run is too short");
            assert!(told.contains("not reached"), "{moment:?}: {told}");
        }
    }

    #[test]
    fn an_ablation_is_made_once_and_only_where_there_are_weights() {
        let [paper, strongest, whole] = [
            ReadingAblation::Paper(PaperAblation::KeepKeyComponents),
            ReadingAblation::StrongestFreq,
            ReadingAblation::Whole,
        ]
        .map(PhraseAction::Ablate);
        for action in [paper, strongest] {
            assert!(action.message(&empty()).is_err_and(|told| told.contains("no weights")));
            assert_eq!(action.points_at(), "knife");
        }
        let mut state = with_weights();
        assert_eq!(whole.message(&state), Ok(None), "nothing is ablated");
        let keep_key = Message::EditAblation(AblationEdit::Paper(PaperAblation::KeepKeyComponents));
        assert_eq!(paper.message(&state), Ok(Some(keep_key)));

        let report = state.run_view.as_ref().expect("it is on show").snapshots[&30]
            .report()
            .expect("a model that adds");
        let largest = report.key_freqs.iter().map(|k| report.alpha[k]).fold(f64::NEG_INFINITY, f64::max);
        let Ok(Some(Message::EditAblation(AblationEdit::Freq(freq)))) = strongest.message(&state) else {
            panic!("a frequency")
        };
        assert_eq!(report.alpha[&freq], largest);
        update(&mut state, Message::EditAblation(AblationEdit::Freq(freq)));
        assert_eq!(strongest.message(&state), Ok(None), "a second press does not put it back");
        assert_eq!(whole.message(&state), Ok(Some(Message::EditAblation(AblationEdit::Whole))));
    }
}
