//! Chooses the engine and the device for a configuration, and records the reason.

use super::folded::{self, FoldedCpu};
use super::general::GeneralCpu;
use super::{Engine, TrainState};
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision};
use crate::error::{LabError, Result};
use crate::task::Dataset;

#[cfg(feature = "engine")]
use super::build_burn::{folded_on_gpu, with_burn};
#[cfg(not(feature = "engine"))]
use without_burn::{folded_on_gpu, with_burn};

/// Builds the engine of a configuration, at a state. See the engines for what that allocates and costs.
///
/// [`EngineChoice::Auto`] is the folded engine where it can train the model. In float64 and for all other models it is
/// the general engine on the CPU and Burn's on a GPU, with the reason in
/// [`EngineInfo::reason`](super::EngineInfo::reason). [`DeviceChoice::Auto`] is the CPU: a caller that has probed the
/// devices and found a GPU passes [`DeviceChoice::Gpu`]. If a GPU refuses the folded engine,
/// because it has too little memory or its driver rejects a kernel, the folded engine runs on the CPU: Burn on the same
/// GPU would meet the same limits, but only in its first step.
///
/// On the CPU a reproducible run with several threads is split into as many shards, computed one after another: the
/// bits of a browser with as many workers.
///
/// # Errors
/// [`LabError::Device`] if the device is missing or fails, [`LabError::Setting`] if the chosen engine cannot train
/// this model there, or if it [needs Burn](needs_burn) and this program was built without it.
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
            Ok(Box::new(FoldedCpu::in_process(config, dataset, start)?))
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

/// Whether [`build`] needs Burn for a configuration: for the GPU, and for Burn's own engines.
///
/// ```
/// use grokking_lab::config::{DeviceChoice, EngineChoice, Preset};
/// use grokking_lab::engine::needs_burn;
///
/// let mut config = Preset::Paper.config();
/// assert!(!needs_burn(&config), "the folded engine on the processor");
/// config.run.device = DeviceChoice::Gpu;
/// assert!(needs_burn(&config));
/// (config.run.device, config.run.engine) = (DeviceChoice::Cpu, EngineChoice::Literal);
/// assert!(needs_burn(&config));
/// ```
pub fn needs_burn(config: &ExperimentConfig) -> bool {
    match config.run.engine {
        EngineChoice::Autodiff | EngineChoice::Literal => true,
        EngineChoice::Folded | EngineChoice::Auto => config.run.device == DeviceChoice::Gpu,
        // It says itself that it does not run on a GPU.
        EngineChoice::General => false,
    }
}

/// Why the folded engine cannot train this model on these examples; `None` if it can.
fn reason_against_folded(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> Option<String> {
    if config.run.precision == Precision::F64 {
        return Some("the folded engine computes in float32".into());
    }
    folded::supports(dataset, start.weights.shape()).err()
}

/// What a program that was built without Burn says where it would be needed.
#[cfg(not(feature = "engine"))]
mod without_burn {
    use super::{Dataset, Engine, ExperimentConfig, LabError, Result, TrainState};
    use crate::config::settings;

    pub(super) async fn folded_on_gpu(
        _config: &ExperimentConfig,
        _dataset: &Dataset,
        _start: &TrainState,
    ) -> Result<Box<dyn Engine>> {
        Err(LabError::setting(
            "device",
            "gpu",
            "this program was built without Burn, which the graphics card needs",
        ))
    }

    pub(super) async fn with_burn(
        config: &ExperimentConfig,
        _dataset: &Dataset,
        _start: &TrainState,
        reason: String,
    ) -> Result<Box<dyn Engine>> {
        let engine = settings::ENGINE.read(config);
        Err(LabError::setting(
            "engine",
            engine,
            format!("this program was built without Burn, which is needed: {reason}"),
        ))
    }
}
