//! Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to a tridiagonal matrix, then the implicit
//! QL method (Golub and Van Loan, sections 8.3.1 and 8.3.3). About 4/3 n³ multiply-adds for the values, 5 n³ with the
//! vectors; [`svd`](super::svd) takes several times as long for values whose smallest keep their digits.

use super::matrix::{Matrix, add_scaled, dot, sum_sq};

/// Steps for one eigenvalue; two are usual.
const MAX_STEPS: usize = 60;

/// What [`symmetric_eigen`] finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// The eigenvalues, largest first.
    pub values: Vec<f64>,
    /// Row i is the eigenvector of norm 1 of value i.
    pub vectors: Matrix,
}

/// The eigenvalues of a symmetric matrix, largest first. What is above its diagonal is not read.
///
/// # Panics
/// If it is not square.
pub fn symmetric_eigenvalues(matrix: &Matrix) -> Vec<f64> {
    let mut reduced = Tridiagonal::of(matrix);
    reduced.diagonalise(None);
    reduced.diagonal.sort_by(|x, y| y.total_cmp(x));
    reduced.diagonal
}

/// The eigenvalues and eigenvectors of a symmetric matrix. What is above its diagonal is not read.
///
/// ```
/// use grokking_lab::maths::eigen::symmetric_eigen;
/// use grokking_lab::maths::matrix::Matrix;
///
/// let found = symmetric_eigen(&Matrix::from_values(2, 2, vec![2.0, 1.0, 1.0, 2.0]));
/// assert!((found.values[0] - 3.0).abs() < 1e-15 && (found.values[1] - 1.0).abs() < 1e-15);
/// let first = found.vectors.row(0);
/// assert!((first[0] - first[1]).abs() < 1e-15, "the eigenvector of 3 is (1, 1) / √2");
/// ```
///
/// # Panics
/// If it is not square.
pub fn symmetric_eigen(matrix: &Matrix) -> Eigen {
    let n = matrix.rows();
    let mut reduced = Tridiagonal::of(matrix);
    // A = H_0 H_1 … T … H_1 H_0: the eigenvectors of T as rows, mirrored back in the opposite order.
    let mut vectors = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
    reduced.diagonalise(Some(&mut vectors));
    for mirror in reduced.mirrors.iter().rev() {
        let length = sum_sq(mirror);
        if length == 0.0 {
            continue;
        }
        let start = n - mirror.len();
        for i in 0..n {
            let row = &mut vectors.row_mut(i)[start..];
            let factor = -2.0 * dot(row, mirror) / length;
            add_scaled(row, factor, mirror);
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| reduced.diagonal[j].total_cmp(&reduced.diagonal[i]));
    Eigen {
        values: order.iter().map(|&i| reduced.diagonal[i]).collect(),
        vectors: Matrix::from_fn(n, n, |i, j| vectors[(order[i], j)]),
    }
}

/// T of `A = Q T Qᵀ`.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Place i lies between i and i + 1; the last is 0.
    off: Vec<f64>,
    /// The vectors of the reflections whose product is Q, each without its leading zeros.
    mirrors: Vec<Vec<f64>>,
}

impl Tridiagonal {
    fn of(matrix: &Matrix) -> Self {
        let n = matrix.rows();
        assert_eq!(n, matrix.cols(), "a symmetric matrix is square");
        let mut a = Matrix::from_fn(n, n, |i, j| if j <= i { matrix[(i, j)] } else { matrix[(j, i)] });
        let (mut off, mut mirrors) = (vec![0.0; n], Vec::new());
        for k in 0..n.saturating_sub(1) {
            // The reflection that leaves of a column below the diagonal its first entry alone.
            let mut mirror: Vec<f64> = (k + 1..n).map(|i| a[(i, k)]).collect();
            let norm = sum_sq(&mirror).sqrt();
            off[k] = -norm.copysign(mirror[0]);
            mirror[0] -= off[k];
            let length = sum_sq(&mirror);
            if length > 0.0 {
                // (1 - 2vvᵀ/‖v‖²) A (1 - 2vvᵀ/‖v‖²) = A - v wᵀ - w vᵀ
                let scale = 2.0 / length;
                let mut w: Vec<f64> = (k + 1..n).map(|i| scale * dot(&a.row(i)[k + 1..], &mirror)).collect();
                let half = 0.5 * scale * dot(&w, &mirror);
                add_scaled(&mut w, -half, &mirror);
                for (i, (v_i, w_i)) in mirror.iter().zip(&w).enumerate() {
                    let row = &mut a.row_mut(k + 1 + i)[k + 1..];
                    for ((value, v), w) in row.iter_mut().zip(&mirror).zip(&w) {
                        *value -= v_i * w + w_i * v;
                    }
                }
            }
            mirrors.push(mirror);
        }
        Self { diagonal: (0..n).map(|i| a[(i, i)]).collect(), off, mirrors }
    }

    /// Turns until nothing is left beside the diagonal; the rows of `vectors` turn along.
    fn diagonalise(&mut self, mut vectors: Option<&mut Matrix>) {
        let (d, e) = (&mut self.diagonal, &mut self.off);
        let n = d.len();
        for first in 0..n {
            for _ in 0..MAX_STEPS {
                let negligible = |i: &usize| e[*i].abs() <= f64::EPSILON * (d[*i].abs() + d[*i + 1].abs());
                let last = (first..n - 1).find(negligible).unwrap_or(n - 1);
                if last == first {
                    break;
                }
                // Wilkinson's shift, from the first two rows.
                let half = (d[first + 1] - d[first]) / (2.0 * e[first]);
                let root = (half * half + 1.0).sqrt();
                let mut g = d[last] - d[first] + e[first] / (half + root.copysign(half));
                let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
                let mut split = false;
                for i in (first..last).rev() {
                    let (f, b) = (sine * e[i], cosine * e[i]);
                    let radius = (f * f + g * g).sqrt();
                    e[i + 1] = radius;
                    if radius == 0.0 {
                        // The matrix falls apart here.
                        d[i + 1] -= shift;
                        e[last] = 0.0;
                        split = true;
                        break;
                    }
                    (sine, cosine) = (f / radius, g / radius);
                    let moved = d[i + 1] - shift;
                    let turned = (d[i] - moved) * sine + 2.0 * cosine * b;
                    shift = sine * turned;
                    d[i + 1] = moved + shift;
                    g = cosine * turned - b;
                    if let Some(vectors) = vectors.as_deref_mut() {
                        turn(vectors, i, sine, cosine);
                    }
                }
                if !split {
                    d[first] -= shift;
                    e[first] = g;
                    e[last] = 0.0;
                }
            }
        }
    }
}

/// Turns rows i and i + 1.
fn turn(rows: &mut Matrix, i: usize, sine: f64, cosine: f64) {
    let cols = rows.cols();
    let (upper, lower) = rows.values_mut()[i * cols..].split_at_mut(cols);
    for (x, y) in upper.iter_mut().zip(&mut lower[..cols]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::{symmetric_eigen, symmetric_eigenvalues};
    use crate::maths::matrix::{Matrix, dot};
    use crate::maths::svd::singular_values;

    /// Aᵀ A of numbers of mixed sign, n × n.
    fn gram(rows: usize, n: usize) -> (Matrix, Matrix) {
        let matrix = Matrix::from_fn(rows, n, |i, j| ((i * n + j) as f64 * 1.7).sin() * (1.0 + j as f64));
        (matrix.transposed().mul(&matrix), matrix)
    }

    #[test]
    fn values_are_the_squares_of_the_singular_values() {
        for (rows, n) in [(1, 1), (3, 2), (9, 9), (40, 17), (5, 12)] {
            let (gram, matrix) = gram(rows, n);
            let found = symmetric_eigenvalues(&gram);
            let mut expected: Vec<f64> = singular_values(&matrix).iter().map(|s| s * s).collect();
            expected.resize(n, 0.0);
            for (i, (found, value)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (found - value).abs() <= 1e-13 * expected[0],
                    "{rows} × {n}, value {i}: {found}, not {value}"
                );
            }
        }
    }

    #[test]
    fn vectors_are_orthonormal_and_belong_to_their_values() {
        let planted = |i: usize, j: usize| if i == j { [4.0, -2.0, 4.0, 0.0, 1.0][i] } else { 0.0 };
        let cases = [gram(30, 23).0, gram(4, 11).0, Matrix::from_fn(5, 5, planted), Matrix::zeros(3, 3)];
        for matrix in cases {
            let found = symmetric_eigen(&matrix);
            let scale = matrix.values().iter().fold(1.0_f64, |top, value| top.max(value.abs()));
            for i in 0..matrix.rows() {
                let vector = found.vectors.row(i);
                for j in 0..matrix.rows() {
                    let (product, expected) =
                        (dot(vector, found.vectors.row(j)), f64::from(u8::from(i == j)));
                    assert!((product - expected).abs() < 1e-13, "rows {i} and {j}: {product}");
                    let image = dot(matrix.row(j), vector);
                    let expected = found.values[i] * vector[j];
                    assert!(
                        (image - expected).abs() < 1e-12 * scale,
                        "vector {i}, place {j}: {image}, not {expected}"
                    );
                }
            }
            assert!(found.values.is_sorted_by(|x, y| x >= y), "largest first: {:?}", found.values);
            let alone = symmetric_eigenvalues(&matrix);
            for (value, alone) in found.values.iter().zip(&alone) {
                assert!((value - alone).abs() <= 1e-13 * scale, "{value} and {alone}");
            }
        }
    }

    #[test]
    fn a_matrix_without_rows_has_no_values() {
        assert!(symmetric_eigenvalues(&Matrix::zeros(0, 0)).is_empty());
    }
}
