//! Builds a run's engine: alone, or with other workers that share its steps.

#[cfg(feature = "worker")]
use super::peers::{BrowserPeers, n_workers};
use crate::config::ExperimentConfig;
#[cfg(feature = "worker")]
use crate::engine::folded::FoldedCpu;
use crate::engine::{self, Engine, TrainState};
use crate::error::Result;
use crate::task::Task;

/// The engine that a configuration asks for; the folded engine on the CPU with as many workers as
/// `threads` says. Where they cannot be had it works alone and says why.
///
/// # Errors
/// As [`engine::build`].
pub(super) async fn build(
    config: &ExperimentConfig,
    task: &Task,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    #[cfg(feature = "worker")]
    if let Some(engine) = shared(config, task, start).await? {
        return Ok(engine);
    }
    engine::build(config, task, start).await
}

/// The folded engine with peers, where there are to be any.
#[cfg(feature = "worker")]
async fn shared(
    config: &ExperimentConfig,
    task: &Task,
    start: &TrainState,
) -> Result<Option<Box<dyn Engine>>> {
    let n_workers = n_workers(config, task.train.len());
    if n_workers == 1 || !engine::takes_folded_cpu(config, start) {
        return Ok(None);
    }
    let engine = match BrowserPeers::join(config, n_workers - 1).await {
        Ok(peers) => FoldedCpu::with_peers(config, task, start, Box::new(peers))?,
        Err(error) => FoldedCpu::new(config, task, start)?.because(format!("one worker only: {error}")),
    };
    Ok(Some(Box::new(engine)))
}
