//! The web worker: owns the device and the run.
//!
//! [`session`] is the state machine, tested natively; `device_probe` finds a device in a browser; `run_loop` talks
//! to the page, `peer_loop` to a training worker that shares its steps out. [`analyst`] takes weights apart,
//! in a worker of its own with `analyst_loop`.
//!
//! The page begins the program `worker`, which has no Burn and is there at once. What needs WebGPU or Burn's engines
//! it passes on, through `burn_client`, to the program `burn_worker`, which it begins when that is first asked for.

pub mod analyst;
#[cfg(feature = "analyst")]
pub mod analyst_loop;
#[cfg(any(feature = "engine", feature = "worker"))]
mod batch;
#[cfg(any(feature = "engine", feature = "worker"))]
pub mod bench;
#[cfg(all(feature = "worker", not(feature = "engine")))]
mod burn_client;
#[cfg(any(feature = "engine", feature = "worker"))]
mod engine_selection;
#[cfg(feature = "worker")]
mod incoming;
#[cfg(any(feature = "worker", feature = "peer"))]
mod message_queue;
#[cfg(feature = "worker")]
pub mod device_probe;
#[cfg(any(feature = "worker", feature = "peer"))]
pub mod peer_loop;
#[cfg(feature = "worker")]
mod peers;
#[cfg(any(feature = "engine", feature = "worker"))]
mod pending;
#[cfg(feature = "worker")]
pub mod run_loop;
#[cfg(any(feature = "worker", feature = "peer", feature = "analyst"))]
mod worker_global;
#[cfg(any(feature = "engine", feature = "worker"))]
pub mod session;
#[cfg(any(feature = "engine", feature = "worker"))]
mod step_rate;
#[cfg(feature = "engine")]
pub mod verify;
