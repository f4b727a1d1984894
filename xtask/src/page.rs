//! Building and serving the page, with Trunk.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use crate::process::{self, Result};
use crate::tools;

/// Where the built page lies.
pub fn dist() -> PathBuf {
    process::root().join("dist")
}

/// Builds the page, serves it on 127.0.0.1 and rebuilds it whenever a source changes, until
/// interrupted.
///
/// # Errors
/// One line if a tool is missing, the port is taken or Trunk fails.
pub fn serve(port: u16, open: bool) -> Result<()> {
    // Asked first: the tools and the page take minutes.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("cannot serve on port {port}: {error}; choose another with --port"))?;
    tools::install_all()?;
    println!(
        "xtask: building the page, some minutes the first time; then it is at http://127.0.0.1:{port} (Ctrl-C ends)"
    );
    let mut command = trunk();
    command.args(["serve", "--release", "--address", "127.0.0.1", "--port"]).arg(port.to_string());
    if open && has_desktop() {
        command.arg("--open");
    }
    process::run(&mut command, "see the message above")
}

/// Leaves the page in `dist/`: static files with relative links, ready for any web server.
///
/// # Errors
/// One line if a tool is missing or the page does not build.
pub fn build() -> Result<()> {
    tools::install_all()?;
    process::run(trunk().args(["build", "--release"]), "see the message above")?;
    println!("xtask: the page is in {}", dist().display());
    Ok(())
}

fn trunk() -> Command {
    let mut command = process::command("trunk");
    // Trunk 0.21 takes only `true` and `false` in this variable; others write `1`.
    if std::env::var_os("NO_COLOR").is_some() {
        command.env_remove("NO_COLOR").args(["--color", "never"]);
    }
    command
}

/// Where there is no desktop, asking for a browser can start a text browser over our output.
fn has_desktop() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}
