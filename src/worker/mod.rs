//! The web worker: owns the device and the run.
//!
//! [`session`] is the state machine, tested natively; [`ladder`] finds a device in a browser;
//! [`run_loop`] is the only part that talks to the page.

pub mod ladder;
pub mod run_loop;
pub mod session;
mod speedometer;
