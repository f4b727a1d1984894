//! The building blocks of the text, and how they are drawn.

use leptos::prelude::*;

use crate::ui::store::Store;
use crate::ui::views::reading::action::{Moment, PhraseAction, ReadingAblation};
use crate::ui::views::reading::back_navigation::BackNavigation;
use crate::ui::views::reading::example::Example;
use crate::ui::views::reading::formula::Formula;
use crate::ui::views::reading::prediction::Prediction;
use crate::ui::views::reading::prediction_view::prediction;
use crate::ui::views::reading::run_number::RunNumber;
use crate::ui::views::reading::run_number_view::run_number;
use crate::ui::views::reading::widgets::{NetworkWidget, NeuronWidget};

/// A chapter of the reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chapter {
    /// Its title.
    pub title: &'static str,
    /// Its text.
    pub text: fn() -> Vec<Block>,
}

/// A paragraph and what may stand between paragraphs.
#[derive(Debug, Clone)]
pub(super) enum Block {
    /// A paragraph.
    Paragraph(Vec<Piece>),
    /// A title within a chapter.
    Title(&'static str),
    /// A formula on a line of its own.
    Display(Formula),
    /// A list without an order.
    List(Vec<Vec<Piece>>),
    /// Terms and what they mean.
    Terms(Vec<(&'static str, Vec<Piece>)>),
    /// The example of the clock hands.
    Example,
    /// One neuron.
    Neuron,
    /// The network that the reader is.
    BeTheNetwork,
    /// A question that the run on show answers.
    Predict(Prediction),
}

/// A piece of a paragraph.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// Plain words.
    Text(&'static str),
    /// A term where it is explained.
    Term(&'static str),
    /// A number of the run on show.
    Number(RunNumber),
    /// Symbols.
    Formula(Formula),
    /// Words that do something.
    Act(&'static str, PhraseAction),
    /// Words that lead to another site.
    Link(&'static str, &'static str),
}

impl From<&'static str> for Piece {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl From<Formula> for Piece {
    fn from(formula: Formula) -> Self {
        Self::Formula(formula)
    }
}

impl From<RunNumber> for Piece {
    fn from(number: RunNumber) -> Self {
        Self::Number(number)
    }
}

/// The pieces of a paragraph: `say!["The sum of ", row!["a", "+", "b"], "."]`.
macro_rules! say {
    ($($piece:expr),* $(,)?) => {
        vec![$($crate::ui::views::reading::prose::Piece::from($piece)),*]
    };
}
pub(super) use say;

/// A paragraph.
macro_rules! para {
    ($($piece:expr),* $(,)?) => {
        $crate::ui::views::reading::prose::Block::Paragraph($crate::ui::views::reading::prose::say![$($piece),*])
    };
}
pub(super) use para;

/// A term where it is explained.
pub(super) fn term(words: &'static str) -> Piece {
    Piece::Term(words)
}

/// Words that do something when pressed.
pub(super) fn act(words: &'static str, action: PhraseAction) -> Piece {
    Piece::Act(words, action)
}

/// Words that show a control or a figure, named by its `data-testid`.
pub(super) fn show(words: &'static str, hook: &'static str) -> Piece {
    Piece::Act(words, PhraseAction::Flash(hook))
}

/// Words that move the cursor of the run on show.
pub(super) fn go(words: &'static str, moment: Moment) -> Piece {
    Piece::Act(words, PhraseAction::MoveTo(moment))
}

/// Words that ablate something of the run on show.
pub(super) fn ablate(words: &'static str, ablation: ReadingAblation) -> Piece {
    Piece::Act(words, PhraseAction::Ablate(ablation))
}

/// Words that lead to another site.
pub(super) fn link(words: &'static str, url: &'static str) -> Piece {
    Piece::Link(words, url)
}

impl Block {
    /// The block as a view.
    pub(super) fn draw(self) -> AnyView {
        match self {
            Self::Paragraph(pieces) => view! { <p>{draw(pieces)}</p> }.into_any(),
            Self::Title(title) => view! { <h4>{title}</h4> }.into_any(),
            // Wide formulas scroll; what scrolls must be within reach of the keyboard.
            Self::Display(formula) => view! {
                <div class="formula" tabindex="0" role="group" aria-label="Formula">{formula.display()}</div>
            }
            .into_any(),
            Self::List(items) => {
                let items: Vec<_> =
                    items.into_iter().map(|pieces| view! { <li>{draw(pieces)}</li> }.into_any()).collect();
                view! { <ul>{items}</ul> }.into_any()
            }
            Self::Terms(terms) => {
                let terms: Vec<_> = terms
                    .into_iter()
                    .map(|(name, pieces)| view! { <dt>{name}</dt> <dd>{draw(pieces)}</dd> }.into_any())
                    .collect();
                view! { <dl>{terms}</dl> }.into_any()
            }
            Self::Example => view! { <Example /> }.into_any(),
            Self::Neuron => view! { <NeuronWidget /> }.into_any(),
            Self::BeTheNetwork => view! { <NetworkWidget /> }.into_any(),
            Self::Predict(question) => prediction(question),
        }
    }
}

fn draw(pieces: Vec<Piece>) -> Vec<AnyView> {
    pieces.into_iter().map(Piece::draw).collect()
}

impl Piece {
    fn draw(self) -> AnyView {
        match self {
            Self::Text(words) => words.into_any(),
            Self::Term(words) => view! { <dfn>{words}</dfn> }.into_any(),
            Self::Number(number) => run_number(number),
            Self::Formula(formula) => formula.inline(),
            Self::Link(words, url) => view! { <a href=url rel="noreferrer">{words}</a> }.into_any(),
            Self::Act(words, action) => view! { <Act words action /> }.into_any(),
        }
    }
}

#[component]
fn Act(words: &'static str, action: PhraseAction) -> impl IntoView {
    let store = Store::get();
    let back_navigation = BackNavigation::get();
    let button = NodeRef::<leptos::html::Button>::new();
    let press = move |_| match store.peek(|state| action.message(state)) {
        Ok(message) => {
            message.into_iter().for_each(|message| store.send(message));
            back_navigation.leave(button.get_untracked(), words, action.points_at());
        }
        Err(why_not) => back_navigation.stay(why_not),
    };
    view! {
        <button node_ref=button type="button" class="act" title=action.hint() on:click=press>
            {words}
        </button>
    }
}
