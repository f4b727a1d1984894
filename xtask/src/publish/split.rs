//! Takes the page's program apart: what the first paint needs, and the rest, which the page fetches after it.
//!
//! Trunk runs wasm-bindgen on the whole program, but a program has to be taken apart before that. So this
//! begins again with what the compiler made, and its files take the place of Trunk's. The program's source
//! says where the cut is, and its relocations, which the linker keeps for this, what lies on which side.

use std::fs;
use std::path::{Path, PathBuf};

use super::complain;
use crate::process::{self, Result};
use crate::tools;

/// The page's program by the name that Trunk and the compiler give it.
const PROGRAM: &str = "app";

/// Where below the target folder the compiler leaves it; `www/index.html` says in which profile it is built.
const BUILT: &str = "wasm32-unknown-unknown/page/app.wasm";

/// The script that fetches the parts; the program imports it.
pub const LOADER: &str = "__wasm_split.js";

/// The parts but the first, which keeps the name of the whole; the last is what the other two share.
const PARTS: [&str; 3] = ["split_lazy_bundle.wasm", "split_sections.wasm", "chunk_3.wasm"];

/// Puts the parts into the folder that Trunk has built, in place of the whole program.
///
/// # Errors
/// One line on the program that is missing or cannot be taken apart.
pub fn apart(folder: &Path) -> Result<()> {
    tools::install_splitter()?;
    let whole = built()?;
    let mut split = process::command(tools::SPLITTER);
    process::run(split.arg(&whole).arg(folder).args(["--out-name", PROGRAM]), "see the message above")?;

    let first = folder.join(format!("{PROGRAM}.wasm"));
    let mut bindgen = process::command("wasm-bindgen");
    // The parts find each other by the names that the splitter has given.
    bindgen.args(["--target=web", "--no-typescript", "--keep-lld-exports", "--no-demangle"]);
    bindgen.args(["--out-name", PROGRAM, "--out-dir"]).arg(folder).arg(&first);
    process::run(&mut bindgen, "see the message above")?;
    fs::remove_file(&first).map_err(|error| complain("remove", &first, &error))?;
    check(folder)
}

/// The program as the compiler leaves it. This program lies in the same target folder.
fn built() -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(|error| format!("cannot tell where xtask lies: {error}"))?;
    let target = own.ancestors().nth(2).ok_or("xtask does not lie in a target folder")?;
    let path = target.join(BUILT);
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("there is no {}; `cargo xtask build` makes it", path.display()))
    }
}

/// Without its parts the page would stay empty below the first screen.
fn check(folder: &Path) -> Result<()> {
    match PARTS.iter().chain([&LOADER]).find(|part| !folder.join(part).is_file()) {
        None => Ok(()),
        Some(part) => Err(format!(
            "the page's program was taken apart without {part}: does src/ui/lazy_bundle.rs still mark the cut?"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Scratch;
    use super::{LOADER, PARTS, check};
    use crate::sizes::LIMITS;

    #[test]
    fn a_page_without_one_of_its_parts_is_refused() {
        let scratch = Scratch::new("parts");
        for part in PARTS.iter().chain([&LOADER]) {
            let complaint = check(&scratch.0).expect_err("a part is missing");
            assert!(complaint.contains(part), "{complaint}");
            fs::write(scratch.0.join(part), b"").expect("a folder of ours");
        }
        assert_eq!(check(&scratch.0), Ok(()));
    }

    #[test]
    fn every_part_has_its_limit() {
        for part in PARTS {
            assert!(LIMITS.iter().any(|limit| limit.file == format!("/{part}")), "{part}");
        }
    }
}
