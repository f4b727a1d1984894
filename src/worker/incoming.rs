//! What arrives at the training worker.

use crate::protocol::Command;
#[cfg(not(feature = "engine"))]
use crate::protocol::Event;

/// A message that waits in the worker's queue.
#[derive(Debug)]
pub(super) enum Incoming {
    /// From the page.
    Command(Command),
    /// From the worker that has Burn.
    #[cfg(not(feature = "engine"))]
    FromBurn(Event),
}
