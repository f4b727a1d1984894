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
//! | AdamW | `replica`, `adamw` | parameter |
//!
//! The algebra is exact; `docs/engine.md` derives it. Arithmetic is float32 with a fixed order of sums, float64
//! for the weight products and the softmax: the same bits for any number of threads, and on every machine if
//! [`RunConfig::reproducible`](crate::config::RunConfig) is set.
//!
//! A step is split three ways: into shards, one per worker ([`Collective`]); a shard's pairs into blocks, one job
//! of the thread pool each; a block into tiles, which go through the products together.

mod activation;
mod adamw;
mod loss;
pub mod matrix;
mod packed;
mod pair_set;
mod pair_pass;
mod shard;
mod collective;
mod replica;
mod token_tables;
mod token_tables_backward;
mod shard_worker;
pub mod simd;
mod train_loop;
mod partial_gradients;
mod compute_pool;
mod folded_layout;
mod folded_params;
mod table_gradient;
mod weight_products;

pub use collective::{Collective, Exchange, Request, SequentialCollective, WorkerRank};
pub use loss::Score;
pub use replica::PackedState;

use simd::SimdLevel;
use train_loop::TrainLoop;

use super::{Engine, EngineInfo, Evaluation, LocalFuture, TrainState};
use crate::config::ExperimentConfig;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::task::Task;

/// The folded engine on the processor.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::engine::folded::FoldedCpu;
/// use grokking_lab::engine::{Engine, TrainState};
/// use grokking_lab::model::{ModelShape, init::initial_weights};
/// use grokking_lab::task::Task;
/// use pollster::block_on;
///
/// let config = Preset::Tiny.config();
/// let shape = ModelShape::new(&config.data, &config.model);
/// let start = TrainState::start(initial_weights(&shape, config.model.seed));
/// let mut engine = FoldedCpu::new(&config, &Task::new(&config.data), &start)?;
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

/// Whether the folded engine can train a model: one block, p + 1 tokens, at least p outputs.
///
/// # Errors
/// The reason in words if it cannot.
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
    /// Starts `config.run.threads` threads and allocates everything a step needs, at a state: about 30 MB for the
    /// paper's model.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`supports`] refuses the model, [`LabError::Device`] if the system
    /// refuses the threads.
    pub fn new(config: &ExperimentConfig, task: &Task, start: &TrainState) -> Result<Self> {
        Self::build(SimdLevel::detect(config.run.reproducible), config, task, start, None)
    }

    /// Sets up a run whose steps are split among this worker, the leader, and the followers of a collective.
    ///
    /// The bits depend on the number of followers: with another number, sums are rounded in another order.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_collective(
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        collective: Box<dyn Collective>,
    ) -> Result<Self> {
        Self::build(SimdLevel::detect(config.run.reproducible), config, task, start, Some(collective))
    }

    /// Sets up a run whose steps are split into `n_shards` that this process computes one after another: the bits
    /// of a run with as many workers. Allocates a complete state for each shard.
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
        let collective = SequentialCollective::new(config, task, shape, n_shards.max(1) - 1)?;
        let mut engine = Self::with_collective(config, task, start, Box::new(collective))?;
        engine.info.device_name =
            format!("{}, {n_shards} shares in turn", describe(engine.train_loop.own_threads(), simd));
        Ok(engine)
    }

    fn build(
        simd: SimdLevel,
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        collective: Option<Box<dyn Collective>>,
    ) -> Result<Self> {
        supports(start.weights.shape()).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        check_memory(start.weights.shape(), task.train.len())?;
        let train_loop = TrainLoop::new(simd, config, task, start, collective)?;
        let info = EngineInfo {
            engine: "folded".into(),
            device: "cpu".into(),
            device_name: describe(train_loop.threads(), simd),
            precision: "f32".into(),
            reason: String::new(),
        };
        Ok(Self { info, train_loop })
    }

    /// Sets [`EngineInfo::reason`]: why this engine runs and not a faster one.
    #[must_use]
    pub fn with_reason(mut self, reason: String) -> Self {
        self.info.reason = reason;
        self
    }
}

/// Threads and instruction set in words.
fn describe(threads: usize, simd: SimdLevel) -> String {
    let s = if threads == 1 { "" } else { "s" };
    format!("{threads} thread{s}, {}", simd.name())
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
    let per_pair = as_u64(matrix::stride_of(shape.d_mlp) + matrix::stride_of(shape.d_vocab_out))
        + 4 * as_u64(shape.n_heads);
    let per_table =
        as_u64(2 * shape.p * shape.n_heads) * as_u64(matrix::stride_of(shape.d_mlp + shape.d_vocab_out));
    (per_pair * as_u64(n_train) + 2 * per_table + 4 * as_u64(shape.n_values())) * as_u64(size_of::<f32>())
}

/// A tab has 4 GiB of address space: a run may take half, and the rest is for what surrounds it.
fn check_memory(shape: &ModelShape, n_train: usize) -> Result<()> {
    let bytes = bytes_of_run(shape, n_train);
    if bytes > usize::MAX as u64 / 2 {
        let reason = format!(
            "a step on {n_train} pairs needs {} MiB here, a tab has 2048: take a smaller p, frac_train or d_mlp",
            bytes >> 20
        );
        return Err(LabError::device("CPU", reason));
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
        (config.data.p, config.model.n_heads, config.model.d_model) = (499, 64, 64);
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
