//! The page's bench: each engine at hand does steps of one experiment for some seconds.

use super::batch::Batch;
use super::engine_selection;
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig};
use crate::engine::{Engine, TrainState};
use crate::error::Result;
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::protocol::Timing;
use crate::task::Dataset;

/// How long each engine is timed, after a second of warm-up.
pub const SECONDS: f64 = 10.0;

/// How long a probe times an engine, after as long a warm-up: two seconds in all.
pub const PROBE_SECONDS: f64 = 1.0;

/// Steps in a batch at most, however fast they are.
const MAX_BATCH: usize = 512;

/// Times one engine.
///
/// `now_secs` is a clock; `yield_to_event_loop` lets the event loop turn and says whether to go on. Broken off, it gives
/// what was measured until then.
///
/// # Errors
/// [`LabError`](crate::error::LabError) if the engine cannot be built or fails.
pub async fn time(
    config: &ExperimentConfig,
    seconds: f64,
    now_secs: impl Fn() -> f64,
    yield_to_event_loop: impl AsyncFn() -> bool,
) -> Result<Timing> {
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let mut engine = engine_selection::build(config, &dataset, &start).await?;
    // In batches as a run's, so that a screen on the same GPU is not kept waiting.
    let mut batch = Batch::default();
    steps_for(engine.as_mut(), &mut batch, seconds.min(1.0), &now_secs, &yield_to_event_loop).await?;
    let steps_per_s =
        steps_for(engine.as_mut(), &mut batch, seconds, &now_secs, &yield_to_event_loop).await?;
    Ok(Timing {
        engine: engine.info().clone(),
        steps_per_s,
        p: config.data.modular().map_or(0, |modular| modular.p),
        d_model: config.model.d_model,
        n_train: dataset.train.len(),
    })
}

/// What can be timed here: every engine on the processor, and on the graphics card if there is one.
pub fn candidates(config: &ExperimentConfig, gpu: bool) -> Vec<ExperimentConfig> {
    let devices = [Some(DeviceChoice::Cpu), gpu.then_some(DeviceChoice::Gpu)].into_iter().flatten();
    let of = |engine, device| {
        let mut config = config.clone();
        (config.run.engine, config.run.device) = (engine, device);
        config
    };
    devices
        .flat_map(|device| [EngineChoice::Auto, EngineChoice::Autodiff].map(|engine| of(engine, device)))
        .collect()
}

/// Steps per second over at least two batches and about `seconds`.
async fn steps_for(
    engine: &mut dyn Engine,
    batch: &mut Batch,
    seconds: f64,
    now_secs: &impl Fn() -> f64,
    yield_to_event_loop: &impl AsyncFn() -> bool,
) -> Result<f64> {
    // A GPU may still be at work when `train` returns; reading the state waits for it.
    engine.state().await?;
    let (start_secs, first_step, mut n_batches) = (now_secs(), engine.step(), 0);
    loop {
        let begun_secs = now_secs();
        if n_batches >= 2 && begun_secs - start_secs >= seconds {
            break;
        }
        let n_steps = batch.next(MAX_BATCH);
        engine.train(n_steps).await?;
        batch.note(n_steps, now_secs() - begun_secs);
        n_batches += 1;
        if !yield_to_event_loop().await {
            break;
        }
    }
    engine.state().await?;
    Ok((engine.step() - first_step) as f64 / (now_secs() - start_secs).max(1e-9))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use pollster::block_on;

    use super::{candidates, time};
    use crate::config::{DeviceChoice, EngineChoice, Preset};
    use crate::engine::{DeviceKind, EngineKind};

    #[test]
    fn steps_are_divided_by_the_seconds_of_the_clock() {
        let mut config = Preset::Tiny.config();
        (config.run.device, config.run.threads) = (DeviceChoice::Cpu, 1);
        // A clock that moves a tenth of a second at every look.
        let clock = Cell::new(0.0);
        let now = || {
            clock.set(clock.get() + 0.1);
            clock.get()
        };
        let timing = block_on(time(&config, 1.0, now, async || true)).expect("the CPU does not fail");
        assert_eq!((timing.engine.engine, timing.engine.device), (EngineKind::Folded, DeviceKind::Cpu));
        // A batch takes a tenth of a second, twice what it should, and is of one step; it and the look
        // before it make five in a second.
        assert!((4.0..=6.0).contains(&timing.steps_per_s), "{} steps/s", timing.steps_per_s);
    }

    #[test]
    fn a_bench_that_is_broken_off_ends_at_once() {
        let mut config = Preset::Tiny.config();
        (config.run.device, config.run.threads) = (DeviceChoice::Cpu, 1);
        let clock = Cell::new(0.0);
        let now = || {
            clock.set(clock.get() + 0.1);
            clock.get()
        };
        let timing = block_on(time(&config, 1e9, now, async || false));
        assert!(timing.expect("the CPU does not fail").steps_per_s > 0.0);
    }

    #[test]
    fn a_graphics_card_is_timed_where_there_is_one() {
        let config = Preset::Tiny.config();
        let both = candidates(&config, true);
        assert_eq!(candidates(&config, false).len(), 2);
        assert_eq!(both.len(), 4);
        assert_eq!((both[2].run.engine, both[2].run.device), (EngineChoice::Auto, DeviceChoice::Gpu));
    }
}
