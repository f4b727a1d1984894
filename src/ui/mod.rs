//! The page: everything a reader sees and touches. Knows the protocol, the figures and the
//! configuration; never Burn, never the worker's inside.
//!
//! One loop: a control or the worker sends a [`Message`](update::Message) to the
//! `Store`; [`update`](update::update) changes the [`State`](state::State); the
//! views follow it. Only `dom` touches the document, only `worker_client` and
//! `analyst_client` the workers.
//!
//! What the first paint and training do not need is reached through the table in `rest` only: the publishing
//! step makes a file of its own of it, which is fetched later.

pub mod advice;
mod analyst_client;
mod app;
pub mod bench;
mod charts;
pub mod checkpoints;
pub mod compare;
mod controls;
mod dom;
pub mod draft;
mod error_panel;
pub mod estimate;
pub mod exhibit;
mod exhibit_head;
#[cfg(test)]
mod exhibit_sample;
#[cfg(test)]
mod exhibit_weights;
mod fetch;
pub mod files;
pub mod followed;
mod foot;
pub mod format;
mod header;
pub mod judgement;
pub mod keep;
mod ladder;
mod last_words;
pub mod link;
pub mod pace;
mod panels;
mod reading;
mod readouts;
mod recorded;
mod rest;
pub mod run_lock;
pub mod run_name;
mod settings;
pub mod state;
mod status;
pub mod step_cost;
mod stops;
mod store;
pub mod surgery;
pub mod update;
mod verdict;
pub mod verify;
pub mod view;
mod wake_lock;
mod worker_client;

/// Replaces the page's loading text by the lab.
pub fn mount() {
    last_words::install();
    let root = dom::empty_root();
    leptos::mount::mount_to(root, app::App).forget();
}
