//! Matrices with padded, aligned rows, and views of them; of float32 where nothing else is said.

use std::ops::Range;

use super::simd::GROUP;

/// Bytes of a cache line: a vector that crosses two costs two reads.
const LINE_BYTES: usize = 64;

/// A row-major matrix whose rows start on cache lines and are padded with zeros to a multiple of
/// [`GROUP`] numbers.
///
/// The stride is an odd number of cache lines: with a power of two, the entries of a column would compete for a few
/// sets of the cache.
#[derive(Debug)]
pub struct Mat<T = f32> {
    storage: Vec<T>,
    start: usize,
    rows: usize,
    cols: usize,
    stride: usize,
}

/// A rectangle to be read with any steps: a matrix, some of its rows or columns, a transpose.
#[derive(Debug)]
pub struct View<'a, T = f32> {
    /// The entries, from the first one on.
    pub data: &'a [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Numbers from a row to the next.
    pub row_step: usize,
    /// Numbers from a column to the next.
    pub col_step: usize,
}

/// A rectangle to be written, its rows contiguous.
#[derive(Debug)]
pub struct ViewMut<'a, T = f32> {
    /// The entries, from the first one on.
    pub data: &'a mut [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Numbers from a row to the next.
    pub stride: usize,
}

impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

/// The next multiple of [`GROUP`].
pub fn padded(n: usize) -> usize {
    n.next_multiple_of(GROUP)
}

/// Numbers from a row of `cols` columns to the next: an odd number of cache lines.
pub fn stride_of(cols: usize) -> usize {
    let lines = cols.div_ceil(GROUP);
    (lines | 1) * GROUP
}

impl<T: Copy + Default> Mat<T> {
    /// Allocates `rows` × `cols` zeros, `rows` × [`stride_of(cols)`](stride_of) numbers with padding.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        let stride = stride_of(cols);
        let storage = vec![T::default(); rows * stride + LINE_BYTES / size_of::<T>()];
        // The vector is never resized, so its address and with it the offset stay.
        let start = storage.as_ptr().align_offset(LINE_BYTES).min(LINE_BYTES / size_of::<T>());
        Self { storage, start, rows, cols, stride }
    }

    /// Numbers from a row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows with their padding.
    pub fn data(&self) -> &[T] {
        &self.storage[self.start..self.start + self.rows * self.stride]
    }

    /// All rows with their padding, to be written. The padding must stay zero.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.storage[self.start..self.start + self.rows * self.stride]
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.rows
    }

    /// Some rows with their padding.
    pub fn rows_data(&self, rows: Range<usize>) -> &[T] {
        &self.data()[rows.start * self.stride..rows.end * self.stride]
    }

    /// Some rows with their padding, to be written. The padding must stay zero.
    pub fn rows_data_mut(&mut self, rows: Range<usize>) -> &mut [T] {
        let stride = self.stride;
        &mut self.data_mut()[rows.start * stride..rows.end * stride]
    }

    /// One row, padded to a multiple of [`GROUP`].
    pub fn row(&self, i: usize) -> &[T] {
        &self.data()[i * self.stride..][..padded(self.cols)]
    }

    /// One row, padded to a multiple of [`GROUP`], to be written.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        let (stride, width) = (self.stride, padded(self.cols));
        &mut self.data_mut()[i * stride..][..width]
    }

    /// The whole matrix.
    pub fn view(&self) -> View<'_, T> {
        View { data: self.data(), rows: self.rows, cols: self.cols, row_step: self.stride, col_step: 1 }
    }

    /// The whole matrix, to be written.
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        let (rows, cols, stride) = (self.rows, self.cols, self.stride);
        ViewMut { data: self.data_mut(), rows, cols, stride }
    }
}

impl<T> View<'_, T> {
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

impl<'a, T> ViewMut<'a, T> {
    /// The same rectangle for a shorter lifetime.
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut { data: &mut *self.data, ..*self }
    }

    /// The same rectangle, to be read.
    pub fn view(&self) -> View<'_, T> {
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
pub fn transpose<T: Copy + Default>(from: &Mat<T>, to: &mut Mat<T>) {
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
