//! Builds a run's engine: alone, or with other workers that share its steps.

#[cfg(feature = "worker")]
use super::peers::{BrowserPeers, n_workers};
use crate::config::{DeviceChoice, ExperimentConfig};
use crate::engine::folded::FoldedCpu;
use crate::engine::{self, DeviceKind, Engine, EngineKind, TrainState};
use crate::error::{LabError, Result};
use crate::task::Dataset;

/// The engine that a configuration asks for; the folded engine on the CPU with as many workers as
/// `threads` says. Where they cannot be had it does their shares itself and says why.
///
/// # Errors
/// As [`engine::build`].
pub(super) async fn build(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    #[cfg(feature = "worker")]
    if let Some(engine) = shared(config, dataset, start).await? {
        return Ok(engine);
    }
    engine::build(config, dataset, start).await
}

/// Puts the number of shares that a step is really cut into in the place of `threads`: with it a link or
/// a saved state gives the same bits on another machine.
pub(super) fn fix_threads(config: &mut ExperimentConfig, engine: &dyn Engine) {
    let info = engine.info();
    if (info.engine, info.device) == (EngineKind::Folded, DeviceKind::Cpu) {
        config.run.threads = engine.n_shards();
    }
}

/// The engine that takes over from one that failed, and the reason. After a graphics card it is the
/// processor, from `kept` on. After workers it is this one alone, which does their shares too, from the
/// weights as they were before the step that broke off: so the bits stay.
///
/// # Errors
/// `error` itself if no device is to blame or nothing is left to turn to; else as [`build`].
pub(super) async fn next(
    config: &mut ExperimentConfig,
    dataset: &Dataset,
    failed: &mut dyn Engine,
    kept: &TrainState,
    error: &LabError,
) -> Result<(Box<dyn Engine>, String)> {
    if !matches!(error, LabError::Device { .. }) {
        return Err(error.clone());
    }
    let step = failed.step();
    if failed.info().device == DeviceKind::Gpu {
        #[cfg(feature = "engine")]
        engine::device::mark_gpu_untrusted();
        config.run.device = DeviceChoice::Cpu;
        let engine = build(config, dataset, kept).await?;
        fix_threads(config, engine.as_ref());
        let reason = format!("the graphics card failed at step {step}, on from step {}: {error}", kept.step);
        return Ok((engine, reason));
    }
    match failed.n_shards() {
        1 => Err(error.clone()),
        n => {
            let state = failed.state().await?;
            let engine = Box::new(FoldedCpu::sequential(config, dataset, &state, n)?);
            Ok((engine, format!("one worker only, from step {step} on: {error}")))
        }
    }
}

/// The folded engine with peers, where there are to be any.
#[cfg(feature = "worker")]
async fn shared(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Option<Box<dyn Engine>>> {
    let n_workers = n_workers(config, dataset.train.len());
    if n_workers == 1 || !engine::takes_folded_cpu(config, dataset, start) {
        return Ok(None);
    }
    let engine = match BrowserPeers::join(config, n_workers - 1).await {
        Ok(peers) => {
            let engine = FoldedCpu::with_collective(config, dataset, start, Box::new(peers))?;
            engine.with_reason(engine::folded::shard_limit_reason(config))
        }
        Err(error) => FoldedCpu::sequential(config, dataset, start, n_workers)?
            .with_reason(format!("one worker only: {error}")),
    };
    Ok(Some(Box::new(engine)))
}
