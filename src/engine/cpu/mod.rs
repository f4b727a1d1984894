//! What every hand-derived engine on the processor is built from: vectors, matrices, threads, the loss and AdamW.

pub(in crate::engine) mod activation;
pub(in crate::engine) mod adamw;
pub(in crate::engine) mod compute_pool;
pub(in crate::engine) mod loss;
mod float64;
pub mod matrix;
pub(in crate::engine) mod number;
pub mod simd;
