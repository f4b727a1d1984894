//! The transformer: its shape, its weights on the host, its equations in Burn tensors.

pub mod init;
pub mod shape;
pub mod weights;

pub use shape::{ModelShape, Param};
pub use weights::Weights;
