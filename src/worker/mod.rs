//! The web worker: owns the device and the run.
//!
//! [`session`] is the state machine, tested natively; `ladder` finds a device in a browser; `run_loop` talks
//! to the page, `peer_loop` to a training worker that shares its steps out. [`analyst`] takes weights apart,
//! in a worker of its own with `analyst_loop`.

pub mod analyst;
#[cfg(feature = "analyst")]
pub mod analyst_loop;
#[cfg(feature = "engine")]
mod batch;
#[cfg(feature = "engine")]
pub mod bench;
#[cfg(feature = "engine")]
mod crew;
#[cfg(any(feature = "worker", feature = "peer"))]
mod inbox;
#[cfg(feature = "worker")]
pub mod ladder;
#[cfg(any(feature = "worker", feature = "peer"))]
pub mod peer_loop;
#[cfg(feature = "worker")]
mod peers;
#[cfg(feature = "engine")]
mod pending;
#[cfg(feature = "worker")]
pub mod run_loop;
#[cfg(any(feature = "worker", feature = "peer", feature = "analyst"))]
mod scope;
#[cfg(feature = "engine")]
pub mod session;
#[cfg(feature = "engine")]
mod speedometer;
#[cfg(feature = "engine")]
pub mod verify;
