//! The hand-derived training step on the processor: the transformer of one block, folded.
//!
//! Before the softmax over positions everything depends on one token at one position. So keys,
//! values and all they lead to are computed once per number and position (`rows`); a pair only mixes
//! table rows, goes through its neurons and one product with W_out W_U (`pairs`); the way back
//! collects by number (`tokens`) and ends in small products (`rows_backward`). Nothing is
//! approximated.
//!
//! All arithmetic is float32 in a fixed order of sums, the products of weights float64: the same bits
//! for any number of threads, and on every machine if
//! [`RunConfig::reproducible`](crate::config::RunConfig) is set.

mod activation;
mod adamw;
mod loss;
pub mod matrix;
mod packed;
mod pair_set;
mod pair_pass;
mod shard;
mod collective;
mod products;
mod replica;
mod token_tables;
mod token_tables_backward;
mod shard_worker;
pub mod simd;
mod train_loop;
mod partial_gradients;
mod compute_pool;
mod folded_params;
mod table_gradient;

pub use collective::{Collective, Exchange, Request, SequentialCollective, WorkerRank};
pub use loss::Score;
pub use replica::PackedState;

use simd::SimdLevel;
use train_loop::TrainLoop;

use super::{DeviceKind, Engine, EngineInfo, EngineKind, Evaluation, LocalFuture, TrainState};
use crate::config::{ExperimentConfig, Precision};
use crate::error::{FailedDevice, LabError, Result};
use crate::model::ModelShape;
use crate::task::Task;

/// The folded engine on the processor.
#[derive(Debug)]
pub struct FoldedCpu {
    info: EngineInfo,
    train_loop: TrainLoop,
}

/// Whether the folded engine can train a model.
///
/// # Errors
/// A sentence that says why not.
pub fn supports(shape: &ModelShape) -> Result<(), String> {
    if shape.n_layers != 1 {
        return Err(format!("a model of {} blocks does not fold", shape.n_layers));
    }
    if shape.d_vocab != shape.p + 1 || shape.d_vocab_out < shape.p {
        return Err(format!(
            "the folded engine needs p + 1 tokens and at least p outputs, not {} and {} for p = {}",
            shape.d_vocab, shape.d_vocab_out, shape.p
        ));
    }
    Ok(())
}

impl FoldedCpu {
    /// Sets up a run on `config.run.threads` threads, at a state.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`supports`] refuses the model, [`LabError::Device`] if the system
    /// refuses the threads.
    pub fn new(config: &ExperimentConfig, task: &Task, start: &TrainState) -> Result<Self> {
        Self::build(SimdLevel::detect(config.run.reproducible), config, task, start, None)
    }

    /// Sets up a run that shares each step out to peers.
    ///
    /// The same number of peers gives the same bits, another number others.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_collective(
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        peers: Box<dyn Collective>,
    ) -> Result<Self> {
        Self::build(SimdLevel::detect(config.run.reproducible), config, task, start, Some(peers))
    }

    /// Sets up a run whose steps are cut into `n_shards`, done in turn right here: the bits of a run
    /// with as many workers.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn sequential(
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        n_shards: usize,
    ) -> Result<Self> {
        let shape = start.weights.shape();
        check_memory(shape, task.train.len())?;
        let simd = SimdLevel::detect(config.run.reproducible);
        let peers = SequentialCollective::new(config, task, shape, n_shards.max(1) - 1)?;
        let mut engine = Self::with_collective(config, task, start, Box::new(peers))?;
        engine.info.device_name =
            format!("{}, {n_shards} shares in turn", describe(engine.train_loop.own_threads(), simd));
        Ok(engine)
    }

    fn build(
        simd: SimdLevel,
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        peers: Option<Box<dyn Collective>>,
    ) -> Result<Self> {
        supports(start.weights.shape()).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        check_memory(start.weights.shape(), task.train.len())?;
        let stepper = TrainLoop::new(simd, config, task, start, peers)?;
        let info = EngineInfo {
            engine: EngineKind::Folded,
            device: DeviceKind::Cpu,
            device_name: describe(stepper.threads(), simd),
            precision: Precision::F32,
            reason: None,
        };
        Ok(Self { info, train_loop: stepper })
    }

    /// Says why it is not a faster engine, if it is not.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Option<String>>) -> Self {
        self.info.reason = reason.into();
        self
    }
}

/// Threads and instruction set.
fn describe(threads: usize, simd: SimdLevel) -> String {
    let s = if threads == 1 { "" } else { "s" };
    format!("{threads} thread{s}, {}", simd.name())
}

/// The most shares that a step is cut into: more workers would wait for messages more than they compute.
pub const MAX_SHARDS: usize = 8;

/// Why a run gets fewer workers than it asks for; none if it gets them.
pub fn shard_limit_reason(config: &ExperimentConfig) -> Option<String> {
    let asked = config.run.threads;
    let reason = || {
        format!(
            "{MAX_SHARDS} workers instead of {asked}: more would wait for messages more than they compute"
        )
    };
    (asked > MAX_SHARDS).then(reason)
}

/// The shares of a run on this processor alone: `threads` of a reproducible one, for there they are a
/// browser's workers; else one, for threads leave the bits as they are.
pub fn n_shards(config: &ExperimentConfig) -> usize {
    if config.run.reproducible { config.run.threads.clamp(1, MAX_SHARDS) } else { 1 }
}

/// What a step needs at a time, in bytes: by pair the neurons, the logits and the attention, each kept
/// for the way back; by number the table `T` and its gradient; and the weights, with gradient and moments.
fn bytes_of_step(shape: &ModelShape, n_train: usize) -> u64 {
    let of = |x: usize| x as u64;
    let by_pair =
        of(matrix::stride_of(shape.d_mlp) + matrix::stride_of(shape.d_vocab_out)) + 4 * of(shape.n_heads);
    let of_table = of(2 * shape.p * shape.n_heads) * of(matrix::stride_of(shape.d_mlp + shape.d_vocab_out));
    (by_pair * of(n_train) + 2 * of_table + 4 * of(shape.n_values())) * of(size_of::<f32>())
}

/// A tab has 4 GiB: a step may take half.
fn check_memory(shape: &ModelShape, n_train: usize) -> Result<()> {
    let bytes = bytes_of_step(shape, n_train);
    if bytes > usize::MAX as u64 / 2 {
        let reason = format!(
            "a step on {n_train} pairs needs {} MiB here, a tab has 2048: take a smaller p, frac_train or d_mlp",
            bytes >> 20
        );
        return Err(LabError::device(FailedDevice::Cpu, reason));
    }
    Ok(())
}

impl Engine for FoldedCpu {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn step(&self) -> usize {
        self.train_loop.step()
    }

    fn n_shards(&self) -> usize {
        self.train_loop.n_shards()
    }

    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>> {
        Box::pin(self.train_loop.train(n_steps))
    }

    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(self.train_loop.evaluate())
    }

    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>> {
        Box::pin(async move { Ok(self.train_loop.state()) })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        self.train_loop.load(state)
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes_of_step, n_shards, shard_limit_reason};
    use crate::config::Preset;
    use crate::model::ModelShape;

    #[test]
    fn the_tables_count_as_memory_too() {
        let mut config = Preset::Paper.config();
        let shape = ModelShape::new(&config.data, &config.model);
        let few = bytes_of_step(&shape, 1);
        // T and dT: 226 rows, 4 heads, 626 columns, together 4.7 MB with padding; and 3.6 MB around the weights.
        assert!((4_500_000 + 4 * 226_816..16 << 20).contains(&few), "{few} bytes");
        // 512 neurons and 114 logits, rounded up, and 16 numbers of the attention.
        let by_pair = (bytes_of_step(&shape, 3831) - few) / 3830;
        assert!((4 * 642..4 * 800).contains(&by_pair), "{by_pair} bytes a pair");
        (config.data.p, config.model.n_heads, config.model.d_model) = (499, 64, 64);
        config.model.d_mlp = 8192;
        let large = bytes_of_step(&ModelShape::new(&config.data, &config.model), 1);
        assert!(large > 4 << 30, "{large} bytes: the tables alone fill a tab");
    }

    #[test]
    fn only_a_reproducible_run_is_cut_into_shares() {
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
