//! The Fourier spectrum of the embedding (paper section 4.1, figure 3 left).

use crate::analysis::modular::modulus::modulus;
use crate::maths::fft::RealFft;
use crate::maths::fourier::FourierBasis;
use crate::maths::matrix::Matrix;
use crate::model::{Param, Weights};

/// The norms n_E: for each of the p basis rows, `‖W_E F_i‖` over d_model, in the order const, cos 1,
/// sin 1, …; the column of "=" is left out.
pub fn spectrum(weights: &Weights) -> Vec<f64> {
    let coefficients = fourier_rows(weights);
    let mut sum_sq = vec![0.0; coefficients.cols()];
    for d in 0..coefficients.rows() {
        for (sum, c) in sum_sq.iter_mut().zip(coefficients.row(d)) {
            *sum += c * c;
        }
    }
    sum_sq.into_iter().map(f64::sqrt).collect()
}

/// [`spectrum`] by products with the basis, O(d_model · p²): for the training worker, whose program would be a quarter
/// larger with fast transforms, and which needs this once a second.
pub fn spectrum_by_products(weights: &Weights) -> Vec<f64> {
    let shape = weights.shape();
    let (p, W_E) = (modulus(shape), weights.get(Param::W_E));
    let basis = FourierBasis::new(p);
    let mut sum_sq = vec![0.0; p];
    for row in W_E.chunks_exact(shape.d_vocab) {
        for (sum, c) in sum_sq.iter_mut().zip(basis.transform(&row[..p])) {
            *sum += c * c;
        }
    }
    sum_sq.into_iter().map(f64::sqrt).collect()
}

/// `W_E Fᵀ` without "=", d_model × p: each row of the embedding as Fourier coefficients.
pub fn fourier_rows(weights: &Weights) -> Matrix {
    let shape = weights.shape();
    let W_E = weights.get(Param::W_E);
    let mut rows = Matrix::from_fn(shape.d_model, modulus(shape), |d, x| W_E[d * shape.d_vocab + x]);
    RealFft::new(modulus(shape)).transform_rows(rows.values_mut());
    rows
}

#[cfg(test)]
mod tests {
    use super::{spectrum, spectrum_by_products};
    use crate::config::{Activation, Preset};
    use crate::maths::fourier::{FourierBasis, cos_index, sin_index};
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Param, Weights};

    #[test]
    fn equals_the_definition_at_random_weights() {
        let config = Preset::Quick.config();
        let shape = ModelShape::new(&config.data, &config.model);
        let weights = initial_weights(&shape, 2);
        let basis = FourierBasis::new(59);
        let W_E = weights.get(Param::W_E);
        for (i, (norm, other)) in
            spectrum(&weights).into_iter().zip(spectrum_by_products(&weights)).enumerate()
        {
            assert!((norm - other).abs() < 1e-12 * norm, "row {i}: {norm} fast, {other} by products");
            let coefficient =
                |d: usize| -> f64 { (0..59).map(|x| W_E[d * shape.d_vocab + x] * basis.row(i)[x]).sum() };
            let expected = (0..shape.d_model).map(|d| coefficient(d).powi(2)).sum::<f64>().sqrt();
            assert!((norm - expected).abs() < 1e-12 * expected, "row {i}: {norm} instead of {expected}");
        }
    }

    #[test]
    fn a_planted_wave_stands_alone_and_the_equals_sign_is_left_out() {
        let (p, k) = (13, 4);
        let shape = ModelShape {
            n_ctx: 3,
            n_layers: 1,
            d_model: 3,
            n_heads: 1,
            d_head: 3,
            d_mlp: 2,
            d_vocab: p + 1,
            d_vocab_out: p,
            activation: Activation::Relu,
            causal: true,
            residual_scale: 1.0,
        };
        let mut weights = Weights::zeros(shape);
        let basis = FourierBasis::new(p);
        let W_E = weights.get_mut(Param::W_E);
        for x in 0..p {
            W_E[x] = 3.0 * basis.row(cos_index(k))[x];
            W_E[2 * (p + 1) + x] = 4.0 * basis.row(sin_index(k))[x] + 2.0 * basis.row(cos_index(k))[x];
        }
        for d in 0..3 {
            W_E[d * (p + 1) + p] = 100.0;
        }
        for (i, norm) in spectrum(&weights).into_iter().enumerate() {
            let expected = match i {
                _ if i == cos_index(k) => 13.0_f64.sqrt(),
                _ if i == sin_index(k) => 4.0,
                _ => 0.0,
            };
            assert!((norm - expected).abs() < 1e-13, "row {i}: {norm} instead of {expected}");
        }
    }
}
