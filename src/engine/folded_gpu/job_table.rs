//! Matrix products as data: the list of jobs that the kernel `product` computes tile by tile.

/// A matrix in a buffer: its offset and its strides, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Matrix {
    /// Word of the first entry.
    pub offset: usize,
    /// Words from a row to the next.
    pub row_stride: usize,
    /// Words from a column to the next.
    pub col_stride: usize,
}

impl Matrix {
    /// A row-major matrix with `width` columns.
    pub(super) fn new(offset: usize, width: usize) -> Self {
        Self { offset, row_stride: width, col_stride: 1 }
    }

    /// The transpose. No entry is moved.
    pub(super) fn t(self) -> Self {
        Self { row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }

    /// The matrix without its first rows.
    pub(super) fn skip_rows(self, rows: usize) -> Self {
        Self { offset: self.offset + rows * self.row_stride, ..self }
    }

    /// The matrix without its first columns.
    pub(super) fn skip_cols(self, cols: usize) -> Self {
        Self { offset: self.offset + cols * self.col_stride, ..self }
    }
}

/// One product a b, with sums of `depth` terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Columns of `a` and rows of `b`.
    pub depth: usize,
    /// The left matrix.
    pub a: Matrix,
    /// The right matrix.
    pub b: Matrix,
}

/// c = scale · Σ a b over the segments.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ProductJob {
    /// Rows of c.
    pub rows: usize,
    /// Columns of c.
    pub cols: usize,
    /// The result.
    pub c: Matrix,
    /// A factor of the whole sum.
    pub scale: f32,
    /// The products that are added.
    pub segments: Vec<Segment>,
}

impl ProductJob {
    /// c = a b.
    pub(super) fn new([rows, depth, cols]: [usize; 3], a: Matrix, b: Matrix, c: Matrix) -> Self {
        Self { rows, cols, c, scale: 1.0, segments: vec![Segment { depth, a, b }] }
    }

    /// Adds a segment: c = … + a b.
    pub(super) fn plus(mut self, depth: usize, a: Matrix, b: Matrix) -> Self {
        self.segments.push(Segment { depth, a, b });
        self
    }

    /// Multiplies the whole sum: c = scale · (…).
    pub(super) fn times(mut self, scale: f32) -> Self {
        self.scale *= scale;
        self
    }

    fn words(&self) -> Vec<u32> {
        let Matrix { offset, row_stride, col_stride } = self.c;
        let mut words =
            vec![word(self.rows), word(self.cols), word(offset), word(row_stride), word(col_stride)];
        words.extend([self.scale.to_bits(), word(self.segments.len())]);
        for Segment { depth, a, b } in &self.segments {
            words.push(word(*depth));
            for Matrix { offset, row_stride, col_stride } in [a, b] {
                words.extend([offset, row_stride, col_stride].map(|&x| word(x)));
            }
        }
        words
    }
}

/// The tiles of jobs that run in one dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JobGroup {
    /// Word of the table where they begin: triples of job, first row and first column.
    pub first: usize,
    /// Number of tiles, one workgroup each.
    pub n_tiles: usize,
}

/// The table of all jobs and their tiles.
#[derive(Debug, Default)]
pub(super) struct JobTable {
    /// The contents of the buffer `jobs`: for each group its jobs, then its tiles.
    pub words: Vec<u32>,
}

impl JobTable {
    /// Appends jobs that run in one dispatch, in tiles of `side` × `side`. They must not read each other's results.
    pub(super) fn add(&mut self, side: usize, jobs: &[ProductJob]) -> JobGroup {
        let mut tiles = Vec::new();
        for job in jobs {
            let job_offset = self.words.len();
            self.words.extend(job.words());
            for row in (0..job.rows).step_by(side) {
                for col in (0..job.cols).step_by(side) {
                    tiles.extend([word(job_offset), word(row), word(col)]);
                }
            }
        }
        let group = JobGroup { first: self.words.len(), n_tiles: tiles.len() / 3 };
        self.words.extend(tiles);
        group
    }
}

fn word(value: usize) -> u32 {
    u32::try_from(value).expect("sizes were checked against the device's limits")
}

#[cfg(test)]
mod tests {
    use super::{JobGroup, JobTable, Matrix, ProductJob};

    #[test]
    fn tiles_cover_a_matrix() {
        let a = Matrix::new(0, 10);
        let job = ProductJob::new([70, 10, 33], a, a.t(), Matrix::new(500, 33)).plus(1, a, a).times(0.5);
        let mut table = JobTable::default();
        assert_eq!(table.add(32, &[job.clone(), job]), JobGroup { first: 42, n_tiles: 12 });
        assert_eq!(table.words.len(), 42 + 36, "two jobs of two segments, twelve tiles");
        assert_eq!(&table.words[42..48], &[0, 0, 0, 0, 0, 32], "job, row, column");
        assert_eq!(&table.words[75..], &[21, 64, 32], "the last tile of the second job");
    }
}
