//! The train loop of a run on the threads of a pool, in either width.

use std::fmt::Debug;

use super::scalar::Scalar;
use super::trainer::Trainer;
use crate::config::ExperimentConfig;
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::simd::SimdLevel;
use crate::engine::{Evaluation, TrainState};
use crate::error::Result;
use crate::model::Weights;
use crate::task::Dataset;

/// A run in either width.
pub(super) trait Run: Debug {
    /// Updates done so far.
    fn step(&self) -> usize;
    /// Number of threads.
    fn threads(&self) -> usize;
    /// Makes `n_steps` updates.
    fn train(&mut self, n_steps: usize);
    /// Losses and accuracies of the current weights, of fresh data on the batch of the next update.
    fn evaluate(&mut self) -> Evaluation;
    /// Allocates the gradient of the mean train loss at the current weights.
    fn gradient(&mut self) -> Weights;
    /// Allocates a copy of the state.
    fn state(&self) -> TrainState;
    /// Overwrites the state.
    fn load(&mut self, state: &TrainState) -> Result<()>;
}

/// A run on the threads of a pool.
#[derive(Debug)]
pub(super) struct TrainLoop<T> {
    pool: ComputePool,
    trainer: Trainer<T>,
}

impl<T: Scalar> TrainLoop<T> {
    /// Starts the threads and allocates everything a step needs, at a state.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the system refuses the threads.
    pub(super) fn new(
        simd: SimdLevel,
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
    ) -> Result<Self> {
        let pool = ComputePool::new(simd, config.run.threads)?;
        // The bits depend on the parts. A reproducible run has those of a browser, which has one thread for them.
        let n_parts = if config.run.reproducible { 1 } else { pool.threads() };
        Ok(Self { trainer: Trainer::new(config, dataset, start, n_parts)?, pool })
    }
}

impl<T: Scalar> Run for TrainLoop<T> {
    fn step(&self) -> usize {
        self.trainer.step
    }

    fn threads(&self) -> usize {
        self.pool.threads()
    }

    fn train(&mut self, n_steps: usize) {
        let Self { pool, trainer } = self;
        pool.run(|| (0..n_steps).for_each(|_| trainer.train_step(pool)));
    }

    fn evaluate(&mut self) -> Evaluation {
        let Self { pool, trainer } = self;
        pool.run(|| trainer.evaluate(pool))
    }

    fn gradient(&mut self) -> Weights {
        let Self { pool, trainer } = self;
        pool.run(|| trainer.gradient(pool))
    }

    fn state(&self) -> TrainState {
        self.trainer.state()
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        self.trainer.load(state)
    }
}
