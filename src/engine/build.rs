//! Chooses the engine and the device for a configuration, and records the reason.

use super::autodiff::{AutodiffEngine, Forward};
use super::folded::{self, FoldedCpu};
use super::folded_gpu::FoldedGpu;
use super::general::GeneralCpu;
use super::{DeviceKind, Engine, EngineInfo, EngineKind, TrainState, device};
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision};
use crate::error::{LabError, Result};
use crate::task::Dataset;

/// Builds the engine of a configuration, at a state. See the engines for what that allocates and costs.
///
/// [`EngineChoice::Auto`] is the folded engine where it can train the model. In float64 and for all other models it is
/// the general engine on the CPU and Burn's on a GPU, with the reason in [`EngineInfo::reason`]. [`DeviceChoice::Auto`] is the CPU: a caller that has probed
/// the devices and found a GPU passes [`DeviceChoice::Gpu`]. If a GPU refuses the folded engine, because it has too
/// little memory or its driver rejects a kernel, the folded engine runs on the CPU: Burn on the same GPU would meet
/// the same limits, but only in its first step.
///
/// On the CPU a reproducible run with several threads is split into as many shards, computed one after another: the
/// bits of a browser with as many workers.
///
/// # Errors
/// [`LabError::Device`] if the device is missing or fails, [`LabError::Setting`] if the chosen engine cannot train
/// this model there.
pub async fn build(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    match (config.run.engine, reason_against_folded(config, dataset, start)) {
        (EngineChoice::Folded | EngineChoice::Auto, None) if config.run.device == DeviceChoice::Gpu => {
            folded_on_gpu(config, dataset, start).await
        }
        (EngineChoice::Folded | EngineChoice::Auto, None) => {
            Ok(Box::new(folded_on_cpu(config, dataset, start)?))
        }
        (EngineChoice::Folded, Some(reason)) => Err(LabError::setting("engine", "folded", reason)),
        (EngineChoice::Auto, Some(reason)) if config.run.device == DeviceChoice::Gpu => {
            with_burn(config, dataset, start, reason).await
        }
        (EngineChoice::Auto, Some(reason)) => {
            Ok(Box::new(GeneralCpu::new(config, dataset, start)?.with_reason(reason)))
        }
        (EngineChoice::General, _) if config.run.device == DeviceChoice::Gpu => Err(LabError::setting(
            "engine",
            "general",
            "it runs on the CPU only: leave device at auto or cpu",
        )),
        (EngineChoice::General, _) => {
            let engine = GeneralCpu::new(config, dataset, start)?;
            Ok(Box::new(engine.with_reason("as asked".to_owned())))
        }
        (EngineChoice::Autodiff | EngineChoice::Literal, _) => {
            with_burn(config, dataset, start, "as asked".into()).await
        }
    }
}

/// Whether [`build`] would choose the folded engine on the CPU.
pub fn takes_folded_cpu(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> bool {
    matches!(config.run.engine, EngineChoice::Folded | EngineChoice::Auto)
        && config.run.device != DeviceChoice::Gpu
        && reason_against_folded(config, dataset, start).is_none()
}

/// Why the folded engine cannot train this model on these examples; `None` if it can.
fn reason_against_folded(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> Option<String> {
    if config.run.precision == Precision::F64 {
        return Some("the folded engine computes in float32".into());
    }
    folded::supports(dataset, start.weights.shape()).err()
}

/// The folded engine on the GPU; if it refuses, on the CPU with the reason.
async fn folded_on_gpu(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    let gpu = device::gpu().await?;
    match FoldedGpu::new(config, dataset, start, &gpu).await {
        Ok(engine) => Ok(Box::new(engine)),
        Err(error) => {
            let reason = format!("the graphics card cannot do it: {error}");
            Ok(Box::new(folded_on_cpu(config, dataset, start)?.with_reason(reason)))
        }
    }
}

/// The folded engine on the CPU, in as many shards as [`folded::n_shards`] says.
fn folded_on_cpu(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> Result<FoldedCpu> {
    match folded::n_shards(config) {
        1 => FoldedCpu::new(config, dataset, start),
        n => {
            let engine = FoldedCpu::sequential(config, dataset, start, n)?;
            Ok(engine.with_reason(folded::shard_limit_reason(config)))
        }
    }
}

/// Burn's engine: the folded forward pass where it applies, unless the literal one is chosen.
async fn with_burn(
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
