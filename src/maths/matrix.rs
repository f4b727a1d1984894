//! A row-major matrix of float64 with the few operations the analysis needs.

use std::ops::{Index, IndexMut};

/// Rows of the right factor that a product walks through at once; 32 rows of 512 numbers fit the
/// first two levels of cache.
const BLOCK: usize = 32;

/// `rows` × `cols` numbers, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// Zero everywhere.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { rows, cols, values: vec![0.0; rows * cols] }
    }

    /// Takes values row by row.
    ///
    /// # Panics
    /// If there are not `rows * cols` of them.
    pub fn from_values(rows: usize, cols: usize, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), rows * cols, "values of a {rows} × {cols} matrix");
        Self { rows, cols, values }
    }

    /// The matrix with `f(row, col)` at each place.
    pub fn from_fn(rows: usize, cols: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        let f = &f;
        let values = (0..rows).flat_map(|i| (0..cols).map(move |j| f(i, j))).collect();
        Self { rows, cols, values }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All values, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, to be written.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// One row.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.cols..][..self.cols]
    }

    /// One row, to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.values[i * self.cols..][..self.cols]
    }

    /// The matrix with rows and columns swapped.
    pub fn transposed(&self) -> Self {
        Self::from_fn(self.cols, self.rows, |i, j| self[(j, i)])
    }

    /// The product of self (m × k) and `right` (k × n), m × n.
    ///
    /// ```
    /// use grokking_lab::maths::matrix::Matrix;
    ///
    /// let left = Matrix::from_values(1, 3, vec![1.0, 2.0, 3.0]);
    /// let right = Matrix::from_fn(3, 2, |i, j| (i * 10 + j) as f64);
    /// assert_eq!(left.mul(&right).values(), [80.0, 86.0]);
    /// ```
    ///
    /// # Panics
    /// If the inner dimensions differ.
    pub fn mul(&self, right: &Self) -> Self {
        assert_eq!(self.cols, right.rows, "inner dimensions of a product");
        let mut out = Self::zeros(self.rows, right.cols);
        for start in (0..self.cols).step_by(BLOCK) {
            let end = (start + BLOCK).min(self.cols);
            for i in 0..self.rows {
                let out = &mut out.values[i * right.cols..][..right.cols];
                let (fours, rest) = self.row(i)[start..end].as_chunks::<4>();
                for (inner, factors) in (start..).step_by(4).zip(fours) {
                    let rows = [0, 1, 2, 3].map(|r| right.row(inner + r));
                    for (j, out) in out.iter_mut().enumerate() {
                        *out += factors[0] * rows[0][j]
                            + factors[1] * rows[1][j]
                            + factors[2] * rows[2][j]
                            + factors[3] * rows[3][j];
                    }
                }
                for (inner, &factor) in (end - rest.len()..end).zip(rest) {
                    add_scaled(out, factor, right.row(inner));
                }
            }
        }
        out
    }

    /// The product of self (m × k) and the transpose of `right` (n × k), m × n.
    ///
    /// # Panics
    /// If the inner dimensions differ.
    pub fn mul_transposed(&self, right: &Self) -> Self {
        self.mul(&right.transposed())
    }

    /// Norm of each row, √Σ_j m_ij².
    pub fn row_norms(&self) -> Vec<f64> {
        (0..self.rows).map(|i| sum_sq(self.row(i)).sqrt()).collect()
    }
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;

    fn index(&self, (i, j): (usize, usize)) -> &f64 {
        &self.values[i * self.cols + j]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut f64 {
        &mut self.values[i * self.cols + j]
    }
}

/// `to += factor · from`, as far as the shorter reaches.
pub fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// Σ x_i y_i, in eight interleaved sums: a fixed order, and one the compiler can do side by side.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (x_blocks, x_rest) = x.as_chunks::<8>();
    let (y_blocks, y_rest) = y.as_chunks::<8>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// Σ x_i².
pub fn sum_sq(x: &[f64]) -> f64 {
    dot(x, x)
}

#[cfg(test)]
mod tests {
    use super::{Matrix, dot};

    fn numbered(rows: usize, cols: usize, seed: f64) -> Matrix {
        Matrix::from_fn(rows, cols, |i, j| ((i * cols + j) as f64 * seed).sin())
    }

    #[test]
    fn products_equal_the_sum_of_their_definition() {
        for (m, k, n) in [(1, 1, 1), (3, 70, 5), (33, 64, 17), (9, 129, 40)] {
            let (left, right) = (numbered(m, k, 0.7), numbered(k, n, 1.3));
            let expected = Matrix::from_fn(m, n, |i, j| (0..k).map(|l| left[(i, l)] * right[(l, j)]).sum());
            for product in [left.mul(&right), left.mul_transposed(&right.transposed())] {
                for (i, (a, e)) in product.values().iter().zip(expected.values()).enumerate() {
                    assert!((a - e).abs() < 1e-12, "{m} × {k} × {n}, place {i}: {a} instead of {e}");
                }
            }
        }
    }

    #[test]
    fn dot_takes_every_length() {
        for n in 0..40 {
            let ones = vec![1.0; n];
            assert_eq!(dot(&ones, &ones), n as f64, "length {n}");
        }
    }
}
