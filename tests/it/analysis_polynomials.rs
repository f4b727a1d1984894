//! Neurons that are exact polynomials of degree 2, and a model whose logits are exact sums of cosines: answers known
//! by value.

use std::f64::consts::TAU;

use grokking_lab::analysis::general::BySplit;
use grokking_lab::analysis::modular::directions::{DirectionFit, DirectionTerm, of_values};
use grokking_lab::analysis::modular::moments::NeuronMoments;
use grokking_lab::analysis::modular::neurons::{MIN_CLUSTER_FVE, clusters, fits};
use grokking_lab::analysis::modular::report::analyse;
use grokking_lab::config::Activation;
use grokking_lab::maths::matrix::Matrix;
use grokking_lab::model::{ModelShape, Param, Weights};

use crate::analysis_models::task;

fn angle(p: usize, k: usize, x: usize) -> f64 {
    TAU * (k * x % p) as f64 / p as f64
}

/// The nine products of {1, cos w_k a, sin w_k a} and {1, cos w_k b, sin w_k b}: a's factor counts in threes.
fn terms(p: usize, k: usize, a: usize, b: usize) -> [f64; 9] {
    let waves = |x: usize| [1.0, angle(p, k, x).cos(), angle(p, k, x).sin()];
    std::array::from_fn(|i| waves(a)[i / 3] * waves(b)[i % 3])
}

const COS_COS: usize = 4;
const COS_SIN: usize = 5;
const SIN_COS: usize = 7;
const SIN_SIN: usize = 8;

/// A neuron of one frequency: its coefficients on the nine products.
type Polynomial = (usize, [f64; 9]);

fn value(p: usize, (k, coefficients): &Polynomial, a: usize, b: usize) -> f64 {
    terms(p, *k, a, b).iter().zip(coefficients).map(|(term, coefficient)| term * coefficient).sum()
}

/// The mean square of a polynomial's variation: a wave of one number has 1/2, a product of two 1/4.
fn variance(coefficients: &[f64; 9]) -> f64 {
    let share = |i: usize| match (i / 3, i % 3) {
        (0, 0) => 0.0,
        (0, _) | (_, 0) => 0.5,
        _ => 0.25,
    };
    coefficients.iter().enumerate().map(|(i, c)| share(i) * c * c).sum()
}

/// Neurons of frequencies 3, 5 and 2, no two coefficients alike.
fn neurons() -> Vec<Polynomial> {
    vec![
        (3, [4.0, 1.0, -2.0, 0.5, 3.0, -1.0, 0.25, 2.0, -0.75]),
        (5, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0]),
        (3, [-1.0, 0.0, 0.3, 0.0, -2.0, 0.7, 0.0, 1.1, 0.9]),
        (2, [2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ]
}

#[test]
fn a_polynomial_neuron_is_explained_by_its_frequency_alone() {
    let p = 13;
    let (neurons, stray) = (neurons(), (6, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]));
    // The last one is three parts of frequency 3 and one of another.
    let mixed = |a: usize, b: usize| 3.0 * value(p, &neurons[1], a, b) + value(p, &stray, a, b);
    let mut moments = NeuronMoments::zeros(p, neurons.len() + 1);
    for (a, b) in (0..p * p).map(|pair| (pair / p, pair % p)) {
        let mut row: Vec<f64> = neurons.iter().map(|neuron| value(p, neuron, a, b)).collect();
        row.push(mixed(a, b));
        moments.add_pair(a, b, &row);
    }
    let fits = fits(&moments);
    for (n, (freq, coefficients)) in neurons.iter().enumerate() {
        assert_eq!(fits[n].freq, *freq, "neuron {n}");
        assert!((fits[n].fve - 1.0).abs() < 1e-12, "neuron {n}: {}", fits[n].fve);
        let expected = (p * p) as f64 * variance(coefficients);
        assert!((moments.variation()[n] / expected - 1.0).abs() < 1e-12, "neuron {n} varies by {expected}");
    }
    // 9 · 1/2 of frequency 5, 1/4 of frequency 6.
    let share = 4.5 / 4.75;
    assert_eq!(fits[4].freq, 5);
    assert!((fits[4].fve - share).abs() < 1e-12, "{} instead of {share}", fits[4].fve);
    assert_eq!(clusters(&fits, MIN_CLUSTER_FVE), [3, 5, 3, 2, 5]);
    assert_eq!(clusters(&fits, 0.95), [3, 5, 3, 2, 0], "the impure one is left out");
}

/// Table 1 of some neurons of one frequency, read along two directions.
fn table(p: usize, neurons: &[Polynomial], u: &[f64], v: &[f64]) -> Vec<DirectionFit> {
    let activations =
        Matrix::from_fn(p * p, neurons.len(), |pair, n| value(p, &neurons[n], pair / p, pair % p));
    let directions = Matrix::from_values(2, neurons.len(), [u, v].concat());
    of_values(p, &[neurons[0].0], &activations.mul_transposed(&directions))
}

#[test]
fn a_direction_reads_the_products_of_its_neurons_with_their_signs() {
    let p = 13;
    let all = neurons();
    let (one, two) = (all[0], all[2]);
    let (u, v) = ([2.0, -1.0], [0.5, 3.0]);
    let rows = table(p, &[one, two], &u, &v);
    for (row, (part, direction)) in rows.iter().zip([(DirectionTerm::Cos, u), (DirectionTerm::Sin, v)]) {
        assert_eq!((row.freq, row.part), (3, part));
        let sums: [f64; 9] = std::array::from_fn(|i| direction[0] * one.1[i] + direction[1] * two.1[i]);
        let found = &row.products;
        for (name, value, place) in [
            ("cos cos", found.cos_cos, COS_COS),
            ("cos sin", found.cos_sin, COS_SIN),
            ("sin cos", found.sin_cos, SIN_COS),
            ("sin sin", found.sin_sin, SIN_SIN),
        ] {
            assert!((value - sums[place]).abs() < 1e-12, "{part:?} {name}: {value}, not {}", sums[place]);
        }
        // cos w(a + b) = cos cos - sin sin has mean square 1/2, and so has sin w(a + b) = sin cos + cos sin.
        let along = match part {
            DirectionTerm::Cos => sums[COS_COS] - sums[SIN_SIN],
            DirectionTerm::Sin => sums[SIN_COS] + sums[COS_SIN],
        };
        let fve = along * along / 8.0 / variance(&sums);
        assert!((row.fve - fve).abs() < 1e-12, "{part:?}: {} instead of {fve}", row.fve);
    }
}

#[test]
fn waves_of_the_sum_are_read_whole() {
    let p = 11;
    let mut cos_of_sum = [0.0; 9];
    (cos_of_sum[COS_COS], cos_of_sum[SIN_SIN]) = (1.0, -1.0);
    let mut sin_of_sum = [0.0; 9];
    (sin_of_sum[COS_SIN], sin_of_sum[SIN_COS]) = (1.0, 1.0);
    let rows = table(p, &[(4, cos_of_sum), (4, sin_of_sum)], &[44.0, 0.0], &[0.0, -3.0]);
    for (row, [cos_cos, cos_sin, sin_cos, sin_sin]) in
        rows.iter().zip([[44.0, 0.0, 0.0, -44.0], [0.0, -3.0, -3.0, 0.0]])
    {
        assert!((row.fve - 1.0).abs() < 1e-12, "{row:?}");
        let found = [row.products.cos_cos, row.products.cos_sin, row.products.sin_cos, row.products.sin_sin];
        for (found, expected) in found.into_iter().zip([cos_cos, cos_sin, sin_cos, sin_sin]) {
            assert!((found - expected).abs() < 1e-12, "{row:?}");
        }
    }
}

/// A model with chosen logits `Σ α_k cos w_k(a + b - c)`, exactly: a neuron for each pair of numbers that is 1 where
/// both are there, and a map that says what each pair's logits are.
fn with_logits(p: usize, alpha: &[(usize, f64)]) -> Weights {
    let pairs: Vec<(usize, usize)> = (0..p).flat_map(|i| (i..p).map(move |j| (i, j))).collect();
    let (d_model, d_mlp, d_vocab) = (2 * p, pairs.len(), p + 1);
    let shape = ModelShape {
        n_ctx: 3,
        n_layers: 1,
        d_model,
        n_heads: 1,
        d_head: d_model,
        d_mlp,
        d_vocab,
        d_vocab_out: p,
        activation: Activation::Relu,
        causal: true,
        residual_scale: 1.0,
    };
    let mut weights = Weights::zeros(shape);
    for x in 0..p {
        // Attention without scores gives a third to each position.
        weights.get_mut(Param::W_E)[x * d_vocab + x] = 3.0;
        weights.get_mut(Param::W_U)[(p + x) * p + x] = 1.0;
    }
    for param in [Param::W_V(0), Param::W_O(0)] {
        for d in 0..d_model {
            weights.get_mut(param)[d * d_model + d] = 1.0;
        }
    }
    let logit =
        |s: usize, c: usize| -> f64 { alpha.iter().map(|(k, x)| x * angle(p, *k, s + p - c).cos()).sum() };
    for (n, &(i, j)) in pairs.iter().enumerate() {
        // a and b among i and j give 2, one of them 1.
        for x in [i, j] {
            weights.get_mut(Param::W_in(0))[n * d_model + x] = 1.0;
        }
        weights.get_mut(Param::b_in(0))[n] = -1.0;
        for c in 0..p {
            // Where a = b = i the neurons of i with every other number are 1 too.
            let others = |i: usize| (0..p).filter(|&x| x != i).map(|x| logit((i + x) % p, c)).sum::<f64>();
            let own = logit((i + j) % p, c) - if i == j { others(i) } else { 0.0 };
            weights.get_mut(Param::W_out(0))[(p + c) * d_mlp + n] = own;
        }
    }
    weights
}

/// Loss and accuracy of logits `Σ α_k cos w_k d`, d the distance from the answer: the same for every pair.
fn scores(p: usize, alpha: &[(usize, f64)]) -> (f64, f64) {
    let logit = |d: usize| alpha.iter().map(|(k, x)| x * angle(p, *k, d).cos()).sum::<f64>();
    let sum: f64 = (0..p).map(|d| (logit(d) - logit(0)).exp()).sum();
    (sum.ln(), if (1..p).all(|d| logit(d) < logit(0)) { 1.0 } else { 0.0 })
}

fn assert_parts(what: &str, found: BySplit, expected: f64) {
    for (part, value) in [("train", found.train), ("test", found.test), ("all", found.all)] {
        assert!((value - expected).abs() < 1e-11, "{what}, {part}: {value} instead of {expected}");
    }
}

#[test]
fn each_frequency_of_planted_logits_scores_what_it_must() {
    let p = 7;
    let alpha = [(1, 6.0), (2, -3.0), (3, 4.0)];
    let report = analyse(&with_logits(p, &alpha), &task(p)).unwrap();
    assert_eq!(report.key_freqs, [1, 2, 3]);
    let (loss, right) = scores(p, &alpha);
    assert_eq!(right, 1.0, "the whole is right");
    assert_parts("loss", report.loss, loss);
    assert_parts("restricted loss", report.restricted_loss, loss);
    assert_eq!(report.restricted_accuracy.all, right);
    assert!((report.logit_fve - 1.0).abs() < 1e-12, "nothing but cosines: {}", report.logit_fve);
    assert!((report.cosine_fit_loss - loss).abs() < 1e-11, "their fit is the whole");
    // Together they hold all: what is left says nothing.
    assert!((report.excluded_loss.train - (p as f64).ln()).abs() < 1e-11, "{}", report.excluded_loss.train);
    let mut accuracies = Vec::new();
    for (k, x) in alpha {
        let (alone, without): (Vec<_>, Vec<_>) = alpha.iter().partition(|(freq, _)| *freq == k);
        let ((alone, alone_right), (without, without_right)) = (scores(p, &alone), scores(p, &without));
        let found = &report.restricted_per_freq[&k];
        assert_parts(&format!("k = {k} alone"), found.loss, alone);
        assert_parts(&format!("accuracy of k = {k} alone"), found.accuracy, alone_right);
        let excluded = (report.excluded_loss.per_freq[&k], report.excluded_accuracy.per_freq[&k]);
        assert!((excluded.0 - without).abs() < 1e-11, "without k = {k}: {} instead of {without}", excluded.0);
        assert_eq!(excluded.1, without_right, "accuracy without k = {k}");
        assert!((report.alpha[&k] - x).abs() < 1e-11, "alpha of k = {k}");
        accuracies.push((alone_right, without_right));
    }
    assert_eq!(accuracies, [(1.0, 0.0), (0.0, 1.0), (1.0, 0.0)], "both outcomes are there");
}
