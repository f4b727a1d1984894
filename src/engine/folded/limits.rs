//! What the folded engine can train, in how many shards, and in how much memory.

use crate::config::ExperimentConfig;
use crate::engine::cpu::matrix::stride_of;
use crate::error::{FailedDevice, LabError, Result};
use crate::model::ModelShape;
use crate::model::folding::{folds, n_numbers};
use crate::task::Dataset;

/// Whether the folded engines can train a model on a dataset: if it [`folds`].
///
/// # Errors
/// The reason in words if they cannot.
pub fn supports(dataset: &Dataset, shape: &ModelShape) -> Result<(), String> {
    folds(dataset, shape)
}

/// The most shards of a step: more workers would wait for messages longer than they compute.
pub const MAX_SHARDS: usize = 8;

/// Why a run gets fewer workers than `threads` asks for; `None` if it gets as many.
pub fn shard_limit_reason(config: &ExperimentConfig) -> Option<String> {
    let requested = config.run.threads;
    let reason = || {
        format!(
            "{MAX_SHARDS} workers instead of {requested}: more would wait for messages more than they compute"
        )
    };
    (requested > MAX_SHARDS).then(reason)
}

/// The number of shards of a run in this process alone. A reproducible run has `threads` of them, because it
/// gives the bits of a browser with as many workers; any other has one, because threads do not change the bits.
pub fn n_shards(config: &ExperimentConfig) -> usize {
    if config.run.reproducible { config.run.threads.clamp(1, MAX_SHARDS) } else { 1 }
}

/// Estimate of the memory a run holds, in bytes: for each train pair neurons, logits and attention, kept for the
/// backward pass; for each number and position `T` and its gradient; weights, gradient and both moments.
fn bytes_of_run(shape: &ModelShape, n_train: usize) -> u64 {
    let as_u64 = |x: usize| x as u64;
    let per_pair = as_u64(stride_of(shape.d_mlp) + stride_of(shape.d_vocab_out)) + 4 * as_u64(shape.n_heads);
    let per_table =
        as_u64(2 * n_numbers(shape) * shape.n_heads) * as_u64(stride_of(shape.d_mlp + shape.d_vocab_out));
    (per_pair * as_u64(n_train) + 2 * per_table + 4 * as_u64(shape.n_values())) * as_u64(size_of::<f32>())
}

/// A tab has 4 GiB of address space: a run may take half, and the rest is for what surrounds it.
pub(super) fn check_memory(shape: &ModelShape, n_train: usize) -> Result<()> {
    let bytes = bytes_of_run(shape, n_train);
    if bytes > usize::MAX as u64 / 2 {
        let reason = format!(
            "a step on {n_train} pairs needs {} MiB here, a tab has 2048: take a smaller p, frac_train or d_mlp",
            bytes >> 20
        );
        return Err(LabError::device(FailedDevice::Cpu, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{bytes_of_run, n_shards, shard_limit_reason};
    use crate::config::Preset;
    use crate::model::ModelShape;

    #[test]
    fn the_tables_count_as_memory_too() {
        let mut config = Preset::Paper.config();
        let shape = ModelShape::new(&config.data, &config.model);
        let few = bytes_of_run(&shape, 1);
        // T and dT: 226 rows, 4 heads, 626 columns, together 4.7 MB with padding; and 3.6 MB around the weights.
        assert!((4_500_000 + 4 * 226_816..16 << 20).contains(&few), "{few} bytes");
        // 512 neurons and 114 logits, rounded up, and 16 numbers of the attention.
        let per_pair = (bytes_of_run(&shape, 3831) - few) / 3830;
        assert!((4 * 642..4 * 800).contains(&per_pair), "{per_pair} bytes per pair");
        config.data.change_modular(|modular| modular.p = 499);
        (config.model.n_heads, config.model.d_model) = (64, 64);
        config.model.d_mlp = 8192;
        let large = bytes_of_run(&ModelShape::new(&config.data, &config.model), 1);
        assert!(large > 4 << 30, "{large} bytes: the tables alone fill a tab");
    }

    #[test]
    fn only_a_reproducible_run_is_split_into_shards() {
        let mut config = Preset::Paper.config();
        config.run.threads = 3;
        assert_eq!(n_shards(&config), 1, "threads leave the bits as they are");
        config.run.reproducible = true;
        assert_eq!(n_shards(&config), 3);
        config.run.threads = 0;
        assert_eq!(n_shards(&config), 1, "not what the machine happens to offer");
        assert_eq!(shard_limit_reason(&config), None);
        config.run.threads = 100;
        assert_eq!(n_shards(&config), 8, "as in a browser");
        assert!(
            shard_limit_reason(&config).is_some_and(|reason| reason.starts_with("8 workers instead of 100"))
        );
    }
}
