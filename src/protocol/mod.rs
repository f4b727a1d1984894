//! What crosses the border between the page and its worker: two closed enums, plain data.

#[cfg(feature = "web")]
pub mod codec;
pub mod analyst;
mod bench;
pub mod capsule;
mod command;
mod event;
pub mod peer;
pub mod recording;

pub use bench::Timing;
pub use command::Command;
pub use event::{
    Check, CheckOutcome, DeviceReport, Event, NotCompared, ProbeCheck, ProbeQuestion, RunState, Verification,
};

/// Raised whenever a message changes its meaning; a page and a worker of different versions refuse
/// to talk.
pub const PROTOCOL_VERSION: u32 = 6;

/// Numbers a run; messages of a run that was replaced are dropped.
pub type RunId = u32;
