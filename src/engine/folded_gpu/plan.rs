//! The order of dispatches in a step and in an evaluation.

use super::job_table::JobTable;
use super::kernels::{Kernel, TABLE_TILE};
use super::layout::{GpuLayout, LOSS_PAIRS, SLOPE_PAIRS};
use super::pair_index::{PairChunk, PairIndex};
use super::{RING_AT, RING_LENGTH, product_jobs};

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatch {
    /// What runs.
    pub kernel: Kernel,
    /// Which of [`Plan::params`] it reads.
    pub params: usize,
    /// Workgroups in x and y.
    pub groups: [usize; 2],
}

/// The scores that the workgroups of one chunk leave in `record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoreRange {
    /// Where they begin.
    pub at: usize,
    /// How many workgroups left three numbers each: loss, right, collapsed.
    pub n: usize,
}

/// All dispatches of a run.
#[derive(Debug)]
pub struct Plan {
    /// Numbers of single dispatches.
    pub params: Vec<[u32; 4]>,
    /// Tiles and jobs of the products.
    pub products: JobTable,
    /// One step.
    pub step: Vec<Dispatch>,
    /// From the weights to the logits of the train set.
    pub train_logits: Vec<Dispatch>,
    /// From the weights to the scores of both sets.
    pub evaluation: Vec<Dispatch>,
    /// Scores of the train set, then of the chunks of the test set.
    pub scores: Vec<ScoreRange>,
    /// Floats in `record`.
    pub record_len: usize,
}

impl Plan {
    /// Plans a run whose products over pairs go in tiles of `pair_tile`.
    pub fn new(layout: &GpuLayout, index: &PairIndex, pair_tile: usize) -> Self {
        let mut plan = Self {
            params: Vec::new(),
            products: JobTable::default(),
            step: Vec::new(),
            train_logits: Vec::new(),
            evaluation: Vec::new(),
            scores: Vec::new(),
            record_len: RING_AT + 3 * RING_LENGTH,
        };
        let tables = plan.tables(layout);
        let logits = plan.product(Kernel::Logits, pair_tile, &product_jobs::logits(layout));
        let train = [plan.mix(layout, &index.train), logits];

        let (loss, losses) = plan.loss(Kernel::Loss, &index.train);
        plan.step = [tables.as_slice(), &train, &[loss]].concat();
        let backward = plan.backward(layout, index, pair_tile, losses);
        plan.step.extend(backward);

        plan.train_logits = [tables.as_slice(), &train].concat();
        plan.evaluation = tables.to_vec();
        for chunk in [index.train].iter().chain(&index.test) {
            let mix = plan.mix(layout, chunk);
            let (score, place) = plan.loss(Kernel::Score, chunk);
            plan.evaluation.extend([mix, logits, score]);
            plan.scores.push(place);
        }
        plan
    }

    /// From the weights to the tables by number.
    fn tables(&mut self, layout: &GpuLayout) -> [Dispatch; 3] {
        let shape = &layout.shape;
        let n_entries = layout.rows() * shape.d_model;
        [
            self.dispatch(Kernel::Embed, [0; 4], [shape.n_heads + n_entries.div_ceil(64), 1]),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::projections(layout)),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::tables(layout)),
        ]
    }

    fn mix(&mut self, layout: &GpuLayout, chunk: &PairChunk) -> Dispatch {
        let params = [chunk.starts, chunk.numbers, chunk.first_a, chunk.first_pair];
        self.dispatch(Kernel::Mix, params, [layout.neurons_and_logits_width().div_ceil(64), chunk.n_a])
    }

    fn loss(&mut self, kernel: Kernel, chunk: &PairChunk) -> (Dispatch, ScoreRange) {
        let place = ScoreRange { at: self.record_len, n: chunk.n_pairs.div_ceil(LOSS_PAIRS) };
        self.record_len += 3 * place.n;
        (self.dispatch(kernel, [chunk.answers, chunk.n_pairs, place.at, 0], [place.n, 1]), place)
    }

    /// From the gradient of the logits to the update.
    fn backward(
        &mut self,
        layout: &GpuLayout,
        index: &PairIndex,
        pair_tile: usize,
        losses: ScoreRange,
    ) -> Vec<Dispatch> {
        let shape = &layout.shape;
        let n_rows = 2 * shape.p;
        let n_sums =
            n_rows * shape.n_heads + layout.neurons_and_logits_width() + shape.d_mlp * shape.d_vocab_out;
        let n_groups = (shape.d_model * shape.p).div_ceil(64) + shape.d_model.div_ceil(64) + 1;
        vec![
            self.product(Kernel::DWoutU, pair_tile, &product_jobs::d_W_out_U(layout)),
            self.product(Kernel::DHidden, pair_tile, &product_jobs::d_hidden(layout)),
            self.dispatch(Kernel::Collect, [0; 4], [layout.neurons_and_logits_width().div_ceil(64), n_rows]),
            self.dispatch(Kernel::Slopes, [0; 4], [index.longest.div_ceil(SLOPE_PAIRS), n_rows]),
            self.dispatch(Kernel::Sums, [0; 4], [n_sums.div_ceil(64), 1]),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::backward_tables(layout)),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::backward_projections(layout)),
            self.product(Kernel::Product, TABLE_TILE, &product_jobs::backward_query_token(layout)),
            self.dispatch(Kernel::EmbedBackward, [losses.at, losses.n, 0, 0], [n_groups, 1]),
            self.dispatch(Kernel::AdamW, [0; 4], [shape.n_values().div_ceil(256), 1]),
        ]
    }

    fn product(&mut self, kernel: Kernel, side: usize, jobs: &[super::job_table::ProductJob]) -> Dispatch {
        let group = self.products.add(side, jobs);
        self.dispatch(kernel, [group.first, 0, 0, 0], [group.n_tiles, 1])
    }

    fn dispatch(&mut self, kernel: Kernel, params: [usize; 4], groups: [usize; 2]) -> Dispatch {
        self.params.push(params.map(|x| u32::try_from(x).expect("places in buffers of at most 4 GiB")));
        Dispatch { kernel, params: self.params.len() - 1, groups }
    }
}
