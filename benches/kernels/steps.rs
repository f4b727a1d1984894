//! Whole steps and evaluations: by threads, by arithmetic, by p and by width.

use criterion::{Criterion, criterion_group, criterion_main};
use grokking_lab::engine::Engine;
use grokking_lab_benches::{experiment, folded, general};
use pollster::block_on;

fn by_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("paper");
    for threads in [1, 2, 4, 8, 16] {
        if threads > std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            break;
        }
        for reproducible in [false, true] {
            let mut config = experiment(113, 128);
            (config.run.threads, config.run.reproducible) = (threads, reproducible);
            let mut engine = folded(&config);
            let kind = if reproducible { "reproducible" } else { "fast" };
            group.bench_function(format!("step, {threads} threads, {kind}"), |b| {
                b.iter(|| block_on(engine.train(1)));
            });
        }
    }
    let mut config = experiment(113, 128);
    config.run.threads = 1;
    let mut engine = folded(&config);
    group.bench_function("evaluation, 1 thread", |b| b.iter(|| block_on(engine.evaluate())));
}

fn by_size(c: &mut Criterion) {
    let mut group = c.benchmark_group("step, 1 thread");
    group.sample_size(10);
    let moduli = [53, 113, 199, 401].map(|p| (p, 128));
    let widths = [32, 64, 256, 512].map(|d_model| (113, d_model));
    for (p, d_model) in moduli.into_iter().chain(widths) {
        let mut config = experiment(p, d_model);
        config.run.threads = 1;
        let mut engine = folded(&config);
        group.bench_function(format!("p = {p}, d_model = {d_model}"), |b| {
            b.iter(|| block_on(engine.train(1)));
        });
    }
}

fn by_depth(c: &mut Criterion) {
    let mut group = c.benchmark_group("general engine, step, 1 thread");
    group.sample_size(10);
    for n_layers in [1, 2, 4] {
        let mut config = experiment(113, 128);
        (config.run.threads, config.model.n_layers) = (1, n_layers);
        let mut engine = general(&config);
        group.bench_function(format!("{n_layers} blocks"), |b| b.iter(|| block_on(engine.train(1))));
    }
}

criterion_group!(benches, by_threads, by_size, by_depth);
criterion_main!(benches);
