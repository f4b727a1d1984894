//! `cargo xtask finish`: makes what Trunk has built ready to be published. Trunk calls it after every
//! build.
//!
//! All files but the page itself and its service worker go into a folder that is named by their content.
//! So a server or a browser may keep them as long as it likes, and an old worker never meets a new page.
//! The page's program is taken apart, so that little comes before the first paint.
//! The page gets a content security policy, its scripts become files, which the policy asks for, and the
//! WebAssembly loses the names of its functions, which nobody downloads for free.

mod base64;
mod html;
mod offline;
mod split;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::Result;

/// The page.
const PAGE: &str = "index.html";

/// The service worker's two parts, as wasm-bindgen leaves them.
const OFFLINE_GLUE: &str = "offline.js";
const OFFLINE_WASM: &str = "offline_bg.wasm";

/// The training worker's program.
const WORKER_WASM: &str = "worker_bg.wasm";

/// Tells GitHub Pages to publish the files as they are.
const MARKER: &str = ".nojekyll";

/// Publishes what lies in Trunk's staging folder, or in `dist/` if nobody says where.
///
/// # Errors
/// One line on the file that is missing, cannot be written, or is not what Trunk used to make.
pub fn staged() -> Result<()> {
    let folder = std::env::var_os("TRUNK_STAGING_DIR").map_or_else(crate::page::dist, PathBuf::from);
    split::apart(&folder)?;
    publish(&folder)
}

/// Files that a visitor's browser does not keep for use without a network, as few visitors ask for one: three megabytes.
const ON_DEMAND: &str = "data/weights/";

/// Rearranges the folder that Trunk has built.
fn publish(folder: &Path) -> Result<()> {
    let page = read_text(&folder.join(PAGE))?;
    let glue = read_text(&folder.join(OFFLINE_GLUE))?;
    let offline = wasm::without_names(&read(&folder.join(OFFLINE_WASM))?)?;
    for file in [OFFLINE_GLUE, OFFLINE_WASM] {
        fs::remove_file(folder.join(file)).map_err(|error| complain("remove", &folder.join(file), &error))?;
    }

    for path in files_below(folder)? {
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let stripped = wasm::without_names(&read(&folder.join(&path))?)?;
            write(&folder.join(&path), &stripped)?;
        }
    }
    let scripts = html::scripts(&page)?;
    for script in &scripts {
        write(&folder.join(script.file), script.text.as_bytes())?;
    }

    let assets: Vec<PathBuf> =
        files_below(folder)?.into_iter().filter(|path| path != Path::new(PAGE)).collect();
    let build = build_name(folder, &assets, &page, &glue, &offline)?;
    let home = folder.join(&build);
    for path in &assets {
        let to = home.join(path);
        let parent = to.parent().expect("a file lies in a folder");
        fs::create_dir_all(parent).map_err(|error| complain("make", parent, &error))?;
        fs::rename(folder.join(path), &to).map_err(|error| complain("move", &folder.join(path), &error))?;
    }
    remove_empty_folders(folder)?;

    let worker_bytes = fs::metadata(home.join(WORKER_WASM)).map(|file| file.len()).ok();
    let names: Vec<String> = assets.iter().map(|path| in_url(path)).collect();
    let page = html::published(&page, &scripts, &build, &names, worker_bytes)?;
    write(&folder.join(PAGE), page.as_bytes())?;
    let kept: Vec<String> = names.iter().filter(|name| !name.starts_with(ON_DEMAND)).cloned().collect();
    write(&folder.join(OFFLINE_GLUE), offline::script(&glue, &offline, &build, &kept).as_bytes())?;
    write(&folder.join(MARKER), b"")?;
    println!("xtask: build {build}, {} files", names.len() + 2);
    Ok(())
}

/// A name for the content: 64 bits of FNV-1a over all names and bytes. Two builds that differ get the
/// same name by accident once in 2^64; nobody attacks his own site with it.
fn build_name(folder: &Path, assets: &[PathBuf], page: &str, glue: &str, offline: &[u8]) -> Result<String> {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for path in assets {
        add(in_url(path).as_bytes());
        add(&read(&folder.join(path))?);
    }
    for part in [page.as_bytes(), glue.as_bytes(), offline] {
        add(part);
    }
    Ok(format!("build-{hash:016x}"))
}

/// All files below a folder, relative to it, in order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        let entries = fs::read_dir(&here).map_err(|error| complain("read", &here, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| complain("read", &here, &error))?;
            let path = below.join(entry.file_name());
            if folder.join(&path).is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn remove_empty_folders(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| complain("read", folder, &error))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        remove_empty_folders(&path)?;
        // Only an empty folder can be removed so; the others stay.
        let _ = fs::remove_dir(&path);
    }
    Ok(())
}

/// A relative path as a URL has it.
fn in_url(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| complain("read", path, &error))
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| complain("read", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|error| complain("write", path, &error))
}

fn complain(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}; `cargo xtask build` makes the page anew", path.display())
}

/// For tests: a folder of its own, removed when dropped.
#[cfg(test)]
struct Scratch(PathBuf);

#[cfg(test)]
impl Scratch {
    fn new(name: &str) -> Self {
        let folder = crate::process::root().join("target").join("tmp").join(format!("publish-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("target/ can be written to");
        Self(folder)
    }
}

#[cfg(test)]
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Scratch, files_below, publish};

    /// A WebAssembly module without anything in it.
    const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0";

    const PAGE: &str = "<!doctype html>\n<html lang=\"en\" data-theme=\"auto\">\n<head>\n\
        <link rel=\"stylesheet\" href=\"./style.css\"/>\n\
        <script type=\"module\">\nimport init, * as bindings from './app.js';\nconst wasm = await init({ module_or_path: './app_bg.wasm' });\n</script>\n\
        <link rel=\"modulepreload\" href=\"./app.js\"></head>\n<body></body>\n</html>";

    /// What Trunk leaves, in small.
    fn stage(folder: &Path, app: &str) {
        fs::create_dir_all(folder.join("data")).expect("a folder of ours");
        for (file, bytes) in [
            ("index.html", PAGE.as_bytes()),
            ("style.css", b"p {}"),
            ("app.js", app.as_bytes()),
            ("app_bg.wasm", EMPTY_MODULE),
            ("worker.js", b"worker"),
            ("worker_bg.wasm", EMPTY_MODULE),
            ("data/run.bin", b"numbers"),
            ("offline.js", b"let wasm_bindgen;"),
            ("offline_bg.wasm", EMPTY_MODULE),
        ] {
            fs::write(folder.join(file), bytes).expect("a folder of ours");
        }
    }

    fn published(name: &str, app: &str) -> (Vec<String>, String) {
        let scratch = Scratch::new(name);
        stage(&scratch.0, app);
        publish(&scratch.0).expect("it has all it needs");
        let files = files_below(&scratch.0).expect("it was just made");
        let page = fs::read_to_string(scratch.0.join("index.html")).expect("the page stays");
        (files.iter().map(|path| path.to_string_lossy().into_owned()).collect(), page)
    }

    #[test]
    fn everything_but_the_page_and_its_service_worker_lies_in_the_builds_folder() {
        let (files, page) = published("layout", "one");
        let build = files.iter().find_map(|file| file.strip_suffix("/worker.js")).expect("a worker");
        let in_build: Vec<_> =
            files.iter().filter_map(|file| file.strip_prefix(&format!("{build}/"))).collect();
        assert_eq!(
            in_build,
            ["app.js", "app_bg.wasm", "data/run.bin", "start.js", "style.css", "worker.js", "worker_bg.wasm"]
        );
        let outside: Vec<_> = files.iter().filter(|file| !file.starts_with(build)).collect();
        assert_eq!(outside, [".nojekyll", "index.html", "offline.js"]);
        assert!(page.contains(&format!("data-assets=\"{build}\" data-worker-bytes=\"8\"")), "{page}");
        assert!(page.contains(&format!("./{build}/style.css")), "{page}");
    }

    #[test]
    fn a_build_is_named_by_its_content() {
        let build = |(files, _): (Vec<String>, String)| {
            files.iter().find_map(|file| file.strip_suffix("/worker.js")).expect("a worker").to_owned()
        };
        let first = build(published("name-1", "one"));
        assert_eq!(first, build(published("name-2", "one")), "the same content, another name");
        assert_ne!(first, build(published("name-3", "two")), "other content, the same name");
    }

    #[test]
    fn what_is_missing_is_named() {
        let scratch = Scratch::new("missing");
        stage(&scratch.0, "one");
        fs::remove_file(scratch.0.join("offline_bg.wasm")).expect("it was just made");
        let complaint = publish(&scratch.0).expect_err("a part is missing");
        assert!(complaint.contains("offline_bg.wasm"), "{complaint}");
    }
}
