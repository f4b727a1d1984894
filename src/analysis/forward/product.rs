//! The one large product of the analysis: neurons times neuron-logit map, for all p² pairs.

use crate::maths::matrix::Matrix;

/// Columns computed at once: their sums stay in registers on every machine with 16 vector registers of
/// two numbers, wasm's included.
const TILE: usize = 24;

/// A right factor (n × m) laid out for [`Self::add_product`]: tiles of columns, padded with zeros.
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

    /// The matrix itself, n × m.
    pub fn to_matrix(&self) -> Matrix {
        Matrix::from_fn(self.rows, self.cols, |i, j| self.tiles[j / TILE * self.rows + i][j % TILE])
    }

    /// `out += left · self`, with left of any number of rows × n. Zeros of `left` cost nothing: half of
    /// all ReLU neurons are silent.
    ///
    /// # Panics
    /// If the dimensions do not fit.
    pub fn add_product(&self, left: &Matrix, out: &mut Matrix) {
        assert_eq!((left.cols(), out.cols()), (self.rows, self.cols), "inner and outer dimension");
        assert_eq!(left.rows(), out.rows(), "rows of a product");
        if self.rows == 0 {
            return;
        }
        let mut active: Vec<(usize, f64)> = Vec::with_capacity(self.rows);
        for i in 0..left.rows() {
            active.clear();
            active.extend(left.row(i).iter().copied().enumerate().filter(|&(_, value)| value != 0.0));
            for (tile, out) in self.tiles.chunks_exact(self.rows).zip(out.row_mut(i).chunks_mut(TILE)) {
                let mut sums = [0.0; TILE];
                for &(j, value) in &active {
                    let row = &tile[j];
                    for c in 0..TILE {
                        sums[c] += value * row[c];
                    }
                }
                for (out, sum) in out.iter_mut().zip(sums) {
                    *out += sum;
                }
            }
        }
    }
}
