//! A run's state and one step of it: gradients of the parts of a batch, their sum, an update.

use super::activations::{Activations, head_rows_mut};
use super::backward::PartGradient;
use super::batch_plan::{BatchPlan, TileSizes};
use super::dropout::Dropout;
use super::forward::Model;
use super::params::{Params, heads_width};
use super::scalar::Scalar;
use super::transposed::Transposed;
use crate::config::{ExperimentConfig, OptimConfig};
use crate::engine::cpu::adamw::{AdamWCoefficients, AdamWUpdate};
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::loss::{LossGradient, Score, ScoreRows};
use crate::engine::cpu::matrix::{Mat, View, ViewMut};
use crate::engine::cpu::simd::product::Product;
use crate::engine::{Evaluation, TrainState};
use crate::error::Result;
use crate::model::{ModelShape, Weights};
use crate::task::{Dataset, Sampler};

/// The state of a run, and what a step needs.
#[derive(Debug)]
pub(super) struct Trainer<T> {
    shape: ModelShape,
    optim: OptimConfig,
    dropout: Option<Dropout>,
    /// Updates done so far.
    pub step: usize,
    params: Params<T>,
    first_moment: Params<T>,
    second_moment: Params<T>,
    /// What is computed from the weights before each step.
    table: Mat<T>,
    transposed: Transposed<T>,
    parts: Vec<Part<T>>,
    sizes: TileSizes,
    train: BatchPlan,
    test: BatchPlan,
    /// Where the train set of each step comes from, if it does not stay; it holds that of the next update.
    sampler: Option<Sampler>,
}

/// What the thread that works on a part of the batch writes to.
#[derive(Debug)]
struct Part<T> {
    activations: Activations<T>,
    sums: PartGradient<T>,
    score: Score,
}

impl<T: Scalar> Trainer<T> {
    /// Allocates everything that steps in `n_parts` parts need, at a state.
    ///
    /// # Errors
    /// None: the state is that of its own model.
    pub(super) fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        n_parts: usize,
    ) -> Result<Self> {
        let shape = start.weights.shape().clone();
        let dropout = Dropout::new(config);
        let train = BatchPlan::new(&dataset.train, &shape, n_parts, dropout.is_some());
        let test = BatchPlan::new(&dataset.test, &shape, n_parts, false);
        let sizes = train.tile_sizes().max(test.tile_sizes());
        let table = || Mat::zeros(shape.d_vocab + shape.n_ctx, 3 * heads_width(&shape));
        let part = |_| Part {
            activations: Activations::zeros(&shape, sizes, dropout.is_some()),
            sums: PartGradient { params: Params::zeros(&shape), d_table: table() },
            score: Score::default(),
        };
        let params = Params::zeros(&shape);
        let mut trainer = Self {
            optim: config.optim.clone(),
            dropout,
            step: 0,
            transposed: Transposed::zeros(&params),
            first_moment: Params::zeros(&shape),
            second_moment: Params::zeros(&shape),
            table: table(),
            parts: (0..n_parts).map(part).collect(),
            sampler: dataset.sampler.clone(),
            params,
            sizes,
            train,
            test,
            shape,
        };
        trainer.load(start)?;
        Ok(trainer)
    }

    /// Makes an update, and goes to the next batch of fresh data.
    pub(super) fn train_step(&mut self, pool: &ComputePool) {
        self.compute_gradient(pool);
        self.update(pool);
        if let Some(sampler) = &mut self.sampler {
            sampler.advance();
            self.take_batch();
        }
    }

    /// Losses and accuracies of the current weights, of fresh data on the batch of the next update.
    pub(super) fn evaluate(&mut self, pool: &ComputePool) -> Evaluation {
        compute_table(pool, &self.params, &mut self.table);
        let scores = [self.score(pool, |own| &own.train), self.score(pool, |own| &own.test)];
        Score::evaluation(scores, [self.train.n_predictions, self.test.n_predictions])
    }

    /// Allocates the gradient of the mean train loss at the current weights.
    pub(super) fn gradient(&mut self, pool: &ComputePool) -> Weights {
        self.compute_gradient(pool);
        let (first, others) =
            self.parts[..self.train.parts.len()].split_first_mut().expect("a run has a part");
        let others: Vec<Vec<&Mat<T>>> = others.iter().map(|part| part.sums.params.all()).collect();
        for (i, mat) in first.sums.params.all_mut().into_iter().enumerate() {
            for (chunk, g) in mat.data_mut().chunks_mut(NUMBERS_PER_JOB).enumerate() {
                sum_parts(&others, i, chunk, g);
            }
        }
        first.sums.params.to_weights(&self.shape)
    }

    /// Allocates a copy of the state.
    pub(super) fn state(&self) -> TrainState {
        let copy = |params: &Params<T>| params.to_weights(&self.shape);
        TrainState {
            step: self.step,
            sampler_place: self.sampler.as_ref().map_or(0, Sampler::place),
            weights: copy(&self.params),
            first_moment: copy(&self.first_moment),
            second_moment: copy(&self.second_moment),
        }
    }

    /// Overwrites the state.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the state has another shape.
    pub(super) fn load(&mut self, state: &TrainState) -> Result<()> {
        state.check_shape(&self.shape)?;
        self.step = state.step;
        self.params.read(&state.weights);
        self.first_moment.read(&state.first_moment);
        self.second_moment.read(&state.second_moment);
        if let Some(sampler) = &mut self.sampler {
            sampler.seek(state.sampler_place);
            self.take_batch();
        }
        Ok(())
    }

    /// Plans the sampler's batch, and makes room for it.
    fn take_batch(&mut self) {
        let Some(sampler) = &self.sampler else { return };
        self.train = BatchPlan::new(sampler.batch(), &self.shape, self.parts.len(), self.dropout.is_some());
        let sizes = self.sizes.max(self.train.tile_sizes());
        if sizes != self.sizes {
            self.sizes = sizes;
            for part in &mut self.parts {
                part.activations = Activations::zeros(&self.shape, sizes, self.dropout.is_some());
            }
        }
    }

    /// The gradient of the mean train loss: in the first part `embed` and the first W_QKV, of the others the sum over
    /// all parts.
    fn compute_gradient(&mut self, pool: &ComputePool) {
        let Self { shape, optim, dropout, step, params, table, transposed, parts, train, .. } = self;
        compute_table(pool, params, table);
        transposed.update(params, pool);
        let masks = dropout.map(|dropout| dropout.masks(*step));
        let model = Model { simd: pool.simd(), shape, params, table, masks };
        let scale = T::from_f64(1.0 / train.n_predictions as f64);
        let mut jobs: Vec<_> = parts.iter_mut().zip(&train.parts).collect();
        pool.for_each(&mut jobs, |_, (part, tiles)| {
            for (i, tile) in tiles.iter().enumerate() {
                let Part { activations, sums, .. } = &mut **part;
                model.forward(tile, activations);
                let logits = head_rows_mut(&mut activations.logits, tile.targets.len());
                let answers = &tile.targets[..];
                T::loss_gradient(model.simd, LossGradient { logits, answers, scale, form: optim.loss });
                model.backward(tile, transposed, activations, sums, i == 0);
            }
        });
        let (first, others) = parts[..train.parts.len()].split_first_mut().expect("a run has a part");
        for other in others {
            add(&other.sums.d_table, &mut first.sums.d_table);
            add(&other.sums.params.embed, &mut first.sums.params.embed);
        }
        // d_embed += d_table W_QKVᵀ,  d_W_QKV = embedᵀ d_table
        let PartGradient { params: gradient, d_table } = &mut first.sums;
        let b = transposed.blocks[0].W_QKV.view();
        product(pool, Product { a: d_table.view(), b, list: None, c: gradient.embed.view_mut(), add: true });
        let (a, c) = (params.embed.view().t(), gradient.blocks[0].W_QKV.view_mut());
        product(pool, Product { a, b: d_table.view(), list: None, c, add: false });
    }

    /// Adds the gradients of the parts, in their order, and changes the weights.
    fn update(&mut self, pool: &ComputePool) {
        let coefficients = AdamWCoefficients::new(&self.optim, self.step);
        let l1 = self.optim.l1;
        let Self { params, first_moment, second_moment, parts, train, .. } = self;
        let (first, others) = parts[..train.parts.len()].split_first_mut().expect("a run has a part");
        let others: Vec<Vec<&Mat<T>>> = others.iter().map(|part| part.sums.params.all()).collect();
        let mut jobs = Vec::new();
        let moments = first_moment.all_mut().into_iter().zip(second_moment.all_mut());
        let gradients = first.sums.params.all_mut();
        for (i, ((w, (m, v)), g)) in params.all_mut().into_iter().zip(moments).zip(gradients).enumerate() {
            let w = w.data_mut().chunks_mut(NUMBERS_PER_JOB);
            let m = m.data_mut().chunks_mut(NUMBERS_PER_JOB);
            let v = v.data_mut().chunks_mut(NUMBERS_PER_JOB);
            let g = g.data_mut().chunks_mut(NUMBERS_PER_JOB);
            jobs.extend(w.zip(m).zip(v).zip(g).enumerate().map(|(chunk, job)| (i, chunk, job)));
        }
        pool.for_each(&mut jobs, |_, (mat, chunk, (((w, m), v), g))| {
            sum_parts(&others, *mat, *chunk, g);
            if l1 > 0.0 {
                add_l1_gradient(l1, w, g);
            }
            T::adamw(
                pool.simd(),
                AdamWUpdate { weights: w, first_moment: m, second_moment: v, gradient: g, coefficients },
            );
        });
        self.step += 1;
    }

    /// The summed scores of a set's predictions.
    fn score(&mut self, pool: &ComputePool, of: fn(&Self) -> &BatchPlan) -> Score {
        let mut parts = std::mem::take(&mut self.parts);
        let plan = of(self);
        let Self { shape, params, table, .. } = &*self;
        let model = Model { simd: pool.simd(), shape, params, table, masks: None };
        let mut jobs: Vec<_> = parts.iter_mut().zip(&plan.parts).collect();
        pool.for_each(&mut jobs, |_, (part, tiles)| {
            part.score = Score::default();
            for tile in *tiles {
                model.forward(tile, &mut part.activations);
                let logits = head_rows_mut(&mut part.activations.logits, tile.targets.len());
                let rows = ScoreRows { logits, answers: &tile.targets, form: self.optim.loss };
                part.score.add(&T::score(model.simd, rows));
            }
        });
        let mut sum = Score::default();
        parts[..plan.parts.len()].iter().for_each(|part| sum.add(&part.score));
        self.parts = parts;
        sum
    }
}

/// 4,096 numbers of each array: enough jobs for many threads, and one fits the first-level cache.
const NUMBERS_PER_JOB: usize = 4096;

/// The first matrices of [`Params::all`], whose gradients are summed over the parts already: `embed` and the first
/// W_QKV.
const N_SUMMED: usize = 2;

/// Adds a chunk of a matrix of the other parts to that of the first, unless it is the sum already.
fn sum_parts<T: Scalar>(others: &[Vec<&Mat<T>>], mat: usize, chunk: usize, sum: &mut [T]) {
    if mat >= N_SUMMED {
        for other in others {
            let terms = &other[mat].data()[chunk * NUMBERS_PER_JOB..][..sum.len()];
            sum.iter_mut().zip(terms).for_each(|(sum, x)| *sum += *x);
        }
    }
}

/// g += l1 sign(w), the gradient of l1 |w|; 0 where the weight is.
fn add_l1_gradient<T: Scalar>(l1: f64, w: &[T], g: &mut [T]) {
    let (zero, up, down) = (T::default(), T::from_f64(l1), T::from_f64(-l1));
    for (g, &w) in g.iter_mut().zip(w) {
        if w > zero {
            *g += up;
        } else if w < zero {
            *g += down;
        }
    }
}

fn add<T: Scalar>(from: &Mat<T>, to: &mut Mat<T>) {
    to.data_mut().iter_mut().zip(from.data()).for_each(|(sum, x)| *sum += *x);
}

/// embed [ W_Q | W_K | W_V ] of the first block.
fn compute_table<T: Scalar>(pool: &ComputePool, params: &Params<T>, table: &mut Mat<T>) {
    let (a, b): (View<'_, T>, View<'_, T>) = (params.embed.view(), params.blocks[0].W_QKV.view());
    product(pool, Product { a, b, list: None, c: table.view_mut(), add: false });
}

/// A product, its rows split among the threads.
fn product<T: Scalar>(pool: &ComputePool, product: Product<'_, T>) {
    // 12 rows fill register blocks of 4 and of 6.
    const ROWS_PER_JOB: usize = 24;
    let Product { a, b, list, c, add } = product;
    let (rows, cols, stride) = (c.rows, c.cols, c.stride);
    let mut jobs: Vec<_> =
        c.data.chunks_mut(ROWS_PER_JOB * stride).take(rows.div_ceil(ROWS_PER_JOB)).collect();
    pool.for_each(&mut jobs, |i, data| {
        let (first, n) = (i * ROWS_PER_JOB, ROWS_PER_JOB.min(rows - i * ROWS_PER_JOB));
        let c = ViewMut { data, rows: n, cols, stride };
        T::product(pool.simd(), Product { a: a.take_rows(first, n), b, list, c, add });
    });
}
