//! The three products with W_out W_U, four fifths of a step, in multiply-adds per second: on a tile of 80 pairs,
//! for each instruction set of this processor. Beside them the limit: multiply-adds on registers alone.

#![expect(non_snake_case, reason = "weights carry the field's names: W_out_U")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use grokking_lab::engine::cpu::matrix::Mat;
use grokking_lab::engine::cpu::simd::product::Product;
use grokking_lab::engine::cpu::simd::{Kernel, Simd, SimdLevel};

const N_PAIRS: usize = 80;
const D_MLP: usize = 512;
const D_VOCAB_OUT: usize = 114;

/// Multiply-adds on registers, in as many sums as a register block of AVX2 has.
struct Limit {
    rounds: usize,
}

impl Kernel for Limit {
    /// A sum of all results, which keeps the loop from being optimised away, and the lanes of a vector.
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
    for simd in SimdLevel::available() {
        let rounds = 10_000;
        let (_, width) = simd.run(Limit { rounds: 1 });
        group.throughput(Throughput::Elements((rounds * 12 * width) as u64));
        group.bench_function(simd.name(), |bench| bench.iter(|| simd.run(Limit { rounds })));
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
    let (W_out_U, W_out_U_t) = (filled(D_MLP, D_VOCAB_OUT), filled(D_VOCAB_OUT, D_MLP));
    let cases = [
        ("logits", hidden.view(), W_out_U.view()),
        ("gradient of W_out_U", d_logits.view().t(), hidden.view()),
        ("gradient of neurons", d_logits.view(), W_out_U_t.view()),
    ];
    for (name, a, b) in cases {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements((N_PAIRS * D_MLP * D_VOCAB_OUT) as u64));
        for simd in SimdLevel::available() {
            let mut to = Mat::zeros(a.rows, b.cols);
            group.bench_function(simd.name(), |bench| {
                bench.iter(|| simd.run(Product { a, b, list: None, c: to.view_mut(), add: false }));
            });
        }
    }
}

criterion_group!(benches, limit, products);
criterion_main!(benches);
