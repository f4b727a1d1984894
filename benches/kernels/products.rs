//! The three products with W_out W_U, four fifths of a step, in multiply-adds a second: on a tile of
//! 80 pairs, for each instruction set there is. Beside them what the processor does at most: multiply-adds
//! on registers alone.

#![expect(non_snake_case, reason = "weights carry the field's names: W_ou")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use grokking_lab::engine::folded::matrix::Mat;
use grokking_lab::engine::folded::simd::product::Product;
use grokking_lab::engine::folded::simd::{Kernel, Simd, SimdLevel};

const N_PAIRS: usize = 80;
const D_MLP: usize = 512;
const D_VOCAB_OUT: usize = 114;

/// Multiply-adds on registers, in as many sums as a block of a product has.
struct Limit {
    rounds: usize,
}

impl Kernel for Limit {
    /// A sum of all, and the lanes of a vector.
    type Output = (f32, usize);

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> (f32, usize) {
        let (factor, start) = (s.splat(black_box(0.999)), s.splat(black_box(0.5)));
        let mut sums = [start; 12];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = s.mul_add(*sum, factor, start);
            }
        }
        let mut lanes = [0.0; 16];
        let mut total = 0.0;
        for sum in sums {
            s.store(&mut lanes, sum);
            total += lanes[0];
        }
        (total, S::LANES)
    }
}

fn limit(c: &mut Criterion) {
    let mut group = c.benchmark_group("registers alone");
    for lanes in SimdLevel::available() {
        let rounds = 10_000;
        let (_, width) = lanes.run(Limit { rounds: 1 });
        group.throughput(Throughput::Elements((rounds * 12 * width) as u64));
        group.bench_function(lanes.name(), |bench| bench.iter(|| lanes.run(Limit { rounds })));
    }
}

fn filled(rows: usize, cols: usize) -> Mat {
    let mut mat = Mat::zeros(rows, cols);
    for i in 0..rows {
        mat.row_mut(i)[..cols].fill(0.5);
    }
    mat
}

fn products(c: &mut Criterion) {
    let hidden = filled(N_PAIRS, D_MLP);
    let d_logits = filled(N_PAIRS, D_VOCAB_OUT);
    let (W_ou, W_ou_t) = (filled(D_MLP, D_VOCAB_OUT), filled(D_VOCAB_OUT, D_MLP));
    let cases = [
        ("logits", hidden.view(), W_ou.view()),
        ("gradient of W_ou", d_logits.view().t(), hidden.view()),
        ("gradient of neurons", d_logits.view(), W_ou_t.view()),
    ];
    for (name, a, b) in cases {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements((N_PAIRS * D_MLP * D_VOCAB_OUT) as u64));
        for lanes in SimdLevel::available() {
            let mut to = Mat::zeros(a.rows, b.cols);
            group.bench_function(lanes.name(), |bench| {
                bench.iter(|| lanes.run(Product { a, b, list: None, c: to.view_mut(), add: false }));
            });
        }
    }
}

criterion_group!(benches, limit, products);
criterion_main!(benches);
