//! The reading: a guided text beside the instrument. Its phrases act on the page.
//!
//! The chapters are plain data (`prose`, `formula`, `action`), so that tests can read them too; one
//! chapter is shown at a time.

mod chapters;
mod example;
mod formula;
mod ideal_clocks;
mod neuron_ridge;
mod action;
mod clock_demo;
mod prediction;
mod prediction_view;
mod prose;
mod run_number;
mod run_number_view;
mod widgets;
#[cfg(test)]
mod tests;
mod back_navigation;

use leptos::html;
use leptos::prelude::*;

use crate::ui::browser::dom;
use crate::ui::store::Store;
use crate::ui::views::reading::back_navigation::{BackNavigation, BackNavigationBar};
use crate::ui::views::reading::chapters::CHAPTERS;
use crate::ui::views::reading::prose::Block;
use crate::ui::views::reading::run_number_view::RunRevision;

/// The reading, at its first chapter.
#[component]
pub(in crate::ui) fn Reading() -> impl IntoView {
    provide_context(BackNavigation::new());
    provide_context(RunRevision::new(Store::get()));
    let shown = RwSignal::new(0_usize);
    let title = NodeRef::<html::H3>::new();
    let go = move |chapter: usize| {
        shown.set(chapter);
        // The next frame has the new chapter; its title takes the focus, so that whoever reads by
        // keyboard or ear begins at its top.
        request_animation_frame(move || {
            if let Some(title) = title.get_untracked() {
                dom::scroll_to(&title);
                // A title with a tabindex always takes the focus.
                let _ = title.focus();
            }
        });
    };
    let chapter = move || {
        let chapter = CHAPTERS[shown.get()];
        let blocks: Vec<AnyView> = (chapter.text)().into_iter().map(Block::draw).collect();
        view! {
            <h3 node_ref=title tabindex="-1" data-testid="chapter">{chapter.title}</h3>
            {blocks}
        }
    };
    view! {
        <section class="reading panel" id="reading" aria-labelledby="reading-title" data-testid="reading">
            <h2 id="reading-title">"The reading"</h2>
            <Contents shown go />
            <article class="chapter">{chapter}</article>
            <Turns shown go />
        </section>
        <BackNavigationBar />
    }
}

/// The ways to the chapters before and after.
#[component]
fn Turns(shown: RwSignal<usize>, go: impl Fn(usize) + Copy + Send + 'static) -> impl IntoView {
    let turn = move |to: Option<usize>, words: &'static str, test_id: &'static str| {
        to.filter(|to| *to < CHAPTERS.len()).map(|to| {
            view! {
                <button type="button" data-testid=test_id on:click=move |_| go(to)>
                    <small>{words}</small>
                    <span>{CHAPTERS[to].title}</span>
                </button>
            }
        })
    };
    let turns = move || {
        let at = shown.get();
        view! {
            {turn(at.checked_sub(1), "Previous", "chapter-before")}
            {turn(Some(at + 1), "Next", "chapter-next")}
        }
    };
    view! { <nav class="turns" aria-label="Chapters before and after">{turns}</nav> }
}

/// A menu of the chapters.
#[component]
fn Contents(shown: RwSignal<usize>, go: impl Fn(usize) + Clone + 'static) -> impl IntoView {
    let options = (0..CHAPTERS.len())
        .map(|i| {
            view! {
                <option value=i.to_string() prop:selected=move || shown.get() == i>
                    {format!("{}. {}", i + 1, CHAPTERS[i].title)}
                </option>
            }
            .into_any()
        })
        .collect_view();
    let choose = move |text: String| {
        if let Some(chapter) = text.parse().ok().filter(|chapter| *chapter < CHAPTERS.len()) {
            go(chapter);
        }
    };
    view! {
        <select
            aria-label="Chapter"
            data-testid="chapters"
            on:change:target=move |event| choose(event.target().value())
        >
            {options}
        </select>
    }
}
