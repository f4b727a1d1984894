//! What a link says of how the recorded run is looked at.

use crate::plot::Scale;
use crate::ui::state::ablation_editor::AblationEdit;

/// What a link says of the view; everything else is as on a page just opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinkedView {
    /// The cursor's step.
    pub step: Option<usize>,
    /// How steps are laid out.
    pub x: Option<Scale>,
    /// The frequency of the circle.
    pub circle: Option<usize>,
    /// The parts that are removed.
    pub edits: Vec<AblationEdit>,
}
