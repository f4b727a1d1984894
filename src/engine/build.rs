//! Chooses the engine and the device for a configuration, and records the reason.

use super::folded::{self, FoldedCpu};
use super::{Engine, TrainState};
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision, settings};
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::task::Dataset;

#[cfg(feature = "engine")]
use super::optional_engines::{folded_on_gpu, general, with_burn};
#[cfg(not(feature = "engine"))]
use unavailable::{folded_on_gpu, general, with_burn};

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
/// this model there, or if it [needs](needs_engine_feature) what this program was built without.
pub async fn build(
    config: &ExperimentConfig,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    if needs_general(config) {
        let engine = settings::ENGINE.read(config);
        let refused = |setting, value: String| Err(LabError::setting(setting, value, GENERAL_ENGINE_ONLY));
        match config.run.engine {
            EngineChoice::Autodiff | EngineChoice::Literal => return refused("engine", engine),
            _ if config.run.device == DeviceChoice::Gpu => return refused("device", "gpu".into()),
            EngineChoice::Folded | EngineChoice::General | EngineChoice::Auto => {}
        }
    }
    match (config.run.engine, reason_against_folded(config, dataset, start.weights.shape())) {
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
        (EngineChoice::Auto, Some(reason)) => general(config, dataset, start, reason),
        (EngineChoice::General, _) if config.run.device == DeviceChoice::Gpu => Err(LabError::setting(
            "engine",
            "general",
            "it runs on the CPU only: leave device at auto or cpu",
        )),
        (EngineChoice::General, _) => general(config, dataset, start, "as asked".into()),
        (EngineChoice::Autodiff | EngineChoice::Literal, _) => {
            with_burn(config, dataset, start, "as asked".into()).await
        }
    }
}

/// Whether [`build`] would choose the folded engine on the CPU.
pub fn takes_folded_cpu(config: &ExperimentConfig, dataset: &Dataset, start: &TrainState) -> bool {
    matches!(config.run.engine, EngineChoice::Folded | EngineChoice::Auto)
        && config.run.device != DeviceChoice::Gpu
        && reason_against_folded(config, dataset, start.weights.shape()).is_none()
}

/// Whether [`build`] needs more than the folded engine on the CPU, which is all that a program without the feature
/// `engine` has.
///
/// ```
/// use grokking_lab::config::{DeviceChoice, EngineChoice, Preset};
/// use grokking_lab::engine::needs_engine_feature;
///
/// let mut config = Preset::Paper.config();
/// assert!(!needs_engine_feature(&config), "the folded engine on the processor");
/// config.run.device = DeviceChoice::Gpu;
/// assert!(needs_engine_feature(&config));
/// (config.run.device, config.run.engine) = (DeviceChoice::Cpu, EngineChoice::Literal);
/// assert!(needs_engine_feature(&config));
/// (config.run.engine, config.model.n_layers) = (EngineChoice::Auto, 2);
/// assert!(needs_engine_feature(&config), "two blocks do not fold");
/// ```
pub fn needs_engine_feature(config: &ExperimentConfig) -> bool {
    match config.run.engine {
        EngineChoice::Autodiff | EngineChoice::Literal | EngineChoice::General => true,
        EngineChoice::Folded | EngineChoice::Auto if config.run.device == DeviceChoice::Gpu => true,
        // Where it does not apply, it says so itself.
        EngineChoice::Folded => false,
        EngineChoice::Auto => {
            let shape = ModelShape::new(&config.data, &config.model);
            reason_against_folded(config, &Dataset::new(&config.data), &shape).is_some()
        }
    }
}

/// Why the folded engine cannot train this model on these examples; `None` if it can.
fn reason_against_folded(config: &ExperimentConfig, dataset: &Dataset, shape: &ModelShape) -> Option<String> {
    if config.run.precision == Precision::F64 {
        return Some("the folded engine computes in float32".into());
    }
    if needs_general(config) {
        return Some(GENERAL_ENGINE_ONLY.into());
    }
    folded::supports(dataset, shape).err()
}

/// Whether the settings ask for what the general engine alone computes.
fn needs_general(config: &ExperimentConfig) -> bool {
    config.optim.dropout > 0.0 || config.optim.l1 > 0.0
}

const GENERAL_ENGINE_ONLY: &str =
    "dropout and an L1 penalty are computed by the general engine alone, on the CPU";

/// What a program says that was built with the folded engine on the CPU alone.
#[cfg(not(feature = "engine"))]
mod unavailable {
    use super::{Dataset, Engine, ExperimentConfig, LabError, Result, TrainState, settings};

    pub(super) async fn folded_on_gpu(
        _config: &ExperimentConfig,
        _dataset: &Dataset,
        _start: &TrainState,
    ) -> Result<Box<dyn Engine>> {
        Err(LabError::setting("device", "gpu", "this program was built for the CPU alone"))
    }

    pub(super) fn general(
        config: &ExperimentConfig,
        _dataset: &Dataset,
        _start: &TrainState,
        reason: String,
    ) -> Result<Box<dyn Engine>> {
        let engine = settings::ENGINE.read(config);
        let allowed = format!("this program was built with the folded engine alone: {reason}");
        Err(LabError::setting("engine", engine, allowed))
    }

    pub(super) async fn with_burn(
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        reason: String,
    ) -> Result<Box<dyn Engine>> {
        general(config, dataset, start, reason)
    }
}
