//! Everything that talks to the browser: the document, the workers, the network, the storage, the locks.

pub(in crate::ui) mod analyst_client;
mod analyst_pace;
pub(in crate::ui) mod canvas;
pub(in crate::ui) mod crash_message;
pub(in crate::ui) mod dom;
pub(in crate::ui) mod fetch;
pub(in crate::ui) mod keys;
pub(in crate::ui) mod recorded_run;
pub(in crate::ui) mod run_lock;
pub(in crate::ui) mod run_storage;
pub(in crate::ui) mod screen_lock;
pub(in crate::ui) mod storage_room;
pub(in crate::ui) mod time_limit;
pub(in crate::ui) mod worker_client;
