//! A share of the work: sums and scores over some of the pairs, some rows of the products of weights; and the
//! gradient from the sums of all shares.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::loss::Score;
use super::matrix::Mat;
use super::packed;
use super::pair_set::PairSet;
use super::pairs::{PairWork, score};
use super::part::Part;
use super::rows::Rows;
use super::rows_backward::RowsBackward;
use super::sums::Sums;
use super::team::Team;
use super::tensors::{Sizes, Tensors};
use super::tokens::TokenGradient;
use crate::config::{ExperimentConfig, LossForm};
use crate::error::Result;
use crate::model::ModelShape;
use crate::task::Task;

/// Everything between the weights and the gradient, over some of the pairs.
#[derive(Debug)]
pub struct Share {
    /// Widths of the matrices.
    pub sizes: Sizes,
    /// Of the mean loss over all train pairs, what [`Self::sum`] makes of this share's.
    pub sums: Sums,
    part: Part,
    weights: Tensors,
    gradient: Tensors,
    ready: Ready,
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

/// What `rows` hold already for the weights as they are.
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
    /// The sums over their pairs, before the update.
    Sums,
    /// Their rows of the products of weights, after it.
    Products,
}

impl Share {
    /// A part of the work (see [`PairSet::new`]), for weights that are zero as yet.
    pub fn new(config: &ExperimentConfig, task: &Task, shape: &ModelShape, part: Part) -> Self {
        let sizes = Sizes::new(shape);
        let [train, test] = [&task.train, &task.test].map(|pairs| PairSet::new(&sizes, task, pairs, part));
        Self {
            sums: Sums::zeros(&sizes),
            part,
            weights: Tensors::zeros(&sizes),
            gradient: Tensors::zeros(&sizes),
            ready: Ready::default(),
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
        self.ready = Ready::default();
        (&mut self.weights, &self.gradient)
    }

    /// Makes what sums and scores begin with and needs no product, if it is not there yet.
    pub fn attend(&mut self, team: &Team) {
        if !std::mem::replace(&mut self.ready.attention, true) {
            self.rows.attend(&self.sizes, team, &self.weights);
        }
    }

    /// Makes the share's own rows of the products of weights.
    pub fn multiply(&mut self, team: &Team) {
        self.rows.products.multiply(&self.sizes, team, &self.weights, self.part);
    }

    /// Makes all that sums and scores begin with, as far as it is not there yet.
    pub fn prepare(&mut self, team: &Team) {
        self.attend(team);
        if !std::mem::replace(&mut self.ready.products, true) {
            self.rows.products.multiply(&self.sizes, team, &self.weights, Part::WHOLE);
        }
        if !std::mem::replace(&mut self.ready.all, true) {
            self.rows.combine(&self.sizes, team, &self.used);
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

    /// What this share tells the others.
    pub fn tell(&self, what: Exchange) -> Vec<f32> {
        match what {
            Exchange::Sums => packed::pack(self.sums.all().map(Mat::data)),
            Exchange::Products => self.rows.products.pack(self.part),
        }
    }

    /// Takes over what another share told.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if it is not of this size.
    pub fn hear(&mut self, what: Exchange, index: usize, told: &[f32]) -> Result<()> {
        match what {
            Exchange::Sums => packed::add(self.sums.all_mut().map(Mat::data_mut), told),
            Exchange::Products => self.rows.products.unpack(Part { index, ..self.part }, told),
        }
    }

    /// What all shares told, once it has been heard.
    pub fn tell_all(&self, what: Exchange) -> Vec<f32> {
        match what {
            Exchange::Sums => self.tell(what),
            Exchange::Products => self.rows.products.pack(Part::WHOLE),
        }
    }

    /// Takes over what [`Self::tell_all`] gave.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if it is not of this size.
    pub fn hear_all(&mut self, what: Exchange, told: &[f32]) -> Result<()> {
        match what {
            Exchange::Sums => packed::unpack(self.sums.all_mut().map(Mat::data_mut), told),
            Exchange::Products => self.rows.products.unpack(Part::WHOLE, told),
        }
    }

    /// All products of the weights have been heard.
    pub fn trust_products(&mut self) {
        self.ready.products = true;
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
