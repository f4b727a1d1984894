//! The text keeps its word: what it points at is on the page.

use std::path::PathBuf;

use crate::plot::figures::checkpoint::CheckpointFigure;
use crate::ui::views::reading::chapters::CHAPTERS;
use crate::ui::views::reading::formula::Formula;
use crate::ui::views::reading::prose::{Block, Piece};

fn pieces() -> Vec<(&'static str, Piece)> {
    let of_block = |block: Block| match block {
        Block::Paragraph(pieces) => pieces,
        Block::List(items) => items.concat(),
        Block::Terms(terms) => terms.into_iter().flat_map(|(_, pieces)| pieces).collect(),
        Block::Display(formula) => vec![Piece::Formula(formula)],
        Block::Title(_) | Block::Example | Block::Neuron | Block::BeTheNetwork | Block::Predict(_) => {
            Vec::new()
        }
    };
    let of_chapter = |chapter: &crate::ui::views::reading::prose::Chapter| {
        let title = chapter.title;
        let pieces: Vec<_> = (chapter.text)().into_iter().flat_map(of_block).collect();
        pieces.into_iter().map(move |piece| (title, piece))
    };
    CHAPTERS.iter().flat_map(of_chapter).collect()
}

fn hooks() -> Vec<&'static str> {
    let hook = |piece: Piece| match piece {
        Piece::Act(_, action) => Some(action.points_at()),
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
            assert!(crate::config::settings::find(name).is_some(), "no setting `{name}`");
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
    let tracks = ["loss", "accuracy", "circuits", "gini", "weights"];
    for hook in hooks() {
        let is_there = match hook.split_once('-') {
            Some(("set", name)) => crate::config::settings::find(name).is_some(),
            Some((id @ "spectrum", "chart")) => CheckpointFigure::ALL.iter().any(|view| view.id == id),
            Some(("panel", id)) => CheckpointFigure::ALL.iter().any(|view| view.id == id),
            Some((id, "chart")) => tracks.contains(&id) && source.contains(&format!("\"{id}\"")),
            _ => source.contains(&format!("\"{hook}\"")),
        };
        assert!(is_there, "nothing on the page is called {hook}");
    }
}

/// The chapters whose numbers are those of the run on show; the others speak of the paper, of other runs, or of words.
const BOUND: [&str; 9] = [
    "What grokking is",
    "The task",
    "The network",
    "Memorising",
    "The algorithm it finds",
    "How we can see it",
    "Progress measures",
    "Three phases",
    "Ablations",
];

/// Numbers in the text that no run has otherwise: of definitions, of float32, of the live example, of the paper's own
/// figures where the sentence says so.
const FIXED: [&str; 16] = [
    "weights that add up to 1",
    "(paper, appendix D.2)",
    "is computed in float64",
    "The result is 1 where",
    "numbers x = 0 ",
    "length 1 ",
    "1 minus the squared",
    "more than 85 %",
    "1 + s is 1 once",
    "from 0 to p",
    "Nothing tells it that 5",
    "ln(1 + s)",
    "With k = 14",
    "is near 0 where",
    "It is below 1 at",
    "the rule gives 1,300, 8,900 and 13,800",
];

#[test]
fn numbers_of_a_run_are_read_off_the_run_on_show() {
    let mut n_bound = 0;
    for (chapter, piece) in pieces().into_iter().filter(|(chapter, _)| BOUND.contains(chapter)) {
        match piece {
            Piece::Number(_) => n_bound += 1,
            Piece::Text(text) => {
                let says_so = FIXED.iter().any(|fixed| text.contains(fixed)) || text.contains("paper's runs");
                assert!(says_so || !text.contains(|c: char| c.is_ascii_digit()), "{chapter}: `{text}`");
            }
            _ => {}
        }
    }
    assert!(n_bound > 40, "only {n_bound} numbers are bound to the run");
    assert!(BOUND.iter().all(|title| CHAPTERS.iter().any(|chapter| chapter.title == *title)), "the titles");
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
