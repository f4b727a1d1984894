//! One worker's part of a step: partial gradients and scores over its pairs, its rows of the weight products,
//! and the gradient of the weights from the partial gradients of all workers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::folded_layout::FoldedLayout;
use super::folded_params::FoldedParams;
use super::packed;
use super::pair_pass::{PairPass, score};
use super::pair_set::PairSet;
use super::partial_gradients::PartialGradients;
use super::shard::Shard;
use super::table_gradient::TableGradient;
use super::token_tables::TokenTables;
use super::token_tables_backward::TokenTablesBackward;
use crate::config::{ExperimentConfig, LossForm};
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::loss::Score;
use crate::engine::cpu::matrix::Mat;
use crate::error::Result;
use crate::model::ModelShape;
use crate::task::Dataset;

/// Everything between the weights and their gradient, for the pairs of one shard.
#[derive(Debug)]
pub(super) struct ShardWorker {
    /// Widths of the matrices.
    pub layout: FoldedLayout,
    /// Of the mean loss over all train pairs: after [`Self::compute_partial_gradients`] what this shard's pairs
    /// contribute, after the exchange the sum over all shards.
    pub partial: PartialGradients,
    shard: Shard,
    weights: FoldedParams,
    gradient: FoldedParams,
    ready: TablesReady,
    loss: LossForm,
    /// One over the number of train pairs of all shards.
    scale: f32,
    tables: TokenTables,
    tables_backward: TokenTablesBackward,
    train: PairSet,
    test: PairSet,
    /// The ranges of table rows, of a and of b, that train pairs or test pairs use.
    used_rows: [Range<usize>; 2],
    pair_pass: PairPass,
    table_gradient: TableGradient,
}

/// Which parts of [`ShardWorker::tables`] belong to the current weights.
#[derive(Debug, Default)]
struct TablesReady {
    /// Scores, values and `base`.
    attention: bool,
    /// All rows of the weight products.
    weight_products: bool,
    /// `T` and `W_out_U`, and so everything.
    tables: bool,
}

/// What workers exchange in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// Before the update: each contributes its partial gradients, all receive their sum.
    AllReduceGradients,
    /// After the update: each contributes its rows of the weight products, all receive all rows.
    AllGatherWeightProducts,
}

impl ShardWorker {
    /// Allocates everything a step needs for a shard of the pairs, at weights of zero; sorts and indexes the
    /// pairs. For the paper's model on one worker about 25 MB.
    pub(super) fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        shape: &ModelShape,
        shard: Shard,
    ) -> Self {
        let layout = FoldedLayout::new(shape);
        let [train, test] =
            [&dataset.train, &dataset.test].map(|examples| PairSet::new(&layout, examples, shard));
        Self {
            partial: PartialGradients::zeros(&layout),
            shard,
            weights: FoldedParams::zeros(&layout),
            gradient: FoldedParams::zeros(&layout),
            ready: TablesReady::default(),
            loss: config.optim.loss,
            scale: (1.0 / dataset.train.len() as f64) as f32,
            tables: TokenTables::zeros(&layout),
            tables_backward: TokenTablesBackward::zeros(&layout),
            used_rows: [0, 1].map(|pos| hull(&train.used_rows[pos], &test.used_rows[pos])),
            pair_pass: PairPass::zeros(&layout, &train),
            table_gradient: TableGradient::zeros(&layout, &train),
            train,
            test,
            layout,
        }
    }

    /// The weights.
    pub(super) fn weights(&self) -> &FoldedParams {
        &self.weights
    }

    /// The weights, to be changed, and the last gradient. Marks all tables as out of date.
    pub(super) fn weights_mut(&mut self) -> (&mut FoldedParams, &FoldedParams) {
        self.ready = TablesReady::default();
        (&mut self.weights, &self.gradient)
    }

    /// Computes the tables that need no weight product, unless they belong to the current weights already.
    pub(super) fn compute_attention_tables(&mut self, pool: &ComputePool) {
        if !std::mem::replace(&mut self.ready.attention, true) {
            self.tables.compute_attention(&self.layout, pool, &self.weights);
        }
    }

    /// Computes this shard's rows of the weight products.
    pub(super) fn compute_weight_products(&mut self, pool: &ComputePool) {
        self.tables.weight_products.compute_rows(&self.layout, pool, &self.weights, self.shard);
    }

    /// Computes all tables that do not belong to the current weights yet. Weight products that have not been
    /// received ([`Self::mark_products_ready`]) are computed here, all rows of them.
    pub(super) fn ensure_forward_tables(&mut self, pool: &ComputePool) {
        self.compute_attention_tables(pool);
        if !std::mem::replace(&mut self.ready.weight_products, true) {
            self.tables.weight_products.compute_rows(&self.layout, pool, &self.weights, Shard::SINGLE);
        }
        if !std::mem::replace(&mut self.ready.tables, true) {
            self.tables.build_tables(&self.layout, pool, &self.used_rows);
        }
    }

    /// Overwrites `partial` with the sums over this shard's train pairs.
    pub(super) fn compute_partial_gradients(&mut self, pool: &ComputePool) {
        self.ensure_forward_tables(pool);
        let Self { layout, partial, tables, tables_backward, pair_pass, table_gradient, train, .. } = self;
        pair_pass.forward_backward(layout, pool, train, tables, (self.loss, self.scale), partial);
        table_gradient.sum_over_pairs(layout, pool, train, tables, pair_pass);
        tables_backward.partial_gradients(layout, pool, tables, table_gradient, partial);
    }

    /// Computes the gradient of the weights from `partial`, which must be the sum over all shards by now.
    pub(super) fn compute_gradient(&mut self, pool: &ComputePool) {
        let Self { layout, partial, weights, gradient, tables, tables_backward, .. } = self;
        tables_backward.weight_gradients(layout, pool, weights, tables, partial, gradient);
    }

    /// A copy of this shard's contribution to an exchange.
    pub(super) fn pack_own(&self, exchange: Exchange) -> Vec<f32> {
        match exchange {
            Exchange::AllReduceGradients => packed::concat(self.partial.all().map(Mat::data)),
            Exchange::AllGatherWeightProducts => self.tables.weight_products.pack(self.shard),
        }
    }

    /// Adds or inserts the contribution of the shard `rank`.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if `received` has another length.
    pub(super) fn receive(&mut self, exchange: Exchange, rank: usize, received: &[f32]) -> Result<()> {
        match exchange {
            Exchange::AllReduceGradients => {
                packed::add_into(self.partial.all_mut().map(Mat::data_mut), received)
            }
            Exchange::AllGatherWeightProducts => {
                self.tables.weight_products.unpack(Shard { rank, ..self.shard }, received)
            }
        }
    }

    /// A copy of the combined contributions of all shards, once each of the others has been received.
    pub(super) fn pack_combined(&self, exchange: Exchange) -> Vec<f32> {
        match exchange {
            Exchange::AllReduceGradients => self.pack_own(exchange),
            Exchange::AllGatherWeightProducts => self.tables.weight_products.pack(Shard::SINGLE),
        }
    }

    /// Overwrites this shard's contribution with what [`Self::pack_combined`] returned elsewhere.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if `received` has another length.
    pub(super) fn receive_combined(&mut self, exchange: Exchange, received: &[f32]) -> Result<()> {
        match exchange {
            Exchange::AllReduceGradients => {
                packed::copy_into(self.partial.all_mut().map(Mat::data_mut), received)
            }
            Exchange::AllGatherWeightProducts => self.tables.weight_products.unpack(Shard::SINGLE, received),
        }
    }

    /// Declares that the weight products are complete: own rows computed, all others received.
    pub(super) fn mark_products_ready(&mut self) {
        self.ready.weight_products = true;
    }

    /// Scores of this shard's train pairs and test pairs.
    pub(super) fn scores(&mut self, pool: &ComputePool) -> [Score; 2] {
        self.ensure_forward_tables(pool);
        let Self { layout, tables, train, test, .. } = self;
        [&*train, &*test].map(|set| score(layout, pool, set, tables, self.loss))
    }
}

/// The smallest range that contains both.
fn hull(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b.clone(),
        (_, true) => a.clone(),
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}
