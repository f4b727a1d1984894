//! The hand-derived training step on the processor: the transformer of one block, folded.
//!
//! Before the softmax over positions everything depends on one token at one position. A step is
//!
//! | stage | module | per |
//! |---|---|---|
//! | G = W_O [ W_in \| W_U ], W_out_U = W_outᵀ W_U | `weight_products` | step |
//! | scores, values, `T`, `base` | `token_tables` | number and position |
//! | pattern, u, neurons, logits, loss, and d_u | `pair_pass` | pair |
//! | d_T, d_s | `table_gradient` | number and position |
//! | d_G, d_V, d_scores, then every weight's gradient | `token_tables_backward` | step |
//! | AdamW | `replica`, `cpu::adamw` | parameter |
//!
//! The algebra is exact; `docs/engine.md` derives it. Arithmetic is float32 with a fixed order of sums, float64
//! for the weight products and the softmax: the same bits for any number of threads, and on every machine if
//! [`RunConfig::reproducible`](crate::config::RunConfig) is set.
//!
//! A step is split three ways: into shards, one per worker ([`Collective`]); a shard's pairs into blocks, one job
//! of the thread pool each; a block into tiles, which go through the products together.

mod collective;
mod folded_layout;
mod folded_params;
mod limits;
mod packed;
mod pair_pass;
mod pair_set;
mod partial_gradients;
mod replica;
mod shard;
mod shard_worker;
mod table_gradient;
mod token_tables;
mod token_tables_backward;
mod train_loop;
mod weight_products;

pub use collective::{Collective, Exchange, Request, SequentialCollective, WorkerRank};
pub use limits::{MAX_SHARDS, n_shards, shard_limit_reason, supports};
pub use replica::PackedState;

use limits::check_memory;
use train_loop::TrainLoop;

pub use super::cpu::loss::Score;
use super::cpu::simd::SimdLevel;
use super::{DeviceKind, Engine, EngineInfo, EngineKind, Evaluation, LocalFuture, TrainState};
use crate::config::{ExperimentConfig, Precision};
use crate::error::{LabError, Result};
use crate::task::Dataset;

/// The folded engine on the processor.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::engine::folded::FoldedCpu;
/// use grokking_lab::engine::{Engine, TrainState};
/// use grokking_lab::model::{ModelShape, init::initial_weights};
/// use grokking_lab::task::Dataset;
/// use pollster::block_on;
///
/// let config = Preset::Tiny.config();
/// let shape = ModelShape::new(&config.data, &config.model);
/// let start = TrainState::start(initial_weights(&shape, config.model.seed));
/// let mut engine = FoldedCpu::new(&config, &Dataset::new(&config.data), &start)?;
/// let before = block_on(engine.evaluate())?;
/// block_on(engine.train(20))?;
/// let after = block_on(engine.evaluate())?;
/// assert_eq!(engine.step(), 20);
/// assert!(after.train_loss < before.train_loss);
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
#[derive(Debug)]
pub struct FoldedCpu {
    info: EngineInfo,
    train_loop: TrainLoop,
}

impl FoldedCpu {
    /// Starts `config.run.threads` threads and allocates everything a step needs, at a state: about 30 MB for the
    /// paper's model.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`supports`] refuses the model, [`LabError::Device`] if the system
    /// refuses the threads.
    pub fn new(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> Result<Self> {
        Self::build(SimdLevel::detect(config.run.reproducible), config, dataset, start, None)
    }

    /// Sets up a run whose steps are split among this worker, the leader, and the followers of a collective.
    ///
    /// The bits depend on the number of followers: with another number, sums are rounded in another order.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_collective(
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        collective: Box<dyn Collective>,
    ) -> Result<Self> {
        Self::build(SimdLevel::detect(config.run.reproducible), config, dataset, start, Some(collective))
    }

    /// Sets up a run whose steps are split into `n_shards` that this process computes one after another: the bits
    /// of a run with as many workers. Allocates a complete state for each shard.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn sequential(
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        n_shards: usize,
    ) -> Result<Self> {
        let shape = start.weights.shape();
        check_memory(shape, dataset.train.len())?;
        let simd = SimdLevel::detect(config.run.reproducible);
        let collective = SequentialCollective::new(config, dataset, shape, n_shards.max(1) - 1)?;
        let mut engine = Self::with_collective(config, dataset, start, Box::new(collective))?;
        engine.info.device_name =
            format!("{}, {n_shards} shares in turn", describe(engine.train_loop.own_threads(), simd));
        Ok(engine)
    }

    /// Sets up a run in this process, in as many shards as [`n_shards`] says.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn in_process(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> Result<Self> {
        match n_shards(config) {
            1 => Self::new(config, dataset, start),
            n => {
                let engine = Self::sequential(config, dataset, start, n)?;
                Ok(engine.with_reason(shard_limit_reason(config)))
            }
        }
    }

    fn build(
        simd: SimdLevel,
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        collective: Option<Box<dyn Collective>>,
    ) -> Result<Self> {
        supports(dataset, start.weights.shape())
            .map_err(|reason| LabError::setting("engine", "folded", reason))?;
        check_memory(start.weights.shape(), dataset.train.len())?;
        let train_loop = TrainLoop::new(simd, config, dataset, start, collective)?;
        let info = EngineInfo {
            engine: EngineKind::Folded,
            device: DeviceKind::Cpu,
            device_name: describe(train_loop.threads(), simd),
            precision: Precision::F32,
            reason: None,
        };
        Ok(Self { info, train_loop })
    }

    /// Sets [`EngineInfo::reason`]: why this engine runs and not a faster one.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Option<String>>) -> Self {
        self.info.reason = reason.into();
        self
    }
}

/// Threads and instruction set in words.
fn describe(threads: usize, simd: SimdLevel) -> String {
    let s = if threads == 1 { "" } else { "s" };
    format!("{threads} thread{s}, {}", simd.name())
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
