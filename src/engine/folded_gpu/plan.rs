//! The order of dispatches in a step and in an evaluation.
//!
//! A step, with what each dispatch computes (symbols of `docs/engine.md`):
//!
//! | dispatch | kernel | computes |
//! |---|---|---|
//! | 1 | `embed` | q, kq, X |
//! | 2 | `product` | V, s, G, base_resid, W_out_U and its transpose |
//! | 3 | `product` | T |
//! | 4 | `pair_inputs` | attention pattern, u |
//! | 5 | `logits` | logits += n W_out_U |
//! | 6 | `loss` | losses, d_logits |
//! | 7 | `d_W_out_U` | d_W_out_U over each split of the pairs |
//! | 8 | `d_hidden` | d_u of the neurons |
//! | 9 | `d_tables` | d_T, d_base for each a |
//! | 10 | `d_pattern` | gradient of the attention pattern |
//! | 11 | `reduce` | d_s, d_base, d_W_out_U; gradient of b_in |
//! | 12 | `product` | d_V, d_G, d_kq; gradients of W_out, b_out |
//! | 13 | `product` | d_X of the numbers, d_q; gradients of W_V, W_O, W_in, W_U, W_K |
//! | 14 | `product` | d_X of "="; gradient of W_Q |
//! | 15 | `embed_backward` | gradients of W_E, W_pos; the step's entry in the ring of losses |
//! | 16 | `adamw` | weights, moments |
//!
//! An evaluation is dispatches 1 to 3, then `pair_inputs`, `logits` and `score` for every chunk of pairs.

use super::job_table::JobTable;
use super::kernels::{Kernel, TABLE_TILE};
use super::layout::{D_PATTERN_PAIRS, GpuLayout, LOSS_PAIRS};
use super::loss_ring::{RING_LENGTH, RING_OFFSET};
use super::pair_index::{PairChunk, PairIndex};
use super::product_jobs;

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dispatch {
    /// The kernel.
    pub kernel: Kernel,
    /// Index of its parameters in [`Plan::params`].
    pub params: usize,
    /// Number of workgroups in x and y.
    pub groups: [usize; 2],
}

/// The scores that the workgroups of one chunk leave in `record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScoreRange {
    /// Word of `record` at which they begin.
    pub offset: usize,
    /// Number of workgroups, each of which leaves three words: loss, correct, collapsed.
    pub n: usize,
}

/// All dispatches of a run.
#[derive(Debug)]
pub(super) struct Plan {
    /// Parameters of single dispatches.
    pub params: Vec<[u32; 4]>,
    /// All products and their tiles.
    pub products: JobTable,
    /// One step.
    pub step: Vec<Dispatch>,
    /// From the weights to the logits of the train set.
    pub train_logits: Vec<Dispatch>,
    /// From the weights to the scores of both sets.
    pub evaluation: Vec<Dispatch>,
    /// Where an evaluation leaves the scores: of the train set, then of each chunk of the test set.
    pub scores: Vec<ScoreRange>,
    /// Size of `record` in words.
    pub record_len: usize,
}

impl Plan {
    /// Plans all dispatches of a run, with products over pairs in tiles of `pair_tile`. Allocates nothing on the device.
    pub(super) fn new(layout: &GpuLayout, index: &PairIndex, pair_tile: usize) -> Self {
        let mut plan = Self {
            params: Vec::new(),
            products: JobTable::default(),
            step: Vec::new(),
            train_logits: Vec::new(),
            evaluation: Vec::new(),
            scores: Vec::new(),
            record_len: RING_OFFSET + 3 * RING_LENGTH,
        };
        let tables = plan.tables(layout);
        let logits = plan.product(Kernel::Logits, pair_tile, &product_jobs::logits(layout));
        let train = [plan.pair_inputs(layout, &index.train), logits];

        let (loss, losses) = plan.loss(Kernel::Loss, &index.train);
        plan.step = [tables.as_slice(), &train, &[loss]].concat();
        let backward = plan.backward(layout, index, pair_tile, losses);
        plan.step.extend(backward);

        plan.train_logits = [tables.as_slice(), &train].concat();
        plan.evaluation = tables.to_vec();
        for chunk in [index.train].iter().chain(&index.test) {
            let inputs = plan.pair_inputs(layout, chunk);
            let (score, range) = plan.loss(Kernel::Score, chunk);
            plan.evaluation.extend([inputs, logits, score]);
            plan.scores.push(range);
        }
        plan
    }

    /// Dispatches 1 to 3: from the weights to the tables.
    fn tables(&mut self, layout: &GpuLayout) -> [Dispatch; 3] {
        let shape = &layout.shape;
        let n_entries = layout.n_rows() * shape.d_model;
        [
            self.dispatch(Kernel::Embed, [0; 4], [shape.n_heads + n_entries.div_ceil(64), 1]),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::projections(layout)),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::tables(layout)),
        ]
    }

    fn pair_inputs(&mut self, layout: &GpuLayout, chunk: &PairChunk) -> Dispatch {
        let params = [chunk.starts, chunk.numbers_b, chunk.first_a, chunk.first_pair];
        self.dispatch(Kernel::PairInputs, params, [layout.neurons_and_logits_width().div_ceil(64), chunk.n_a])
    }

    fn loss(&mut self, kernel: Kernel, chunk: &PairChunk) -> (Dispatch, ScoreRange) {
        let range = ScoreRange { offset: self.record_len, n: chunk.n_pairs.div_ceil(LOSS_PAIRS) };
        self.record_len += 3 * range.n;
        (self.dispatch(kernel, [chunk.answers, chunk.n_pairs, range.offset, 0], [range.n, 1]), range)
    }

    /// Dispatches 7 to 16: from the gradient of the logits to the update.
    fn backward(
        &mut self,
        layout: &GpuLayout,
        index: &PairIndex,
        pair_tile: usize,
        losses: ScoreRange,
    ) -> Vec<Dispatch> {
        let shape = &layout.shape;
        let n_table_rows = 2 * layout.n_numbers();
        let n_sums = n_table_rows * shape.n_heads
            + layout.neurons_and_logits_width()
            + shape.d_mlp * shape.d_vocab_out;
        let n_groups = (shape.d_model * layout.n_numbers()).div_ceil(64) + shape.d_model.div_ceil(64) + 1;
        vec![
            self.product(Kernel::DWoutU, pair_tile, &product_jobs::d_W_out_U(layout)),
            self.product(Kernel::DHidden, pair_tile, &product_jobs::d_hidden(layout)),
            self.dispatch(
                Kernel::DTables,
                [0; 4],
                [layout.neurons_and_logits_width().div_ceil(64), n_table_rows],
            ),
            self.dispatch(
                Kernel::DPattern,
                [0; 4],
                [index.longest_row.div_ceil(D_PATTERN_PAIRS), n_table_rows],
            ),
            self.dispatch(Kernel::Reduce, [0; 4], [n_sums.div_ceil(64), 1]),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::backward_tables(layout)),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::backward_projections(layout)),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::backward_query_token(layout)),
            self.dispatch(Kernel::EmbedBackward, [losses.offset, losses.n, 0, 0], [n_groups, 1]),
            self.dispatch(Kernel::AdamW, [0; 4], [shape.n_values().div_ceil(256), 1]),
        ]
    }

    fn product(&mut self, kernel: Kernel, side: usize, jobs: &[super::job_table::ProductJob]) -> Dispatch {
        let group = self.products.add(side, jobs);
        self.dispatch(kernel, [group.first, 0, 0, 0], [group.n_tiles, 1])
    }

    fn dispatch(&mut self, kernel: Kernel, params: [usize; 4], groups: [usize; 2]) -> Dispatch {
        self.params.push(params.map(|x| u32::try_from(x).expect("offsets into buffers of at most 4 GiB")));
        Dispatch { kernel, params: self.params.len() - 1, groups }
    }
}
