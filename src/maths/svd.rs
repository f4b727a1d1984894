//! Singular values by one-sided Jacobi rotations: slow for large matrices, but each value, however small,
//! comes out with its digits.

use super::matrix::{Matrix, dot, sum_sq};

/// Rows count as orthogonal below this cosine: a few roundings of a dot product.
const ORTHOGONAL: f64 = 1e-14;

/// Sweeps over all pairs of rows; ten are enough in practice (Demmel and Veselić 1992).
const MAX_SWEEPS: usize = 30;

/// The singular values of a matrix, largest first, as many as its smaller dimension.
pub fn singular_values(matrix: &Matrix) -> Vec<f64> {
    let wide = if matrix.rows() > matrix.cols() { matrix.transposed() } else { matrix.clone() };
    let mut rows = lower_triangle(wide);
    let n = rows.rows();
    for _ in 0..MAX_SWEEPS {
        let mut rotated = false;
        for i in 0..n {
            for j in i + 1..n {
                rotated |= rotate(&mut rows, i, j);
            }
        }
        if !rotated {
            break;
        }
    }
    let mut values = rows.row_norms();
    values.sort_by(|x, y| y.total_cmp(x));
    values
}

/// Makes rows i and j orthogonal; returns whether they were not yet.
fn rotate(rows: &mut Matrix, i: usize, j: usize) -> bool {
    let (norm_i, norm_j) = (sum_sq(rows.row(i)), sum_sq(rows.row(j)));
    let mixed = dot(rows.row(i), rows.row(j));
    if mixed == 0.0 || mixed.abs() <= ORTHOGONAL * (norm_i * norm_j).sqrt() {
        return false;
    }
    let zeta = (norm_j - norm_i) / (2.0 * mixed);
    let tangent = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
    let cosine = (1.0 + tangent * tangent).sqrt().recip();
    let sine = cosine * tangent;
    let cols = rows.cols();
    let (upper, lower) = rows.values_mut().split_at_mut(j * cols);
    for (x, y) in upper[i * cols..][..cols].iter_mut().zip(&mut lower[..cols]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
    true
}

/// The square factor L of `A = L Q` for an m × n matrix with m ≤ n, by Householder reflections: it has
/// A's singular values in shorter rows.
fn lower_triangle(mut rows: Matrix) -> Matrix {
    let m = rows.rows();
    for i in 0..m {
        let mut mirror = rows.row(i)[i..].to_vec();
        let norm = sum_sq(&mirror).sqrt();
        mirror[0] += norm.copysign(mirror[0]);
        let length = sum_sq(&mirror);
        if length == 0.0 {
            continue;
        }
        for r in i..m {
            let row = &mut rows.row_mut(r)[i..];
            let factor = -2.0 * dot(row, &mirror) / length;
            super::matrix::add_scaled(row, factor, &mirror);
        }
    }
    Matrix::from_fn(m, m, |i, j| if j <= i { rows[(i, j)] } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::singular_values;
    use crate::maths::fourier::FourierBasis;
    use crate::maths::matrix::Matrix;

    #[test]
    fn planted_values_come_out() {
        let planted = [9.0, 4.0, 4.0, 1.0, 1e-9];
        let (left, right) = (FourierBasis::new(5), FourierBasis::new(9));
        let scaled = Matrix::from_fn(5, 9, |i, j| if i == j { planted[i] } else { 0.0 });
        let matrix = left.matrix().mul(&scaled).mul(right.matrix());
        for matrix in [matrix.transposed(), matrix] {
            for (i, (value, expected)) in singular_values(&matrix).iter().zip(planted).enumerate() {
                assert!((value - expected).abs() < 1e-14, "value {i}: {value} instead of {expected}");
            }
        }
    }

    #[test]
    fn a_matrix_of_rank_two_has_two_values() {
        let matrix =
            Matrix::from_fn(7, 11, |i, j| (i as f64).sin() * (j as f64).cos() + 0.1 * (i * j) as f64);
        let values = singular_values(&matrix);
        assert!(values[1] > 0.1 && values[2] < 1e-13, "{values:?}");
        assert_eq!(singular_values(&Matrix::zeros(3, 4)), [0.0; 3], "zero has none");
    }
}
