//! Chromium and chromedriver, for the tests: found, else installed where that is allowed.

use std::path::PathBuf;
use std::process::Stdio;

use crate::process::{self, Result};

/// Names under which the browser is installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where Vulkan drivers announce themselves.
const VULKAN_DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Makes sure that there is a browser and its driver; the driver's path.
///
/// # Errors
/// One line that says what to install.
pub fn ensure() -> Result<PathBuf> {
    if let Some(driver) = find() {
        return Ok(driver);
    }
    let advice =
        "install Chromium and chromedriver of one version (Debian: apt-get install chromium chromium-driver)";
    install(&["chromium", "chromium-driver"], advice)?;
    find().ok_or_else(|| format!("Chromium was installed but cannot be found; {advice}"))
}

/// Makes sure that the native tests of the GPU engine find an adapter on Linux: without any Vulkan driver
/// Mesa's is installed, in which the processor plays the GPU. Where that is not allowed those tests say that
/// they are skipped, and so does this.
pub fn ensure_adapter() {
    let has_drivers = |folder: &&str| std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    if !cfg!(target_os = "linux") || VULKAN_DRIVERS.iter().any(has_drivers) {
        return;
    }
    let advice = "the native GPU tests are skipped until there is a Vulkan driver \
                  (Debian: apt-get install mesa-vulkan-drivers libvulkan1)";
    if let Err(complaint) = install(&["mesa-vulkan-drivers", "libvulkan1"], advice) {
        eprintln!("xtask: {complaint}");
    }
}

/// Installs Debian packages, where that is allowed without asking anyone.
///
/// # Errors
/// One line with the advice if it is not, or fails.
pub fn install(packages: &[&str], advice: &str) -> Result<()> {
    let names = packages.join(", ");
    let Some(apt) = apt_get() else {
        return Err(format!("{names}: not here, and I may not install it; {advice}"));
    };
    println!("xtask: installing {names}");
    let apt_command = |arguments: &[&str]| {
        let mut command = process::command(apt[0]);
        command.args(&apt[1..]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        process::run(&mut command, advice)
    };
    apt_command(&["update"])?;
    apt_command(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

fn find() -> Option<PathBuf> {
    let driver = match std::env::var_os("CHROMEDRIVER").map(PathBuf::from) {
        Some(path) if path.is_file() => Some(path),
        _ => process::find("chromedriver"),
    };
    BROWSERS.iter().find_map(|name| process::find(name)).and(driver)
}

/// How `apt-get` can be called without asking anyone: as root, or through `sudo` without a password.
fn apt_get() -> Option<Vec<&'static str>> {
    process::find("apt-get")?;
    let answers = |program: &str, arguments: &[&str]| {
        let output = process::command(program).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    if answers("id", &["-u"]).as_deref() == Some("0") {
        Some(vec!["apt-get"])
    } else {
        answers("sudo", &["-n", "true"]).map(|_| vec!["sudo", "-n", "apt-get"])
    }
}
