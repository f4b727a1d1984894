//! Which file of `src` uses which, read from the source: no cycles, and the page's own layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The page's folders and files from the bottom up: a file may use what is listed before it, or beside it.
/// Longer paths win.
const UI_LAYERS: &[&[&str]] = &[
    &["ui/state/"],
    &["ui/update/"],
    &["ui/browser/"],
    &["ui/store.rs"],
    &["ui/views/"],
    // The two views that keep places for sections of the lazy bundle.
    &["ui/lazy_bundle.rs", "ui/views/footer.rs", "ui/views/stage/mod.rs"],
    &["ui/effects.rs", "ui/app.rs", "ui/mod.rs"],
];

/// A module path from the crate's root: `["analysis", "grid"]`.
type ModulePath = Vec<String>;

#[test]
fn no_files_use_each_other_in_a_cycle() {
    let graph = Graph::read();
    let cycles = graph.cycles();
    let text: Vec<String> = cycles.iter().map(|files| files.join(" <-> ")).collect();
    assert!(text.is_empty(), "{} cycles among files:\n{}", text.len(), text.join("\n"));
}

#[test]
fn the_pages_layers_point_down() {
    let graph = Graph::read();
    let layer = |file: &str| {
        let places = UI_LAYERS.iter().enumerate().flat_map(|(i, row)| row.iter().map(move |path| (path, i)));
        places.filter(|(path, _)| file.starts_with(**path)).max_by_key(|(path, _)| path.len()).map(|(_, i)| i)
    };
    let mut wrong = Vec::new();
    for file in graph.edges.keys().filter(|file| file.starts_with("ui/") && layer(file).is_none()) {
        wrong.push(format!("src/{file} is in no layer"));
    }
    for (file, used) in &graph.edges {
        for other in used {
            if let (Some(own), Some(below)) = (layer(file), layer(other))
                && below > own
            {
                wrong.push(format!("src/{file} uses src/{other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that do not point down:\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_finds_imports_paths_groups_and_reexports() {
    let files = [
        ("a/mod.rs", "mod b;\nmod c;\npub use b::Thing;\n"),
        ("a/b.rs", "use super::c::{Other, deep::X as Y};\npub struct Thing;\n"),
        ("a/c.rs", "pub struct Other;\nfn f() { crate::d::g(); }\n"),
        ("d.rs", "use crate::a::Thing;\n#[cfg(test)]\nmod tests {\n use crate::e::Never;\n}\n"),
        ("e.rs", "// use crate::d::g;\nconst S: &str = \"crate::d::g\";\npub(in crate::d) struct V;\n"),
    ];
    let graph =
        Graph::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect());
    let used = |file: &str| graph.edges[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(used("a/b.rs"), ["a/c.rs"]);
    assert_eq!(used("a/c.rs"), ["d.rs"]);
    assert_eq!(
        used("d.rs"),
        ["a/b.rs"],
        "through the re-export to the file that defines it; tests do not count"
    );
    assert_eq!(used("e.rs"), [""; 0], "comments, texts and visibilities use nothing");
    assert_eq!(graph.cycles(), [["a/b.rs", "a/c.rs", "d.rs"]]);
}

/// The files below `src` and the files that each of them uses.
struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("the source is beside the test") {
                let path = entry.expect("a readable entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let below = path
                        .strip_prefix(&root)
                        .expect("a file below src")
                        .to_string_lossy()
                        .replace('\\', "/");
                    files.insert(below, fs::read_to_string(&path).expect("source is text"));
                }
            }
        }
        assert!(files.len() > 30, "the source was found: {} files", files.len());
        Self::new(files)
    }

    fn new(files: BTreeMap<String, String>) -> Self {
        // Unit tests may look at whatever they like.
        let is_code = |path: &&String| {
            let is_test = path.ends_with("tests.rs") || path.ends_with("_sample.rs");
            !path.starts_with("bin/") && *path != "lib.rs" && !is_test
        };
        let sources: BTreeMap<ModulePath, (String, String)> = files
            .keys()
            .filter(is_code)
            .map(|path| (module_path(path), (path.clone(), code_of(&files[path]))))
            .collect();
        let mut names = Names { sources: &sources, reexports: BTreeMap::new() };
        for (module, (_, code)) in &sources {
            for (is_public, path) in imports(code) {
                if let Some(absolute) = names.absolute(module, &path).filter(|_| is_public) {
                    let name = absolute.last().expect("a path has a name").clone();
                    names.reexports.insert((module.clone(), name), absolute);
                }
            }
        }
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, (file, code)) in &sources {
            let private = imports(code).into_iter().filter(|(is_public, _)| !is_public).map(|(_, path)| path);
            let used = private
                .chain(paths_in_code(code))
                .filter_map(|path| names.file_of(&names.absolute(module, &path)?, 0));
            edges.insert(file.clone(), used.filter(|other| other != file).collect());
        }
        Self { edges }
    }

    /// Groups of files that reach each other, by Kosaraju's two walks.
    fn cycles(&self) -> Vec<Vec<String>> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        for file in self.edges.keys() {
            walk(file, &self.edges, &mut seen, &mut order);
        }
        let mut backward: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, used) in &self.edges {
            for other in used {
                backward.entry(other.clone()).or_default().insert(file.clone());
            }
        }
        let mut seen = BTreeSet::new();
        let groups = order.iter().rev().map(|file| {
            let mut group = Vec::new();
            walk(file, &backward, &mut seen, &mut group);
            group.sort();
            group
        });
        groups.filter(|group| group.len() > 1).collect()
    }
}

fn walk(
    file: &str,
    edges: &BTreeMap<String, BTreeSet<String>>,
    seen: &mut BTreeSet<String>,
    done: &mut Vec<String>,
) {
    if seen.insert(file.to_owned()) {
        for next in edges.get(file).into_iter().flatten() {
            walk(next, edges, seen, done);
        }
        done.push(file.to_owned());
    }
}

/// What paths mean.
struct Names<'a> {
    sources: &'a BTreeMap<ModulePath, (String, String)>,
    /// Of `pub use`: the module and the name it offers, and the path that it stands for.
    reexports: BTreeMap<(ModulePath, String), ModulePath>,
}

impl Names<'_> {
    /// A path from the crate's root; none if it leads out of the crate.
    fn absolute(&self, module: &[String], path: &str) -> Option<ModulePath> {
        let mut segments = path.split("::").map(str::to_owned).peekable();
        let mut base = module.to_vec();
        match segments.peek()?.as_str() {
            "crate" => {
                segments.next();
                base.clear();
            }
            "self" => drop(segments.next()),
            "super" => {
                while segments.next_if(|segment| segment == "super").is_some() {
                    base.pop();
                }
            }
            first => {
                let child = [module, &[first.to_owned()]].concat();
                self.sources.contains_key(&child).then_some(())?;
            }
        }
        base.extend(segments);
        Some(base)
    }

    /// The file that defines what a path names.
    fn file_of(&self, path: &[String], depth: usize) -> Option<String> {
        for n in (1..=path.len()).rev() {
            let (module, rest) = path.split_at(n);
            let Some((file, _)) = self.sources.get(module) else { continue };
            let real = rest.first().and_then(|name| self.reexports.get(&(module.to_vec(), name.clone())));
            return match real.filter(|real| depth < 8 && *real != path) {
                Some(real) => self.file_of(&[real.as_slice(), &rest[1..]].concat(), depth + 1),
                None => Some(file.clone()),
            };
        }
        None
    }
}

fn module_path(file: &str) -> ModulePath {
    let path = file.trim_end_matches(".rs");
    path.strip_suffix("/mod").unwrap_or(path).split('/').map(str::to_owned).collect()
}

/// The source without comments, texts and its test module.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut code = String::new();
    for line in text.lines() {
        let mut in_text = false;
        let mut before = ' ';
        for c in line.chars() {
            if c == '"' && before != '\\' && before != '\'' {
                in_text = !in_text;
            } else if c == '/' && before == '/' && !in_text {
                code.pop();
                break;
            } else if !in_text {
                code.push(c);
            }
            before = c;
        }
        code.push('\n');
    }
    code
}

/// Every `use` of the source: whether it is public, and each path of its group.
fn imports(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for statement in use_statements(code) {
        let (is_public, tree) = statement;
        let mut paths = Vec::new();
        expand("", &tree, &mut paths);
        found.extend(paths.into_iter().map(|path| (is_public, path)));
    }
    found
}

fn use_statements(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        let Some((before, first)) = line
            .split_once("use ")
            .filter(|(before, _)| before.is_empty() || (before.starts_with("pub") && !before.contains('=')))
        else {
            continue;
        };
        let mut tree = first.to_owned();
        while !tree.contains(';') {
            let Some(next) = lines.next() else { break };
            tree.push_str(next);
        }
        found.push((!before.is_empty(), tree.split(';').next().unwrap_or_default().to_owned()));
    }
    found
}

/// The paths of `a::{b, c::{d as e}}`.
fn expand(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let mut parts = Vec::new();
    for (i, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[start..]);
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((head, group)) => {
                let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
                expand(&format!("{prefix}{}", head.trim()), group, paths);
            }
            None => {
                let name = part.split(" as ").next().unwrap_or_default().trim();
                paths.push(format!("{prefix}{name}").trim_end_matches("::self").to_owned());
            }
        }
    }
}

/// Paths from `crate`, `super` or `self` in the code itself.
fn paths_in_code(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for root in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            // `pub(in crate::a)` says who may use an item; it uses nothing.
            let is_visibility = code[..at].ends_with("pub(in ");
            if is_visibility || before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            let end = code[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let path = &code[at..end.map_or(code.len(), |end| at + end)];
            found.push(path.trim_end_matches(':').to_owned());
        }
    }
    found
}
