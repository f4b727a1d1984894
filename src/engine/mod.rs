//! The training engine: what it promises, and its implementations.
//!
//! An engine steps on demand. It draws no random number, reads no clock and posts no message.

#[cfg(feature = "engine")]
pub mod autodiff;
#[cfg(feature = "engine")]
mod build;
#[cfg(feature = "engine")]
pub mod device;
pub mod folded;
#[cfg(feature = "engine")]
pub mod folded_gpu;
mod info;
pub mod metrics_csv;
pub mod record;
#[cfg(feature = "engine")]
mod oneshot;
pub mod state_file;

#[cfg(feature = "engine")]
pub use build::{build, takes_folded_cpu};
pub use info::{DeviceKind, EngineInfo, EngineKind};
pub use record::{Evaluation, MetricsRow, TrainState};

use std::future::Future;
use std::pin::Pin;

use crate::error::Result;
use crate::model::Weights;

/// A future that stays on the thread that made it: the browser's GPU is not `Send`.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One run on one device.
pub trait Engine {
    /// Which implementation this is, and what it runs on.
    fn info(&self) -> &EngineInfo;

    /// Updates done so far.
    fn step(&self) -> usize;

    /// Whether many steps asked for at once cost less than one by one: then who asks for as many as
    /// take about 50 ms.
    fn prefers_batches(&self) -> bool {
        false
    }

    /// Shares that each step is cut into, one a worker: with another number the sums are rounded in
    /// another order.
    fn n_shards(&self) -> usize {
        1
    }

    /// Does `n_steps` updates.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>>;

    /// Losses (nats) and accuracies of the current weights, over all outputs the model has.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>>;

    /// Does `n_steps` updates and scores the weights they lead to: on a GPU in one submit.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn train_and_evaluate(&mut self, n_steps: usize) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(async move {
            self.train(n_steps).await?;
            self.evaluate().await
        })
    }

    /// A copy of the current weights.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn weights(&mut self) -> LocalFuture<'_, Result<Weights>> {
        Box::pin(async move { Ok(self.state().await?.weights) })
    }

    /// A copy of everything that determines the rest of the run.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the device fails.
    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>>;

    /// Continues from a saved state: the same numbers follow as in the run it was taken from.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the state has another shape.
    fn load(&mut self, state: &TrainState) -> Result<()>;
}
