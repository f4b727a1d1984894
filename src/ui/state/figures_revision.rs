//! When the charts of the time line have to be drawn anew. Pure.

use crate::plot::Scale;
use crate::protocol::RunId;
use crate::ui::state::State;
use crate::ui::state::comparison::compared;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::view_choices::{Track, ViewChoices};

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
        let run_view = state.run_view.as_ref();
        let ViewChoices { zoom, x, y, .. } = state.view;
        Self {
            run: state.run.as_ref().map(|run| run.id),
            origin: run_view.map(|run_view| run_view.origin.clone()),
            rows: run_view.map_or((0, 0), RunView::rows_revision),
            checkpoints: run_view.map_or((0, 0), |run_view| (run_view.progress.len(), run_view.edition)),
            compared: compared(state).into_iter().map(|(c, e)| (c.origin, e.rows_revision())).collect(),
            zoom,
            x,
            y,
        }
    }
}
