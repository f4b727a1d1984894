//! What the page's bench measures.

use serde::{Deserialize, Serialize};

use crate::engine::EngineInfo;

/// The measured speed of one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Which engine, and on what.
    pub engine: EngineInfo,
    /// Full-batch updates a second.
    pub steps_per_s: f64,
    /// The modulus.
    pub p: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Number of train pairs.
    pub n_train: usize,
}
