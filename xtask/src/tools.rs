//! The programs that building the page needs, in versions that fit: installed once, into the
//! project's own target folder.

use std::path::{Path, PathBuf};

use crate::process::{self, Result};

/// The newest Trunk that the pinned compiler can build: 0.22 asks for rustc 1.96.
const TRUNK_VERSION: &str = "0.21.14";

/// The program that takes the page's program apart.
pub const SPLITTER: &str = "wasm-split-cli";

/// Its package. A program and not a library of ours, so that xtask builds in seconds.
const SPLITTER_PACKAGE: &str = "wasm_split_cli_support";

/// Reads what `wasm_split_helpers` 0.2 leaves in the page's program.
const SPLITTER_VERSION: &str = "0.2.4";

/// How programs are compiled that need not be fast: the splitter has done in a second, and wasm-bindgen in a few.
const QUICK_PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
];

/// Trunk only waits for cargo and copies files. Its own profile (whole-program optimisation in one unit) takes several times
/// as long to build.
const IDLE_PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
];

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Installs what is missing of the compiler's WebAssembly target, wasm-bindgen, the splitter and Trunk.
///
/// # Errors
/// One line on what could not be installed.
pub fn install_all() -> Result<()> {
    install_wasm_target()?;
    install_wasm_bindgen()?;
    install_splitter()?;
    install_trunk()?;
    // Only the programs are kept: what they were built from is a gigabyte. Until here it serves all three, which share
    // half of their dependencies.
    let _ = std::fs::remove_dir_all(build_dir());
    Ok(())
}

fn install_wasm_target() -> Result<()> {
    let sysroot = process::command("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot
        .map_err(|error| format!("`rustc` could not be started: {error}; install Rust from rustup.rs"))?;
    let library = Path::new(String::from_utf8_lossy(&sysroot.stdout).trim())
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib");
    if library.is_dir() {
        return Ok(());
    }
    process::run(
        process::command("rustup").args(["target", "add", WASM_TARGET]),
        "check the network, or install the compiler's WebAssembly target by other means",
    )
}

/// The library and the program must be of one version, so it is read from Cargo.lock.
fn install_wasm_bindgen() -> Result<()> {
    let path = process::root().join("Cargo.lock");
    let lock =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let version = locked_version(&lock, "wasm-bindgen")
        .ok_or_else(|| format!("{} names no wasm-bindgen", path.display()))?;
    if is_installed("wasm-bindgen", version) && is_installed("wasm-bindgen-test-runner", version) {
        return Ok(());
    }
    // Not `--locked`: the lock file inside this package names a version that was withdrawn.
    install("wasm-bindgen-cli", version, &[], &QUICK_PROFILE)
}

fn install_trunk() -> Result<()> {
    if is_installed("trunk", TRUNK_VERSION) {
        return Ok(());
    }
    // Without its features Trunk cannot download tools or look for updates, and needs no TLS: it
    // finds wasm-bindgen on the PATH.
    install("trunk", TRUNK_VERSION, &["--locked", "--no-default-features"], &IDLE_PROFILE)
}

/// Installs what takes the page's program apart, if it is missing.
///
/// # Errors
/// One line on why it could not be installed.
pub fn install_splitter() -> Result<()> {
    // It does not tell its version, so cargo's list of what it installed has to.
    let list = std::fs::read_to_string(process::tools_dir().join(".crates.toml")).unwrap_or_default();
    if lists(&list, SPLITTER_PACKAGE, SPLITTER_VERSION) && process::find(SPLITTER).is_some() {
        return Ok(());
    }
    let flags = ["--locked", "--features", "build-binary"];
    install(SPLITTER_PACKAGE, SPLITTER_VERSION, &flags, &QUICK_PROFILE)
}

/// Whether cargo's list of installed programs has this version of a package.
fn lists(list: &str, package: &str, version: &str) -> bool {
    list.lines().any(|line| line.starts_with(&format!("\"{package} {version} (")))
}

fn is_installed(program: &str, version: &str) -> bool {
    let found = process::find(program).and_then(|path| process::version(&path));
    found.is_some_and(|line| line.split_whitespace().nth(1) == Some(version))
}

fn install(package: &str, version: &str, flags: &[&str], profile: &[(&str, &str)]) -> Result<()> {
    println!("xtask: installing {package} {version} into target/tools, once; this takes a few minutes");
    let mut command = process::command("cargo");
    command
        .args(["install", package, "--version", version, "--force", "--root"])
        .arg(process::tools_dir())
        .args(flags)
        .envs(profile.iter().copied())
        .env("CARGO_TARGET_DIR", build_dir());
    process::run(&mut command, "see cargo's message above; a network and a C linker are needed")
}

/// Where the programs are built.
fn build_dir() -> PathBuf {
    process::tools_dir().join("build")
}

/// The version that a `Cargo.lock` holds of a package.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::{lists, locked_version};

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.9.9\"\n\n\
                        [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";

    #[test]
    fn the_list_of_installed_programs_is_read_to_the_version() {
        let list = "[v1]\n\"trunk 0.21.14 (registry+https://example.org)\" = [\"trunk\"]\n";
        assert!(lists(list, "trunk", "0.21.14"));
        assert!(
            !lists(list, "trunk", "0.21.1") && !lists(list, "runk", "0.21.14") && !lists("", "trunk", "")
        );
    }

    #[test]
    fn the_version_is_that_of_the_very_package() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(LOCK, "wasm"), None);
        assert_eq!(locked_version("name = \"wasm-bindgen\"", "wasm-bindgen"), None);
    }
}
