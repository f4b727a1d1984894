//! A share of the work: partial and scores over some of the pairs, some tables of the products of weights; and the
//! gradient from the partial of all shares.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::compute_pool::ComputePool;
use super::folded_params::{FoldedLayout, FoldedParams};
use super::loss::Score;
use super::matrix::Mat;
use super::packed;
use super::pair_pass::{PairPass, score};
use super::pair_set::PairSet;
use super::partial_gradients::PartialGradients;
use super::shard::Shard;
use super::table_gradient::TableGradient;
use super::token_tables::TokenTables;
use super::token_tables_backward::TokenTablesBackward;
use crate::config::{ExperimentConfig, LossForm};
use crate::error::Result;
use crate::model::ModelShape;
use crate::task::Task;

/// Everything between the weights and the gradient, over some of the pairs.
#[derive(Debug)]
pub struct ShardWorker {
    /// Widths of the matrices.
    pub layout: FoldedLayout,
    /// Of the mean loss over all train pairs, what [`Self::sum`] makes of this share's.
    pub partial: PartialGradients,
    shard: Shard,
    weights: FoldedParams,
    gradient: FoldedParams,
    ready: Ready,
    loss: LossForm,
    /// One over the number of train pairs of all shares.
    scale: f32,
    tables: TokenTables,
    tables_backward: TokenTablesBackward,
    train: PairSet,
    test: PairSet,
    /// The tables of the tables that train pairs or test pairs use.
    used: [Range<usize>; 2],
    pair_pass: PairPass,
    table_gradient: TableGradient,
}

/// What `tables` hold already for the weights as they are.
#[derive(Debug, Default)]
struct Ready {
    attention: bool,
    products: bool,
    all: bool,
}

/// What shares have to tell each other at every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// The partial over their pairs, before the update.
    AllReduceGradients,
    /// Their tables of the products of weights, after it.
    AllGatherWeightProducts,
}

impl ShardWorker {
    /// A part of the work (see [`PairSet::new`]), for weights that are zero as yet.
    pub fn new(config: &ExperimentConfig, task: &Task, shape: &ModelShape, shard: Shard) -> Self {
        let layout = FoldedLayout::new(shape);
        let [train, test] = [&task.train, &task.test].map(|pairs| PairSet::new(&layout, task, pairs, shard));
        Self {
            partial: PartialGradients::zeros(&layout),
            shard,
            weights: FoldedParams::zeros(&layout),
            gradient: FoldedParams::zeros(&layout),
            ready: Ready::default(),
            loss: config.optim.loss,
            scale: (1.0 / task.train.len() as f64) as f32,
            tables: TokenTables::new(&layout),
            tables_backward: TokenTablesBackward::new(&layout),
            used: [0, 1].map(|pos| hull(&train.used_rows[pos], &test.used_rows[pos])),
            pair_pass: PairPass::new(&layout, &train),
            table_gradient: TableGradient::new(&layout, &train),
            train,
            test,
            layout,
        }
    }

    /// The weights.
    pub fn weights(&self) -> &FoldedParams {
        &self.weights
    }

    /// The weights, to be changed, and the last gradient.
    pub fn weights_mut(&mut self) -> (&mut FoldedParams, &FoldedParams) {
        self.ready = Ready::default();
        (&mut self.weights, &self.gradient)
    }

    /// Makes what partial and scores begin with and needs no product, if it is not there yet.
    pub fn compute_attention_tables(&mut self, pool: &ComputePool) {
        if !std::mem::replace(&mut self.ready.attention, true) {
            self.tables.compute_attention(&self.layout, pool, &self.weights);
        }
    }

    /// Makes the share's own tables of the products of weights.
    pub fn compute_weight_products(&mut self, pool: &ComputePool) {
        self.tables.products.multiply(&self.layout, pool, &self.weights, self.shard);
    }

    /// Makes all that partial and scores begin with, as far as it is not there yet.
    pub fn ensure_forward_tables(&mut self, pool: &ComputePool) {
        self.compute_attention_tables(pool);
        if !std::mem::replace(&mut self.ready.products, true) {
            self.tables.products.multiply(&self.layout, pool, &self.weights, Shard::SINGLE);
        }
        if !std::mem::replace(&mut self.ready.all, true) {
            self.tables.build_tables(&self.layout, pool, &self.used);
        }
    }

    /// Fills `partial` with the share's own.
    pub fn compute_partial_gradients(&mut self, pool: &ComputePool) {
        self.ensure_forward_tables(pool);
        let Self { layout, partial, tables, tables_backward, pair_pass, table_gradient, train, .. } = self;
        pair_pass.forward_backward(layout, pool, train, tables, (self.loss, self.scale), partial);
        table_gradient.sum_over_pairs(layout, pool, train, tables, pair_pass);
        tables_backward.partial_gradients(layout, pool, tables, table_gradient, partial);
    }

    /// Makes the gradient of `partial`, which by now are those of all shares.
    pub fn compute_gradient(&mut self, pool: &ComputePool) {
        let Self { layout, partial, weights, gradient, tables, tables_backward, .. } = self;
        tables_backward.weight_gradients(layout, pool, weights, tables, partial, gradient);
    }

    /// What this share tells the others.
    pub fn pack_own(&self, what: Exchange) -> Vec<f32> {
        match what {
            Exchange::AllReduceGradients => packed::concat(self.partial.all().map(Mat::data)),
            Exchange::AllGatherWeightProducts => self.tables.products.pack(self.shard),
        }
    }

    /// Takes over what another share received.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if it is not of this size.
    pub fn receive(&mut self, what: Exchange, rank: usize, received: &[f32]) -> Result<()> {
        match what {
            Exchange::AllReduceGradients => {
                packed::add_into(self.partial.all_mut().map(Mat::data_mut), received)
            }
            Exchange::AllGatherWeightProducts => {
                self.tables.products.unpack(Shard { rank, ..self.shard }, received)
            }
        }
    }

    /// What all shares received, once it has been heard.
    pub fn pack_combined(&self, what: Exchange) -> Vec<f32> {
        match what {
            Exchange::AllReduceGradients => self.pack_own(what),
            Exchange::AllGatherWeightProducts => self.tables.products.pack(Shard::SINGLE),
        }
    }

    /// Takes over what [`Self::tell_all`] gave.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if it is not of this size.
    pub fn receive_combined(&mut self, what: Exchange, received: &[f32]) -> Result<()> {
        match what {
            Exchange::AllReduceGradients => {
                packed::copy_into(self.partial.all_mut().map(Mat::data_mut), received)
            }
            Exchange::AllGatherWeightProducts => self.tables.products.unpack(Shard::SINGLE, received),
        }
    }

    /// All products of the weights have been heard.
    pub fn mark_products_ready(&mut self) {
        self.ready.products = true;
    }

    /// Scores of the share's train pairs and test pairs.
    pub fn scores(&mut self, pool: &ComputePool) -> [Score; 2] {
        self.ensure_forward_tables(pool);
        let Self { layout, tables, train, test, .. } = self;
        [&*train, &*test].map(|set| score(layout, pool, set, tables, self.loss))
    }
}

/// The range from the first to the last number of two ranges.
fn hull(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b.clone(),
        (_, true) => a.clone(),
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}
