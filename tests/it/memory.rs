//! A long run holds no more memory at its end than after its first steps.

use grokking_lab::config::{DeviceChoice, EngineChoice, Preset};
use grokking_lab::engine::{self, TrainState, device};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::task::Dataset;
use pollster::block_on;

/// What a run may add after its first steps: the noise of an allocator, a hundred bytes a step at most over
/// 10,000 steps would already be more.
const MAX_GROWTH_BYTES: u64 = 5 << 20;

/// Bytes of this process that are in memory; none where the system does not say.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

#[test]
fn ten_thousand_steps_leave_the_memory_as_it_is() {
    // Other tests allocate in this process: a child of its own measures only itself.
    if std::env::var_os("GROK_MEMORY_CHILD").is_none() {
        let this = std::env::current_exe().expect("the test program has a path");
        let name = "memory::ten_thousand_steps_leave_the_memory_as_it_is";
        let output = std::process::Command::new(this)
            .args([name, "--exact", "--nocapture"])
            .env("GROK_MEMORY_CHILD", "1")
            .output()
            .expect("the test program starts again");
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines().filter(|line| line.starts_with("skipped")).for_each(|line| println!("{line}"));
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let on_cpu = [EngineChoice::Folded, EngineChoice::Autodiff].map(|choice| (choice, DeviceChoice::Cpu));
    let mut candidates = on_cpu.to_vec();
    match block_on(device::gpu()) {
        Ok(_) => candidates.push((EngineChoice::Folded, DeviceChoice::Gpu)),
        Err(reason) => println!("skipped: the folded engine on a GPU: {reason}"),
    }
    for (choice, device) in candidates {
        let mut config = Preset::Tiny.config();
        (config.run.engine, config.run.device, config.run.threads) = (choice, device, 1);
        let dataset = Dataset::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        let mut engine = block_on(engine::build(&config, &dataset, &start)).expect("the device is there");
        // As the rounds that are measured: a GPU's driver keeps room for the longest submit.
        block_on(engine.train(1_000)).expect("the device does not fail");
        block_on(engine.evaluate()).expect("the device does not fail");
        let Some(before) = resident_bytes() else {
            println!("skipped: this system does not tell how much memory a process holds");
            return;
        };
        for _ in 0..10 {
            block_on(engine.train(1_000)).expect("the device does not fail");
            block_on(engine.evaluate()).expect("the device does not fail");
        }
        let after = resident_bytes().expect("it told before");
        let growth = after.saturating_sub(before);
        assert!(
            growth <= MAX_GROWTH_BYTES,
            "{choice:?} on {device:?}: {growth} bytes more after 10,000 steps"
        );
    }
}
