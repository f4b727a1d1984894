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
mod pair_set;
mod pairs;
mod peers;
mod rows;
mod rows_backward;
mod share;
pub mod simd;
mod stepper;
mod team;
mod tensors;
mod tokens;

pub use loss::Score;
pub use peers::{InTurn, Peer, Peers, Request};

use simd::Lanes;
use stepper::Stepper;

use super::{Engine, EngineInfo, Evaluation, LocalFuture, TrainState};
use crate::config::ExperimentConfig;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::task::Task;

/// The folded engine on the processor.
#[derive(Debug)]
pub struct FoldedCpu {
    info: EngineInfo,
    stepper: Stepper,
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
        Self::build(Lanes::detect(config.run.reproducible), config, task, start, None)
    }

    /// Sets up a run that shares each step out to peers.
    ///
    /// The same number of peers gives the same bits, another number others.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_peers(
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        peers: Box<dyn Peers>,
    ) -> Result<Self> {
        Self::build(Lanes::detect(config.run.reproducible), config, task, start, Some(peers))
    }

    fn build(
        lanes: Lanes,
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        peers: Option<Box<dyn Peers>>,
    ) -> Result<Self> {
        supports(start.weights.shape()).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        check_memory(start.weights.shape(), task.train.len())?;
        let stepper = Stepper::new(lanes, config, task, start, peers)?;
        let threads = match stepper.threads() {
            1 => "1 thread".into(),
            n => format!("{n} threads"),
        };
        let info = EngineInfo {
            engine: "folded".into(),
            device: "cpu".into(),
            device_name: format!("{threads}, {}", lanes.name()),
            precision: "f32".into(),
            reason: String::new(),
        };
        Ok(Self { info, stepper })
    }

    /// Says why it is not a faster engine.
    #[must_use]
    pub fn because(mut self, reason: String) -> Self {
        self.info.reason = reason;
        self
    }
}

/// The gradient of every train pair is kept for the way back: in a tab, which has 4 GiB, it may take
/// half.
fn check_memory(shape: &ModelShape, n_train: usize) -> Result<()> {
    let floats = (matrix::stride_of(shape.d_mlp) + matrix::stride_of(shape.d_vocab_out)) as u64;
    let bytes = floats * n_train as u64 * size_of::<f32>() as u64;
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
        self.stepper.step()
    }

    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>> {
        Box::pin(self.stepper.train(n_steps))
    }

    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(self.stepper.evaluate())
    }

    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>> {
        Box::pin(async move { Ok(self.stepper.state()) })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        self.stepper.load(state)
    }
}
