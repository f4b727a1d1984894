//! A complete copy of a run's state: weights and moments, with one shard of each step's work. Every worker of a
//! shared run holds one, and all make the same updates.

use serde::{Deserialize, Serialize};

use super::folded_params::FoldedParams;
use super::packed;
use super::shard::Shard;
use super::shard_worker::ShardWorker;
use crate::config::{ExperimentConfig, OptimConfig};
use crate::engine::TrainState;
use crate::engine::cpu::adamw::{AdamWCoefficients, AdamWUpdate};
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::matrix::Mat;
use crate::error::Result;
use crate::model::ModelShape;
use crate::task::Dataset;

/// Weights, moments and one shard of the work.
#[derive(Debug)]
pub(super) struct Replica {
    /// Updates done so far.
    pub step: usize,
    /// One shard of each step, and the weights.
    pub worker: ShardWorker,
    optim: OptimConfig,
    first_moment: FoldedParams,
    second_moment: FoldedParams,
}

/// Weights and moments in the padded layout of the engine, for another worker of the same program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackedState {
    /// Updates done so far.
    pub step: usize,
    /// Weights, first moment, second moment. Not serialised: a message transfers the arrays without copying them.
    #[serde(skip)]
    pub tensors: [Vec<f32>; 3],
}

impl Replica {
    /// Allocates the moments and a [`ShardWorker`], all zero.
    pub(super) fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        shape: &ModelShape,
        shard: Shard,
    ) -> Self {
        let worker = ShardWorker::new(config, dataset, shape, shard);
        Self {
            step: 0,
            optim: config.optim.clone(),
            first_moment: FoldedParams::zeros(&worker.layout),
            second_moment: FoldedParams::zeros(&worker.layout),
            worker,
        }
    }

    /// One update of AdamW, from the partial gradients in `worker`, which must be those of all shards.
    pub(super) fn update(&mut self, pool: &ComputePool) {
        // 16 KiB of each array: enough jobs for many threads, and one fits the first-level cache.
        const FLOATS_PER_JOB: usize = 4096;
        self.worker.compute_gradient(pool);
        let coefficients = AdamWCoefficients::new(&self.optim, self.step);
        let (weights, gradient) = self.worker.weights_mut();
        let moments = self.first_moment.all_mut().into_iter().zip(self.second_moment.all_mut());
        let mut jobs = Vec::new();
        for ((w, (m, v)), g) in weights.all_mut().into_iter().zip(moments).zip(gradient.all()) {
            let w = w.data_mut().chunks_mut(FLOATS_PER_JOB);
            let m = m.data_mut().chunks_mut(FLOATS_PER_JOB);
            let v = v.data_mut().chunks_mut(FLOATS_PER_JOB);
            jobs.extend(w.zip(m).zip(v).zip(g.data().chunks(FLOATS_PER_JOB)));
        }
        pool.for_each(&mut jobs, |_, (((w, m), v), g)| {
            pool.simd().run(AdamWUpdate {
                weights: w,
                first_moment: m,
                second_moment: v,
                gradient: g,
                coefficients,
            });
        });
        self.step += 1;
    }

    /// Allocates a copy of weights and moments in the layout of files.
    pub(super) fn state(&self) -> TrainState {
        let copy = |params: &FoldedParams| params.to_weights(&self.worker.layout);
        TrainState {
            step: self.step,
            sampler_place: 0,
            weights: copy(self.worker.weights()),
            first_moment: copy(&self.first_moment),
            second_moment: copy(&self.second_moment),
        }
    }

    /// Overwrites step, weights and moments, rounded to float32.
    ///
    /// # Errors
    /// [`LabError::Content`] if the state has another shape.
    pub(super) fn load(&mut self, state: &TrainState) -> Result<()> {
        let layout = self.worker.layout.clone();
        state.check_shape(&layout.shape)?;
        let given = [&state.weights, &state.first_moment, &state.second_moment];
        self.step = state.step;
        self.params_mut().into_iter().zip(given).for_each(|(own, given)| own.read(given, &layout));
        Ok(())
    }

    /// Allocates a copy of weights and moments for another worker.
    pub(super) fn pack(&self) -> PackedState {
        let params = [self.worker.weights(), &self.first_moment, &self.second_moment];
        PackedState {
            step: self.step,
            tensors: params.map(|params| packed::concat(params.all().map(Mat::data))),
        }
    }

    /// Overwrites step, weights and moments with another worker's.
    ///
    /// # Errors
    /// [`LabError::Device`] if an array has the length of another model.
    pub(super) fn unpack(&mut self, state: &PackedState) -> Result<()> {
        self.step = state.step;
        let given = self.params_mut().into_iter().zip(&state.tensors);
        given
            .into_iter()
            .try_for_each(|(own, given)| packed::copy_into(own.all_mut().map(Mat::data_mut), given))
    }

    fn params_mut(&mut self) -> [&mut FoldedParams; 3] {
        let (weights, _) = self.worker.weights_mut();
        [weights, &mut self.first_moment, &mut self.second_moment]
    }
}
