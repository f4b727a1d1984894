//! What each head looks at and what it carries (paper appendix C.1, table 2, figure 8).

use serde::{Deserialize, Serialize};

use super::pattern::{AttentionPattern, key_readers, position_scores};
use crate::analysis::modular::embedding;
use crate::analysis::modular::modulus::modulus;
use crate::analysis::modular::moments::NeuronMoments;
use crate::analysis::progress::ByFreq;
use crate::maths::fourier::{FourierBasis, cos_index, sin_index};
use crate::maths::matrix::Matrix;
use crate::maths::stats;
use crate::model::{Param, Weights};

/// One head of the first block. Where there are several blocks, the pattern of the others does not depend
/// on one token a position, and is not described.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadReport {
    /// The head's number, from 0.
    pub head: usize,
    /// The mean over all pairs of its attention from "=" to a, to b and to "=" itself.
    pub mean_to: [f64; 3],
    /// The frequency of the best fit of its attention to a:
    /// `mean + α (cos w_k a - cos w_k b) + β (sin w_k a - sin w_k b)`.
    pub freq: usize,
    /// α of that fit.
    pub alpha: f64,
    /// β of that fit.
    pub beta: f64,
    /// The fraction of the variance of the attention to a that the fit explains.
    pub fve: f64,
    /// The scores it gives the numbers at position 0, in the Fourier basis: `F W_Eᵀ W_Kᵀ W_Q x_= / √d_head`,
    /// length p (figure 8; the constant includes the position's share).
    pub qk: Vec<f64>,
    /// How strongly each wave of the embedding reaches the neurons through it: `‖W_in W_O W_V W_E F_i‖` over
    /// neurons, length p.
    pub ov_norms: Vec<f64>,
    /// The same over the neurons of each cluster, by its frequency. Empty in a snapshot, and in a model of several
    /// blocks, whose clusters are of other neurons.
    #[serde(default, skip_serializing_if = "ByFreq::is_empty")]
    pub ov_by_cluster: ByFreq<Vec<f64>>,
}

/// All heads of the first block; `cluster` gives the frequency of each neuron of the last, or 0.
pub fn heads(weights: &Weights, cluster: &[usize]) -> Vec<HeadReport> {
    let pattern = AttentionPattern::new(weights, true);
    let (to_a, mean_to) = attention_to_a(modulus(weights.shape()), &pattern);
    let embedding = embedding::fourier_rows(weights);
    let readers = key_readers(weights).mul(&embedding);
    let position_scores = position_scores(weights);
    (0..pattern.n_heads())
        .map(|head| {
            let CosineOfFreq { freq, alpha, beta, fve } = fit(&to_a, head);
            let mut qk = readers.row(head).to_vec();
            qk[0] += position_scores[head] * (modulus(weights.shape()) as f64).sqrt();
            let reached = ov_map(weights, head, &embedding);
            HeadReport {
                head,
                mean_to: mean_to[head],
                freq,
                alpha,
                beta,
                fve,
                qk,
                ov_norms: reached.row_norms(),
                ov_by_cluster: by_cluster(weights, &reached, cluster),
            }
        })
        .collect()
}

struct CosineOfFreq {
    freq: usize,
    alpha: f64,
    beta: f64,
    fve: f64,
}

/// The moments of each head's attention to a, and each head's mean attention to a, b and "=".
fn attention_to_a(p: usize, pattern: &AttentionPattern) -> (NeuronMoments, Vec<[f64; 3]>) {
    let n_heads = pattern.n_heads();
    let mut moments = NeuronMoments::zeros(p, n_heads);
    let mut means = vec![[0.0; 3]; n_heads];
    let share = 1.0 / (p * p) as f64;
    for (a, b) in (0..p).flat_map(|a| (0..p).map(move |b| (a, b))) {
        let weights: Vec<[f64; 3]> = (0..n_heads).map(|head| pattern.weights(head, a, b)).collect();
        for (mean, weights) in means.iter_mut().zip(&weights) {
            for (mean, weight) in mean.iter_mut().zip(weights) {
                *mean += share * weight;
            }
        }
        let to_a: Vec<f64> = weights.iter().map(|weights| weights[0]).collect();
        moments.add_pair(a, b, &to_a);
    }
    (moments, means)
}

/// The least-squares fit of one frequency: the waves in a and, with the opposite sign, in b. The two are
/// orthogonal, so the amplitude of their difference is half the difference of their amplitudes.
fn fit(to_a: &NeuronMoments, head: usize) -> CosineOfFreq {
    let p = to_a.marginals.p();
    let variation = to_a.variation()[head];
    let coefficients = to_a.marginals.coefficients(&FourierBasis::new(p));
    let shared = |i: usize| (coefficients.by_a[(i, head)] - coefficients.by_b[(i, head)]) / 2.0;
    let pairs: Vec<[f64; 2]> = (1..=p / 2).map(|k| [shared(cos_index(k)), shared(sin_index(k))]).collect();
    let strength: Vec<f64> = pairs.iter().map(|[cos, sin]| cos * cos + sin * sin).collect();
    match stats::argmax(&strength) {
        Some(best) if variation > 0.0 => {
            let wave = (2.0 / p as f64).sqrt();
            let [cos, sin] = pairs[best];
            // On the grid both waves count, p times each coefficient's square.
            let fve = 2.0 * p as f64 * strength[best] / variation;
            CosineOfFreq { freq: best + 1, alpha: wave * cos, beta: wave * sin, fve }
        }
        _ => CosineOfFreq { freq: 0, alpha: 0.0, beta: 0.0, fve: 0.0 },
    }
}

/// The norms of each row over the neurons of each cluster.
fn by_cluster(weights: &Weights, reached: &Matrix, cluster: &[usize]) -> ByFreq<Vec<f64>> {
    let mut norms = ByFreq::new();
    if weights.shape().n_layers > 1 {
        return norms;
    }
    for &freq in cluster.iter().filter(|&&freq| freq > 0) {
        norms.entry(freq).or_insert_with(|| {
            let own = |(&value, &of): (&f64, &usize)| if of == freq { value * value } else { 0.0 };
            let norm = |i: usize| reached.row(i).iter().zip(cluster).map(own).sum::<f64>().sqrt();
            (0..reached.rows()).map(norm).collect()
        });
    }
    norms
}

/// `W_in W_O W_V W_E F_i` for each basis row i, with the embedding's coefficients given, d_model × p: row i, column
/// neuron.
fn ov_map(weights: &Weights, head: usize, embedding: &Matrix) -> Matrix {
    let shape = weights.shape();
    let (d_model, d_head, d_mlp) = (shape.d_model, shape.d_head, shape.d_mlp);
    let W_V = &weights.get(Param::W_V(0))[head * d_head * d_model..][..d_head * d_model];
    let W_O = weights.get(Param::W_O(0));
    let width = shape.n_heads * d_head;
    let value = Matrix::from_values(d_head, d_model, W_V.to_vec()).mul(embedding);
    let out = Matrix::from_fn(d_model, d_head, |d, h| W_O[d * width + head * d_head + h]);
    let W_in = Matrix::from_values(d_mlp, d_model, weights.get(Param::W_in(0)).to_vec());
    W_in.mul(&out).mul(&value).transposed()
}
