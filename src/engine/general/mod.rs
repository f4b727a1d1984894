//! The hand-derived training step on the processor for every model of the lab: any number of blocks, with MLPs or
//! attention only, causal or not, predictions at any positions, in float32 and in float64.
//!
//! It computes the transformer as written, without what no prediction depends on: after the last attention only
//! positions with a prediction, queries of the last block only there, equal beginnings of causal sequences once
//! (`batch_plan`), and the first block's queries, keys and values as sums of two rows, one of the token and one of
//! the position. `docs/engine.md` has the equations.
//!
//! | stage | module | per |
//! |---|---|---|
//! | which rows are computed | `batch_plan` | batch |
//! | the first block's table, transposed weights | `trainer`, `transposed` | step |
//! | tokens to logits | `forward`, `attention`, `softmax` | tile |
//! | logits to gradients | `backward`, `attention` | tile |
//! | sum over parts, AdamW | `trainer` | parameter |
//!
//! A batch is split into parts, one for each thread, and a part into tiles, whose rows go through the products
//! together. Each part has sums of its own, added in a fixed order: the same number of threads gives the same bits.

mod activations;
mod attention;
mod backward;
mod batch_plan;
mod dropout;
mod forward;
mod limits;
mod params;
mod rows;
mod scalar;
mod softmax;
#[cfg(test)]
mod tests;
mod train_loop;
mod trainer;
mod transposed;

pub use limits::supports;

use self::limits::check_memory;
use self::train_loop::{Run, TrainLoop};
use super::cpu::simd::SimdLevel;
use super::{DeviceKind, Engine, EngineInfo, EngineKind, Evaluation, LocalFuture, TrainState};
use crate::config::{ExperimentConfig, Precision};
use crate::error::{LabError, Result};
use crate::model::Weights;
use crate::task::Dataset;

/// The general engine on the processor.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::engine::general::GeneralCpu;
/// use grokking_lab::engine::{Engine, TrainState};
/// use grokking_lab::model::{ModelShape, init::initial_weights};
/// use grokking_lab::task::Dataset;
/// use pollster::block_on;
///
/// let mut config = Preset::Tiny.config();
/// config.model.n_layers = 2;
/// let shape = ModelShape::new(&config.data, &config.model);
/// let start = TrainState::start(initial_weights(&shape, config.model.seed));
/// let mut engine = GeneralCpu::new(&config, &Dataset::new(&config.data), &start)?;
/// let before = block_on(engine.evaluate())?;
/// block_on(engine.train(20))?;
/// let after = block_on(engine.evaluate())?;
/// assert!(after.train_loss < before.train_loss);
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
#[derive(Debug)]
pub struct GeneralCpu {
    info: EngineInfo,
    run: Box<dyn Run>,
}

impl GeneralCpu {
    /// Starts `config.run.threads` threads and allocates everything a step needs, at a state, in the precision of the
    /// configuration.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`supports`] refuses the model, [`LabError::Device`] if the system refuses the threads
    /// or the memory would not do.
    pub fn new(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> Result<Self> {
        let shape = start.weights.shape();
        supports(dataset, shape)
            .map_err(|reason| LabError::setting("engine", EngineKind::General, reason))?;
        check_memory(config, shape, dataset)?;
        let simd = SimdLevel::detect(config.run.reproducible);
        let run: Box<dyn Run> = match config.run.precision {
            Precision::F32 => Box::new(TrainLoop::<f32>::new(simd, config, dataset, start)?),
            Precision::F64 => Box::new(TrainLoop::<f64>::new(simd, config, dataset, start)?),
        };
        let threads = run.threads();
        let s = if threads == 1 { "" } else { "s" };
        let instructions = match config.run.precision {
            Precision::F32 => simd.name(),
            Precision::F64 => "float64",
        };
        let info = EngineInfo {
            engine: EngineKind::General,
            device: DeviceKind::Cpu,
            device_name: format!("{threads} thread{s}, {instructions}"),
            precision: config.run.precision,
            reason: None,
        };
        Ok(Self { info, run })
    }

    /// Sets [`EngineInfo::reason`]: why this engine runs and not a faster one.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Option<String>>) -> Self {
        self.info.reason = reason.into();
        self
    }

    /// Computes the gradient of the mean train loss at the current weights; for tests.
    pub fn read_gradient(&mut self) -> Weights {
        self.run.gradient()
    }
}

impl Engine for GeneralCpu {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn step(&self) -> usize {
        self.run.step()
    }

    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move {
            self.run.train(n_steps);
            Ok(())
        })
    }

    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(async move { Ok(self.run.evaluate()) })
    }

    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>> {
        Box::pin(async move { Ok(self.run.state()) })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        self.run.load(state)
    }
}
