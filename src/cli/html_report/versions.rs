//! What the program was made from.

/// Burn's version, as Cargo.lock has it: a library does not tell its own.
const BURN: &str = "0.22.1";

/// The commit that was built, if the build was told: `GROK_COMMIT`, or GitHub's own variable.
const COMMIT: Option<&str> = match option_env!("GROK_COMMIT") {
    None => option_env!("GITHUB_SHA"),
    told => told,
};

/// What `rustc --version` says, if the build was told: `GROK_RUSTC`.
const RUSTC: Option<&str> = option_env!("GROK_RUSTC");

/// The program with its version, and its commit if the build was told.
pub(in crate::cli) fn build_name() -> String {
    let commit = COMMIT.map(|commit| format!(" ({commit})")).unwrap_or_default();
    format!("{} {}{commit}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
}

/// The program, its commit, the compiler and Burn in a sentence.
pub(in crate::cli) fn sentence() -> String {
    words(COMMIT, RUSTC)
}

fn words(commit: Option<&str>, rustc: Option<&str>) -> String {
    let commit =
        commit.map_or_else(|| "of an unnamed commit".to_owned(), |commit| format!("of commit {commit}"));
    let minimum = env!("CARGO_PKG_RUST_VERSION");
    let rustc = rustc.map_or_else(|| format!("Rust {minimum} or newer"), str::to_owned);
    format!(
        "Written by {} {} {commit}, for {} on {}, made with {rustc} and Burn {BURN}.",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}

#[cfg(test)]
mod tests {
    use super::{BURN, words};

    #[test]
    fn burns_version_is_that_of_the_lock_file() {
        let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
        let burn = format!("name = \"burn\"\nversion = \"{BURN}\"\n");
        assert!(lock.replace('\r', "").contains(&burn), "Cargo.lock has another Burn than {BURN}");
    }

    #[test]
    fn what_the_build_was_told_is_said() {
        let told = words(Some("0123abc"), Some("rustc 1.95.0 (5980761 2026-04-14)"));
        assert!(told.contains("of commit 0123abc") && told.contains("with rustc 1.95.0 (5980761"), "{told}");
        let untold = words(None, None);
        assert!(untold.contains("an unnamed commit") && untold.contains("Rust 1."), "{untold}");
    }
}
