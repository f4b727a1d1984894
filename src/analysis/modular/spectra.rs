//! The Fourier norms of the embedding and of the neuron-logit map.

use serde::{Deserialize, Serialize};

/// Norms by basis row: const, cos 1, sin 1, …
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spectra {
    /// ‖W_E F_i‖, length p (figure 3 left).
    pub w_e: Vec<f64>,
    /// ‖F_i W_L‖, length p (figure 3 right).
    pub w_l: Vec<f64>,
}
