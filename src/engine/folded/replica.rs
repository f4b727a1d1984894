//! The state of a run beside its share of the work. Workers that share a run's steps hold one each, and all do
//! the same updates.

use serde::{Deserialize, Serialize};

use super::adamw::{Rates, Update};
use super::matrix::Mat;
use super::packed;
use super::part::Part;
use super::share::Share;
use super::team::Team;
use super::tensors::Tensors;
use crate::config::{ExperimentConfig, OptimConfig};
use crate::engine::TrainState;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::task::Task;

/// Weights, moments and one of the shares of a step.
#[derive(Debug)]
pub struct Replica {
    /// Updates done so far.
    pub step: usize,
    /// The work, with the weights.
    pub share: Share,
    optim: OptimConfig,
    first_moment: Tensors,
    second_moment: Tensors,
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
    pub fn new(config: &ExperimentConfig, task: &Task, shape: &ModelShape, part: Part) -> Self {
        let share = Share::new(config, task, shape, part);
        Self {
            step: 0,
            optim: config.optim.clone(),
            first_moment: Tensors::zeros(&share.sizes),
            second_moment: Tensors::zeros(&share.sizes),
            share,
        }
    }

    /// One update of AdamW, from the sums of all shares.
    pub fn update(&mut self, team: &Team) {
        // Pieces of 16 KiB: more than enough for the threads there are.
        const PIECE: usize = 4096;
        self.share.differentiate(team);
        let rates = Rates::new(&self.optim, self.step);
        let (weights, gradient) = self.share.weights_mut();
        let moments = self.first_moment.all_mut().into_iter().zip(self.second_moment.all_mut());
        let mut pieces = Vec::new();
        for ((w, (m, v)), g) in weights.all_mut().into_iter().zip(moments).zip(gradient.all()) {
            let w = w.data_mut().chunks_mut(PIECE);
            let m = m.data_mut().chunks_mut(PIECE);
            let v = v.data_mut().chunks_mut(PIECE);
            pieces.extend(w.zip(m).zip(v).zip(g.data().chunks(PIECE)));
        }
        team.each(&mut pieces, |_, (((w, m), v), g)| {
            team.lanes().run(Update { weights: w, first_moment: m, second_moment: v, gradient: g, rates });
        });
        self.step += 1;
    }

    /// A copy of weights and moments.
    pub fn state(&self) -> TrainState {
        let of = |tensors: &Tensors| tensors.to_weights(&self.share.sizes);
        TrainState {
            step: self.step,
            weights: of(self.share.weights()),
            first_moment: of(&self.first_moment),
            second_moment: of(&self.second_moment),
        }
    }

    /// Takes over weights and moments.
    ///
    /// # Errors
    /// [`LabError::Content`] if the state has another shape.
    pub fn load(&mut self, state: &TrainState) -> Result<()> {
        let sizes = self.share.sizes.clone();
        let given = [&state.weights, &state.first_moment, &state.second_moment];
        if let Some(other) = given.iter().find(|weights| *weights.shape() != sizes.shape) {
            return Err(LabError::content(
                "training state",
                format!("the run has the shape {:?}, the state {:?}", sizes.shape, other.shape()),
            ));
        }
        self.step = state.step;
        self.tensors_mut().into_iter().zip(given).for_each(|(own, given)| own.read(given, &sizes));
        Ok(())
    }

    /// A copy of weights and moments for another worker.
    pub fn pack(&self) -> PackedState {
        let tensors = [self.share.weights(), &self.first_moment, &self.second_moment];
        PackedState {
            step: self.step,
            tensors: tensors.map(|tensors| packed::pack(tensors.all().map(Mat::data))),
        }
    }

    /// Takes over another worker's weights and moments.
    ///
    /// # Errors
    /// [`LabError::Device`] if they are of another model.
    pub fn unpack(&mut self, state: &PackedState) -> Result<()> {
        self.step = state.step;
        let given = self.tensors_mut().into_iter().zip(&state.tensors);
        given.into_iter().try_for_each(|(own, given)| packed::unpack(own.all_mut().map(Mat::data_mut), given))
    }

    fn tensors_mut(&mut self) -> [&mut Tensors; 3] {
        let (weights, _) = self.share.weights_mut();
        [weights, &mut self.first_moment, &mut self.second_moment]
    }
}
