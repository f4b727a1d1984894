//! Chooses the engine and the device for a configuration, and says why.

use super::autodiff::{AutodiffEngine, Forward};
use super::folded::{self, FoldedCpu};
use super::folded_gpu::FoldedGpu;
use super::{DeviceKind, Engine, EngineInfo, EngineKind, TrainState, device};
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision};
use crate::error::{LabError, Result};
use crate::task::Task;

/// Builds the engine a configuration asks for, at a state.
///
/// `Auto` takes the folded engine wherever it can train the model; in float64 and for models that do
/// not fold it takes Burn's, and [`EngineInfo::reason`] says which it was. The device `Auto` is the
/// CPU: who has climbed a ladder and found a GPU passes `Gpu`. If a GPU refuses the folded engine, for
/// want of memory or because its driver does not take a kernel, the processor does it: Burn on the same
/// GPU would meet the same limits, and only in its first step.
///
/// On the processor a reproducible run on several threads is cut into as many shares, done in turn:
/// the bits of a browser with as many workers.
///
/// # Errors
/// [`LabError::Device`] if the device cannot be had, [`LabError::Setting`] if the engine that was
/// asked for cannot train this model there.
pub async fn build(config: &ExperimentConfig, task: &Task, start: &TrainState) -> Result<Box<dyn Engine>> {
    let why_not_folded = why_not_folded(config, start);
    match (config.run.engine, why_not_folded) {
        (EngineChoice::Folded | EngineChoice::Auto, None) if config.run.device == DeviceChoice::Gpu => {
            folded_on_gpu(config, task, start).await
        }
        (EngineChoice::Folded | EngineChoice::Auto, None) => Ok(Box::new(on_processor(config, task, start)?)),
        (EngineChoice::Folded, Some(reason)) => Err(LabError::setting("engine", "folded", reason)),
        (EngineChoice::Auto, Some(reason)) => with_burn(config, task, start, reason).await,
        (EngineChoice::Autodiff | EngineChoice::Literal, _) => {
            with_burn(config, task, start, "as asked".into()).await
        }
    }
}

/// Whether [`build`] would take the folded engine on the CPU.
pub fn takes_folded_cpu(config: &ExperimentConfig, start: &TrainState) -> bool {
    matches!(config.run.engine, EngineChoice::Folded | EngineChoice::Auto)
        && config.run.device != DeviceChoice::Gpu
        && why_not_folded(config, start).is_none()
}

fn why_not_folded(config: &ExperimentConfig, start: &TrainState) -> Option<String> {
    if config.run.precision == Precision::F64 {
        return Some("the folded engine computes in float32".into());
    }
    folded::supports(start.weights.shape()).err()
}

/// The folded engine on the GPU, or what comes next, with the reason.
async fn folded_on_gpu(
    config: &ExperimentConfig,
    task: &Task,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    let gpu = device::gpu().await?;
    match FoldedGpu::new(config, task, start, &gpu).await {
        Ok(engine) => Ok(Box::new(engine)),
        Err(refusal) => {
            let reason = format!("the graphics card cannot do it: {refusal}");
            Ok(Box::new(on_processor(config, task, start)?.with_reason(reason)))
        }
    }
}

/// The folded engine on the processor, in as many shares as [`folded::n_shares`] says.
fn on_processor(config: &ExperimentConfig, task: &Task, start: &TrainState) -> Result<FoldedCpu> {
    match folded::n_shards(config) {
        1 => FoldedCpu::new(config, task, start),
        n => {
            let engine = FoldedCpu::sequential(config, task, start, n)?;
            Ok(engine.with_reason(folded::shard_limit_reason(config)))
        }
    }
}

async fn with_burn(
    config: &ExperimentConfig,
    task: &Task,
    start: &TrainState,
    reason: String,
) -> Result<Box<dyn Engine>> {
    let folds = start.weights.shape().n_layers == 1;
    let (engine, forward) = match config.run.engine {
        EngineChoice::Literal => (EngineKind::Literal, Forward::Literal),
        _ if folds => (EngineKind::Autodiff, Forward::Folded),
        _ => (EngineKind::Autodiff, Forward::Literal),
    };
    let (burn_device, device, device_name) = match config.run.device {
        DeviceChoice::Gpu => {
            let gpu = device::gpu().await?;
            (gpu.device, DeviceKind::Gpu, gpu.name)
        }
        DeviceChoice::Cpu | DeviceChoice::Auto => (device::cpu(), DeviceKind::Cpu, "Burn Flex".into()),
    };
    let info =
        EngineInfo { engine, device, device_name, precision: config.run.precision, reason: Some(reason) };
    Ok(Box::new(AutodiffEngine::new(config, task, start, &burn_device, forward, info)?))
}
