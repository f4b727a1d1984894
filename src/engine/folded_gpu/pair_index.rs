//! The index buffer: which pairs read each table row, and b and answer of each pair.

use super::layout::GpuLayout;
use crate::model::ModelShape;
use crate::model::folding::{TokenPair, n_numbers, token_pairs};
use crate::task::Dataset;

/// Consecutive pairs of one set that fit the buffers together: all pairs of a range of a.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PairChunk {
    /// Offset in the index of the p + 1 starts by a, which count pairs of the whole set.
    pub starts: usize,
    /// Offset in the index of the numbers b of the whole set.
    pub numbers_b: usize,
    /// Offset in the index of the answers of this chunk.
    pub answers: usize,
    /// The first a of the range.
    pub first_a: usize,
    /// Number of a in the range.
    pub n_a: usize,
    /// The number of the first pair within the set.
    pub first_pair: usize,
    /// Number of pairs.
    pub n_pairs: usize,
}

/// The index buffer and the chunks of both sets.
#[derive(Debug)]
pub(super) struct PairIndex {
    /// The contents of the buffer: starts of the 2p table rows, the train pairs of each row, and for the train and the
    /// test set starts by a, numbers b, and answers.
    pub words: Vec<u32>,
    /// The train set, in one chunk.
    pub train: PairChunk,
    /// The test set.
    pub test: Vec<PairChunk>,
    /// Number of pairs of the table row with the most pairs.
    pub longest_row: usize,
    /// The train pairs in the order of the buffers.
    pub order: Vec<TokenPair>,
}

/// The number of pairs that the buffers must have room for: the train set, or the test pairs of one a if that is more.
pub(super) fn capacity(dataset: &Dataset, shape: &ModelShape) -> usize {
    let starts = starts(n_numbers(shape), &token_pairs(&dataset.test), |pair| pair.a);
    starts.windows(2).map(|ends| ends[1] - ends[0]).fold(dataset.train.len(), usize::max)
}

impl PairIndex {
    /// Sorts and indexes both sets of a dataset; O(p²).
    pub(super) fn new(layout: &GpuLayout, dataset: &Dataset) -> Self {
        let p = layout.n_numbers();
        let mut train = token_pairs(&dataset.train);
        train.sort_unstable_by_key(|pair| (pair.a, pair.b));
        let by_a = starts(p, &train, |pair| pair.a);
        let by_b = starts(p, &train, |pair| pair.b);
        let mut words: Vec<u32> = by_a.iter().map(|&start| start as u32).collect();
        words.extend(by_b[1..].iter().map(|&start| (train.len() + start) as u32));
        assert_eq!(words.len(), layout.pairs_of_row(), "pairs follow the starts of 2p rows");
        words.extend(0..train.len() as u32);
        let mut list: Vec<u32> = (0..train.len() as u32).collect();
        list.sort_by_key(|&i| train[i as usize].b);
        words.extend(list);
        let longest_row =
            by_a.windows(2).chain(by_b.windows(2)).map(|ends| ends[1] - ends[0]).max().unwrap_or(0);

        let train_chunks = add_set(&mut words, p, &train, layout.capacity);
        let mut test = token_pairs(&dataset.test);
        test.sort_unstable_by_key(|pair| (pair.a, pair.b));
        let test = add_set(&mut words, p, &test, layout.capacity);
        Self { words, train: train_chunks[0], test, longest_row, order: train }
    }
}

/// The start of the pairs of each number in a list sorted by it, and the end of the last.
fn starts(p: usize, pairs: &[TokenPair], number: impl Fn(&TokenPair) -> usize) -> Vec<usize> {
    let mut starts = vec![0; p + 1];
    for pair in pairs {
        starts[number(pair) + 1] += 1;
    }
    for i in 0..p {
        starts[i + 1] += starts[i];
    }
    starts
}

/// Appends a sorted set to the index and splits it into chunks of at most `capacity` pairs.
fn add_set(words: &mut Vec<u32>, p: usize, pairs: &[TokenPair], capacity: usize) -> Vec<PairChunk> {
    let by_a = starts(p, pairs, |pair| pair.a);
    let starts = words.len();
    words.extend(by_a.iter().map(|&start| start as u32));
    let numbers_b = words.len();
    words.extend(pairs.iter().map(|pair| pair.b as u32));
    let answers = words.len();
    words.extend(pairs.iter().map(|pair| pair.answer as u32));
    let mut chunks = Vec::new();
    let mut first_a = 0;
    while first_a < p {
        let first_pair = by_a[first_a];
        let mut end = first_a + 1;
        while end < p && by_a[end + 1] - first_pair <= capacity {
            end += 1;
        }
        let n_pairs = by_a[end] - first_pair;
        let (answers, n_a) = (answers + first_pair, end - first_a);
        chunks.push(PairChunk { starts, numbers_b, answers, first_a, n_a, first_pair, n_pairs });
        first_a = end;
    }
    chunks.retain(|chunk| chunk.n_pairs > 0);
    chunks
}

#[cfg(test)]
mod tests {
    use super::{PairIndex, capacity};
    use crate::config::Preset;
    use crate::engine::folded_gpu::layout::GpuLayout;
    use crate::model::ModelShape;
    use crate::task::Dataset;

    #[test]
    fn every_pair_is_in_one_chunk_and_under_both_numbers() {
        let config = Preset::Paper.config();
        let (dataset, p) = (Dataset::new(&config.data), 113);
        let shape = ModelShape::new(&config.data, &config.model);
        assert_eq!(capacity(&dataset, &shape), 3830, "the train set is larger than any row");
        let layout = GpuLayout::new(&shape, dataset.train.len(), 3830);
        let index = PairIndex::new(&layout, &dataset);
        assert_eq!(index.train.n_pairs, 3830, "the train set is one chunk");
        assert_eq!(index.test.iter().map(|chunk| chunk.n_pairs).sum::<usize>(), 8939, "all test pairs");
        assert!(index.test.iter().all(|chunk| chunk.n_pairs <= 3830), "chunks fit");
        for row in 0..2 * p {
            let [start, end] = [row, row + 1].map(|row| index.words[layout.row_starts() + row] as usize);
            for &pair in &index.words[layout.pairs_of_row() + start..layout.pairs_of_row() + end] {
                let pair = index.order[pair as usize];
                assert_eq!([pair.a, pair.b][row / p], row % p, "a pair of row {row}");
            }
        }
        for chunk in index.test.iter().chain([&index.train]) {
            for a in chunk.first_a..chunk.first_a + chunk.n_a {
                let [start, end] = [a, a + 1].map(|a| index.words[chunk.starts + a] as usize);
                for pair in start..end {
                    let b = index.words[chunk.numbers_b + pair] as usize;
                    let answer = index.words[chunk.answers + pair - chunk.first_pair] as usize;
                    assert_eq!(answer, (a + b) % p, "the answer of ({a}, {b})");
                }
            }
        }
    }
}
