//! The web worker: owns the device and the run.
//!
//! [`session`] is the state machine, tested natively; `device_probe` finds a device in a browser; `run_loop` talks
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
mod engine_selection;
#[cfg(any(feature = "worker", feature = "peer"))]
mod message_queue;
#[cfg(feature = "worker")]
pub mod device_probe;
#[cfg(any(feature = "worker", feature = "peer"))]
pub mod peer_loop;
#[cfg(feature = "worker")]
mod peers;
#[cfg(feature = "engine")]
mod pending;
#[cfg(feature = "worker")]
pub mod run_loop;
#[cfg(any(feature = "worker", feature = "peer", feature = "analyst"))]
mod worker_global;
#[cfg(feature = "engine")]
pub mod session;
#[cfg(feature = "engine")]
mod step_rate;
#[cfg(feature = "engine")]
pub mod verify;
