//! The folded engine on WebGPU: the numbers of the CPU, and no more calls than it promises.

use grokking_lab::config::{DeviceChoice, EngineChoice, ExperimentConfig, Preset};
use grokking_lab::engine::folded_gpu::FoldedGpu;
use grokking_lab::engine::{self, Engine, TrainState, device};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::protocol::{Command, Event};
use grokking_lab::task::Dataset;
use grokking_lab::worker::session::Session;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

use crate::gpu_calls::{calls, reset};

fn small() -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    config.data.change_modular(|modular| (modular.p, modular.frac_train) = (13, 0.6));
    (config.model.d_model, config.model.n_heads, config.model.d_mlp) = (24, 2, 40);
    config.run.engine = EngineChoice::Folded;
    config
}

async fn engine_on(config: &ExperimentConfig, device: DeviceChoice) -> Box<dyn Engine> {
    let mut config = config.clone();
    config.run.device = device;
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let engine = engine::build(&config, &dataset, &start).await.expect("the device is there");
    let found = DeviceChoice::from(engine.info().device);
    assert_eq!(found, device, "{:?}", engine.info());
    engine
}

#[wasm_bindgen_test]
async fn the_folded_engines_agree_after_100_steps() {
    let config = small();
    let mut cpu = engine_on(&config, DeviceChoice::Cpu).await;
    let mut gpu = engine_on(&config, DeviceChoice::Gpu).await;
    for round in 0..5 {
        let n_steps = if round == 0 { 0 } else { 25 };
        let [c, g] = [
            cpu.train_and_evaluate(n_steps).await.expect("the CPU does not fail"),
            gpu.train_and_evaluate(n_steps).await.expect("the GPU works"),
        ];
        for (name, c, g) in [("train", c.train_loss, g.train_loss), ("test", c.test_loss, g.test_loss)] {
            assert!(!g.is_nan(), "{name} loss of round {round} is not a number on WebGPU");
            assert!(
                (c - g).abs() <= 1e-4 * (1.0 + c.abs()),
                "{name} loss, round {round}: CPU {c}, WebGPU {g}"
            );
        }
        assert_eq!(c.softmax_collapse_fraction, g.softmax_collapse_fraction, "round {round}");
    }
    assert_eq!((cpu.step(), gpu.step()), (100, 100));
    let [c, g] =
        [cpu.weights().await.expect("the CPU does not fail"), gpu.weights().await.expect("the GPU works")];
    let off = |(c, g): (&f64, &f64)| (c - g).abs() / (1.0 + c.abs());
    let worst = c.flat().iter().zip(g.flat()).map(off).fold(0.0, f64::max);
    let is_number = g.flat().iter().all(|w| w.is_finite());
    console_log!("weights after 100 steps: CPU and WebGPU lie {worst:e} apart at most");
    assert!(is_number && worst <= 1e-4, "the weight that lies farthest apart: {worst:e}");
}

/// A graphics card gets larger tiles than a processor that plays one, as here.
#[wasm_bindgen_test]
async fn tiles_of_either_size_give_the_same_bits() {
    let (config, gpu) = (small(), device::gpu().await.expect("this browser has an adapter"));
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let mut states = Vec::new();
    for software in [true, false] {
        let gpu = device::Gpu { is_software: software, ..gpu.clone() };
        let mut engine = FoldedGpu::new(&config, &dataset, &start, &gpu).await.expect("the device takes it");
        engine.train(5).await.expect("steps");
        states.push(engine.state().await.expect("the device works"));
    }
    assert!(states[0].weights.flat().iter().all(|w| w.is_finite()), "numbers");
    assert_eq!(states[0], states[1], "small tiles and large ones");
}

#[wasm_bindgen_test]
async fn a_step_keeps_to_its_number_of_calls() {
    device::gpu().await.expect("this browser has an adapter");
    reset();
    let mut engine = engine_on(&small(), DeviceChoice::Gpu).await;
    let built = calls();
    reset();
    engine.train(1).await.expect("steps");
    let one = calls();
    reset();
    engine.train(10).await.expect("steps");
    let ten = calls();
    console_log!("built: {built:?}; one step: {one:?}; ten steps: {ten:?}");
    assert!((1..=20).contains(&built.pipelines), "pipelines: {built:?}");
    assert_eq!(built.dispatches, 0, "nothing runs before the first step: {built:?}");
    assert_eq!((one.pipelines, one.submits, one.maps), (0, 1, 1), "one step: {one:?}");
    assert!((1..=24).contains(&one.dispatches), "one step: {one:?}");
    assert_eq!((ten.pipelines, ten.submits, ten.maps), (0, 1, 1), "ten steps at once: {ten:?}");
    assert_eq!(ten.dispatches, 10 * one.dispatches, "ten steps at once: {ten:?}");
    reset();
    engine.train_and_evaluate(10).await.expect("steps");
    let scored = calls();
    console_log!("ten steps and their scores: {scored:?}");
    assert_eq!((scored.pipelines, scored.submits, scored.maps), (0, 1, 1), "with scores: {scored:?}");
    assert!(scored.dispatches > ten.dispatches, "with scores: {scored:?}");
}

#[wasm_bindgen_test]
async fn all_pipelines_of_the_papers_model_are_built() {
    let now = || js_sys::Date::now();
    let start = now();
    device::gpu().await.expect("this browser has an adapter");
    let found = now();
    let mut config = Preset::Paper.config();
    config.run.engine = EngineChoice::Folded;
    let mut engine = engine_on(&config, DeviceChoice::Gpu).await;
    let built = now();
    engine.train(1).await.expect("steps");
    console_log!(
        "p = 113: device {} ms (0 if a test had it before), engine {} ms, first step {} ms",
        found - start,
        built - found,
        now() - built
    );
}

#[wasm_bindgen_test]
async fn a_run_on_the_gpu_is_evaluated_on_time() {
    let mut session = Session::new(DeviceChoice::Gpu);
    let mut config = small();
    (config.run.epochs, config.run.eval_every) = (25, 10);
    let start = Command::Start { run_id: 1, config: Box::new(config), paused: false, saved: Vec::new() };
    let mut now_secs = 0.0;
    let mut events = session.handle(start, now_secs).await;
    let mut n_calls = 0;
    while session.is_training() {
        now_secs += 0.01;
        n_calls += 1;
        events.extend(session.advance(now_secs).await);
    }
    let rows = events.iter().filter_map(|event| match event {
        Event::Progress { rows, .. } => Some(rows.iter().map(|row| row.step)),
        _ => None,
    });
    assert_eq!(rows.flatten().collect::<Vec<_>>(), [0, 10, 20, 25], "{events:?}");
    assert!(n_calls < 25, "several steps at once: {n_calls} calls for 25 steps");
}
