//! How few frequencies each direction of a matrix uses: the inverse participation ratio of Gromov (2023) and Doshi et al.
//! (2023), with the power of a frequency in the place of a squared coefficient.

use crate::maths::fourier::{cos_index, n_freqs, sin_index};
use crate::maths::matrix::Matrix;

/// The mean over columns of `Σ_k P_k² / (Σ_k P_k)²`, where `P_k` is the squared norm of the column's cosine and sine
/// coefficients at frequency k: 1 if every column is one wave, 1/n if its power is spread evenly over n frequencies.
/// Columns that are zero, as those of dead neurons, do not count; none if all are.
///
/// `coefficients` is p × n: row i is the Fourier basis row i, in the order const, cos 1, sin 1, …
pub fn mean_inverse_participation(coefficients: &Matrix) -> Option<f64> {
    let n_freqs = n_freqs(coefficients.rows());
    let of_column = |column: usize| {
        let power = |freq: usize| {
            let (cos, sin) =
                (coefficients[(cos_index(freq), column)], coefficients[(sin_index(freq), column)]);
            cos * cos + sin * sin
        };
        let (mut sum, mut sum_sq) = (0.0, 0.0);
        for power in (1..=n_freqs).map(power) {
            sum += power;
            sum_sq += power * power;
        }
        (sum > 0.0).then(|| sum_sq / (sum * sum))
    };
    let ratios: Vec<f64> = (0..coefficients.cols()).filter_map(of_column).collect();
    (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::mean_inverse_participation;
    use crate::maths::fourier::{cos_index, sin_index};
    use crate::maths::matrix::Matrix;

    #[test]
    fn one_wave_is_one_and_equal_power_is_one_over_their_number() {
        // Three columns over p = 7: one wave of any phase, two frequencies of equal power, and a dead one.
        let mut coefficients = Matrix::zeros(7, 3);
        coefficients[(cos_index(2), 0)] = 0.6;
        coefficients[(sin_index(2), 0)] = -0.8;
        coefficients[(cos_index(1), 1)] = 2.0;
        coefficients[(sin_index(3), 1)] = 2.0;
        let found = mean_inverse_participation(&coefficients).expect("two columns are not zero");
        assert!((found - 0.75).abs() < 1e-15, "{found}");
        assert_eq!(mean_inverse_participation(&Matrix::zeros(7, 3)), None, "nothing is spread over nothing");
        // The constant is no frequency.
        let mut constant = Matrix::zeros(7, 1);
        constant[(0, 0)] = 5.0;
        assert_eq!(mean_inverse_participation(&constant), None);
    }
}
