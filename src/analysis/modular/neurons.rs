//! Which frequency each neuron computes, and how purely (paper section 4.3, figure 5).

use serde::{Deserialize, Serialize};

use crate::analysis::modular::forward::HostModel;
use crate::analysis::modular::marginals::Marginals;
use crate::analysis::modular::moments::NeuronMoments;
use crate::maths::fourier::{FourierBasis, freq_of};
use crate::maths::matrix::Matrix;
use crate::maths::stats;

/// A neuron belongs to a frequency's cluster when at least this fraction of its variance is explained
/// (paper section 4.3).
pub const MIN_CLUSTER_FVE: f64 = 0.85;

/// A neuron's best frequency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NeuronFit {
    /// The frequency that explains most, from 1; 0 for a neuron that is the same on all pairs.
    pub freq: usize,
    /// The fraction of the centred variance that the eight terms of this frequency explain.
    pub fve: f64,
}

/// Each neuron's best frequency, from the neurons' moments.
pub fn fits(neurons: &NeuronMoments) -> Vec<NeuronFit> {
    let explained = neurons.explained_by_freq();
    let fit = |(n, &variation): (usize, &f64)| match stats::argmax(explained.row(n)) {
        // Rounding may bring the sum of the parts above the whole.
        Some(best) if variation > 0.0 => {
            NeuronFit { freq: best + 1, fve: (explained[(n, best)] / variation).min(1.0) }
        }
        _ => NeuronFit { freq: 0, fve: 0.0 },
    };
    neurons.variation().iter().enumerate().map(fit).collect()
}

/// Each neuron's frequency if that explains at least `min_fve`, else 0.
pub fn clusters(fits: &[NeuronFit], min_fve: f64) -> Vec<usize> {
    fits.iter().map(|fit| if fit.fve >= min_fve { fit.freq } else { 0 }).collect()
}

/// The logits, without bias, of the clustered neurons when each is replaced by its projection on the
/// constant and the eight terms of its frequency: their constant (length p) and their waves (columns c).
///
/// `cluster` gives each neuron's frequency, or 0 for one that is left out.
pub fn polynomial_logits(
    neurons: &NeuronMoments,
    model: &HostModel,
    cluster: &[usize],
) -> (Vec<f64>, Marginals) {
    let basis = FourierBasis::new(model.p());
    let inverse = basis.matrix().transposed();
    let own_waves = |coefficients: &Matrix| {
        let own = Matrix::from_fn(coefficients.rows(), coefficients.cols(), |i, n| {
            if i > 0 && cluster[n] == freq_of(i) { coefficients[(i, n)] } else { 0.0 }
        });
        inverse.mul(&model.through_map(&own))
    };
    let waves = neurons.marginals.coefficients(&basis).map(own_waves);
    let mut constant = neurons.marginals.mean();
    for (value, &freq) in constant.iter_mut().zip(cluster) {
        if freq == 0 {
            *value = 0.0;
        }
    }
    let constant = model.through_map(&Matrix::from_values(1, constant.len(), constant));
    (constant.values().to_vec(), waves)
}
