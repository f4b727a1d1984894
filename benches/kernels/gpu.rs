//! The folded engine on this machine's GPU: building it, submits of some steps, and an evaluation beside them.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use grokking_lab::engine::folded_gpu::FoldedGpu;
use grokking_lab::engine::{Engine, TrainState, device};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::task::Dataset;
use grokking_lab_benches::experiment;
use pollster::block_on;

fn steps(c: &mut Criterion) {
    let gpu = match block_on(device::gpu()) {
        Ok(gpu) => gpu,
        Err(reason) => return eprintln!("nothing is measured: {reason}"),
    };
    for p in [53, 113] {
        let config = experiment(p, 128);
        let (dataset, shape) = (Dataset::new(&config.data), ModelShape::new(&config.data, &config.model));
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        let build = || block_on(FoldedGpu::new(&config, &dataset, &start, &gpu)).expect("the GPU takes it");
        let mut group = c.benchmark_group(format!("{}, p = {p}", gpu.name));
        group.sample_size(10);
        group.bench_function("every buffer and pipeline", |b| b.iter(build));
        let mut engine = build();
        for n_steps in [1, 10, 50] {
            // Where the processor plays the GPU a step takes a second.
            if gpu.is_software && n_steps > 1 {
                break;
            }
            group.throughput(Throughput::Elements(n_steps as u64));
            group.bench_function(format!("{n_steps} steps a submit"), |b| {
                b.iter(|| block_on(engine.train(n_steps)));
            });
            group.bench_function(format!("{n_steps} steps and their scores"), |b| {
                b.iter(|| block_on(engine.train_and_evaluate(n_steps)));
            });
        }
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
