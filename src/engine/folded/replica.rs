//! The state of a run beside its worker of the work. Workers that worker a run's steps hold one each, and all do
//! the same updates.

use serde::{Deserialize, Serialize};

use super::adamw::{AdamWCoefficients, AdamWUpdate};
use super::compute_pool::ComputePool;
use super::folded_params::FoldedParams;
use super::matrix::Mat;
use super::packed;
use super::shard::Shard;
use super::shard_worker::ShardWorker;
use crate::config::{ExperimentConfig, OptimConfig};
use crate::engine::TrainState;
use crate::error::Result;
use crate::model::ModelShape;
use crate::task::Task;

/// Weights, moments and one of the shares of a step.
#[derive(Debug)]
pub struct Replica {
    /// Updates done so far.
    pub step: usize,
    /// The work, with the weights.
    pub worker: ShardWorker,
    optim: OptimConfig,
    first_moment: FoldedParams,
    second_moment: FoldedParams,
}

/// A state in the engine's own layout, for another worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackedState {
    /// Updates done so far.
    pub step: usize,
    /// Weights, first moment, second moment; a message carries them beside the rest.
    #[serde(skip)]
    pub tensors: [Vec<f32>; 3],
}

impl Replica {
    /// With a part of the work, at a state of zeros.
    pub fn new(config: &ExperimentConfig, task: &Task, shape: &ModelShape, shard: Shard) -> Self {
        let worker = ShardWorker::new(config, task, shape, shard);
        Self {
            step: 0,
            optim: config.optim.clone(),
            first_moment: FoldedParams::zeros(&worker.layout),
            second_moment: FoldedParams::zeros(&worker.layout),
            worker,
        }
    }

    /// One update of AdamW, from the sums of all shares.
    pub fn update(&mut self, pool: &ComputePool) {
        // Pieces of 16 KiB: more than enough for the threads there are.
        const PIECE: usize = 4096;
        self.worker.compute_gradient(pool);
        let rates = AdamWCoefficients::new(&self.optim, self.step);
        let (weights, gradient) = self.worker.weights_mut();
        let moments = self.first_moment.all_mut().into_iter().zip(self.second_moment.all_mut());
        let mut pieces = Vec::new();
        for ((w, (m, v)), g) in weights.all_mut().into_iter().zip(moments).zip(gradient.all()) {
            let w = w.data_mut().chunks_mut(PIECE);
            let m = m.data_mut().chunks_mut(PIECE);
            let v = v.data_mut().chunks_mut(PIECE);
            pieces.extend(w.zip(m).zip(v).zip(g.data().chunks(PIECE)));
        }
        pool.for_each(&mut pieces, |_, (((w, m), v), g)| {
            pool.simd().run(AdamWUpdate {
                weights: w,
                first_moment: m,
                second_moment: v,
                gradient: g,
                rates,
            });
        });
        self.step += 1;
    }

    /// A copy of weights and moments.
    pub fn state(&self) -> TrainState {
        let of = |tensors: &FoldedParams| tensors.to_weights(&self.worker.layout);
        TrainState {
            step: self.step,
            weights: of(self.worker.weights()),
            first_moment: of(&self.first_moment),
            second_moment: of(&self.second_moment),
        }
    }

    /// Takes over weights and moments.
    ///
    /// # Errors
    /// [`LabError::Content`] if the state has another shape.
    pub fn load(&mut self, state: &TrainState) -> Result<()> {
        let layout = self.worker.layout.clone();
        state.check_shape(&layout.shape)?;
        let given = [&state.weights, &state.first_moment, &state.second_moment];
        self.step = state.step;
        self.tensors_mut().into_iter().zip(given).for_each(|(own, given)| own.read(given, &layout));
        Ok(())
    }

    /// A copy of weights and moments for another worker.
    pub fn pack(&self) -> PackedState {
        let tensors = [self.worker.weights(), &self.first_moment, &self.second_moment];
        PackedState {
            step: self.step,
            tensors: tensors.map(|tensors| packed::concat(tensors.all().map(Mat::data))),
        }
    }

    /// Takes over another worker's weights and moments.
    ///
    /// # Errors
    /// [`LabError::Device`] if they are of another model.
    pub fn unpack(&mut self, state: &PackedState) -> Result<()> {
        self.step = state.step;
        let given = self.tensors_mut().into_iter().zip(&state.tensors);
        given
            .into_iter()
            .try_for_each(|(own, given)| packed::copy_into(own.all_mut().map(Mat::data_mut), given))
    }

    fn tensors_mut(&mut self) -> [&mut FoldedParams; 3] {
        let (weights, _) = self.worker.weights_mut();
        [weights, &mut self.first_moment, &mut self.second_moment]
    }
}
