//! Chooses the engine and the device for a configuration, and says why.

use super::autodiff::{AutodiffEngine, Forward};
use super::{Engine, EngineInfo, TrainState, device};
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision};
use crate::error::Result;
use crate::task::Task;

/// Builds the engine a configuration asks for, at a state.
///
/// `Auto` takes the CPU: Burn's generic kernels need hundreds of dispatches a step. The page
/// decides on its own ladder and passes the device it found.
///
/// # Errors
/// [`LabError::Device`](crate::error::LabError::Device) if the device cannot be had,
/// [`LabError::Setting`](crate::error::LabError::Setting) if the engine cannot train this model.
pub async fn build(config: &ExperimentConfig, task: &Task, start: &TrainState) -> Result<Box<dyn Engine>> {
    let single_block = start.weights.shape().n_layers == 1;
    let forward = match config.run.engine {
        EngineChoice::Literal => Forward::Literal,
        _ if single_block => Forward::Folded,
        _ => Forward::Literal,
    };
    let (device, mut info) = match config.run.device {
        DeviceChoice::Gpu => {
            let gpu = device::gpu().await?;
            (gpu.device, describe(config, "gpu", gpu.name))
        }
        DeviceChoice::Cpu | DeviceChoice::Auto => {
            (device::cpu(), describe(config, "cpu", "Burn Flex".into()))
        }
    };
    info.engine = if config.run.engine == EngineChoice::Literal { "literal" } else { "autodiff" }.into();
    if !single_block && config.run.engine != EngineChoice::Literal {
        info.reason = "a model of several blocks does not fold".into();
    }
    Ok(Box::new(AutodiffEngine::new(config, task, start, &device, forward, info)?))
}

fn describe(config: &ExperimentConfig, device: &str, device_name: String) -> EngineInfo {
    let precision = match config.run.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    EngineInfo {
        engine: String::new(),
        device: device.into(),
        device_name,
        precision: precision.into(),
        reason: String::new(),
    }
}
