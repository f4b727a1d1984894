//! The rules of the code's structure, read from the source: no arrow points up, and a few things
//! exist in one file only.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the bottom up; those of one row do not see each other. `error` is everyone's.
const LAYERS: &[&[&str]] = &[
    &["format", "maths"],
    &["config"],
    &["task"],
    &["model"],
    &["engine"],
    &["analysis"],
    &["protocol", "plot"],
    &["worker", "ui", "cli"],
];

/// Text that may stand only in files whose path starts with one of these, and why.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    ("burn::", &["model/", "engine/"], "no tensor leaves the model and the engine"),
    ("Device::flex", &["engine/device.rs"], "one file makes devices"),
    ("wgpu_options", &["engine/device.rs"], "one file makes devices"),
    ("serde_wasm_bindgen", &["protocol/codec.rs"], "one file turns our types into JsValue"),
    (
        "web_sys::",
        &[
            "ui/",
            "worker/run_loop.rs",
            "worker/peer_loop.rs",
            "worker/analyst_loop.rs",
            "worker/burn_client.rs",
            "worker/peers.rs",
            "worker/worker_global.rs",
        ],
        "only the edges know the browser",
    ),
    (".document()", &["ui/browser/dom.rs"], "one file touches the DOM"),
    ("leptos", &["ui/"], "the page is drawn in ui"),
    (
        "std::fs",
        &["cli/", "ui/views/reading/tests.rs"],
        "no files below the command line, but the source for a test",
    ),
    ("Instant::", &["cli/"], "no clock below the programs"),
    ("SystemTime", &["cli/"], "no clock below the programs"),
];

/// The end of a file's length: one concept a file.
const MAX_LINES: usize = 600;

#[test]
fn no_module_uses_a_higher_one_or_a_sibling() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(own) = file.module().and_then(layer_of) else { continue };
        for (line_number, used) in file.used_modules() {
            let allowed = used == "error"
                || Some(used.as_str()) == file.module()
                || layer_of(&used).is_some_and(|layer| layer < own);
            if !allowed {
                wrong.push(format!("src/{}:{line_number} uses crate::{used}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that do not point down:\n{}", wrong.join("\n"));
}

#[test]
fn what_belongs_in_one_place_is_there_only() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| !file.path.starts_with("bin/")) {
        for (text, places, why) in ONLY_IN {
            if places.iter().any(|place| file.path.starts_with(place)) {
                continue;
            }
            for (line_number, _) in file.code_lines().filter(|(_, line)| line.contains(text)) {
                wrong.push(format!("src/{}:{line_number} has `{text}`, but {why}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_keeps_to_one_thing() {
    for file in sources() {
        assert!(file.text.starts_with("//!"), "src/{} does not begin with a //! line", file.path);
        let n_lines = file.text.lines().count();
        assert!(n_lines <= MAX_LINES, "src/{} has {n_lines} lines, the end is {MAX_LINES}", file.path);
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let text = "//! A.\nuse crate::{error::Result, ui::State};\nuse crate::worker::session;\nlet x = super::super::cli::X;\n";
    let file = Source { path: "protocol/event.rs".into(), text: text.into() };
    let used: Vec<String> = file.used_modules().into_iter().map(|(_, module)| module).collect();
    assert_eq!(used, ["error", "ui", "worker", "cli"], "groups, paths and parents of parents");
}

struct Source {
    /// Below `src`, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    /// The top-level module the file belongs to; none for `lib.rs`, `error.rs` and the programs.
    fn module(&self) -> Option<&str> {
        self.path.split_once('/').map(|(module, _)| module).filter(|module| *module != "bin")
    }

    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(i, line)| (i + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// First segments of all paths from the crate's root, with their lines.
    fn used_modules(&self) -> Vec<(usize, String)> {
        let mut used = Vec::new();
        // A file a/b.rs is the module a::b: two parents up is the root. In a/mod.rs it is one.
        let depth = self.path.matches('/').count() + usize::from(!self.path.ends_with("mod.rs"));
        let from_parents = "super::".repeat(depth);
        let code: Vec<_> = self.code_lines().collect();
        for (i, (line_number, line)) in code.iter().enumerate() {
            for root in ["crate::", from_parents.as_str()] {
                for (at, _) in line.match_indices(root) {
                    let rest = &line[at + root.len()..];
                    if root != "crate::" && line[..at].ends_with("super::") {
                        continue;
                    }
                    let group = rest.strip_prefix('{').map(|first| {
                        let following = code[i + 1..].iter().map(|(_, line)| *line);
                        std::iter::once(first).chain(following).collect::<Vec<_>>().join(" ")
                    });
                    let names = group.map_or_else(|| vec![head(rest)], |group| heads_of_group(&group));
                    used.extend(names.into_iter().map(|name| (*line_number, name)));
                }
            }
        }
        used.retain(|(_, name)| name.chars().next().is_some_and(char::is_lowercase));
        used
    }
}

/// The identifier a path begins with.
fn head(path: &str) -> String {
    path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The identifiers the members of `a::b, c::{d, e}, f}` begin with.
fn heads_of_group(text: &str) -> Vec<String> {
    let (mut heads, mut depth, mut at_start) = (Vec::new(), 0, true);
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if at_start && depth == 0 && !c.is_whitespace() => {
                heads.push(head(&text[i..]));
                at_start = false;
            }
            _ => {}
        }
    }
    heads
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("the source is beside the test");
        for path in entries.map(|entry| entry.expect("a readable entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(source(&root, &path));
            }
        }
    }
    assert!(files.len() > 30, "the source was found: {} files", files.len());
    files
}

fn source(root: &Path, path: &PathBuf) -> Source {
    let below = path.strip_prefix(root).expect("a file below src").to_string_lossy().replace('\\', "/");
    Source { path: below, text: fs::read_to_string(path).expect("source is text") }
}
