//! What the directions of the neuron-logit map read from the neurons (paper section 4.2, table 1).

use serde::{Deserialize, Serialize};

use crate::analysis::modular::direction_projection::DirectionProjection;
use crate::analysis::modular::moments::NeuronMoments;
use crate::maths::fourier::{FourierBasis, cos_index, sin_index};
use crate::maths::matrix::Matrix;

/// A part of a frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectionTerm {
    /// The direction u_k, paired with cos w_k(a + b).
    Cos,
    /// The direction v_k, paired with sin w_k(a + b).
    Sin,
}

/// One row of table 1: the neurons read along u_k or v_k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DirectionFit {
    /// The frequency k.
    pub freq: usize,
    /// Which of its two directions.
    pub part: DirectionTerm,
    /// The fraction of the variance of `N u_k` that lies along cos w_k(a + b), or of `N v_k` along
    /// sin w_k(a + b).
    pub fve: f64,
    /// The coefficients of `N u_k` (or v_k) on the four products of waves of norm √p / √2, as the
    /// paper prints them.
    pub products: DirectionProducts,
}

/// Coefficients on products of waves of one frequency in a and b.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DirectionProducts {
    /// On cos w_k a · cos w_k b.
    pub cos_cos: f64,
    /// On cos w_k a · sin w_k b.
    pub cos_sin: f64,
    /// On sin w_k a · cos w_k b.
    pub sin_cos: f64,
    /// On sin w_k a · sin w_k b.
    pub sin_sin: f64,
}

/// Table 1 for the frequencies that were read: two rows each, cos before sin.
pub fn table(p: usize, reads: &DirectionProjection) -> Vec<DirectionFit> {
    of_values(p, &reads.freqs, &reads.by_direction())
}

/// Table 1 for neurons that were read along directions already: `values` holds `N u_k` and `N v_k` of each frequency
/// in turn, p² × 2n.
pub fn of_values(p: usize, freqs: &[usize], values: &Matrix) -> Vec<DirectionFit> {
    let parts: Vec<(usize, DirectionTerm)> =
        freqs.iter().flat_map(|&k| [(k, DirectionTerm::Cos), (k, DirectionTerm::Sin)]).collect();
    let index = |(freq, part): (usize, DirectionTerm)| match part {
        DirectionTerm::Cos => cos_index(freq),
        DirectionTerm::Sin => sin_index(freq),
    };
    let mut read = NeuronMoments::zeros(p, parts.len());
    for pair in 0..p * p {
        read.add_pair(pair / p, pair % p, values.row(pair));
    }
    let coefficients = read.marginals.coefficients(&FourierBasis::new(p));
    let variation = read.variation();
    let row = |(j, &(freq, part)): (usize, &(usize, DirectionTerm))| {
        let on_sum = coefficients.by_sum[(index((freq, part)), j)];
        let fve = if variation[j] > 0.0 { p as f64 * on_sum * on_sum / variation[j] } else { 0.0 };
        // cos(a ± b) = cos cos ∓ sin sin and sin(a ± b) = sin cos ± cos sin; a wave of the basis is
        // √(2/p) times the cosine or sine itself.
        let wave = (2.0 / p as f64).sqrt();
        let at = |coefficients: &Matrix, i: usize| wave * coefficients[(i, j)];
        let (cos_sum, cos_diff) =
            (at(&coefficients.by_sum, cos_index(freq)), at(&coefficients.by_diff, cos_index(freq)));
        let (sin_sum, sin_diff) =
            (at(&coefficients.by_sum, sin_index(freq)), at(&coefficients.by_diff, sin_index(freq)));
        let products = DirectionProducts {
            cos_cos: cos_sum + cos_diff,
            sin_sin: cos_diff - cos_sum,
            sin_cos: sin_sum + sin_diff,
            cos_sin: sin_sum - sin_diff,
        };
        DirectionFit { freq, part, fve, products }
    };
    parts.iter().enumerate().map(row).collect()
}
