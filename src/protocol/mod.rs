//! What crosses the border between the page and its worker: two closed enums, plain data.

#[cfg(feature = "web")]
pub mod codec;
mod command;
mod event;

pub use command::Command;
pub use event::{DeviceReport, Event, LadderRung, RunState, RungOutcome};

/// Raised whenever a message changes its meaning; a page and a worker of different versions refuse
/// to talk.
pub const PROTOCOL_VERSION: u32 = 1;

/// Numbers a run; messages of a run that was replaced are dropped.
pub type RunId = u32;
