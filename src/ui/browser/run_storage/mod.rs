//! Runs kept in this browser, so that they survive a reload, a crash and the closing of the tab.
//!
//! They lie in IndexedDB: its transactions are all or nothing, it works in the page itself, and private
//! windows have it too; the file system that pages own can only be written from a worker, lacks
//! transactions, and some private windows refuse it. Every record is an archive with checksums
//! ([`run_records`](crate::ui::state::run_records)); `database` is the only file that knows the browser's interface.

pub(in crate::ui) mod database;
pub(in crate::ui) mod storage_actor;
