//! This tab’s claim to the run that it trains.

use crate::config::DeviceChoice;

/// This tab's claim to a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnLock {
    /// The key of the run that was claimed, if one was.
    pub key: Option<String>,
    /// Going on with it waits for the browser's answer: on this device, if another than the run's was chosen.
    pub then_resume: Option<Option<DeviceChoice>>,
}

/// How asking for a run's lock ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockOutcome {
    /// This tab holds it.
    Held,
    /// Another tab does.
    HeldElsewhere,
    /// This browser has no locks.
    Unsupported,
}
