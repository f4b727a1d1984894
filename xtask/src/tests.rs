//! `cargo xtask test`: every test there is, part after part, and one line that counts them.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::cluster::Cluster;
use crate::process::{self, Result};
use crate::tally::Tally;
use crate::{axe, browser, page, sizes, tools};

/// Seconds that one WebAssembly test program may take in all. WebGPU is computed by the processor
/// there, and building its kernels alone takes half a minute.
const WASM_TIMEOUT_SECS: u32 = 900;

/// Arguments after `--` for each native test program: what a passing test printed is shown, because
/// that is where it says that it was skipped, or which device it ran on.
const TEST_ARGUMENTS: [&str; 2] = ["--", "--show-output"];

/// Runs all parts, whatever fails; whether none did. A part that cannot start counts as failed. With `with_cluster` also
/// the tests that need schedulers.
pub fn run_all(with_cluster: bool) -> bool {
    let started = Instant::now();
    // First of all, so that what a person has to do is said before minutes of building.
    let driver = browser::ensure();
    if let Err(complaint) = &driver {
        eprintln!("xtask: {complaint}");
    }
    browser::ensure_adapter();

    let mut total = Tally::default();
    let mut add = |name: &str, part: &mut dyn FnMut() -> Result<Tally>| {
        println!("\n== {name}");
        let part_started = Instant::now();
        let tally = part().unwrap_or_else(|complaint| {
            eprintln!("xtask: {complaint}");
            Tally::default().close(false)
        });
        println!("== {name}: {tally} in {} s", part_started.elapsed().as_secs());
        total += tally;
    };
    // What the browser runs is built meanwhile: optimising and linking a whole program keeps only one core busy.
    let browser_build = std::thread::scope(|scope| {
        let browser_build = scope.spawn(|| BrowserBuild::build(driver.as_deref()));
        add("native tests", &mut || {
            let cluster = with_cluster.then(Cluster::up);
            let mut tests = cargo_test(&["--release", "--package", "grokking-lab", "--package", "xtask"]);
            tests.envs(cluster.iter().flat_map(Cluster::variables));
            run(tests)
        });
        add("the page's own logic", &mut || run(page_logic()));
        browser_build.join().expect("a build does not panic")
    });
    add("building the page and the tests for the browser", &mut || {
        browser_build.tests.clone()?;
        browser_build.page.clone().map(|()| Tally::default())
    });
    add("WebAssembly tests", &mut || run(in_browser(driver.as_deref())?));
    add("what a visitor downloads", &mut || {
        browser_build.page.clone()?;
        let (passed, failed) = sizes::check(&page::dist())?;
        Ok(Tally::of(passed, failed))
    });
    add("end to end", &mut || run(end_to_end(driver.as_deref(), browser_build.page.is_ok())?));

    println!("\nxtask: all parts took {} minutes", started.elapsed().as_secs().div_ceil(60));
    println!("tests: {total}");
    total.is_green()
}

/// Whether what the browser runs could be built, each with one line if not.
struct BrowserBuild {
    /// The WebAssembly tests.
    tests: Result<()>,
    /// The page in `dist/`.
    page: Result<()>,
}

impl BrowserBuild {
    fn build(driver: std::result::Result<&Path, &String>) -> Self {
        let advice = "see the compiler's message above";
        let tests = tools::install_all()
            .and_then(|()| in_browser(driver))
            .and_then(|mut tests| process::run(tests.args(["--no-run"]), advice));
        Self { tests, page: page::build() }
    }
}

/// Kills runs and sweeps for so long; whether none was lost.
pub fn torture(minutes: u32) -> bool {
    let packages = ["--package", "grokking-lab", "--package", "xtask"];
    let mut tests = cargo_test(&[&["--release"], &packages[..], &["--test", "it", "torture"]].concat());
    tests.env("GROK_TORTURE_SECS", (60 * minutes).to_string());
    match run(tests) {
        Ok(tally) => tally.is_green(),
        Err(complaint) => {
            eprintln!("xtask: {complaint}");
            false
        }
    }
}

/// Runs one part, shows its output and counts.
fn run(mut command: Command) -> Result<Tally> {
    let mut tally = Tally::default();
    let status = process::run_watched(&mut command, |line| tally.read(line))?;
    Ok(tally.close(status.success()))
}

fn cargo_test(arguments: &[&str]) -> Command {
    let mut command = process::command("cargo");
    command.args(["test", "--no-fail-fast"]).args(arguments).args(TEST_ARGUMENTS);
    command
}

/// What the page does with messages is plain Rust and needs neither browser nor Burn. Apart from
/// the other native tests, because in one build the page's features would change Burn's
/// dependencies, and Burn would be built a second time. Not optimised: it computes little, and builds in a third of the
/// time.
fn page_logic() -> Command {
    let mut command = cargo_test(&[
        "--release",
        "--config",
        "profile.release.package.grokking-lab.opt-level=0",
        "--package",
        "grokking-lab",
        "--no-default-features",
        "--features",
        "page",
        "--lib",
    ]);
    command.arg("ui::");
    command
}

/// The tests in `tests/web`, in a worker of headless Chromium.
fn in_browser(driver: std::result::Result<&Path, &String>) -> Result<Command> {
    let driver = driver.map_err(|_| "there is no browser to test in: see the first message".to_owned())?;
    let mut command = process::command("cargo");
    command
        .args(["test", "--profile", "web", "--no-fail-fast", "--package", "web-tests"])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("CHROMEDRIVER", driver)
        .env("WASM_BINDGEN_TEST_TIMEOUT", WASM_TIMEOUT_SECS.to_string())
        // A busy machine may need longer than the default of 5 s to start the driver.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        // The published page is not cross-origin isolated either.
        .env("WASM_BINDGEN_TEST_NO_ORIGIN_ISOLATION", "1");
    Ok(command)
}

/// Without a built page the tests run all the same, to be counted as skipped. Not optimised: they
/// only wait for the browser, and so they are built in half the time.
fn end_to_end(driver: std::result::Result<&Path, &String>, is_built: bool) -> Result<Command> {
    let driver = driver.map_err(|_| "there is no browser to test in: see the first message".to_owned())?;
    let mut command = cargo_test(&["--package", "end-to-end"]);
    command.env("CHROMEDRIVER", driver);
    match axe::ensure() {
        Ok(script) => command.env("GROK_AXE", script),
        Err(complaint) => {
            // The audit then says that it was skipped, and is counted so.
            eprintln!("xtask: {complaint}");
            command.env_remove("GROK_AXE")
        }
    };
    if is_built {
        command.env("GROK_DIST", page::dist());
    } else {
        command.env_remove("GROK_DIST");
    }
    Ok(command)
}
