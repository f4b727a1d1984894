//! Whether the embedding lies on circles (Zhong et al. 2023; definition read in their published code).

use crate::analysis::modular::modulus::modulus;
use crate::maths::eigen::symmetric_eigen;
use crate::maths::fft::RealFft;
use crate::maths::fourier::norms_by_freq;
use crate::maths::matrix::Matrix;
use crate::model::{Param, Weights};

/// Principal components that are looked at.
const COMPONENTS: usize = 4;

/// A component with less than this fraction of the first one's variance is rounding.
const NO_VARIANCE: f64 = 1e-12;

/// From here on an embedding is called circular in the publication, which filters its runs by it.
pub const CIRCULAR: f64 = 0.995;

/// The mean over the first four principal components v of W_E, as functions of the p numbers, of how much of each is one
/// wave:
///
/// ```text
/// max over k of (2 / (p ‖v‖²)) |Σ_x v_x exp(i w_k x)|²
/// ```
///
/// 1 if every component is a wave of one frequency, and near 4 ln(p) / p if the embedding is random. Components without
/// variance do not count; none if there are no others.
///
/// Cost: p² d_model multiply-adds for the Gram matrix, about 5 p³ for its eigenvectors.
pub fn circularity(weights: &Weights) -> Option<f64> {
    let shape = weights.shape();
    let (p, W_E) = (modulus(shape), weights.get(Param::W_E));
    let mut rows = Matrix::from_fn(shape.d_model, p, |d, x| W_E[d * shape.d_vocab + x]);
    for d in 0..rows.rows() {
        let row = rows.row_mut(d);
        let mean = row.iter().sum::<f64>() / p as f64;
        row.iter_mut().for_each(|value| *value -= mean);
    }
    let found = symmetric_eigen(&rows.transposed().mul(&rows));
    let n_components = COMPONENTS.min(p - 1);
    let counts = |&i: &usize| found.values[i] > NO_VARIANCE * found.values[0];
    let mut waves = Vec::new();
    for i in (0..n_components).filter(counts) {
        let mut component = found.vectors.row(i).to_vec();
        // In the basis of norm 1 a frequency's two coefficients have the squared norm (2/p) |Σ v exp(i w_k x)|².
        RealFft::new(p).transform_rows(&mut component);
        let largest = norms_by_freq(&component).into_iter().fold(0.0, f64::max);
        waves.push((largest * largest).min(1.0));
    }
    (!waves.is_empty()).then(|| waves.iter().sum::<f64>() / waves.len() as f64)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::circularity;
    use crate::config::Preset;
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Param, Weights};

    const P: usize = 59;

    fn shape() -> ModelShape {
        let config = Preset::Quick.config();
        ModelShape::new(&config.data, &config.model)
    }

    /// An embedding whose rows are given functions of the numbers.
    fn embedding(functions: &[&dyn Fn(usize) -> f64]) -> Weights {
        let shape = shape();
        assert_eq!(shape.d_vocab, P + 1, "the quick preset adds modulo 59");
        let mut weights = Weights::zeros(shape.clone());
        let W_E = weights.get_mut(Param::W_E);
        for (d, function) in functions.iter().enumerate() {
            (0..P).for_each(|x| W_E[d * shape.d_vocab + x] = function(x));
            W_E[d * shape.d_vocab + P] = 50.0;
        }
        weights
    }

    fn cos(k: usize, x: usize) -> f64 {
        (TAU * (k * x % P) as f64 / P as f64).cos()
    }

    fn sin(k: usize, x: usize) -> f64 {
        (TAU * (k * x % P) as f64 / P as f64).sin()
    }

    #[test]
    fn circles_are_circular_whatever_their_size_and_place() {
        let weights = embedding(&[
            &|x| 7.0 + 3.0 * cos(5, x),
            &|x| 3.0 * sin(5, x) - 1.0,
            &|x| 2.0 * cos(20, x),
            &|x| 2.0 * sin(20, x),
            &|x| 0.5 * cos(11, x),
        ]);
        let found = circularity(&weights).expect("it varies");
        assert!((found - 1.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn a_component_of_two_frequencies_counts_by_the_stronger_one() {
        // One direction with three quarters of its power at one frequency, and no other.
        let weights = embedding(&[&|x| 3.0_f64.sqrt() * cos(4, x) + sin(9, x)]);
        let found = circularity(&weights).expect("it varies");
        assert!((found - 0.75).abs() < 1e-12, "{found}");
    }

    #[test]
    fn random_weights_are_not_circular_and_constant_ones_are_nothing() {
        let found = circularity(&initial_weights(&shape(), 3)).expect("it varies");
        assert!((0.05..0.4).contains(&found), "{found}");
        assert_eq!(circularity(&embedding(&[&|_| 2.0])), None);
    }
}
