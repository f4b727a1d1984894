//! What belongs to a build, and what a request is for.

/// A build and its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Its name, which is also that of its folder.
    pub name: String,
    /// Its files, relative to that folder.
    pub files: Vec<String>,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The page.
    Page,
    /// A file of this build.
    File,
    /// Something that is not kept: another build's file, for instance.
    Other,
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "there are service workers in browsers only")
)]
impl Build {
    /// Reads the section that `cargo xtask finish` writes: the name, then the files, one a line.
    pub fn parse(section: &str) -> Option<Self> {
        let mut lines = section.lines().map(str::to_owned);
        Some(Self { name: lines.next().filter(|name| !name.is_empty())?, files: lines.collect() })
    }

    /// The name of this build's cache for a page published at `scope`. The address is in it, because
    /// several pages of one origin see each other's caches.
    pub fn cache_name(&self, scope: &str) -> String {
        format!("{}{}", cache_prefix(scope), self.name)
    }

    /// Whether a cache belongs to another build of the page at `scope`.
    pub fn outlived(&self, cache: &str, scope: &str) -> bool {
        cache.starts_with(&cache_prefix(scope)) && cache != self.cache_name(scope)
    }

    /// What a request for `url` wants of the page published at `scope`, an address that ends in `/`.
    pub fn wanted(&self, url: &str, scope: &str) -> Wanted {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        let Some(path) = url.strip_prefix(scope) else { return Wanted::Other };
        if path.is_empty() || path == "index.html" {
            return Wanted::Page;
        }
        let file = path.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('/'));
        match file {
            Some(file) if self.files.iter().any(|known| known == file) => Wanted::File,
            _ => Wanted::Other,
        }
    }
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "there are service workers in browsers only")
)]
fn cache_prefix(scope: &str) -> String {
    format!("grokking-lab {scope} ")
}

#[cfg(test)]
mod tests {
    use super::{Build, Wanted};

    const SCOPE: &str = "https://example.org/lab/";

    fn build(name: &str) -> Build {
        Build::parse(&format!("{name}\napp.js\ndata/run.bin")).expect("a name and two files")
    }

    #[test]
    fn the_page_is_known_with_any_query_and_files_by_their_folder() {
        let build = build("build-7");
        for (path, wanted) in [
            ("", Wanted::Page),
            ("?preset=paper&seed=3", Wanted::Page),
            ("index.html#reading", Wanted::Page),
            ("build-7/app.js", Wanted::File),
            ("build-7/data/run.bin?x", Wanted::File),
            ("build-6/app.js", Wanted::Other),
            ("build-7/other.js", Wanted::Other),
            ("build-77/app.js", Wanted::Other),
            ("offline.js", Wanted::Other),
        ] {
            assert_eq!(build.wanted(&format!("{SCOPE}{path}"), SCOPE), wanted, "{path}");
        }
        assert_eq!(build.wanted("https://example.org/other/", SCOPE), Wanted::Other, "not our page");
    }

    #[test]
    fn only_other_builds_of_the_same_page_are_outlived() {
        let new = build("build-8");
        assert!(new.outlived(&build("build-7").cache_name(SCOPE), SCOPE));
        assert!(!new.outlived(&new.cache_name(SCOPE), SCOPE), "its own");
        assert!(!new.outlived(&build("build-7").cache_name("https://example.org/"), SCOPE), "another page's");
        assert!(!new.outlived("photographs", SCOPE), "another program's");
    }

    #[test]
    fn a_section_without_a_name_is_none() {
        assert_eq!(Build::parse(""), None);
    }
}
