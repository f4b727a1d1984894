//! A share of the pairs: its part of the gradient and of the scores, for given weights.

use super::loss::Score;
use super::pair_set::PairSet;
use super::pairs::{PairWork, score};
use super::rows::Rows;
use super::rows_backward::RowsBackward;
use super::team::Team;
use super::tensors::{Sizes, Tensors};
use super::tokens::TokenGradient;
use crate::config::{ExperimentConfig, LossForm};
use crate::model::ModelShape;
use crate::task::Task;

/// Everything between the weights and the gradient over some of the pairs.
#[derive(Debug)]
pub struct Share {
    /// Widths of the matrices.
    pub sizes: Sizes,
    /// The weights; whoever changes them sees it in the next result.
    pub weights: Tensors,
    /// Of the mean loss over all train pairs, the part of this share's.
    pub gradient: Tensors,
    loss: LossForm,
    /// One over the number of train pairs of all shares.
    scale: f32,
    rows: Rows,
    rows_backward: RowsBackward,
    train: PairSet,
    test: PairSet,
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
        let train = PairSet::new(&sizes, task, &task.train, index, count);
        Self {
            weights: Tensors::zeros(&sizes),
            gradient: Tensors::zeros(&sizes),
            loss: config.optim.loss,
            scale: (1.0 / task.train.len() as f64) as f32,
            rows: Rows::new(&sizes),
            rows_backward: RowsBackward::new(&sizes),
            pairs: PairWork::new(&sizes, &train),
            tokens: TokenGradient::new(&sizes, &train),
            train,
            test: PairSet::new(&sizes, task, &task.test, index, count),
            sizes,
        }
    }

    /// Fills `gradient`.
    pub fn compute_gradient(&mut self, team: &Team) {
        let Self { sizes, weights, rows, rows_backward, pairs, tokens, train, .. } = self;
        rows.forward(sizes, team, weights, &train.used);
        pairs.gradient(sizes, team, train, rows, (self.loss, self.scale), rows_backward.pair_sums());
        tokens.collect(sizes, team, train, rows, pairs);
        rows_backward.backward(sizes, team, weights, rows, tokens, &mut self.gradient);
    }

    /// Scores of the share's train pairs and test pairs.
    pub fn scores(&mut self, team: &Team) -> [Score; 2] {
        let Self { sizes, weights, rows, train, test, .. } = self;
        rows.forward(sizes, team, weights, &sizes.all_rows());
        [&*train, &*test].map(|set| score(sizes, team, set, rows, self.loss))
    }
}
