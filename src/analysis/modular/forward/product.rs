//! The one large product of the analysis: neurons times neuron-logit map, for all p² pairs.

use crate::maths::matrix::Matrix;

/// Columns computed at once. Eight vector registers of two numbers hold their sums, half of those there are; and
/// of 512 rows the active half fits the first level of cache.
const TILE: usize = 16;

/// A right factor (n × m) laid out for [`Self::add_positive`]: tiles of columns, padded with zeros.
#[derive(Debug, Clone)]
pub struct TiledMatrix {
    rows: usize,
    cols: usize,
    /// Tile, row, column within the tile.
    tiles: Vec<[f64; TILE]>,
}

impl TiledMatrix {
    /// Lays out a matrix.
    pub fn new(matrix: &Matrix) -> Self {
        let (rows, cols) = (matrix.rows(), matrix.cols());
        let mut tiles = vec![[0.0; TILE]; cols.div_ceil(TILE) * rows];
        for i in 0..rows {
            for (tile, values) in matrix.row(i).chunks(TILE).enumerate() {
                tiles[tile * rows + i][..values.len()].copy_from_slice(values);
            }
        }
        Self { rows, cols, tiles }
    }

    /// Number of rows, n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns, m.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// `out += left · self`, with left of any number of rows × n.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn add_product(&self, left: &Matrix, out: &mut Matrix) {
        self.add_where(left, out, |value| value != 0.0);
    }

    /// `out += max(left, 0) · self`: what is not positive costs nothing.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn add_positive(&self, left: &Matrix, out: &mut Matrix) {
        self.add_where(left, out, |value| value > 0.0);
    }

    fn add_where(&self, left: &Matrix, out: &mut Matrix, counts: impl Fn(f64) -> bool) {
        assert_eq!((left.cols(), out.cols()), (self.rows, self.cols), "inner and outer dimension");
        assert_eq!(left.rows(), out.rows(), "rows of a product");
        if self.rows == 0 {
            return;
        }
        // One place more than can be filled: the last value may be written and not count.
        let mut active = vec![(0, 0.0); self.rows + 1];
        let mut sums = [0.0; TILE];
        for i in 0..left.rows() {
            // Without a branch: which neurons are active is anyone's guess, the processor's included.
            let mut n_active = 0;
            for (j, &value) in (0_u32..).zip(left.row(i)) {
                active[n_active] = (j, value);
                n_active += usize::from(counts(value));
            }
            for (tile, out) in self.tiles.chunks_exact(self.rows).zip(out.row_mut(i).chunks_mut(TILE)) {
                combine(&active[..n_active], tile, &mut sums);
                for (out, sum) in out.iter_mut().zip(&sums) {
                    *out += sum;
                }
            }
        }
    }
}

/// `sums = Σ value · tile[row]`. A function of its own with an array to write to: that is what lets the
/// compiler keep the sums in vector registers.
#[inline(never)]
fn combine(active: &[(u32, f64)], tile: &[[f64; TILE]], sums: &mut [f64; TILE]) {
    let mut totals = [0.0; TILE];
    for &(row, value) in active {
        let row = &tile[row as usize];
        for c in 0..TILE {
            totals[c] += value * row[c];
        }
    }
    *sums = totals;
}

#[cfg(test)]
mod tests {
    use super::TiledMatrix;
    use crate::maths::matrix::Matrix;

    #[test]
    fn equals_the_plain_product() {
        for (m, k, n) in [(1, 1, 1), (3, 9, 12), (5, 40, 13), (2, 30, 113), (4, 0, 3)] {
            let left = Matrix::from_fn(m, k, |i, j| ((i * k + j) as f64 * 0.7).sin());
            let right = Matrix::from_fn(k, n, |i, j| ((i * n + j) as f64 * 1.3).cos());
            let positive = Matrix::from_fn(m, k, |i, j| left[(i, j)].max(0.0));
            let tiled = TiledMatrix::new(&right);
            let (mut all, mut some) = (Matrix::zeros(m, n), Matrix::zeros(m, n));
            tiled.add_product(&left, &mut all);
            tiled.add_positive(&left, &mut some);
            for (product, expected) in [(all, left.mul(&right)), (some, positive.mul(&right))] {
                for (i, (a, e)) in product.values().iter().zip(expected.values()).enumerate() {
                    assert!((a - e).abs() < 1e-13, "{m} × {k} × {n}, place {i}: {a} instead of {e}");
                }
            }
        }
    }
}
