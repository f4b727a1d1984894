//! The built page in headless Chromium, used as a person would.
//!
//! `cargo xtask test` builds the page, names it in `GROK_DIST` and runs these. The page is found by
//! its `data-testid` hooks, served from a sub-path, and must keep to itself: every test also fails
//! on an error in the console, on a missing file and on a request to another machine.

mod audit;
mod breaking;
mod browser;
mod console;
mod ablations;
mod devices;
mod figures;
mod files;
mod hand;
mod input;
mod instrument;
#[cfg(target_os = "linux")]
mod killed_browser;
mod stage;
mod stored_runs;
mod lab;
mod links;
mod offline;
mod opening;
mod oracle;
mod recorded;
mod lazy_bundle;
mod site;
mod training;
mod walk;
mod workers;
