//! Ablation in a figure: a click on a part removes it, two lists and a button do the same without a pointer,
//! and what is removed is marked.

use std::fmt::Write;

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::plot::figures::checkpoint::{CheckpointFigure, Choice, HitRegion, ModelPart, ModelParts};
use crate::ui::state::State;
use crate::ui::state::ablated_model::{self, weights_at};
use crate::ui::state::ablation_editor::{AblationEdit, AppliedAblation};
use crate::ui::state::format;
use crate::ui::state::view_choices::ViewChange;
use crate::ui::store::Store;
use crate::ui::update::Message;
use crate::ui::views::charts::canvas::FigureCanvas;
use crate::ui::views::panels::ablation_result::result_words;
use crate::ui::views::panels::panel_content::snapshot;

/// The figure of a view that shows parts of the model.
#[derive(Clone, Copy)]
pub(super) struct AblatableFigure {
    store: Store,
    view: &'static CheckpointFigure,
    figure_canvas: FigureCanvas,
    parts: Memo<ModelParts>,
    applied_ablation: Memo<AppliedAblation>,
    /// The part under the pointer.
    aim: RwSignal<Option<ModelPart>>,
    /// The row and the column that are chosen in the lists.
    choice: RwSignal<(usize, usize)>,
}

impl AblatableFigure {
    /// For a view's figure.
    pub(super) fn new(view: &'static CheckpointFigure, figure_canvas: FigureCanvas) -> Self {
        let store = Store::get();
        // The parts are made from the snapshot, which has changed only if its step or its run has.
        let revision = store.memo(|state| {
            let origin = state.run_view.as_ref().map(|run_view| run_view.origin.clone());
            (origin, snapshot(state).map(|snapshot| snapshot.step), weights_at(state).is_some())
        });
        let parts = Memo::new(move |_| {
            revision.get();
            store.peek(|state| parts_of(state, view))
        });
        let applied_ablation = store.memo(ablated_model::applied_ablation);
        let (aim, choice) = (RwSignal::new(None), RwSignal::new((0, 0)));
        Self { store, view, figure_canvas, parts, applied_ablation, aim, choice }
    }

    fn part_at(self, event: &MouseEvent) -> Option<ModelPart> {
        let place = (f64::from(event.offset_x()), f64::from(event.offset_y()));
        self.store.peek(|state| {
            let snapshot = snapshot(state)?.modular.as_ref()?;
            self.parts.with_untracked(|parts| {
                self.figure_canvas.maps.with_untracked(|maps| self.view.part_at(snapshot, parts, maps, place))
            })
        })
    }

    /// The pointer has moved.
    pub(super) fn aim(self, event: &MouseEvent) {
        let part = self.part_at(event);
        if self.aim.get_untracked() != part {
            self.aim.set(part);
        }
    }

    /// The pointer has gone.
    pub(super) fn leave(self) {
        self.aim.set(None);
    }

    /// A part was clicked: it is removed or put back, and the lists show it.
    pub(super) fn click(self, event: &MouseEvent) {
        if let Some(part) = self.part_at(event) {
            if let Some(place) = self.parts.with_untracked(|parts| parts.place(part)) {
                self.choice.set(place);
            }
            self.store.send(Message::EditAblation(part.into()));
        }
    }

    /// What a click would do now, if there is something under the pointer.
    pub(super) fn hint(self) -> Option<String> {
        let part = self.aim.get()?;
        let is_removed = self.applied_ablation.with(|applied| applied.is_applied(&part.into()));
        Some(format!("{part}: click to {}.", if is_removed { "restore" } else { "remove" }))
    }

    /// Whether there is something under the pointer.
    pub(super) fn is_aimed(self) -> bool {
        self.aim.with(Option::is_some)
    }

    /// What is removed, and what the pointer is at, over the figure.
    pub(super) fn marks(self) -> AnyView {
        let Self { store, view, figure_canvas, parts, applied_ablation, aim, .. } = self;
        let other = store.memo(elsewhere);
        let gone = Memo::new(move |_| {
            // Marks on other weights than those that are ablated would lie.
            if other.get().is_some() {
                return Vec::new();
            }
            parts.with(|parts| applied_ablation.with(|applied_ablation| gone(applied_ablation, parts)))
        });
        let outline = move |parts: &[ModelPart], is_crossed: bool| {
            figure_canvas.maps.with(|maps| {
                store.peek(|state| {
                    let analysis = snapshot(state).and_then(|snapshot| snapshot.modular.as_ref());
                    let Some(analysis) = analysis else { return String::new() };
                    let hit_regions = parts.iter().flat_map(|&part| view.hit_regions(analysis, maps, part));
                    outline(hit_regions, is_crossed)
                })
            })
        };
        view! {
            <svg class="overlay marks" aria-hidden="true">
                <path class="removed" d=move || outline(&gone.get(), true) />
                <path class="target" d=move || outline(aim.get().as_slice(), false) />
            </svg>
        }
        .into_any()
    }

    /// The lists, the button, and the words.
    pub(super) fn bar(self) -> AnyView {
        let Self { store, view, parts, applied_ablation, choice, .. } = self;
        let chosen = move || {
            let (row, column) = choice.get();
            parts.with(|parts| parts.get(row, column).or_else(|| parts.get(0, 0)))
        };
        let is_applied = move |part: ModelPart| {
            applied_ablation.with(|applied_ablation| applied_ablation.is_applied(&part.into()))
        };
        let pressed = Memo::new(move |_| chosen().is_some_and(is_applied));
        let edit = move |_| {
            if let Some(part) = untrack(chosen) {
                store.send(Message::EditAblation(part.into()));
            }
        };
        let whole = store.memo(|state| state.ablation_editor.is_whole());
        let left = store.memo(|state| (!state.ablation_editor.is_whole()).then(|| result_words(state)));
        let words = move || {
            self.hint().or_else(|| left.get()).unwrap_or_else(|| {
                "Click a part of the figure, or choose one here, to remove it from the model.".to_owned()
            })
        };
        let is_empty = move || parts.with(|parts| parts.list.is_empty());
        view! {
            <div class="ablation-row" role="group" aria-label="Remove from the model what this figure shows" hidden=is_empty>
                {list(view.id, true, parts, choice)}
                {list(view.id, false, parts, choice)}
                <button type="button" class="ablation-button" data-testid=format!("cut-{}", view.id) aria-pressed=move || pressed.get().to_string() on:click=edit>"Remove"</button>
                <button type="button" class="ablation-button" data-testid=format!("cut-{}-undo", view.id) hidden=move || whole.get() on:click=move |_| store.send(Message::EditAblation(AblationEdit::Undo))>"Undo"</button>
                <p class="ablation-note" data-testid=format!("cut-{}-note", view.id)>{words} " " {other_weights(store, view.id)}</p>
            </div>
        }
        .into_any()
    }
}

/// Where the figures show other weights than those that are ablated: which those are, and the way to them.
pub(super) fn other_weights(store: Store, id: &'static str) -> AnyView {
    let other = store.memo(elsewhere);
    let view = move || {
        other.get().map(|step| {
            let go = move |_| store.send(Message::ChangeView(ViewChange::Pin(step as f64)));
            view! {
                {format!("The ablation is of the weights of step {}. ", format::count(step))}
                <button type="button" class="quiet" data-testid=format!("cut-{id}-go") on:click=go>"Show them"</button>
            }
        })
    };
    view.into_any()
}

/// The rows or the columns to choose among; hidden if there is nothing to choose.
fn list(
    id: &'static str,
    is_rows: bool,
    parts: Memo<ModelParts>,
    choice: RwSignal<(usize, usize)>,
) -> AnyView {
    let names = Memo::new(move |_| {
        parts.with(|parts| if is_rows { parts.rows.clone() } else { parts.columns.clone() })
    });
    let place = move || {
        let (row, column) = choice.get();
        if is_rows { row } else { column }
    };
    let choose = move |text: String| {
        if let Ok(i) = text.parse() {
            choice.update(|(row, column)| if is_rows { *row = i } else { *column = i });
        }
    };
    let options = move || {
        let option = |(i, name): (usize, String)| {
            view! { <option value=i prop:selected=move || place() == i>{name}</option> }
        };
        names.get().names.into_iter().enumerate().map(option).collect_view()
    };
    let few = move || is_rows && names.with(|names: &Choice| names.names.len() < 2);
    let hook = format!("cut-{id}-{}", if is_rows { "row" } else { "column" });
    view! {
        <label hidden=few>
            {move || names.with(|names| names.label)} " "
            <select data-testid=hook on:change:target=move |event| choose(event.target().value())>{options}</select>
        </label>
    }
    .into_any()
}

/// The parts that a view shows of the snapshot at the cursor.
fn parts_of(state: &State, view: &CheckpointFigure) -> ModelParts {
    let snapshot = snapshot(state).filter(|_| weights_at(state).is_some());
    let analysis = snapshot.and_then(|snapshot| snapshot.modular.as_ref());
    analysis.map(|analysis| view.parts(analysis)).unwrap_or_default()
}

/// Those that are removed.
fn gone(applied_ablation: &AppliedAblation, parts: &ModelParts) -> Vec<ModelPart> {
    parts.list.iter().copied().filter(|part| applied_ablation.is_gone(*part)).collect()
}

/// The step of the weights that are ablated, if the figures show others.
fn elsewhere(state: &State) -> Option<usize> {
    let shown = snapshot(state)?.step;
    weights_at(state).filter(|step| *step != shown)
}

/// Rectangles as the path of an SVG, with a diagonal each if they are to read as crossed out without colour.
fn outline(hit_regions: impl Iterator<Item = HitRegion>, is_crossed: bool) -> String {
    let mut path = String::new();
    for HitRegion { x: (left, right), y: (top, bottom) } in hit_regions {
        // Writing to a string does not fail.
        let _ = write!(path, "M{left:.1} {top:.1}H{right:.1}V{bottom:.1}H{left:.1}Z");
        if is_crossed {
            let _ = write!(path, "M{left:.1} {bottom:.1}L{right:.1} {top:.1}");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{elsewhere, gone, outline, parts_of};
    use crate::plot::figures::checkpoint::{CheckpointFigure, HitRegion, ModelPart};
    use crate::ui::state::ablated_model;
    use crate::ui::state::ablation_editor::AblationEdit;
    use crate::ui::state::view_choices::ViewChange;
    use crate::ui::update::analysed_sample::analysed;
    use crate::ui::update::{Message, update};

    fn view(id: &str) -> &'static CheckpointFigure {
        CheckpointFigure::ALL.iter().find(|view| view.id == id).expect("there is such a view")
    }

    #[test]
    fn what_is_cut_is_marked_in_every_figure_that_shows_it() {
        let mut state = analysed();
        update(&mut state, Message::EditAblation(AblationEdit::Freq(2)));
        for (id, marked) in [
            ("spectrum", vec![ModelPart::Freq(2)]),
            ("logits", [[0, 2], [2, 0], [2, 2]].map(ModelPart::Component).to_vec()),
            ("attention", Vec::new()),
            ("field", Vec::new()),
        ] {
            assert_eq!(
                gone(&ablated_model::applied_ablation(&state), &parts_of(&state, view(id))),
                marked,
                "{id}"
            );
        }
    }

    #[test]
    fn a_figure_of_other_weights_than_those_that_are_cut_says_so() {
        let mut state = analysed();
        assert_eq!(elsewhere(&state), None, "the last, and the last is shown");
        update(&mut state, Message::ChangeView(ViewChange::Hover(0.0)));
        assert_eq!(elsewhere(&state), Some(30), "the pointer shows step 0");
        update(&mut state, Message::ChangeView(ViewChange::Pin(0.0)));
        assert_eq!(elsewhere(&state), None, "the ablation follows the pin");
        state.run_view.as_mut().expect("a run is on show").weights.clear();
        assert!(parts_of(&state, view("spectrum")).list.is_empty(), "without weights nothing can be ablated");
    }

    #[test]
    fn spots_are_closed_rectangles_and_crossed_when_they_are_gone() {
        let spot = HitRegion { x: (1.0, 3.0), y: (2.0, 6.5) };
        assert_eq!(outline([spot].into_iter(), false), "M1.0 2.0H3.0V6.5H1.0Z");
        let crossed = "M1.0 2.0H3.0V6.5H1.0ZM1.0 6.5L3.0 2.0";
        assert_eq!(outline([spot, spot].into_iter(), true), [crossed, crossed].concat());
    }
}
