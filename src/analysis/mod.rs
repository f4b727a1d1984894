//! From weights to findings: everything the paper measures, on the host, in float64.
//!
//! Definitions follow paper section 2 and its published code. The same weights and split give the same
//! report in the page, in the worker and in `grok`.

pub mod ablation;
pub mod attention;
pub mod context;
pub mod cosines;
pub mod directions;
pub mod embedding;
pub mod excluded;
pub mod forward;
pub mod freq_ablation;
pub mod grid;
pub mod key_freqs;
pub mod logit_spectrum;
pub mod marginals;
pub mod measure;
pub mod moments;
pub mod neuron_logit_map;
pub mod neurons;
pub mod paper_experiment;
pub mod phases;
pub mod progress;
pub mod direction_projection;
pub mod report;
pub mod checkpoint;
pub mod checkpoint_measures;
pub mod spectra;
pub mod sum_waves;
pub mod verdict;
pub mod weight_norms;

use crate::error::{LabError, Result};
use crate::model::Weights;
use crate::task::Task;

/// Checks what the analysis takes for granted.
fn check(weights: &Weights, task: &Task) -> Result<()> {
    let p = weights.shape().p;
    if task.p != p {
        return Err(LabError::setting("p", task.p, format!("the weights add modulo {p}")));
    }
    match weights.flat().iter().find(|w| !w.is_finite()) {
        Some(w) => Err(LabError::content("weights", format!("a weight is {w}; every weight must be finite"))),
        None => Ok(()),
    }
}
