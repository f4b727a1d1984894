//! Matrices of float32 with padded, aligned rows, and views of them.

use std::ops::Range;

use super::simd::GROUP;

/// Bytes of a cache line: a vector that crosses two costs two reads.
const LINE_BYTES: usize = 64;

/// A row-major matrix whose rows start on cache lines and are padded with zeros to a multiple of
/// [`GROUP`] floats.
///
/// The stride is an odd number of cache lines: with a power of two, the entries of a column would compete for a few
/// sets of the cache.
#[derive(Debug)]
pub struct Mat {
    storage: Vec<f32>,
    start: usize,
    rows: usize,
    cols: usize,
    stride: usize,
}

/// A rectangle to be read with any steps: a matrix, some of its rows or columns, a transpose.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The entries, from the first one on.
    pub data: &'a [f32],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Floats from a row to the next.
    pub row_step: usize,
    /// Floats from a column to the next.
    pub col_step: usize,
}

/// A rectangle to be written, its rows contiguous.
#[derive(Debug)]
pub struct ViewMut<'a> {
    /// The entries, from the first one on.
    pub data: &'a mut [f32],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Floats from a row to the next.
    pub stride: usize,
}

/// The next multiple of [`GROUP`].
pub fn padded(n: usize) -> usize {
    n.next_multiple_of(GROUP)
}

/// Floats from a row of `cols` columns to the next: an odd number of cache lines.
pub fn stride_of(cols: usize) -> usize {
    let lines = cols.div_ceil(GROUP);
    (lines | 1) * GROUP
}

impl Mat {
    /// Allocates `rows` × `cols` zeros, `rows` × [`stride_of(cols)`](stride_of) floats with padding.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        let stride = stride_of(cols);
        let storage = vec![0.0; rows * stride + LINE_BYTES / size_of::<f32>()];
        // The vector is never resized, so its address and with it the offset stay.
        let start = storage.as_ptr().align_offset(LINE_BYTES).min(LINE_BYTES / size_of::<f32>());
        Self { storage, start, rows, cols, stride }
    }

    /// Floats from a row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows with their padding.
    pub fn data(&self) -> &[f32] {
        &self.storage[self.start..self.start + self.rows * self.stride]
    }

    /// All rows with their padding, to be written. The padding must stay zero.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.storage[self.start..self.start + self.rows * self.stride]
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.rows
    }

    /// Some rows with their padding.
    pub fn rows_data(&self, rows: Range<usize>) -> &[f32] {
        &self.data()[rows.start * self.stride..rows.end * self.stride]
    }

    /// Some rows with their padding, to be written. The padding must stay zero.
    pub fn rows_data_mut(&mut self, rows: Range<usize>) -> &mut [f32] {
        let stride = self.stride;
        &mut self.data_mut()[rows.start * stride..rows.end * stride]
    }

    /// One row, padded to a multiple of [`GROUP`].
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data()[i * self.stride..][..padded(self.cols)]
    }

    /// One row, padded to a multiple of [`GROUP`], to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        let (stride, width) = (self.stride, padded(self.cols));
        &mut self.data_mut()[i * stride..][..width]
    }

    /// The whole matrix.
    pub fn view(&self) -> View<'_> {
        View { data: self.data(), rows: self.rows, cols: self.cols, row_step: self.stride, col_step: 1 }
    }

    /// The whole matrix, to be written.
    pub fn view_mut(&mut self) -> ViewMut<'_> {
        let (rows, cols, stride) = (self.rows, self.cols, self.stride);
        ViewMut { data: self.data_mut(), rows, cols, stride }
    }
}

impl<'a> View<'a> {
    /// The transpose. No entry is moved.
    pub fn t(self) -> Self {
        let Self { data, rows, cols, row_step, col_step } = self;
        Self { data, rows: cols, cols: rows, row_step: col_step, col_step: row_step }
    }

    /// `n` rows from row `first`.
    pub fn take_rows(self, first: usize, n: usize) -> Self {
        assert!(first + n <= self.rows, "rows {first}..{} of {}", first + n, self.rows);
        Self { data: &self.data[first * self.row_step..], rows: n, ..self }
    }

    /// `n` columns from column `first`.
    pub fn take_cols(self, first: usize, n: usize) -> Self {
        assert!(first + n <= padded(self.cols), "columns {first}..{} of {}", first + n, self.cols);
        Self { data: &self.data[first * self.col_step..], cols: n, ..self }
    }
}

impl<'a> ViewMut<'a> {
    /// The same rectangle for a shorter lifetime.
    pub fn reborrow(&mut self) -> ViewMut<'_> {
        ViewMut { data: &mut *self.data, ..*self }
    }

    /// The same rectangle, to be read.
    pub fn view(&self) -> View<'_> {
        View { data: &*self.data, rows: self.rows, cols: self.cols, row_step: self.stride, col_step: 1 }
    }

    /// `n` rows from row `first`.
    pub fn take_rows(self, first: usize, n: usize) -> Self {
        assert!(first + n <= self.rows, "rows {first}..{} of {}", first + n, self.rows);
        Self { data: &mut self.data[first * self.stride..], rows: n, ..self }
    }

    /// `n` columns from column `first`.
    pub fn take_cols(self, first: usize, n: usize) -> Self {
        assert!(first + n <= padded(self.cols), "columns {first}..{} of {}", first + n, self.cols);
        Self { data: &mut self.data[first..], cols: n, ..self }
    }
}

/// Overwrites `to` with the transpose of `from`, which must have its sizes exchanged.
pub fn transpose(from: &Mat, to: &mut Mat) {
    assert_eq!((from.rows, from.cols), (to.cols, to.rows), "the transpose has rows and columns exchanged");
    // Squares of two cache lines each way: their 32 + 32 rows stay in the first-level cache.
    const SIDE: usize = 2 * GROUP;
    let (source, source_stride, stride) = (from.data(), from.stride, to.stride);
    let (rows, cols) = (to.rows, to.cols);
    let target = to.data_mut();
    for top in (0..rows).step_by(SIDE) {
        for left in (0..cols).step_by(SIDE) {
            for i in top..(top + SIDE).min(rows) {
                let row = &mut target[i * stride..][left..(left + SIDE).min(cols)];
                for (j, value) in row.iter_mut().enumerate() {
                    *value = source[(left + j) * source_stride + i];
                }
            }
        }
    }
}
