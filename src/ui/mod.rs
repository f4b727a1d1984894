//! The page: everything a reader sees and touches. Knows the protocol, the figures and the
//! configuration; never Burn, never the worker's inside.
//!
//! One loop: a control or the worker sends a [`Message`](update::Message) to the
//! `Store`; [`update`](update::update) changes the [`State`](state::State); the
//! views follow it. Only `browser/dom` touches the document, only `browser/worker_client` and
//! `browser/analyst_client` the workers.
//!
//! What the first paint and training do not need is reached through the table in `lazy_bundle` only: the publishing
//! step makes a file of its own of it, which is fetched later.

#![expect(
    unreachable_pub,
    reason = "the macro of components makes the properties of private components public"
)]

mod app;
mod browser;
mod effects;
mod lazy_bundle;
pub mod state;
mod store;
pub mod update;
mod views;

/// Replaces the page's loading text by the lab.
pub fn mount() {
    browser::crash_message::install();
    let root = browser::dom::empty_root();
    leptos::mount::mount_to(root, app::App).forget();
}
