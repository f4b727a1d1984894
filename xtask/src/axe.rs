//! axe-core, the accessibility checker that the end-to-end test runs in the page. It is not part of the
//! page: npm fetches it, in one version with one checksum, into the project's target folder.

use std::path::PathBuf;

use crate::browser;
use crate::process::{self, Result};

const VERSION: &str = "4.14.1";

/// Of the package as it was published; npm refuses any other.
const INTEGRITY: &str =
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";

/// Makes sure that axe-core is there; its one script.
///
/// # Errors
/// One line on why it cannot be had.
pub fn ensure() -> Result<PathBuf> {
    let folder = process::tools_dir().join(format!("axe-core-{VERSION}"));
    let script = folder.join("node_modules/axe-core/axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    if process::find("npm").is_none() {
        browser::install(&["npm"], "install npm, which fetches the accessibility checker axe-core")?;
    }
    let write = |file: &str, text: String| {
        let path = folder.join(file);
        std::fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let wanted = format!("\"dependencies\":{{\"axe-core\":\"{VERSION}\"}}");
    write("package.json", format!("{{\"private\":true,{wanted}}}"))?;
    write(
        "package-lock.json",
        format!(
            "{{\"lockfileVersion\":3,\"requires\":true,\"packages\":{{\"\":{{{wanted}}},\
             \"node_modules/axe-core\":{{\"version\":\"{VERSION}\",\"integrity\":\"{INTEGRITY}\"}}}}}}"
        ),
    )?;
    let mut npm = process::command("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
    process::run(&mut npm, "npm must be able to reach its registry")?;
    if script.is_file() { Ok(script) } else { Err(format!("npm left no {}", script.display())) }
}
