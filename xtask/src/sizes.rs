//! What a visitor downloads, held to its limits.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::process::{self, Result};

/// A file of the published page and the most it may weigh as servers send it, gzipped, in bytes.
pub struct Limit {
    /// The end of its path.
    pub file: &'static str,
    /// The limit.
    pub bytes: usize,
}

/// The page's first program comes before the first sight of anything. Right after it come the panels of the section
/// that the page opens on, with what they share with the other sections (the three 910,000 bytes together) and the recorded run;
/// the worker's program comes beside them, and the other sections after them. The program with Burn comes when WebGPU or
/// one of its engines is asked for, and weights of a step when something is asked of them.
pub const LIMITS: [Limit; 8] = [
    Limit { file: "/app_bg.wasm", bytes: 350_000 },
    Limit { file: "/split_lazy_bundle.wasm", bytes: 300_000 },
    Limit { file: "/chunk_3.wasm", bytes: 260_000 },
    Limit { file: "/split_sections.wasm", bytes: 200_000 },
    Limit { file: "/worker_bg.wasm", bytes: 380_000 },
    Limit { file: "/burn_worker_bg.wasm", bytes: 3_000_000 },
    Limit { file: "/recorded-run.grok", bytes: 1_500_000 },
    Limit { file: "/step-010700.safetensors", bytes: 460_000 },
];

/// Weighs the files below `dist` and says what each weighs; how many are within their limits, and how
/// many are not.
///
/// # Errors
/// One line if a file is not there or gzip is missing.
pub fn check(dist: &Path) -> Result<(usize, usize)> {
    let (mut passed, mut failed) = (0, 0);
    for Limit { file, bytes } in LIMITS {
        let path = find(dist, file).ok_or_else(|| format!("there is no {file} in {}", dist.display()))?;
        let weight = gzipped(&path)?;
        let verdict = if weight <= bytes { "ok" } else { "TOO LARGE" };
        println!("{} {weight} bytes gzipped, at most {bytes}: {verdict}", &file[1..]);
        if weight <= bytes { passed += 1 } else { failed += 1 }
    }
    Ok((passed, failed))
}

fn gzipped(path: &Path) -> Result<usize> {
    let output = process::command("gzip")
        .args(["-9", "--stdout"])
        .arg(path)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`gzip` could not be started: {error}; install it"))?;
    if output.status.success() {
        Ok(output.stdout.len())
    } else {
        Err(format!("`gzip` cannot pack {}", path.display()))
    }
}

fn find(folder: &Path, file: &str) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for path in std::fs::read_dir(here).ok()?.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().replace('\\', "/").ends_with(file) {
                return Some(path);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{check, find};
    use crate::process::root;

    #[test]
    fn a_file_is_found_in_any_folder_by_its_whole_name() {
        let found = find(&root().join("xtask"), "/sizes.rs").expect("this file");
        assert!(found.ends_with("src/sizes.rs"), "{}", found.display());
        assert_eq!(find(&root().join("xtask"), "/izes.rs"), None);
    }

    #[test]
    fn a_page_without_its_parts_is_no_success() {
        assert!(check(&root().join("xtask")).is_err());
    }
}
