//! The three products with W_out W_U, four fifths of a step, in multiply-adds a second: on a tile of
//! 80 pairs, for each instruction set there is.

#![expect(non_snake_case, reason = "weights carry the field's names: W_ou")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use grokking_lab::engine::folded::matrix::Mat;
use grokking_lab::engine::folded::simd::Lanes;
use grokking_lab::engine::folded::simd::product::Product;

const N_PAIRS: usize = 80;
const D_MLP: usize = 512;
const D_VOCAB_OUT: usize = 114;

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
        for lanes in Lanes::available() {
            let mut to = Mat::zeros(a.rows, b.cols);
            group.bench_function(lanes.name(), |bench| {
                bench.iter(|| lanes.run(Product { a, b, list: None, c: to.view_mut(), add: false }));
            });
        }
    }
}

criterion_group!(benches, products);
criterion_main!(benches);
