//! How many directions a matrix uses.

use serde::{Deserialize, Serialize};

use crate::analysis::modular::modulus::modulus;
use crate::maths::eigen::symmetric_eigenvalues;
use crate::maths::matrix::Matrix;
use crate::model::{Param, Weights};

/// The effective ranks of a model's matrices; none of one that is zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EffectiveRanks {
    /// Of W_E, the numbers alone: d_model × p.
    pub w_e: Option<f64>,
    /// Of the neuron-logit map W_L, p × d_mlp.
    pub w_l: Option<f64>,
    /// Of W_in of the last block, d_mlp × d_model.
    pub w_in: Option<f64>,
    /// Of W_out of the last block, d_model × d_mlp.
    pub w_out: Option<f64>,
}

impl EffectiveRanks {
    /// Those of a model that adds, whose neuron-logit map is given.
    pub fn new(weights: &Weights, map: &Matrix) -> Self {
        let shape = weights.shape();
        let (last, p, W_E) = (shape.n_layers - 1, modulus(shape), weights.get(Param::W_E));
        let stored = |param: Param, rows: usize, cols: usize| {
            effective_rank(&Matrix::from_values(rows, cols, weights.get(param).to_vec()))
        };
        let numbers = Matrix::from_fn(shape.d_model, p, |d, x| W_E[d * shape.d_vocab + x]);
        Self {
            w_e: effective_rank(&numbers),
            w_l: effective_rank(map),
            w_in: stored(Param::W_in(last), shape.d_mlp, shape.d_model),
            w_out: stored(Param::W_out(last), shape.d_model, shape.d_mlp),
        }
    }
}

/// The effective rank of Roy and Vetterli (2007), the exponential of the entropy of the singular values σ:
///
/// ```text
/// exp(−Σ_i q_i ln q_i),   q_i = σ_i / Σ_j σ_j
/// ```
///
/// It is n if n values are equal and the rest zero, and near 1 if one stands for all. None of a matrix that is zero.
///
/// The values are square roots of the eigenvalues of the smaller Gram matrix: those below 1e-8 of the largest are lost, and
/// would add less than 2e-7 each. Cost for n ≤ m: m n² multiply-adds for the Gram matrix, 4/3 n³ for its eigenvalues.
pub fn effective_rank(matrix: &Matrix) -> Option<f64> {
    let wide = matrix.rows() <= matrix.cols();
    let gram = if wide { matrix.mul_transposed(matrix) } else { matrix.transposed().mul(matrix) };
    effective_rank_of_squares(&symmetric_eigenvalues(&gram))
}

/// The same from the squares of the singular values, in any order.
pub fn effective_rank_of_squares(squares: &[f64]) -> Option<f64> {
    let values: Vec<f64> = squares.iter().map(|square| square.max(0.0).sqrt()).collect();
    let total: f64 = values.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let parts = values.iter().map(|value| value / total).filter(|part| *part > 0.0);
    Some(libm::exp(-parts.map(|part| part * libm::log(part)).sum::<f64>()))
}

#[cfg(test)]
mod tests {
    use super::{effective_rank, effective_rank_of_squares};
    use crate::maths::fourier::FourierBasis;
    use crate::maths::matrix::Matrix;
    use crate::maths::svd::singular_values;

    #[test]
    fn equal_singular_values_are_counted_and_unequal_ones_by_their_entropy() {
        let (left, right) = (FourierBasis::new(5), FourierBasis::new(9));
        let of = |planted: [f64; 5]| {
            let scaled = Matrix::from_fn(5, 9, |i, j| if i == j { planted[i] } else { 0.0 });
            let matrix = left.matrix().mul(&scaled).mul(right.matrix());
            let (wide, tall) = (effective_rank(&matrix), effective_rank(&matrix.transposed()));
            let (wide, tall) = (wide.expect("not zero"), tall.expect("not zero"));
            assert!((wide - tall).abs() < 1e-6, "a matrix and its transpose: {wide} and {tall}");
            wide
        };
        // Rounding leaves values near 1e-8 in the place of zeros.
        assert!((of([3.0, 3.0, 3.0, 0.0, 0.0]) - 3.0).abs() < 1e-5);
        assert!((of([7.0, 0.0, 0.0, 0.0, 0.0]) - 1.0).abs() < 1e-5);
        // Parts 1/2, 1/4, 1/4: entropy 1.5 ln 2.
        assert!((of([2.0, 1.0, 1.0, 0.0, 0.0]) - 8.0_f64.sqrt()).abs() < 1e-5);
        assert_eq!(effective_rank(&Matrix::zeros(3, 4)), None, "nothing is used");
    }

    #[test]
    fn equals_the_definition_with_the_singular_values_of_jacobi() {
        let matrix =
            Matrix::from_fn(13, 31, |i, j| ((i * 31 + j).pow(2) as f64 * 0.37).sin() / (1.0 + i as f64));
        let squares: Vec<f64> = singular_values(&matrix).iter().map(|value| value * value).collect();
        let expected = effective_rank_of_squares(&squares).expect("not zero");
        let found = effective_rank(&matrix).expect("not zero");
        assert!((found - expected).abs() < 1e-9 * expected, "{found}, not {expected}");
    }
}
