//! The page's HTML: scripts out of it, a security policy and the build's folder into it.

use super::split;
use crate::process::Result;

/// What the page may load and do. Everything is of its own origin; `wasm-unsafe-eval` permits compiling
/// WebAssembly and nothing else, and pictures may also be made in the page. Style sheets are files; what
/// has a place of its own, the cursor for instance, gets it through the document's programming interface.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
     style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'";

/// What opens the script by which Trunk starts the page.
const MODULE: &str = "<script type=\"module\">";

/// What opens the script by which `trunk serve` reloads it.
const PLAIN: &str = "<script>";

const END: &str = "</script>";

/// A script that stands in the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Script {
    /// The script as it stands there, tags and all.
    whole: String,
    /// The tag that takes its place, up to the address.
    tag: &'static str,
    /// The file it becomes.
    pub file: &'static str,
    /// The file's content.
    pub text: String,
}

/// The scripts that Trunk writes into the page, as files: the one that starts it and, under `trunk
/// serve`, the one that reloads it.
///
/// # Errors
/// One line if the page does not start as Trunk lets it start.
pub fn scripts(page: &str) -> Result<Vec<Script>> {
    let start = element(page, MODULE).ok_or("index.html has no module script: is this Trunk's output?")?;
    // The address of the WebAssembly would be looked up beside the page; without it, it is looked up
    // beside the script, where it is. This is what Trunk writes to start a worker.
    let app = start
        .split_once(" from '")
        .and_then(|(_, rest)| rest.split_once('\''))
        .ok_or("the module script of index.html imports nothing")?
        .0;
    let text = format!("import init from '{app}';await init();");
    let mut scripts =
        vec![Script { whole: start.into(), tag: "<script type=\"module\"", file: "start.js", text }];
    if let Some(reload) = element(page, PLAIN) {
        // Trunk's server fills these in, but only in the page itself.
        let text = reload[PLAIN.len()..reload.len() - END.len()]
            .replace("'{{__TRUNK_ADDRESS__}}'", "window.location.host")
            .replace("{{__TRUNK_WS_BASE__}}", "/");
        scripts.push(Script { whole: reload.into(), tag: "<script defer", file: "reload.js", text });
    }
    Ok(scripts)
}

/// The page as it is published, with its files in the folder `build`. It is told the size of the training
/// worker's program, unpacked: a server that packs files tells the size of the package only.
///
/// # Errors
/// One line if the page has no head, or keeps a script that the policy forbids.
pub fn published(
    page: &str,
    scripts: &[Script],
    build: &str,
    files: &[String],
    worker_bytes: Option<u64>,
) -> Result<String> {
    // Otherwise the browser hears of it only when it has the script that imports it.
    let early =
        format!("<link rel=\"modulepreload\" href=\"./{}\" crossorigin=\"anonymous\"></head>", split::LOADER);
    let mut page = page.replacen("</head>", &early, 1);
    for script in scripts {
        let outside = format!("{} src=\"./{}\">{END}", script.tag, script.file);
        page = page.replace(&script.whole, &outside);
    }
    for file in files {
        for quote in ['"', '\''] {
            page =
                page.replace(&format!("{quote}./{file}{quote}"), &format!("{quote}./{build}/{file}{quote}"));
        }
    }
    if element(&page, MODULE).is_some() || element(&page, PLAIN).is_some() {
        return Err("index.html has a script of its own, which its security policy forbids".into());
    }
    let policy = format!("<head>\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\" />");
    let (before, after) = page.split_once("<head>").ok_or("index.html has no <head>")?;
    let size = worker_bytes.map(|n| format!("data-worker-bytes=\"{n}\" ")).unwrap_or_default();
    let before = before.replacen("<html ", &format!("<html data-assets=\"{build}\" {size}"), 1);
    Ok(format!("{before}{policy}{after}"))
}

/// The first element with this opening tag, up to the end of its script.
fn element<'a>(page: &'a str, tag: &str) -> Option<&'a str> {
    let from = page.find(tag)?;
    let to = from + page[from..].find(END)? + END.len();
    Some(&page[from..to])
}

#[cfg(test)]
mod tests {
    use super::{POLICY, published, scripts};

    const PAGE: &str = "<html lang=\"en\"><head>\n<link href=\"./app.css\"/><script type=\"module\">\n\
        import init, * as bindings from './app.js';\nawait init({ module_or_path: './app_bg.wasm' });\n</script>\n\
        <link rel=\"preload\" href=\"./app_bg.wasm\"></head><body>\n\
        <script>\"use strict\"; const address = '{{__TRUNK_ADDRESS__}}' + '{{__TRUNK_WS_BASE__}}';</script></body></html>";

    #[test]
    fn scripts_become_files_and_files_move_into_the_folder() {
        let scripts = scripts(PAGE).expect("Trunk's page");
        assert_eq!(scripts[0].text, "import init from './app.js';await init();");
        assert_eq!(scripts[1].text, "\"use strict\"; const address = window.location.host + '/';");
        let files = ["__wasm_split.js", "app.css", "app.js", "app_bg.wasm", "reload.js", "start.js"];
        let files = files.map(String::from);
        let page = published(PAGE, &scripts, "build-7", &files, Some(12)).expect("it has a head");
        for part in [
            "<html data-assets=\"build-7\" data-worker-bytes=\"12\" lang=\"en\">",
            "<link href=\"./build-7/app.css\"/>",
            "<script type=\"module\" src=\"./build-7/start.js\"></script>",
            "href=\"./build-7/app_bg.wasm\"",
            "<link rel=\"modulepreload\" href=\"./build-7/__wasm_split.js\" crossorigin=\"anonymous\"></head>",
            "<script defer src=\"./build-7/reload.js\"></script>",
            POLICY,
        ] {
            assert!(page.contains(part), "`{part}` is not in {page}");
        }
        assert!(!page.contains("{{") && !page.contains("import init"), "{page}");
    }

    #[test]
    fn a_script_that_the_policy_would_stop_is_refused() {
        let page = PAGE.replace("<body>", "<body><script>alert(1)</script>");
        let scripts = scripts(&page).expect("Trunk's page");
        assert!(published(&page, &scripts, "build-7", &[], None).is_err(), "one of two scripts is left");
    }

    #[test]
    fn a_page_that_trunk_did_not_make_is_refused() {
        assert!(scripts("<html><head></head></html>").is_err());
    }
}
