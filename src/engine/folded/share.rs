//! A share of the pairs: its part of the sums and of the scores, and the gradient from the sums of all shares.

use std::ops::Range;

use super::loss::Score;
use super::pair_set::PairSet;
use super::pairs::{PairWork, score};
use super::rows::Rows;
use super::rows_backward::RowsBackward;
use super::sums::Sums;
use super::team::Team;
use super::tensors::{Sizes, Tensors};
use super::tokens::TokenGradient;
use crate::config::{ExperimentConfig, LossForm};
use crate::model::ModelShape;
use crate::task::Task;

/// Everything between the weights and the gradient, over some of the pairs.
#[derive(Debug)]
pub struct Share {
    /// Widths of the matrices.
    pub sizes: Sizes,
    /// Of the mean loss over all train pairs, what [`Self::sum`] makes of this share's.
    pub sums: Sums,
    weights: Tensors,
    gradient: Tensors,
    /// Whether `rows` are those of `weights`.
    rows_are_current: bool,
    loss: LossForm,
    /// One over the number of train pairs of all shares.
    scale: f32,
    rows: Rows,
    rows_backward: RowsBackward,
    train: PairSet,
    test: PairSet,
    /// The rows of the tables that train pairs or test pairs use.
    used: [Range<usize>; 2],
    pairs: PairWork,
    tokens: TokenGradient,
}

impl Share {
    /// Share `index` of `count` (see [`PairSet::new`]), for weights that are zero as yet.
    pub fn new(
        config: &ExperimentConfig,
        task: &Task,
        shape: &ModelShape,
        index: usize,
        count: usize,
    ) -> Self {
        let sizes = Sizes::new(shape);
        let [train, test] =
            [&task.train, &task.test].map(|pairs| PairSet::new(&sizes, task, pairs, index, count));
        Self {
            sums: Sums::zeros(&sizes),
            weights: Tensors::zeros(&sizes),
            gradient: Tensors::zeros(&sizes),
            rows_are_current: false,
            loss: config.optim.loss,
            scale: (1.0 / task.train.len() as f64) as f32,
            rows: Rows::new(&sizes),
            rows_backward: RowsBackward::new(&sizes),
            used: [0, 1].map(|pos| hull(&train.used[pos], &test.used[pos])),
            pairs: PairWork::new(&sizes, &train),
            tokens: TokenGradient::new(&sizes, &train),
            train,
            test,
            sizes,
        }
    }

    /// The weights.
    pub fn weights(&self) -> &Tensors {
        &self.weights
    }

    /// The weights, to be changed, and the last gradient.
    pub fn weights_mut(&mut self) -> (&mut Tensors, &Tensors) {
        self.rows_are_current = false;
        (&mut self.weights, &self.gradient)
    }

    /// Makes the tables of the weights, which sums and scores begin with, if they are not there yet.
    pub fn prepare(&mut self, team: &Team) {
        if !std::mem::replace(&mut self.rows_are_current, true) {
            self.rows.forward(&self.sizes, team, &self.weights, &self.used);
        }
    }

    /// Fills `sums` with the share's own.
    pub fn sum(&mut self, team: &Team) {
        self.prepare(team);
        let Self { sizes, sums, rows, rows_backward, pairs, tokens, train, .. } = self;
        pairs.gradient(sizes, team, train, rows, (self.loss, self.scale), sums);
        tokens.collect(sizes, team, train, rows, pairs);
        rows_backward.sum(sizes, team, rows, tokens, sums);
    }

    /// Makes the gradient of `sums`, which by now are those of all shares.
    pub fn differentiate(&mut self, team: &Team) {
        let Self { sizes, sums, weights, gradient, rows, rows_backward, .. } = self;
        rows_backward.gradient(sizes, team, weights, rows, sums, gradient);
    }

    /// Scores of the share's train pairs and test pairs.
    pub fn scores(&mut self, team: &Team) -> [Score; 2] {
        self.prepare(team);
        let Self { sizes, rows, train, test, .. } = self;
        [&*train, &*test].map(|set| score(sizes, team, set, rows, self.loss))
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
