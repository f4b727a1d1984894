//! Matrix products as data: what the kernel `product` works through, tile by tile.

/// A matrix in a buffer: where it begins and how far apart its rows and columns lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix {
    /// The first entry.
    pub at: usize,
    /// From a row to the next.
    pub row: usize,
    /// From a column to the next.
    pub col: usize,
}

impl Matrix {
    /// Row-major, with `width` columns.
    pub fn new(at: usize, width: usize) -> Self {
        Self { at, row: width, col: 1 }
    }

    /// Its transpose.
    pub fn t(self) -> Self {
        Self { row: self.col, col: self.row, ..self }
    }

    /// Without its first rows.
    pub fn skip_rows(self, rows: usize) -> Self {
        Self { at: self.at + rows * self.row, ..self }
    }

    /// Without its first columns.
    pub fn skip_cols(self, cols: usize) -> Self {
        Self { at: self.at + cols * self.col, ..self }
    }
}

/// A product of `depth` terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Columns of `a` and rows of `b`.
    pub depth: usize,
    /// The left matrix.
    pub a: Matrix,
    /// The right matrix.
    pub b: Matrix,
}

/// c = scale · Σ a b over segments.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductJob {
    /// Rows of c.
    pub rows: usize,
    /// Columns of c.
    pub cols: usize,
    /// Where the result goes.
    pub c: Matrix,
    /// A factor.
    pub scale: f32,
    /// The products that are added.
    pub segments: Vec<Segment>,
}

impl ProductJob {
    /// c = a b.
    pub fn new([rows, depth, cols]: [usize; 3], a: Matrix, b: Matrix, c: Matrix) -> Self {
        Self { rows, cols, c, scale: 1.0, segments: vec![Segment { depth, a, b }] }
    }

    /// c = what it was + a b.
    pub fn plus(mut self, depth: usize, a: Matrix, b: Matrix) -> Self {
        self.segments.push(Segment { depth, a, b });
        self
    }

    /// c = scale · what it was.
    pub fn times(mut self, scale: f32) -> Self {
        self.scale *= scale;
        self
    }

    fn words(&self) -> Vec<u32> {
        let Matrix { at, row, col } = self.c;
        let mut words = vec![word(self.rows), word(self.cols), word(at), word(row), word(col)];
        words.extend([self.scale.to_bits(), word(self.segments.len())]);
        for Segment { depth, a, b } in &self.segments {
            words.extend([depth, &a.at, &a.row, &a.col, &b.at, &b.row, &b.col].map(|&x| word(x)));
        }
        words
    }
}

/// Jobs that run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobGroup {
    /// Where its tiles begin in the table.
    pub first: usize,
    /// How many tiles there are.
    pub n_tiles: usize,
}

/// The table of all jobs and their tiles.
#[derive(Debug, Default)]
pub struct JobTable {
    /// What the device reads.
    pub words: Vec<u32>,
}

impl JobTable {
    /// Adds jobs that run at once, in tiles of `side` × `side`.
    pub fn add(&mut self, side: usize, jobs: &[ProductJob]) -> JobGroup {
        let mut tiles = Vec::new();
        for job in jobs {
            let at = self.words.len();
            self.words.extend(job.words());
            for row in (0..job.rows).step_by(side) {
                for col in (0..job.cols).step_by(side) {
                    tiles.extend([word(at), word(row), word(col)]);
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
