//! The page: everything a reader sees and touches. Knows the protocol, the figures and the
//! configuration; never Burn, never the worker's inside.
//!
//! One loop: a control or the worker sends a [`Message`](update::Message) to the
//! `Store`; [`update`](update::update) changes the [`State`](state::State); the
//! views follow it. Only `dom` touches the document, only `worker_client` the worker.

mod app;
mod charts;
mod controls;
mod dom;
pub mod draft;
mod error_panel;
pub mod field;
pub mod format;
mod header;
mod ladder;
pub mod link;
mod readouts;
mod settings;
pub mod state;
mod status;
mod store;
pub mod update;
mod worker_client;

/// Replaces the page's loading text by the lab.
pub fn mount() {
    let root = dom::empty_root();
    leptos::mount::mount_to(root, app::App).forget();
}
