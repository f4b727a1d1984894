//! docs/extending.md says which files one touches to add something; the tables of the library hold it to that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use grokking_lab::analysis::measure::MEASURES;
use grokking_lab::analysis::modular::ablation::PaperAblation;
use grokking_lab::analysis::verdict::claims;
use grokking_lab::config::{Preset, settings};
use grokking_lab::plot::figures::Figure;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The numbered steps of each section, by the section's title.
fn steps() -> BTreeMap<String, Vec<String>> {
    let page = text("docs/extending.md");
    let sections = page.split("\n## ").skip(1);
    let steps = |section: &str| {
        let lines = section.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
        lines.map(str::to_owned).collect()
    };
    sections.map(|section| (section.lines().next().unwrap_or_default().to_owned(), steps(section))).collect()
}

/// The paths between backticks of a line that are not patterns.
fn paths(line: &str) -> Vec<&str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|path| path.contains('/') && !path.contains("NAME") && !path.contains(' ')).collect()
}

#[test]
fn adding_something_takes_no_more_places_than_promised() {
    let steps = steps();
    for (what, most) in [
        ("A setting", 3),
        ("A preset", 1),
        ("A measure of a checkpoint", 3),
        ("A figure", 3),
        ("A claim of the verdict", 2),
        ("An ablation of the paper", 1),
        ("A task", 5),
    ] {
        let n_steps = steps.get(what).unwrap_or_else(|| panic!("no section `{what}`")).len();
        assert!((1..=most).contains(&n_steps), "{what}: {n_steps} steps, promised are at most {most}");
    }
}

#[test]
fn every_file_that_is_named_exists() {
    let mut n_paths = 0;
    for line in steps().values().flatten() {
        for path in paths(line) {
            n_paths += 1;
            assert!(root().join(path).exists(), "docs/extending.md names {path}");
        }
    }
    assert!(n_paths > 10, "{n_paths} paths were found");
}

#[test]
fn each_thing_stands_once_in_the_file_that_is_named_for_it() {
    let list = text("src/analysis/measure/list.rs") + &text("src/analysis/measure/follow_ups.rs");
    for measure in MEASURES {
        let entry = format!("\"{}\"", measure.id);
        assert!(list.contains(&entry), "the measure {} is in neither list of measure/", measure.id);
    }
    let presets = text("src/config/presets.rs");
    for preset in Preset::ALL.iter().filter(|preset| !matches!(preset, Preset::Seed(_))) {
        let entry = format!("\"{}\"", preset.name());
        assert!(presets.contains(&entry), "the preset {} is not in presets.rs", preset.name());
    }
    let table = text("src/config/settings/table.rs") + &text("src/config/settings/task_table.rs");
    for setting in settings::all() {
        let entry = format!("\"{}\"", setting.name);
        assert!(table.contains(&entry), "the setting {} is in neither table of settings", setting.name);
    }
    let paper = text("src/analysis/modular/ablation/paper.rs");
    for ablation in PaperAblation::ALL {
        assert!(paper.contains(ablation.id()), "the ablation {} is not in ablation/paper.rs", ablation.id());
    }
}

/// What a task's arithmetic is called: elsewhere nothing knows of it.
#[test]
fn only_its_own_file_knows_the_modular_task() {
    for path in ["src/task/dataset.rs", "src/engine/autodiff/mod.rs", "src/engine/autodiff/batch.rs"] {
        let text = text(path);
        for word in ["modular", "Pair", "answer"] {
            let lines: Vec<&str> = text.lines().filter(|line| line.contains(word)).collect();
            assert!(lines.is_empty(), "{path} has `{word}`: {lines:?}");
        }
    }
    for folder in ["src/model", "src/engine"] {
        for path in sources(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("it was listed");
            assert!(!text.contains("task::modular"), "{} uses the modular task", path.display());
        }
    }
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("it exists").map(|entry| entry.expect("it can be read").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn no_table_names_anything_twice() {
    let all_differ = |what: &str, ids: Vec<String>| {
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{what}: {ids:?}");
    };
    all_differ("measures", MEASURES.iter().map(|measure| measure.id.to_owned()).collect());
    all_differ("presets", Preset::ALL.iter().map(|preset| preset.name()).collect());
    all_differ("settings", settings::all().map(|setting| setting.name.to_owned()).collect());
    all_differ("figures", Figure::ALL.iter().map(|figure| figure.id.to_owned()).collect());
    all_differ("claims", claims().iter().map(|claim| claim.number.to_string()).collect());
    all_differ("ablations", PaperAblation::ALL.iter().map(|ablation| ablation.id().to_owned()).collect());
}
