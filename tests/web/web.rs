//! Tests in a browser's worker: both devices, the messages, the device probe.
#![cfg(target_arch = "wasm32")]

#[path = "../it/bits.rs"]
mod bits;
pub mod folded_gpu;
mod gpu_calls;

use grokking_lab::config::{DeviceChoice, EngineChoice, ExperimentConfig, Preset};
use grokking_lab::engine::{self, DeviceKind, Evaluation, TrainState};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::protocol::{CheckOutcome, Command, Event, RunState, codec};
use grokking_lab::task::Dataset;
use grokking_lab::worker::device_probe;
use grokking_lab::worker::session::Session;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn tiny() -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    config.run.engine = EngineChoice::Autodiff;
    config
}

/// Scores at the start and after every `every` of `n_steps` updates.
async fn scores(
    config: &ExperimentConfig,
    device: DeviceChoice,
    n_steps: usize,
    every: usize,
) -> Vec<Evaluation> {
    let mut config = config.clone();
    config.run.device = device;
    let dataset = Dataset::new(&config.data);
    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, config.model.seed));
    let mut engine = engine::build(&config, &dataset, &start).await.expect("the device is there");
    let mut all = vec![engine.evaluate().await.expect("reads")];
    for _ in 0..n_steps / every {
        engine.train(every).await.expect("steps");
        all.push(engine.evaluate().await.expect("reads"));
    }
    all
}

#[wasm_bindgen_test]
async fn the_folded_engine_gives_the_bits_of_a_native_run() {
    for (activation, known) in bits::KNOWN {
        let hash = bits::hash_after_50_steps(activation).await;
        assert_eq!(hash, known, "{activation:?}: weights after 50 steps hash to {hash:#018x}");
    }
}

#[wasm_bindgen_test]
async fn web_gpu_and_cpu_give_the_same_losses() {
    let config = tiny();
    let cpu = scores(&config, DeviceChoice::Cpu, 20, 10).await;
    let gpu = scores(&config, DeviceChoice::Gpu, 20, 10).await;
    for (i, (c, g)) in cpu.iter().zip(&gpu).enumerate() {
        for (name, c, g) in [("train", c.train_loss, g.train_loss), ("test", c.test_loss, g.test_loss)] {
            assert!(!g.is_nan(), "{name} loss {i} on WebGPU is not a number");
            assert!((c - g).abs() <= 1e-4 * (1.0 + c.abs()), "{name} loss {i}: CPU {c}, WebGPU {g}");
        }
        assert_eq!(c.train_accuracy, g.train_accuracy, "train accuracy {i}");
    }
    assert!(cpu[2].train_loss < cpu[0].train_loss, "the run learns: {cpu:?}");
}

/// Bytes of this program's memory, which a browser never takes back.
fn memory_bytes() -> usize {
    core::arch::wasm32::memory_size(0) << 16
}

#[wasm_bindgen_test]
async fn ten_thousand_steps_leave_the_memory_as_it_is() {
    for choice in [EngineChoice::Folded, EngineChoice::Autodiff] {
        let mut config = Preset::Tiny.config();
        (config.run.engine, config.run.device) = (choice, DeviceChoice::Cpu);
        let dataset = Dataset::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        let mut engine = engine::build(&config, &dataset, &start).await.expect("the CPU is there");
        engine.train(500).await.expect("steps");
        let before = memory_bytes();
        for _ in 0..10 {
            engine.train(1_000).await.expect("steps");
            engine.evaluate().await.expect("reads");
        }
        let growth = memory_bytes() - before;
        assert!(growth <= 5 << 20, "{choice:?}: {growth} bytes more after 10,000 steps");
    }
}

#[wasm_bindgen_test]
async fn a_run_obeys_its_commands() {
    let mut session = Session::new(DeviceChoice::Cpu);
    let mut config = tiny();
    config.run.epochs = 5;
    let start = Command::Start { run_id: 1, config: Box::new(config), paused: true, saved: Vec::new() };
    let events = session.handle(start, 0.0).await;
    assert!(matches!(events[0], Event::Started { run_id: 1, .. }), "{events:?}");
    assert!(!session.is_training(), "it was started paused");
    session.handle(Command::Step { run_id: 1 }, 0.1).await;
    session.handle(Command::Resume { run_id: 1 }, 0.2).await;
    let mut last = Vec::new();
    while session.is_training() {
        last = session.advance(0.3).await;
    }
    let finished = Event::State { run_id: 1, step: 5, state: RunState::Finished };
    assert!(last.contains(&finished), "{last:?}");
    assert!(
        session.handle(Command::Pause { run_id: 7 }, 0.4).await.is_empty(),
        "another run's command is dropped"
    );
}

#[wasm_bindgen_test]
fn messages_survive_the_border() {
    let command =
        Command::Start { run_id: 3, config: Box::new(tiny()), paused: false, saved: vec![1, 2, 255] };
    let encoded = codec::encode(command.clone()).expect("plain data");
    assert_eq!(codec::decode::<Command>(&encoded.value).expect("reads"), command, "a command");

    let event = Event::Spectrum { run_id: 3, step: 17, norms: vec![0.5, -1.25, 3.0] };
    let encoded = codec::encode(event.clone()).expect("plain data");
    assert_eq!(encoded.transfer.length(), 1, "the norms are transferred, not copied");
    assert_eq!(codec::decode::<Event>(&encoded.value).expect("reads"), event, "an event with an array");
}

#[wasm_bindgen_test]
fn nonsense_is_an_error_not_a_panic() {
    for value in [wasm_bindgen::JsValue::NULL, "start".into(), js_sys::Object::new().into()] {
        assert!(codec::decode::<Command>(&value).is_err(), "{value:?} is no command");
    }
}

#[wasm_bindgen_test]
async fn the_device_probe_prefers_the_cpu_to_a_software_gpu_and_obeys() {
    let Event::Device(auto) = device_probe::probe(DeviceChoice::Auto).await else {
        panic!("auto always finds a device");
    };
    assert_eq!(auto.probe_checks.len(), 7, "every check is named: {:?}", auto.probe_checks);
    let hardware = &auto.probe_checks[5];
    assert_eq!(auto.device == DeviceKind::Cpu, hardware.outcome == CheckOutcome::Failed, "{auto:?}");

    let Event::Device(forced) = device_probe::probe(DeviceChoice::Gpu).await else {
        panic!("this browser has an adapter");
    };
    assert_eq!(forced.device, DeviceKind::Gpu, "{forced:?}");
    assert!(forced.probe_checks.iter().all(|check| check.outcome != CheckOutcome::Failed), "{forced:?}");

    let Event::Device(cpu) = device_probe::probe(DeviceChoice::Cpu).await else {
        panic!("the CPU is always there");
    };
    assert!(cpu.probe_checks.iter().all(|check| check.outcome == CheckOutcome::Skipped), "{cpu:?}");
}
