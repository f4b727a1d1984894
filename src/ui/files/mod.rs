//! Files in and out: what is dropped on the page, and what it hands out.

pub mod found;
mod panel;
pub mod report_card;

pub(super) use panel::{DropZone, Files, file_troubles};

/// The largest file that is read: a capsule of the longest run stays far below it.
pub const MAX_FILE_BYTES: f64 = 256e6;
