//! A shard's train or test pairs in the order in which the engine visits them, indexed by table row.

use std::ops::Range;

use super::folded_layout::FoldedLayout;
use super::shard::{Shard, split_evenly};
use crate::model::folding::{n_numbers, token_pairs};
use crate::task::Examples;

/// The most pairs that go through the products together: enough to use each panel of W_out_U many times, few
/// enough that their neurons and W_out_U share the second-level cache (84 × 512 floats are 168 KiB).
pub(super) const TILE: usize = 84;
/// The most blocks over all shards, each with sums of its own: it bounds the threads that can help. Fixed, so that
/// the order of sums, and with it the bits, does not depend on the number of threads.
const MAX_BLOCKS: usize = 16;
/// The fewest pairs that are worth a block's own copy of the gradient of W_out_U.
const MIN_BLOCK_PAIRS: usize = 64;
/// Pairs are visited in squares of this many a by this many b, whose rows of `T` fit the second-level cache
/// together.
const SQUARE: usize = 24;

/// Pairs, their answers, and which pairs read each table row.
#[derive(Debug)]
pub(super) struct PairSet {
    /// n × 2 n_heads: for each pair, the rows r · n_heads + h of `T` that it reads, for a and then for b.
    pub head_rows: Vec<u32>,
    /// For each pair, its two table rows: a, and p + b.
    pub table_rows: Vec<[u32; 2]>,
    /// For each pair, the column of the logits that is the answer.
    pub answers: Vec<u32>,
    /// Consecutive ranges of pairs of nearly equal size, one job of the pool each.
    pub blocks: Vec<Range<usize>>,
    /// The smallest ranges of table rows, of a and of b, that contain those of all pairs.
    pub used_rows: [Range<usize>; 2],
    /// For each of the 2p table rows, where its pairs begin in `pairs_of_row`; and the end of the last.
    pub row_starts: Vec<usize>,
    /// The pairs that read each table row, ascending within a row; 2n in all.
    pub pairs_of_row: Vec<u32>,
    /// For each pair, its two positions in `pairs_of_row`: under the row of a and under that of b.
    pub slots: Vec<[u32; 2]>,
}

impl PairSet {
    /// Sorts all examples by their first token a, takes those of one shard and indexes them; O(n log n).
    ///
    /// A shard is a range of a (up to one split value at each end), so that it reads few rows of the tables.
    pub(super) fn new(layout: &FoldedLayout, examples: &Examples, shard: Shard) -> Self {
        let mut pairs = token_pairs(examples);
        pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
        let own = shard.range(pairs.len());
        let pairs = &mut pairs[own];
        pairs.sort_unstable_by_key(|pair| (pair.a / SQUARE, pair.b / SQUARE, pair.a, pair.b));
        let (p, n_heads, n) = (n_numbers(&layout.shape), layout.shape.n_heads, pairs.len());

        let rows: Vec<_> = pairs.iter().map(|pair| [pair.a as u32, (p + pair.b) as u32]).collect();
        let mut starts = vec![0; 2 * p + 1];
        for &row in rows.iter().flatten() {
            starts[row as usize + 1] += 1;
        }
        for row in 0..2 * p {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut pairs_of_row = vec![0; 2 * n];
        let mut slots = Vec::with_capacity(n);
        for (i, rows) in rows.iter().enumerate() {
            slots.push(rows.map(|row| {
                let slot = next[row as usize];
                next[row as usize] += 1;
                pairs_of_row[slot] = i as u32;
                slot as u32
            }));
        }
        let n_blocks = (n / MIN_BLOCK_PAIRS).clamp(1, MAX_BLOCKS.div_ceil(shard.world_size));
        Self {
            head_rows: rows
                .iter()
                .flatten()
                .flat_map(|&row| (0..n_heads as u32).map(move |h| row * n_heads as u32 + h))
                .collect(),
            answers: pairs.iter().map(|pair| pair.answer as u32).collect(),
            used_rows: [0, 1].map(|pos| {
                let of_pos = || rows.iter().map(|row| row[pos] as usize);
                of_pos().min().map_or(0..0, |first| first..of_pos().max().unwrap_or(first) + 1)
            }),
            blocks: split_evenly(n, n_blocks).collect(),
            table_rows: rows,
            row_starts: starts,
            pairs_of_row,
            slots,
        }
    }

    /// Number of pairs.
    pub(super) fn len(&self) -> usize {
        self.table_rows.len()
    }

    /// The pairs that read one of the 2p table rows, ascending.
    pub(super) fn of_row(&self, row: usize) -> &[u32] {
        &self.pairs_of_row[self.row_starts[row]..self.row_starts[row + 1]]
    }
}

/// Splits a range into nearly equal tiles of at most [`TILE`] pairs.
pub(super) fn tiles(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let n_tiles = range.len().div_ceil(TILE);
    let (start, n) = (range.start, range.len());
    split_evenly(n, n_tiles).map(move |tile| start + tile.start..start + tile.end)
}

#[cfg(test)]
mod tests {
    use super::{PairSet, TILE, tiles};
    use crate::config::Preset;
    use crate::engine::folded::folded_layout::FoldedLayout;
    use crate::engine::folded::shard::Shard;
    use crate::model::ModelShape;
    use crate::task::Dataset;

    #[test]
    fn every_pair_is_visited_once_and_found_under_both_numbers() {
        let config = Preset::Paper.config();
        let layout = FoldedLayout::new(&ModelShape::new(&config.data, &config.model));
        let train = Dataset::new(&config.data).train;
        let set = PairSet::new(&layout, &train, Shard::SINGLE);
        let visited: Vec<usize> = set.blocks.iter().cloned().flat_map(tiles).flatten().collect();
        assert_eq!(visited, (0..3830).collect::<Vec<_>>(), "blocks and tiles cover all pairs");
        assert!(set.blocks.iter().cloned().flat_map(tiles).all(|tile| tile.len() <= TILE), "tiles are small");
        for row in 0..226 {
            let pos = row / 113;
            for &pair in set.of_row(row) {
                assert_eq!(
                    set.table_rows[pair as usize][pos] as usize, row,
                    "pair {pair} lies under row {row}"
                );
            }
        }
        for (i, slots) in set.slots.iter().enumerate() {
            assert!(slots.iter().all(|&slot| set.pairs_of_row[slot as usize] as usize == i), "slots of {i}");
        }
        let mut pairs: Vec<_> = set.table_rows.iter().map(|&[a, b]| (a as usize, b as usize - 113)).collect();
        let mut given: Vec<_> =
            train.iter().map(|(tokens, _)| (tokens[0] as usize, tokens[1] as usize)).collect();
        pairs.sort_unstable();
        given.sort_unstable();
        assert_eq!(pairs, given, "the same pairs, reordered");

        let shards: Vec<_> =
            (0..3).map(|rank| PairSet::new(&layout, &train, Shard { rank, world_size: 3 })).collect();
        let mut rows: Vec<_> = shards.iter().flat_map(|shard| shard.table_rows.clone()).collect();
        let mut of_all = set.table_rows.clone();
        rows.sort_unstable();
        of_all.sort_unstable();
        assert_eq!(rows, of_all, "three shards are the whole");
        assert_eq!(set.used_rows, [0..113, 113..226], "all pairs need all rows");
        for shard in &shards {
            assert!(
                shard.used_rows[0].len() <= 113 / 3 + 4,
                "a third of the pairs, {:?} of a",
                shard.used_rows[0]
            );
            let inside =
                |rows: &[u32; 2]| [0, 1].iter().all(|&i| shard.used_rows[i].contains(&(rows[i] as usize)));
            assert!(shard.table_rows.iter().all(inside), "no pair outside {:?}", shard.used_rows);
        }
    }
}
