//! "Verify this device": the same few steps on every engine at hand, against the transformer as written in
//! float64 on the processor.

use crate::config::{EngineChoice, ExperimentConfig, Precision, Preset};
use crate::engine::{self, DeviceKind, EngineInfo, Evaluation, TrainState};
use crate::error::Result;
use crate::model::init::initial_weights;
use crate::model::{ModelShape, Weights};
use crate::protocol::{Check, NotCompared, Verification};
use crate::task::Dataset;

/// Updates of each engine: past the warm-up of the learning rate, and few enough for a software GPU.
pub const N_STEPS: usize = 50;

/// The largest drift of an engine that computes rightly, relative to the weights. Float32 rounds to 6e-8;
/// AdamW's division by a root of small numbers makes a thousandfold of it in 50 steps, and the orders of sums
/// of two devices another tenfold. A wrong kernel is off by parts of one.
pub const MAX_DRIFT: f64 = 1e-3;

/// Runs the check; with `gpu`, on the graphics card too. An engine that cannot be built or fails is told of
/// and takes nothing from the others.
///
/// # Errors
/// [`LabError::Device`](crate::error::LabError::Device) if the reference cannot be had.
pub async fn verify(gpu: bool) -> Result<Verification> {
    let reference = run(EngineChoice::Literal, DeviceKind::Cpu, Precision::F64).await?;
    let (mut checks, mut not_compared) = (Vec::new(), Vec::new());
    let mut asked = vec![(EngineChoice::Auto, DeviceKind::Cpu), (EngineChoice::Autodiff, DeviceKind::Cpu)];
    if gpu {
        asked.push((EngineChoice::Auto, DeviceKind::Gpu));
    }
    for (engine, device) in asked {
        let mut leave_out = |reason: String| not_compared.push(NotCompared { engine, device, reason });
        match run(engine, device, Precision::F32).await {
            // A card that refuses every engine leaves the processor to do it, and says why.
            Ok(found) if found.engine.device != device => {
                leave_out(found.engine.reason.unwrap_or_default());
            }
            Ok(found) => checks.push(compare(&found, &reference)),
            Err(error) => leave_out(error.to_string()),
        }
    }
    Ok(Verification { n_steps: N_STEPS, max_drift: MAX_DRIFT, checks, not_compared })
}

/// Where an engine came to.
struct Outcome {
    engine: EngineInfo,
    weights: Weights,
    evaluation: Evaluation,
}

async fn run(engine: EngineChoice, device: DeviceKind, precision: Precision) -> Result<Outcome> {
    let config = small(engine, device, precision);
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let mut engine = engine::build(&config, &dataset, &start).await?;
    engine.train(N_STEPS).await?;
    Ok(Outcome {
        engine: engine.info().clone(),
        weights: engine.weights().await?,
        evaluation: engine.evaluate().await?,
    })
}

/// Small, but with no two sizes alike, so that a swap of dimensions cannot go unseen.
fn small(engine: EngineChoice, device: DeviceKind, precision: Precision) -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    config.data.change_modular(|modular| (modular.p, modular.frac_train) = (13, 0.5));
    (config.model.d_model, config.model.n_heads, config.model.d_mlp) = (24, 2, 40);
    (config.run.engine, config.run.device, config.run.precision) = (engine, device.into(), precision);
    config
}

fn compare(found: &Outcome, reference: &Outcome) -> Check {
    let pairs = || found.weights.flat().iter().zip(reference.weights.flat());
    let distance = pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let length = reference.weights.flat().iter().map(|w| w * w).sum::<f64>().sqrt();
    Check {
        engine: found.engine.clone(),
        drift: distance / length,
        train_loss: found.evaluation.train_loss,
        loss_difference: (found.evaluation.train_loss - reference.evaluation.train_loss).abs(),
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::{MAX_DRIFT, verify};
    use crate::engine::EngineKind;

    #[test]
    fn this_processor_is_right_and_its_float32_shows() {
        let result = block_on(verify(false)).expect("the CPU does not fail");
        assert_eq!((result.checks.len(), result.not_compared.len()), (2, 0));
        for check in &result.checks {
            assert!(check.drift < MAX_DRIFT / 10.0, "{check:?}: the limit leaves room");
            assert!(check.drift > 1e-9, "{check:?}: float32 cannot be exact");
            assert!(check.loss_difference < 1e-4, "{check:?}");
        }
        assert!(result.is_passed());
        let engines: Vec<_> = result.checks.iter().map(|check| check.engine.engine).collect();
        assert_eq!(engines, [EngineKind::Folded, EngineKind::Autodiff], "two programs that share no code");
    }

    #[test]
    fn a_wrong_engine_fails() {
        let mut result = block_on(verify(false)).expect("the CPU does not fail");
        for wrong in [2.0 * MAX_DRIFT, f64::NAN] {
            result.checks[0].drift = wrong;
            assert!(!result.is_passed(), "a drift of {wrong}");
        }
    }
}
