//! The reading: a guided text beside the instrument. Its phrases act on the page.
//!
//! The chapters are plain data (`prose`, `formula`, `gesture`), so that tests can read them too; one
//! chapter is shown at a time.

mod chapters;
mod example;
mod formula;
mod gesture;
mod hands;
mod prose;
mod wayback;

use leptos::html;
use leptos::prelude::*;

use crate::ui::dom;
use chapters::CHAPTERS;
use prose::Block;
use wayback::{WayBack, WayBackLine};

/// The reading, at its first chapter.
#[component]
pub(in crate::ui) fn Reading() -> impl IntoView {
    provide_context(WayBack::new());
    let shown = RwSignal::new(0_usize);
    let title = NodeRef::<html::H3>::new();
    let folded = RwSignal::new(false);
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
            {turn(at.checked_sub(1), "Before", "chapter-before")}
            {turn(Some(at + 1), "Next", "chapter-next")}
        }
    };
    view! {
        <aside
            class="reading panel"
            class:folded=move || folded.get()
            id="reading"
            aria-labelledby="reading-title"
            data-testid="reading"
        >
            <div class="reading-head">
                <h2 id="reading-title">"The reading"</h2>
                <button
                    type="button"
                    class="fold-reading"
                    data-testid="fold-reading"
                    aria-expanded=move || (!folded.get()).to_string()
                    aria-controls="reading-body"
                    on:click=move |_| folded.update(|folded| *folded = !*folded)
                >
                    {move || if folded.get() { "Unfold the reading" } else { "Fold away" }}
                </button>
            </div>
            <div id="reading-body" hidden=move || folded.get()>
                <Contents shown go />
                <article class="chapter">{chapter}</article>
                <nav class="turns" aria-label="Chapters before and after">{turns}</nav>
            </div>
        </aside>
        <WayBackLine />
    }
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::chapters::CHAPTERS;
    use super::formula::Formula;
    use super::prose::{Block, Piece};
    use crate::plot::figures::inside::Inside;

    fn pieces() -> Vec<(&'static str, Piece)> {
        let of_block = |block: Block| match block {
            Block::Paragraph(pieces) => pieces,
            Block::List(items) => items.concat(),
            Block::Terms(terms) => terms.into_iter().flat_map(|(_, pieces)| pieces).collect(),
            Block::Display(formula) => vec![Piece::Formula(formula)],
            Block::Title(_) | Block::Example => Vec::new(),
        };
        let of_chapter = |chapter: &super::prose::Chapter| {
            let title = chapter.title;
            let pieces: Vec<_> = (chapter.text)().into_iter().flat_map(of_block).collect();
            pieces.into_iter().map(move |piece| (title, piece))
        };
        CHAPTERS.iter().flat_map(of_chapter).collect()
    }

    fn hooks() -> Vec<&'static str> {
        let hook = |piece: Piece| match piece {
            Piece::Act(_, gesture) => Some(gesture.points_at()),
            _ => None,
        };
        pieces().into_iter().filter_map(|(_, piece)| hook(piece)).collect()
    }

    #[test]
    fn every_chapter_says_something_and_titles_differ() {
        for (i, chapter) in CHAPTERS.iter().enumerate() {
            assert!(!(chapter.text)().is_empty(), "{} is empty", chapter.title);
            assert!(CHAPTERS[..i].iter().all(|other| other.title != chapter.title), "{}", chapter.title);
        }
    }

    #[test]
    fn settings_that_the_text_points_at_exist() {
        for hook in hooks() {
            if let Some(name) = hook.strip_prefix("set-") {
                assert!(crate::ui::field::Field::from_name(name).is_some(), "no setting `{name}`");
            }
        }
        assert!(hooks().len() > 15, "the phrases were found");
    }

    /// Every file of the page but those of the reading.
    fn page_source() -> String {
        let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/ui")];
        let mut source = String::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the source is there") {
                let path = entry.expect("the source can be listed").path();
                if path.is_dir() && !path.ends_with("reading") {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    source += &std::fs::read_to_string(path).expect("the source is text");
                }
            }
        }
        source
    }

    #[test]
    fn what_the_text_points_at_is_on_the_page() {
        let source = page_source();
        let tracks = ["loss", "accuracy", "circuits", "gini", "weights", "spectrum"];
        for hook in hooks() {
            let is_there = match hook.split_once('-') {
                Some(("set", name)) => crate::ui::field::Field::from_name(name).is_some(),
                Some(("panel", id)) => Inside::ALL.iter().any(|view| view.id == id),
                Some((id, "chart")) => tracks.contains(&id) && source.contains(&format!("\"{id}\"")),
                _ => source.contains(&format!("data-testid=\"{hook}\"")),
            };
            assert!(is_there, "nothing on the page is called {hook}");
        }
    }

    #[test]
    fn links_are_encrypted_and_texts_have_no_loose_ends() {
        for (chapter, piece) in pieces() {
            match piece {
                Piece::Link(words, url) => assert!(url.starts_with("https://"), "{chapter}: {words}"),
                Piece::Text(text) => {
                    assert!(!text.contains("  ") && !text.contains('\u{2014}'), "{chapter}: `{text}`");
                }
                Piece::Formula(Formula::Row(parts)) => assert!(!parts.is_empty(), "{chapter}"),
                _ => {}
            }
        }
    }
}
