//! All engines but the folded one on the CPU: what the feature `engine` adds.

use super::autodiff::{AutodiffEngine, Forward};
use super::folded::FoldedCpu;
use super::folded_gpu::FoldedGpu;
use super::general::GeneralCpu;
use super::{DeviceKind, Engine, EngineInfo, EngineKind, TrainState, device};
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig};
use crate::error::Result;
use crate::task::Dataset;

/// The folded engine on the GPU; if it refuses, on the CPU with the reason.
pub(super) async fn folded_on_gpu(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    let gpu = device::gpu().await?;
    match FoldedGpu::new(config, dataset, start, &gpu).await {
        Ok(engine) => Ok(Box::new(engine)),
        Err(error) => {
            let reason = format!("the graphics card cannot do it: {error}");
            Ok(Box::new(FoldedCpu::in_process(config, dataset, start)?.with_reason(reason)))
        }
    }
}

/// The general engine.
pub(super) fn general(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
    reason: String,
) -> Result<Box<dyn Engine>> {
    Ok(Box::new(GeneralCpu::new(config, dataset, start)?.with_reason(reason)))
}

/// Burn's engine: the folded forward pass where it applies, unless the literal one is chosen.
pub(super) async fn with_burn(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
    reason: String,
) -> Result<Box<dyn Engine>> {
    let folds = Forward::Folded.supports(dataset, start.weights.shape()).is_ok();
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
    Ok(Box::new(AutodiffEngine::new(config, dataset, start, &burn_device, forward, info)?))
}
