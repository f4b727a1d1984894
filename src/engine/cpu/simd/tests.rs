//! Every kernel on every instruction set against plain float64 loops, and bit for bit against the
//! sets that round alike.

use super::dots::Dots;
use super::math::{exp, row_max, row_sum};
use super::mix::Mix;
use super::product::Product;
use super::product_wide::{ProductWide, WeightedRows};
use super::{Kernel, Simd, SimdLevel};
use crate::engine::cpu::matrix::{Mat, View, padded};
use crate::maths::normal::NormalSource;

/// Sizes around the edges of vectors, blocks and panels.
const SIZES: [(usize, usize, usize); 8] =
    [(1, 1, 1), (2, 17, 3), (5, 16, 33), (6, 64, 4), (7, 70, 130), (13, 114, 257), (24, 5, 128), (31, 48, 1)];

fn random(rows: usize, cols: usize, seed: u32) -> Mat {
    let mut normal = NormalSource::new(seed);
    let mut mat = Mat::zeros(rows, cols);
    for i in 0..rows {
        mat.row_mut(i)[..cols].fill_with(|| normal.draw() as f32);
    }
    mat
}

fn at(view: View<'_>, i: usize, j: usize) -> f64 {
    f64::from(view.data[i * view.row_step + j * view.col_step])
}

/// Runs a kernel on every set; compares with float64 and, among sets that round alike, bit for bit.
fn check(what: &str, expected: &[f64], tolerance: f64, run: impl Fn(SimdLevel) -> Vec<f32>) {
    let mut alike: [Option<Vec<u32>>; 2] = [None, None];
    for simd in SimdLevel::available() {
        let got = run(simd);
        assert_eq!(got.len(), expected.len(), "{what}: number of elements");
        for (i, (&g, &e)) in got.iter().zip(expected).enumerate() {
            let off = (f64::from(g) - e).abs();
            let allowed = tolerance * (1.0 + e.abs());
            assert!(off <= allowed, "{what} on {}: element {i} is {g}, expected {e}", simd.name());
        }
        let bits: Vec<u32> = got.iter().map(|x| x.to_bits()).collect();
        let first = alike[usize::from(simd.is_fused())].get_or_insert_with(|| bits.clone());
        assert_eq!(*first, bits, "{what} on {}: other bits than a set that rounds alike", simd.name());
    }
}

fn contents(mat: &Mat, rows: usize, cols: usize) -> Vec<f32> {
    (0..rows).flat_map(|i| &mat.row(i)[..cols]).copied().collect()
}

#[test]
fn products_are_products() {
    for (m, n, k) in SIZES {
        for (transposed, listed, add) in
            [(false, false, false), (true, false, true), (false, true, true), (true, true, false)]
        {
            let a = if transposed { random(k, m, 1) } else { random(m, k, 1) };
            let a = if transposed { a.view().t() } else { a.view() };
            let b = random(k + 3, n, 2);
            let list: Vec<u32> = (0..k as u32).map(|l| (l * 7 + 3) % (k as u32 + 3)).collect();
            let row = |l: usize| if listed { list[l] as usize } else { l };
            let start = random(m, n, 3);
            let expected: Vec<f64> = (0..m * n)
                .map(|e| {
                    let (i, j) = (e / n, e % n);
                    let sum: f64 = (0..k).map(|l| at(a, i, l) * at(b.view(), row(l), j)).sum();
                    sum + if add { at(start.view(), i, j) } else { 0.0 }
                })
                .collect();
            // A sum of k products of normal numbers, each rounded to 6e-8 of the partial sum.
            let tolerance = 1e-7 * k as f64;
            check(&format!("{m} x {n} x {k}, {transposed}, {listed}"), &expected, tolerance, |simd| {
                let mut c = random(m, n, 3);
                let b = if listed { b.view() } else { b.view().take_rows(0, k) };
                let list = listed.then_some(list.as_slice());
                simd.run(Product { a, b, list, c: c.view_mut(), add });
                assert!((0..m).all(|i| c.row(i)[n..].iter().all(|&x| x == 0.0)), "padding stays zero");
                contents(&c, m, n)
            });
        }
    }
}

#[test]
fn wide_products_are_rounded_once() {
    for (m, n, k) in SIZES {
        let (a, b) = (random(m, k, 1), random(k, n, 2));
        let expected: Vec<f64> = (0..m * n)
            .map(|e| (0..k).map(|l| at(a.view(), e / n, l) * at(b.view(), l, e % n)).sum())
            .collect();
        check(&format!("{m} x {n} x {k}"), &expected, 6e-8, |simd| {
            let mut c = Mat::zeros(m, n);
            simd.run(ProductWide { a: a.view(), b: b.view(), c: c.view_mut() });
            contents(&c, m, n)
        });
        let weights: Vec<f64> = (0..k).map(|l| at(a.view(), 0, l) / 3.0).collect();
        let expected: Vec<f64> =
            (0..n).map(|j| 0.5 + (0..k).map(|l| weights[l] * at(b.view(), l, j)).sum::<f64>()).collect();
        check("weighted rows", &expected, 6e-8, |simd| {
            let mut sum = vec![0.5; n];
            simd.run(WeightedRows { weights: &weights, rows: b.view(), sum: &mut sum });
            sum.iter().map(|&x| x as f32).collect()
        });
    }
}

#[test]
fn inner_products_and_mixtures_are_what_they_say() {
    for (n, width, heads) in [(1, 1, 1), (5, 37, 3), (8, 64, 4), (9, 130, 5)] {
        let (left, right) = (random(n, width, 1), random(n, 21, 2));
        let with = random(heads, padded(width) + 21, 3);
        // Between the segments of a vector lies padding, as in the engine's tables.
        let mut vectors = Mat::zeros(heads, padded(width) + 21);
        for h in 0..heads {
            vectors.row_mut(h)[..width].copy_from_slice(&with.row(h)[..width]);
            vectors.row_mut(h)[padded(width)..padded(width) + 21]
                .copy_from_slice(&with.row(h)[padded(width)..padded(width) + 21]);
        }
        let list: Vec<u32> = (0..n as u32).rev().collect();
        let expected: Vec<f64> = (0..n * heads)
            .map(|e| {
                let (i, h) = (list[e / heads] as usize, e % heads);
                let first: f64 = (0..width).map(|j| at(left.view(), i, j) * at(vectors.view(), h, j)).sum();
                let second: f64 =
                    (0..21).map(|j| at(right.view(), i, j) * at(vectors.view(), h, padded(width) + j)).sum();
                first + second
            })
            .collect();
        check("inner products", &expected, 1e-5, |simd| {
            let mut out = vec![0.0; n * heads];
            let segments = &[left.view(), right.view()];
            simd.run(Dots { segments, list: Some(&list), vectors: vectors.view(), out: &mut out });
            out
        });

        let base = random(1, width, 4);
        let picks: Vec<u32> = (0..3 * n as u32).map(|i| i * 5 % n as u32).collect();
        let weights: Vec<f32> = (0..3 * n).map(|i| (i as f32 * 0.7).sin()).collect();
        let expected: Vec<f64> = (0..n * width)
            .map(|e| {
                let (i, j) = (e / width, e % width);
                let terms =
                    (3 * i..3 * i + 3).map(|l| f64::from(weights[l]) * at(left.view(), picks[l] as usize, j));
                at(base.view(), 0, j) + terms.sum::<f64>()
            })
            .collect();
        check("mixture", &expected, 1e-6, |simd| {
            let mut out = Mat::zeros(n, width);
            let (table, out_view) = (left.view(), out.view_mut());
            simd.run(Mix { table, base: base.row(0), picks: &picks, weights: &weights, out: out_view });
            contents(&out, n, width)
        });
    }
}

/// exp of each element, then their sum and largest.
struct ExpOf<'a>(&'a mut [f32]);

impl Kernel for ExpOf<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn run<S: Simd>(self, s: S) -> [f32; 2] {
        for vector in self.0.chunks_exact_mut(S::LANES) {
            s.store(vector, exp(s, s.load(vector)));
        }
        [row_sum(s, self.0), row_max(s, self.0)]
    }
}

#[test]
fn exp_is_within_two_units_and_zero_below_the_normal_numbers() {
    let xs: Vec<f32> = (0..16 * 2000).map(|i| -87.3 + i as f32 * (88.0 + 87.3) / 32_000.0).collect();
    let expected: Vec<f64> = xs.iter().map(|&x| f64::from(x).exp()).collect();
    for simd in SimdLevel::available() {
        let mut got = xs.clone();
        let [_, largest] = simd.run(ExpOf(&mut got));
        for (i, (&g, &e)) in got.iter().zip(&expected).enumerate() {
            let off = (f64::from(g) - e).abs() / e;
            assert!(off < 2.4e-7, "{}: exp({}) is {g}, expected {e}", simd.name(), xs[i]);
        }
        assert_eq!(largest, *got.last().expect("there are some"), "exp grows");
        let mut edges = [0.0, -0.0, -87.4, -1e30, f32::NEG_INFINITY, f32::NAN, 1.0, 2.0].repeat(2);
        simd.run(ExpOf(&mut edges));
        assert_eq!(edges[..5], [1.0, 1.0, 0.0, 0.0, 0.0], "exact at zero, nothing far below");
        assert!(edges[5].is_nan(), "not a number stays so");
    }
    let bits = |fused: bool| {
        let sets = SimdLevel::available().into_iter().filter(move |simd| simd.is_fused() == fused);
        sets.map(|simd| {
            let mut got = xs.clone();
            let sums = simd.run(ExpOf(&mut got));
            got.iter().chain(&sums).map(|x| x.to_bits()).collect::<Vec<_>>()
        })
    };
    for fused in [false, true] {
        let all: Vec<_> = bits(fused).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "sets that round alike agree");
    }
}
