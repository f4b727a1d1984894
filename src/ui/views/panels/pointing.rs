//! Pointing in a figure: at a sum in the grid of pairs, with a pointer, a finger or the arrow keys, or at a number on a
//! circle. What is pointed at is said beside the grid and marked on every circle.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::prelude::*;

use crate::plot::Theme;
use crate::plot::figures::checkpoint::CheckpointDataNeed;
use crate::plot::figures::sheet::Chart;
use crate::task::modular::ModularTask;
use crate::ui::state::State;
use crate::ui::state::ablated_model::weights_at;
use crate::ui::state::format::px;
use crate::ui::state::grid_cell::GridCell;
use crate::ui::state::run_view::RunView;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::canvas::FigureCanvas;
use crate::ui::views::panels::panel_content::{PanelContent, snapshot};
use crate::ui::views::panels::pointed::{
    Pointed, PointedSignal, arrow, marked, moved, number_at, pair_at, row_of,
};

/// What can be pointed at in a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The cells of the grid of pairs.
    Grid,
    /// The numbers on its circles.
    Circles,
}

/// Pointing in one figure.
#[derive(Clone, Copy)]
pub(super) struct Pointing {
    store: Store,
    content: PanelContent,
    figure_canvas: FigureCanvas,
    kind: Kind,
    pointed: PointedSignal,
    /// What is said of the pair that is pointed at.
    line: Memo<Option<String>>,
}

impl Pointing {
    /// In a figure of this content; none if there is nothing to point at.
    pub(super) fn new(content: PanelContent, figure_canvas: FigureCanvas) -> Option<Self> {
        let kind = if content.needs(CheckpointDataNeed::Layout) {
            Kind::Grid
        } else if content.shows_circles() {
            Kind::Circles
        } else {
            return None;
        };
        let (store, pointed) = (Store::get(), expect_context::<PointedSignal>());
        let data = store.memo(|state| state.run_view.as_ref().map(|run_view| run_view.config.data.clone()));
        // Shuffling the pairs takes a millisecond.
        let train = Memo::new(move |_| {
            let task = |data: &crate::config::TaskConfig| Some(ModularTask::new(data.modular()?).is_train());
            data.with(|data| data.as_ref().and_then(task)).unwrap_or_default()
        });
        let line = store.memo(move |state| match pointed.get() {
            Some(Pointed::Pair(a, b)) if kind == Kind::Grid => train.with(|train| line(state, train, (a, b))),
            _ => None,
        });
        Some(Self { store, content, figure_canvas, kind, pointed, line })
    }

    /// What is said of the pair that is pointed at; the view follows it.
    pub(super) fn line(self) -> Option<String> {
        self.line.get()
    }

    /// Whether it is the grid, where the arrow keys move.
    pub(super) fn is_grid(self) -> bool {
        self.kind == Kind::Grid
    }

    fn modulus(self) -> usize {
        self.store.peek(|state| state.run_view.as_ref().and_then(RunView::modulus).unwrap_or(0))
    }

    fn at(self, event: &MouseEvent) -> Option<Pointed> {
        let place = (f64::from(event.offset_x()), f64::from(event.offset_y()));
        self.figure_canvas.maps.with_untracked(|maps| match self.kind {
            Kind::Grid => {
                let layout = self.store.peek(|state| state.view.field);
                pair_at(maps.first()?, layout, self.modulus(), place).map(|(a, b)| Pointed::Pair(a, b))
            }
            Kind::Circles => {
                let circles = self.circles();
                let found = maps.iter().zip(&circles).find_map(|(map, points)| number_at(map, points, place));
                found.map(Pointed::Number)
            }
        })
    }

    /// The points of each circle of the figure.
    fn circles(self) -> Vec<Vec<(f64, f64)>> {
        let sheet = self.store.peek(|state| self.content.sheet(state, &Theme::light()));
        let points = |chart: Chart| match chart {
            Chart::Scatter(scatter) => Some(scatter.points),
            _ => None,
        };
        let panels = sheet.into_iter().flat_map(|sheet| sheet.rows).flat_map(|row| row.panels);
        panels.filter_map(|panel| points(panel.chart)).collect()
    }

    /// The pointer has moved.
    pub(super) fn hover(self, event: &PointerEvent) {
        self.pointed.set(self.at(event));
    }

    /// The pointer has gone. A finger that is lifted has pointed.
    pub(super) fn leave(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" {
            self.pointed.set(None);
        }
    }

    /// A cell was clicked or touched: the model is asked, so that it is known what it says.
    pub(super) fn click(self, event: &MouseEvent) {
        let pointed = self.at(event);
        self.pointed.set(pointed);
        self.ask();
    }

    /// A key was pressed on the grid.
    pub(super) fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() || !self.is_grid() {
            return;
        }
        let key = event.key();
        if let Some(by) = arrow(&key, event.shift_key()) {
            let layout = self.store.peek(|state| state.view.field);
            let pair = match self.pointed.now() {
                Some(Pointed::Pair(a, b)) => moved(layout, self.modulus(), (a, b), by),
                // The first key shows where one is.
                _ => (0, 0),
            };
            self.pointed.set(Some(Pointed::Pair(pair.0, pair.1)));
        } else if key == "Enter" {
            self.ask();
        } else if key == "Escape" && self.pointed.now().is_some() {
            self.pointed.set(None);
        } else {
            return;
        }
        event.prevent_default();
    }

    fn ask(self) {
        if let Some(Pointed::Pair(a, b)) = self.pointed.now().filter(|_| self.is_grid()) {
            self.store.send(Message::Ask(a, b));
        }
    }

    /// What is pointed at, over the figure.
    pub(super) fn marks(self) -> AnyView {
        match self.kind {
            Kind::Grid => self.cell_marks(),
            Kind::Circles => self.number_marks(),
        }
    }

    /// The pair and its mirror image.
    fn cell_marks(self) -> AnyView {
        let layout = self.store.memo(|state| state.view.field);
        let cells = move || {
            let Some(Pointed::Pair(a, b)) = self.pointed.get() else { return Vec::new() };
            let (p, layout) = (self.modulus(), layout.get());
            let map = self.figure_canvas.maps.with(|maps| maps.first().copied());
            let Some(map) = map.filter(|_| a < p && b < p) else { return Vec::new() };
            let (width, height) = (map.x_pixels.1 - map.x_pixels.0, map.y_pixels.1 - map.y_pixels.0);
            let side = (width / p as f64, height / p as f64);
            [("pointed-cell", (a, b)), ("pointed-cell mirror", (b, a))]
                .map(|(class, pair)| {
                    let left = map.x_pixels.0 + pair.0 as f64 * side.0;
                    let top = map.y_pixels.1 - (row_of(layout, p, pair) + 1) as f64 * side.1;
                    view! { <i class=class style:left=px(left) style:top=px(top) style:width=px(side.0) style:height=px(side.1)></i> }
                })
                .into_iter()
                .collect()
        };
        view! { <div class="overlay" aria-hidden="true">{cells}</div> }.into_any()
    }

    /// The numbers on each circle.
    fn number_marks(self) -> AnyView {
        let numbers = move || {
            let Some(pointed) = self.pointed.get() else { return Vec::new() };
            let maps = self.figure_canvas.maps.get();
            let circles = self.circles();
            let mut marks = Vec::new();
            for (map, points) in maps.iter().zip(&circles) {
                for (number, words) in marked(pointed, points.len()) {
                    let (x, y) = points[number];
                    let (Some(left), Some(top)) = (map.x_pixel(x), map.y_pixel(y)) else { continue };
                    marks.push(view! { <i class="pointed-number" style:left=px(left) style:top=px(top)><span>{words}</span></i> });
                }
            }
            marks
        };
        view! { <div class="overlay" aria-hidden="true">{numbers}</div> }.into_any()
    }
}

/// What is said of a pair at the cursor.
fn line(state: &State, train: &[bool], pair: (usize, usize)) -> Option<String> {
    let snapshot = snapshot(state)?;
    let cell = GridCell::new(snapshot, train, pair)?;
    let answer = state.ablation_requests.answer.as_ref().filter(|answer| {
        // The grid's words are of the whole model at the cursor.
        answer.pair == pair && state.ablation_editor.is_whole() && weights_at(state) == Some(snapshot.step)
    });
    Some(cell.line(answer.and_then(|answer| answer.ranked().first().copied())))
}
