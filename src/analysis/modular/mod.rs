//! The analysis of a model that adds modulo p: everything the paper measures.

pub mod ablation;
pub mod attention;
pub mod circularity;
pub mod controls;
pub mod cosines;
pub mod direction_projection;
pub mod directions;
pub mod embedding;
pub mod excluded;
pub mod forward;
pub mod freq_ablation;
pub mod gradient_symmetricity;
pub mod grid;
pub mod held_out;
pub mod ildr;
pub mod inverse_participation;
pub mod key_freqs;
pub mod logit_spectrum;
pub mod marginals;
pub mod modulus;
pub mod moments;
pub mod neuron_logit_map;
pub mod neurons;
pub mod paper_experiment;
pub mod patching;
pub mod report;
pub mod right_logits;
pub mod spectra;
pub mod sum_waves;

use crate::analysis::general;
use crate::error::{LabError, Result};
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// Checks what the analysis takes for granted.
pub(in crate::analysis) fn check(weights: &Weights, task: &ModularTask) -> Result<()> {
    modulus::check_shape(weights.shape())?;
    let p = modulus::modulus(weights.shape());
    if task.p != p {
        return Err(LabError::setting("p", task.p, format!("the weights add modulo {p}")));
    }
    general::check_finite(weights)
}
