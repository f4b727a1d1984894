//! One panel: heading, figure, caption, numbers, files.

use std::rc::Rc;

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

use crate::analysis::modular::ablation::Ablation;
use crate::error::Result;
use crate::plot::figures::Sheet;
use crate::plot::figures::checkpoint::{CheckpointDataNeed, PredictionGridLayout};
use crate::plot::{PixelMap, Theme};
use crate::ui::browser::canvas::{Area, Painter};
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::view_choices::ViewChange;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::canvas::FigureCanvas;
use crate::ui::views::charts::disclosure::{Downloads, Numbers};
use crate::ui::views::panels::ablatable_figure::AblatableFigure;
use crate::ui::views::panels::panel_content::{PanelContent, is_moving, snapshot};
use crate::ui::views::panels::pointing::Pointing;

/// Changes exactly when a panel would change.
#[derive(Debug, Clone, PartialEq)]
struct Revision {
    origin: Option<Origin>,
    snapshot: Option<usize>,
    rows: (usize, usize),
    measured: (usize, usize),
    other_seeds: Vec<(usize, usize)>,
    layout: PredictionGridLayout,
    circle: Option<usize>,
    /// Of what the scales of the whole run are made: the checkpoints that were analysed.
    scaled_by: Option<(usize, usize)>,
    ablation: Option<Ablation>,
    /// How far the cursor has come while it moves by itself, as a part of the axis of steps.
    played: Option<f64>,
}

impl Revision {
    fn of(state: &State, content: PanelContent) -> Self {
        let run_view = state.run_view.as_ref();
        let is_paper = matches!(content, PanelContent::Paper(_));
        // The others show the whole model, whatever is ablated.
        let left =
            state.ablation_editor.result.as_ref().filter(|_| content.needs(CheckpointDataNeed::Margins));
        Self {
            origin: run_view.map(|run_view| run_view.origin.clone()),
            snapshot: snapshot(state).map(|snapshot| snapshot.step),
            rows: run_view.filter(|_| is_paper).map_or((0, 0), RunView::rows_revision),
            measured: run_view.filter(|_| is_paper).map_or((0, 0), |e| (e.progress.len(), e.edition)),
            other_seeds: if is_paper {
                state.other_runs.iter().map(RunView::rows_revision).collect()
            } else {
                Vec::new()
            },
            layout: state.view.field,
            circle: state.view.circle,
            scaled_by: run_view
                .filter(|_| content.needs(CheckpointDataNeed::Scales))
                .map(|run_view| (run_view.snapshots.len(), run_view.edition)),
            ablation: left.map(|_| state.ablation_editor.ablation.clone()),
            played: (content.moves() && is_moving(state)).then_some(state.view.played),
        }
    }
}

/// A figure and what follows it, whatever stands around it.
#[derive(Clone, Copy)]
pub(super) struct PanelFigure {
    store: Store,
    content: PanelContent,
    /// The panel, to be known when it is on the screen.
    pub(super) section: NodeRef<html::Section>,
    figure_canvas: FigureCanvas,
    revision: Memo<Revision>,
    /// Why it cannot be shown; none if it can.
    missing: Memo<Option<&'static str>>,
    /// What it shows, in a sentence.
    finding: Memo<String>,
    /// Its parts of the model, if it shows some.
    pub(super) ablatable: Option<AblatableFigure>,
    /// The sums or numbers that can be pointed at, if it shows some.
    pointing: Option<Pointing>,
}

impl PanelFigure {
    /// The figure of some content; `most` is the most height that it may take, in CSS pixels, if its charts can be made
    /// smaller.
    pub(super) fn new(content: PanelContent, most: fn() -> f64) -> Self {
        let (store, section) = (Store::get(), NodeRef::new());
        let revision = store.memo(move |state| Revision::of(state, content));
        let figure_canvas = FigureCanvas::new(Rc::new(SheetPainter { store, content, most }), move || {
            revision.get();
        });
        let near = is_near(section);
        let missing = while_near(near, revision, move || store.peek(|state| content.missing(state)));
        let finding = while_near(near, revision, move || store.peek(|state| content.finding(state)));
        let ablatable = match content {
            PanelContent::Inside(view) if view.ablatable.is_some() => {
                Some(AblatableFigure::new(view, figure_canvas))
            }
            _ => None,
        };
        let pointing = Pointing::new(content, figure_canvas);
        Self { store, content, section, figure_canvas, revision, missing, finding, ablatable, pointing }
    }

    /// What is said of the sum that is pointed at; the view follows it.
    pub(super) fn pointed_line(self) -> Option<String> {
        self.pointing.and_then(Pointing::line)
    }

    /// Whether sums can be pointed at in it.
    pub(super) fn has_pairs(self) -> bool {
        self.pointing.is_some_and(Pointing::is_grid)
    }

    /// What it shows, or why it cannot be shown.
    pub(super) fn words(self) -> String {
        self.missing.get().map_or_else(|| self.finding.get(), str::to_owned)
    }

    /// The drawing.
    pub(super) fn sheet(self) -> AnyView {
        self.sheet_called(hook_of(self.content.words().id))
    }

    /// The drawing, with another hook for tests than the figure's: it stands on the page a second time.
    pub(super) fn sheet_called(self, hook: String) -> AnyView {
        let Self { content, figure_canvas, missing, finding, ablatable, pointing, .. } = self;
        let on_key = move |event: KeyboardEvent| {
            if let Some(pointing) = pointing {
                pointing.key(&event);
            }
        };
        let words = content.words();
        view! {
            <div
                class="sheet"
                class:has-target=move || ablatable.is_some_and(AblatableFigure::is_aimed)
                hidden=move || missing.get().is_some()
                data-testid=hook
                role="img"
                tabindex=self.has_pairs().then_some("0")
                aria-label=move || format!("{}: {}", words.title, finding.get())
                aria-description=self.has_pairs().then_some("Arrow keys move from sum to sum, Enter asks the model.")
                on:keydown=on_key
            >
                {surface(figure_canvas, ablatable, pointing)}
                {ablatable.map(AblatableFigure::marks)}
                {pointing.map(Pointing::marks)}
            </div>
        }
        .into_any()
    }

    /// How it is laid out, if that can be chosen.
    pub(super) fn layout_tools(self) -> Option<AnyView> {
        self.content.needs(CheckpointDataNeed::Layout).then(|| field_tools(self.store))
    }

    /// What is ablated by it, the caption, the numbers and the files.
    pub(super) fn details(self) -> AnyView {
        let Self { store, content, revision, ablatable, .. } = self;
        view! {
            {ablatable.map(AblatableFigure::bar)}
            <p class="caption">{content.words().caption}</p>
            {numbers_and_files(store, content, revision)}
        }
        .into_any()
    }
}

/// The panel of a figure.
pub(super) fn panel(content: PanelContent) -> AnyView {
    let words = content.words();
    let figure = PanelFigure::new(content, || f64::INFINITY);
    let heading = if words.name.is_empty() {
        words.title.to_owned()
    } else {
        format!("{}. {}", words.name, words.title)
    };
    view! {
        <section node_ref=figure.section class="panel figure-panel" id=words.id aria-label=heading.clone()>
            <div class="panel-head">
                <h3>{heading.clone()}</h3>
                {figure.layout_tools()}
            </div>
            <p class="finding">{move || figure.words()}</p>
            {figure.sheet()}
            {figure.details()}
        </section>
    }
    .into_any()
}

/// Whether a panel is on the screen or about to be.
fn is_near(section: NodeRef<html::Section>) -> RwSignal<bool> {
    let near = RwSignal::new(false);
    Effect::new(move |watched: Option<bool>| {
        let Some(section) = section.get() else { return false };
        if watched != Some(true) {
            dom::watch_visible(&section, move |now| near.set(now));
        }
        true
    });
    near
}

/// What `read` gives at each revision. Far from the screen it stays as it is: a run that trains would have it made
/// anew all the time.
fn while_near<T: Clone + PartialEq + Send + Sync + 'static>(
    near: RwSignal<bool>,
    revision: Memo<Revision>,
    read: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    Memo::new(move |before: Option<&T>| match before {
        Some(before) if !near.get() => before.clone(),
        _ => {
            revision.get();
            read()
        }
    })
}

/// The canvas; where the figure shows parts of the model, a pointer over it aims at them and a click removes them;
/// where it shows sums or numbers, it points at them.
fn surface(
    figure_canvas: FigureCanvas,
    ablatable: Option<AblatableFigure>,
    pointing: Option<Pointing>,
) -> AnyView {
    let aim = move |event: PointerEvent| {
        if let Some(ablatable) = ablatable {
            ablatable.aim(&event);
        }
        if let Some(pointing) = pointing {
            pointing.hover(&event);
        }
    };
    let leave = move |event: PointerEvent| {
        if let Some(ablatable) = ablatable {
            ablatable.leave();
        }
        if let Some(pointing) = pointing {
            pointing.leave(&event);
        }
    };
    let click = move |event: MouseEvent| {
        if let Some(ablatable) = ablatable {
            ablatable.click(&event);
        }
        if let Some(pointing) = pointing {
            pointing.click(&event);
        }
    };
    view! {
        <canvas
            node_ref=figure_canvas.canvas
            aria-hidden="true"
            on:pointermove=aim
            on:pointerleave=leave
            on:click=click
        ></canvas>
    }
    .into_any()
}

/// The figure's numbers as a table, and its files.
fn numbers_and_files(store: Store, content: PanelContent, revision: Memo<Revision>) -> AnyView {
    view! {
        <div class="track-footer">
            <Numbers tables=Callback::new(move |()| {
                revision.get();
                store.peek(|state| content.tables(state))
            }) />
            <Downloads
                name=content.words().id
                sheet=Callback::new(move |theme: Theme| store.peek(|state| content.sheet(state, &theme)))
                tables=Callback::new(move |()| store.peek(|state| content.tables(state)))
            />
        </div>
    }
    .into_any()
}

/// How the field of predictions is laid out.
fn field_tools(store: Store) -> AnyView {
    let layout = store.memo(|state| state.view.field);
    let button = move |words: &'static str,
                       hook: &'static str,
                       is_on: fn(&PredictionGridLayout) -> bool,
                       set: fn(&mut PredictionGridLayout)| {
        let change = move |_| {
            let mut next = layout.get_untracked();
            set(&mut next);
            store.send(Message::ChangeView(ViewChange::LayField(next)));
        };
        view! {
            <button type="button" data-testid=hook aria-pressed=move || is_on(&layout.get()).to_string() on:click=change>{words}</button>
        }
    };
    view! {
        <div class="switches">
            <div class="switch small" role="group" aria-label="Rows of the field">
                {button("by b", "field-by-b", |l| !l.by_sum, |l| l.by_sum = false)}
                {button("by a + b", "field-by-sum", |l| l.by_sum, |l| l.by_sum = true)}
            </div>
            <div class="switch small" role="group" aria-label="Colours of the field">
                {button("right or wrong", "field-right", |l| !l.margins, |l| l.margins = false)}
                {button("margin", "field-margin", |l| l.margins, |l| l.margins = true)}
            </div>
        </div>
    }
    .into_any()
}

/// Draws a panel's sheet.
struct SheetPainter {
    store: Store,
    content: PanelContent,
    most: fn() -> f64,
}

impl SheetPainter {
    fn sheet(&self, theme: &Theme) -> Option<Sheet> {
        self.store.peek(|state| self.content.sheet(state, theme))
    }
}

impl Painter for SheetPainter {
    fn height(&self, width: f64, theme: &Theme) -> Option<f64> {
        self.sheet(theme).map(|sheet| sheet.height_within(width, (self.most)(), theme))
    }

    fn draw(&self, area: &Area, theme: &Theme) -> Result<Vec<PixelMap>> {
        self.sheet(theme).map_or(Ok(Vec::new()), |sheet| sheet.draw_within(area, (self.most)(), theme))
    }
}

/// A figure's hook for tests. That of the spectrum is older than the others, and scripts rely on it.
fn hook_of(id: &str) -> String {
    match id {
        "spectrum" => "spectrum-chart".to_owned(),
        id => format!("panel-{id}"),
    }
}
