//! When the charts of the time line have to be drawn anew. Pure.

use crate::plot::Scale;
use crate::protocol::RunId;
use crate::ui::state::State;
use crate::ui::state::comparison::compared;
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::state::view_choices::{Track, View};

/// Changes exactly when a chart of the time line would change.
#[derive(Debug, Clone, PartialEq)]
pub struct FiguresRevision {
    run: Option<RunId>,
    origin: Option<Origin>,
    rows: (usize, usize),
    checkpoints: (usize, usize),
    compared: Vec<(Origin, (usize, usize))>,
    zoom: Option<(f64, f64)>,
    x: Scale,
    y: [Scale; Track::ALL.len()],
}

impl FiguresRevision {
    /// Of a state.
    pub fn of(state: &State) -> Self {
        let exhibit = state.exhibit.as_ref();
        let View { zoom, x, y, .. } = state.view;
        Self {
            run: state.run.as_ref().map(|run| run.id),
            origin: exhibit.map(|exhibit| exhibit.origin.clone()),
            rows: exhibit.map_or((0, 0), Exhibit::rows_revision),
            checkpoints: exhibit.map_or((0, 0), |exhibit| (exhibit.progress.len(), exhibit.edition)),
            compared: compared(state).into_iter().map(|(c, e)| (c.origin, e.rows_revision())).collect(),
            zoom,
            x,
            y,
        }
    }
}
