//! The neuron-logit map W_L = W_Uᵀ W_out: what each neuron says about each answer (paper section 4.2).

use crate::analysis::modular::modulus::modulus;
use crate::maths::fft::RealFft;
use crate::maths::fourier::freq_of;
use crate::maths::matrix::Matrix;
use crate::model::{Param, Weights};

/// W_L of the last block, p × d_mlp: row c, column neuron. The output for "=" is left out.
pub fn of(weights: &Weights) -> Matrix {
    through(weights, &number_columns(weights))
}

/// What each neuron of the last block says through a reader of the residual stream, d_model × n: n × d_mlp.
pub fn through(weights: &Weights, reader: &Matrix) -> Matrix {
    let shape = weights.shape();
    let W_out = weights.get(Param::W_out(shape.n_layers - 1)).to_vec();
    reader.transposed().mul(&Matrix::from_values(shape.d_model, shape.d_mlp, W_out))
}

/// W_L in the Fourier basis over answers, F W_L, p × d_mlp: row i is the direction in neuron space
/// that basis row i reads. Rows 2k-1 and 2k are the paper's u_k and v_k.
pub fn directions(map: &Matrix) -> Matrix {
    let mut columns = map.transposed();
    RealFft::new(map.rows()).transform_rows(columns.values_mut());
    columns.transposed()
}

/// The norms n_L: for each of the p basis rows, `‖F_i W_L‖` over neurons (figure 3 right).
pub fn spectrum(directions: &Matrix) -> Vec<f64> {
    directions.row_norms()
}

/// The share of `‖W_L‖` that is left when W_L keeps only u_k and v_k of some frequencies, as a ratio of
/// norms; 0 of a map that is zero. The paper's 0.55 % is the square of this.
pub fn residual_norm_ratio(spectrum: &[f64], freqs: &[usize]) -> f64 {
    let sum_sq = |rows: &dyn Fn(usize) -> bool| -> f64 {
        spectrum.iter().enumerate().filter(|&(i, _)| rows(i)).map(|(_, norm)| norm * norm).sum()
    };
    let total = sum_sq(&|_| true);
    let left = sum_sq(&|i| i == 0 || !freqs.contains(&freq_of(i)));
    if total > 0.0 { (left / total).sqrt() } else { 0.0 }
}

/// The spectrum of W_L restricted to some neurons, length p (figure 5 right).
pub fn spectrum_of(directions: &Matrix, chosen: impl Fn(usize) -> bool) -> Vec<f64> {
    let norm = |i: usize| -> f64 {
        let row = directions.row(i).iter().enumerate();
        row.filter(|&(n, _)| chosen(n)).map(|(_, value)| value * value).sum::<f64>().sqrt()
    };
    (0..directions.rows()).map(norm).collect()
}

/// The columns of W_U that belong to numbers, d_model × p.
pub fn number_columns(weights: &Weights) -> Matrix {
    let shape = weights.shape();
    let W_U = weights.get(Param::W_U);
    Matrix::from_fn(shape.d_model, modulus(shape), |d, c| W_U[d * shape.d_vocab_out + c])
}
