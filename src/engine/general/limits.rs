//! What the general engine can train, and in how much memory.

use super::params::heads_width;
use crate::config::{ExperimentConfig, Precision};
use crate::engine::cpu::matrix::stride_of;
use crate::error::{FailedDevice, LabError, Result};
use crate::model::ModelShape;
use crate::task::Dataset;

/// The longest sequence: the attention of one example must stay small beside its weights.
const MAX_CTX: usize = 512;

/// Whether the general engine can train a model on a dataset: any that [fits](ModelShape::fits) it, on sequences of at
/// most 512 tokens.
///
/// # Errors
/// The reason in words if it cannot.
pub fn supports(dataset: &Dataset, shape: &ModelShape) -> Result<(), String> {
    shape.fits(dataset)?;
    if shape.n_ctx > MAX_CTX {
        return Err(format!("sequences of {} tokens are too long; allowed are {MAX_CTX}", shape.n_ctx));
    }
    if shape.n_layers == 0 || shape.d_head == 0 {
        return Err("a model needs a block, and its heads a width of 1 or more".into());
    }
    Ok(())
}

/// Estimate of the memory a run holds, in bytes: weights, both moments, transposes and the gradient of each part, each
/// row padded, and for each token of the dataset its place in the plan.
fn bytes_of_run(shape: &ModelShape, n_tokens: usize, n_parts: usize, precision: Precision) -> u64 {
    let as_u64 = |x: usize| x as u64;
    let matrix = |rows: usize, cols: usize| as_u64(rows) * as_u64(stride_of(cols));
    let heads = heads_width(shape);
    let block = matrix(shape.d_model, 3 * heads)
        + matrix(heads, shape.d_model)
        + 2 * matrix(shape.d_model, shape.d_mlp);
    let embed = matrix(shape.d_vocab + shape.n_ctx, shape.d_model + 3 * heads);
    let weights = embed + as_u64(shape.n_layers) * block + matrix(shape.d_model, shape.d_vocab_out);
    let bytes_per_number = if precision == Precision::F64 { 8 } else { 4 };
    (4 + as_u64(n_parts)) * weights * bytes_per_number + 20 * as_u64(n_tokens)
}

/// A tab has 4 GiB of address space: a run may take half, and the rest is for what surrounds it.
pub(super) fn check_memory(config: &ExperimentConfig, shape: &ModelShape, dataset: &Dataset) -> Result<()> {
    let n_tokens = (dataset.train.len() + dataset.test.len()) * shape.n_ctx;
    let n_parts = config.run.threads.max(1);
    let bytes = bytes_of_run(shape, n_tokens, n_parts, config.run.precision);
    if bytes > usize::MAX as u64 / 2 {
        let reason =
            format!("a run of this model needs {} MiB here, a tab has 2048: take a smaller one", bytes >> 20);
        return Err(LabError::device(FailedDevice::Cpu, reason));
    }
    Ok(())
}
