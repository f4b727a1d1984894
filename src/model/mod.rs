//! The transformer: its shape, its weights on the host, its equations in Burn tensors.

#[cfg(feature = "engine")]
pub mod folded_forward;
pub mod folding;
pub mod hook;
#[cfg(feature = "engine")]
pub mod hooks;
pub mod init;
#[cfg(feature = "engine")]
pub mod params;
pub mod safetensors;
pub mod shape;
pub mod step_cost;
#[cfg(feature = "engine")]
pub mod transformer;
pub mod weights;

pub use shape::{ModelShape, Param};
pub use weights::Weights;
