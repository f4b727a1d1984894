//! One run: a step is a gradient, from one share or several, and an update.

use super::adamw::{Rates, Update};
use super::loss::Score;
use super::peers::{Peers, Request};
use super::share::Share;
use super::simd::Lanes;
use super::team::Team;
use super::tensors::Tensors;
use crate::config::{ExperimentConfig, OptimConfig};
use crate::engine::{Evaluation, TrainState};
use crate::error::{LabError, Result};
use crate::task::Task;

/// A run on some threads, and perhaps with peers.
#[derive(Debug)]
pub struct Stepper {
    team: Team,
    peers: Option<Box<dyn Peers>>,
    run: Run,
    /// Train pairs and test pairs of all shares.
    n_pairs: [usize; 2],
}

/// What belongs to a run apart from its threads.
#[derive(Debug)]
struct Run {
    optim: OptimConfig,
    step: usize,
    share: Share,
    first_moment: Tensors,
    second_moment: Tensors,
}

impl Stepper {
    /// Sets up a run at a state.
    ///
    /// # Errors
    /// [`LabError::Device`] if the system refuses the threads.
    pub fn new(
        lanes: Lanes,
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        peers: Option<Box<dyn Peers>>,
    ) -> Result<Self> {
        let n_shares = 1 + peers.as_ref().map_or(0, |peers| peers.count());
        let share = Share::new(config, task, start.weights.shape(), 0, n_shares);
        let run = Run {
            optim: config.optim.clone(),
            step: 0,
            first_moment: Tensors::zeros(&share.sizes),
            second_moment: Tensors::zeros(&share.sizes),
            share,
        };
        let team = Team::new(lanes, config.run.threads)?;
        let mut stepper = Self { team, peers, run, n_pairs: [task.train.len(), task.test.len()] };
        stepper.load(start)?;
        Ok(stepper)
    }

    /// Number of threads, peers included.
    pub fn threads(&self) -> usize {
        self.team.threads() + self.peers.as_ref().map_or(0, |peers| peers.count())
    }

    /// Number of threads without the peers'.
    pub fn own_threads(&self) -> usize {
        self.team.threads()
    }

    /// Shares that a step is cut into.
    pub fn n_shares(&self) -> usize {
        1 + self.peers.as_ref().map_or(0, |peers| peers.count())
    }

    /// Updates done so far.
    pub fn step(&self) -> usize {
        self.run.step
    }

    /// Does `n_steps` updates.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer fails.
    pub async fn train(&mut self, n_steps: usize) -> Result<()> {
        let Self { team, peers, run, .. } = self;
        let Some(peers) = peers else {
            team.run(|| {
                for _ in 0..n_steps {
                    run.share.compute_gradient(team);
                    run.update(team);
                }
            });
            return Ok(());
        };
        for _ in 0..n_steps {
            peers.ask(Request::Gradient, &run.share.weights.pack())?;
            team.run(|| run.share.compute_gradient(team));
            for gradient in peers.gradients().await? {
                run.share.gradient.add_packed(&gradient)?;
            }
            team.run(|| run.update(team));
        }
        Ok(())
    }

    /// Losses and accuracies of the current weights.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer fails.
    pub async fn evaluate(&mut self) -> Result<Evaluation> {
        let [train, test] = self.scores().await?;
        let [n_train, n_test] = self.n_pairs.map(|n| n as f64);
        Ok(Evaluation {
            train_loss: train.loss_sum / n_train,
            test_loss: test.loss_sum / n_test,
            train_accuracy: train.n_correct as f64 / n_train,
            test_accuracy: test.n_correct as f64 / n_test,
            collapsed: Some(train.n_collapsed as f64 / n_train),
        })
    }

    /// A copy of weights and moments.
    pub fn state(&self) -> TrainState {
        let Run { step, share, first_moment, second_moment, .. } = &self.run;
        let sizes = &share.sizes;
        TrainState {
            step: *step,
            weights: share.weights.to_weights(sizes),
            first_moment: first_moment.to_weights(sizes),
            second_moment: second_moment.to_weights(sizes),
        }
    }

    /// Takes over weights and moments.
    ///
    /// # Errors
    /// [`LabError::Content`] if the state has another shape.
    pub fn load(&mut self, state: &TrainState) -> Result<()> {
        let Run { step, share, first_moment, second_moment, .. } = &mut self.run;
        for weights in [&state.weights, &state.first_moment, &state.second_moment] {
            if *weights.shape() != share.sizes.shape {
                return Err(LabError::content(
                    "training state",
                    format!("the run has the shape {:?}, the state {:?}", share.sizes.shape, weights.shape()),
                ));
            }
        }
        *step = state.step;
        share.weights.read(&state.weights, &share.sizes);
        first_moment.read(&state.first_moment, &share.sizes);
        second_moment.read(&state.second_moment, &share.sizes);
        Ok(())
    }

    /// Scores of all train and all test pairs.
    async fn scores(&mut self) -> Result<[Score; 2]> {
        let Self { team, peers, run, .. } = self;
        let Some(peers) = peers else {
            return Ok(team.run(|| run.share.scores(team)));
        };
        peers.ask(Request::Scores, &run.share.weights.pack())?;
        let mut sums = team.run(|| run.share.scores(team));
        for scores in peers.scores().await? {
            sums.iter_mut().zip(&scores).for_each(|(sum, score)| sum.add(score));
        }
        Ok(sums)
    }
}

impl Run {
    /// One update of AdamW.
    fn update(&mut self, team: &Team) {
        // Pieces of 16 KiB: more than enough for the threads there are.
        const PIECE: usize = 4096;
        let rates = Rates::new(&self.optim, self.step);
        let weights = self.share.weights.all_mut().into_iter();
        let moments = self.first_moment.all_mut().into_iter().zip(self.second_moment.all_mut());
        let mut pieces = Vec::new();
        for ((w, (m, v)), g) in weights.zip(moments).zip(self.share.gradient.all()) {
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
}
