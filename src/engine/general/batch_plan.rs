//! Which rows a step computes: an example's positions up to its last prediction, and none of them twice.
//!
//! In a causal model a position depends on the tokens up to it. So the examples are sorted by their tokens, and the
//! positions that an example has in common with the one before it are computed once. After the last attention only
//! positions with a prediction are computed.

use std::ops::Range;

use super::params::heads_width;
use crate::model::ModelShape;
use crate::task::{Examples, NO_TARGET};

/// Products of fewer rows read the weights more often than they use them.
const MIN_TILE_ROWS: usize = 192;

/// Numbers of a tile's activations: more rows than [`MIN_TILE_ROWS`] are taken only as far as these fill a part of the
/// second-level cache.
const MAX_TILE_NUMBERS: usize = 1 << 18;

/// The examples of one step, in parts of equal size, one for each thread.
#[derive(Debug)]
pub(super) struct BatchPlan {
    /// The tiles of each part.
    pub parts: Vec<Vec<TilePlan>>,
    /// Number of predictions over all parts.
    pub n_predictions: usize,
}

/// Examples that go through the products together.
#[derive(Debug, Default)]
pub(super) struct TilePlan {
    /// For each row, token and position as rows of [`Params::embed`](super::params::Params::embed).
    pub rows: Vec<[u32; 2]>,
    /// The number of positions that each row sees.
    pub n_seen: Vec<u32>,
    /// For each prediction, token and position as above.
    pub prediction_tokens: Vec<[u32; 2]>,
    /// The row of each prediction.
    pub prediction_rows: Vec<u32>,
    /// The number of positions that each prediction sees.
    pub prediction_n_seen: Vec<u32>,
    /// What is to be predicted.
    pub targets: Vec<u32>,
    /// For each row and each prediction, its example's number in the batch times n_ctx plus its position. Of a shared
    /// row, that of the first example that has it.
    pub row_ids: Vec<u32>,
    pub prediction_ids: Vec<u32>,
    /// The rows of the positions of each example, one example after the other.
    pub keys: Vec<u32>,
    /// The examples that have a prediction.
    pub examples: Vec<ExamplePlan>,
}

/// Where an example's parts lie in its tile.
#[derive(Debug)]
pub(super) struct ExamplePlan {
    /// Rows that no earlier example has.
    pub rows: Range<usize>,
    /// Predictions.
    pub predictions: Range<usize>,
    /// In [`TilePlan::keys`].
    pub keys: Range<usize>,
}

/// The most that a tile of a plan holds: what its activations are allocated for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TileSizes {
    /// Rows.
    pub rows: usize,
    /// Predictions.
    pub predictions: usize,
    /// Positions of one example.
    pub keys: usize,
}

impl BatchPlan {
    /// Plans a step on some examples in at most `n_parts` parts. With `apart` no two examples share a row, because what
    /// is computed for it depends on more than its tokens. Allocates some 24 bytes for each token.
    pub(super) fn new(examples: &Examples, shape: &ModelShape, n_parts: usize, apart: bool) -> Self {
        let shares_rows = !apart && shares_rows(shape);
        let mut order: Vec<usize> =
            (0..examples.len()).filter(|&e| n_positions(examples, shape, e) > 0).collect();
        if shares_rows {
            order.sort_by_key(|&example| examples.tokens(example));
        }
        let n_parts = n_parts.min(order.len()).max(1);
        let tile_len = tile_len(examples, shape);
        let part = |i: usize| {
            let own = &order[i * order.len() / n_parts..(i + 1) * order.len() / n_parts];
            let n_tiles = own.len().div_ceil(tile_len);
            let tile = |t: usize| {
                let own = &own[t * own.len() / n_tiles..(t + 1) * own.len() / n_tiles];
                TilePlan::new(examples, shape, own, shares_rows)
            };
            (0..n_tiles).map(tile).collect()
        };
        let parts: Vec<Vec<TilePlan>> = (0..n_parts).map(part).collect();
        let n_predictions = parts.iter().flatten().map(|tile| tile.targets.len()).sum();
        Self { parts, n_predictions }
    }

    /// The most that a tile of each size holds.
    pub(super) fn tile_sizes(&self) -> TileSizes {
        self.parts.iter().flatten().fold(TileSizes::default(), |most, tile| TileSizes {
            rows: most.rows.max(tile.rows.len()),
            predictions: most.predictions.max(tile.targets.len()),
            keys: tile.examples.iter().map(|example| example.keys.len()).fold(most.keys, usize::max),
        })
    }
}

impl TileSizes {
    /// The larger of each size.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            rows: self.rows.max(other.rows),
            predictions: self.predictions.max(other.predictions),
            keys: self.keys.max(other.keys),
        }
    }
}

impl TilePlan {
    fn new(examples: &Examples, shape: &ModelShape, order: &[usize], shares_rows: bool) -> Self {
        let mut tile = Self::default();
        let mut before: Option<usize> = None;
        for &example in order {
            let (tokens, n) = (examples.tokens(example), n_positions(examples, shape, example));
            let n_shared = match (before, tile.examples.last()) {
                (Some(before), Some(last)) if shares_rows => {
                    let other = &examples.tokens(before)[..last.keys.len().min(n)];
                    tokens.iter().zip(other).take_while(|(x, y)| x == y).count()
                }
                _ => 0,
            };
            let shared = tile.examples.last().map_or(0, |last| last.keys.start);
            let (first_key, first_row) = (tile.keys.len(), tile.rows.len());
            tile.keys.extend_from_within(shared..shared + n_shared);
            let n_seen = |position: usize| if shape.causal { position as u32 + 1 } else { n as u32 };
            let embedded = |position: usize| [tokens[position], (shape.d_vocab + position) as u32];
            let id = |position: usize| (example * shape.n_ctx + position) as u32;
            for position in n_shared..n {
                tile.row_ids.push(id(position));
                tile.keys.push(tile.rows.len() as u32);
                tile.rows.push(embedded(position));
                tile.n_seen.push(n_seen(position));
            }
            let first_prediction = tile.targets.len();
            for (&position, &target) in examples.shape().loss_positions.iter().zip(examples.targets(example))
            {
                if target != NO_TARGET {
                    tile.prediction_ids.push(id(position));
                    tile.prediction_tokens.push(embedded(position));
                    tile.prediction_rows.push(tile.keys[first_key + position]);
                    tile.prediction_n_seen.push(n_seen(position));
                    tile.targets.push(target);
                }
            }
            tile.examples.push(ExamplePlan {
                rows: first_row..tile.rows.len(),
                predictions: first_prediction..tile.targets.len(),
                keys: first_key..tile.keys.len(),
            });
            before = Some(example);
        }
        tile
    }
}

/// Whether rows of equal beginnings are worth finding: they must be causal, and more must come of them than keys and
/// values, which are sums of table rows in the first block.
fn shares_rows(shape: &ModelShape) -> bool {
    shape.causal && shape.n_layers > 1
}

/// The positions of an example that a prediction depends on; 0 if it has none.
fn n_positions(examples: &Examples, shape: &ModelShape, example: usize) -> usize {
    let predicted = examples.shape().loss_positions.iter().zip(examples.targets(example));
    let last =
        predicted.filter(|(_, target)| **target != NO_TARGET).map(|(position, _)| position + 1).next_back();
    last.map_or(0, |n| if shape.causal { n } else { shape.n_ctx })
}

/// Examples of a tile.
fn tile_len(examples: &Examples, shape: &ModelShape) -> usize {
    let n_positions = (0..examples.len()).map(|e| n_positions(examples, shape, e)).max().unwrap_or(0).max(1);
    let n_predictions = examples.n_predictions().div_ceil(examples.len().max(1)).max(1);
    let heads = heads_width(shape);
    let query = 2 * heads + 2 * shape.d_model + shape.d_mlp + shape.n_heads * n_positions;
    let per_example = shape.n_layers * n_positions * 2 * heads
        + (shape.n_layers - 1) * n_positions * query
        + n_predictions * (query + shape.d_vocab_out);
    let fewest_rows = if shape.n_layers > 1 { n_positions } else { n_predictions };
    MIN_TILE_ROWS.div_ceil(fewest_rows).max(MAX_TILE_NUMBERS / per_example)
}
