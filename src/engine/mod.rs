//! The training engine: one trait, and its implementations on the CPU, on the GPU and through Burn.
//!
//! An engine makes steps when it is called. It draws no random numbers, reads no clock and posts no messages.
//! `docs/engine.md` derives what the hand-derived engines compute.

#[cfg(feature = "engine")]
pub mod autodiff;
mod build;
pub mod cpu;
#[cfg(feature = "engine")]
mod optional_engines;
#[cfg(feature = "engine")]
pub mod device;
pub mod folded;
#[cfg(feature = "engine")]
pub mod folded_gpu;
pub mod general;
mod info;
pub mod metrics_csv;
pub mod record;
pub mod row_thinning;
#[cfg(feature = "engine")]
mod oneshot;
pub mod state_file;

pub use build::{build, needs_engine_feature, takes_folded_cpu};
pub use info::{DeviceKind, EngineInfo, EngineKind};
pub use record::{Evaluation, MetricsRow, TrainState};

use std::future::Future;
use std::pin::Pin;

use crate::error::Result;
use crate::model::Weights;

/// A future that stays on the thread that made it: handles of a browser's GPU are not `Send`.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One training run on one device.
pub trait Engine {
    /// Which implementation this is, and what it runs on.
    fn info(&self) -> &EngineInfo;

    /// Number of updates made so far.
    fn step(&self) -> usize;

    /// Whether many steps in one call cost less than one by one. If true, call [`Self::train`] with as many steps as
    /// take about 50 ms.
    fn prefers_batches(&self) -> bool {
        false
    }

    /// Number of shards that each step is split into, one per worker. The bits of a run depend on it: with another
    /// number, sums are rounded in another order.
    fn n_shards(&self) -> usize {
        1
    }

    /// Makes `n_steps` updates.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>>;

    /// Losses in nats and accuracies of the current weights on the train and test set, over all outputs of the model.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>>;

    /// Makes `n_steps` updates and evaluates the resulting weights; on a GPU in one submit.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn train_and_evaluate(&mut self, n_steps: usize) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(async move {
            self.train(n_steps).await?;
            self.evaluate().await
        })
    }

    /// Allocates a copy of the current weights.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn weights(&mut self) -> LocalFuture<'_, Result<Weights>> {
        Box::pin(async move { Ok(self.state().await?.weights) })
    }

    /// Allocates a copy of everything that determines the rest of the run.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>>;

    /// Overwrites the state. The run continues with the same bits as the one that the state was copied from.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the state has another shape.
    fn load(&mut self, state: &TrainState) -> Result<()>;
}
