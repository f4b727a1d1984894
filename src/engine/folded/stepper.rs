//! One run: weights, moments and tables, and the order in which a step goes through them.

use super::adamw::{Rates, Update};
use super::loss::Score;
use super::pair_set::PairSet;
use super::pairs::{PairWork, score};
use super::rows::Rows;
use super::rows_backward::RowsBackward;
use super::simd::Lanes;
use super::team::Team;
use super::tensors::{Sizes, Tensors};
use super::tokens::TokenGradient;
use crate::config::{ExperimentConfig, OptimConfig};
use crate::engine::{Evaluation, TrainState};
use crate::error::{LabError, Result};
use crate::task::Task;

/// A run on some threads.
#[derive(Debug)]
pub struct Stepper {
    team: Team,
    run: Run,
}

#[derive(Debug)]
struct Run {
    sizes: Sizes,
    optim: OptimConfig,
    step: usize,
    weights: Tensors,
    first_moment: Tensors,
    second_moment: Tensors,
    gradient: Tensors,
    rows: Rows,
    rows_backward: RowsBackward,
    train: PairSet,
    test: PairSet,
    pairs: PairWork,
    tokens: TokenGradient,
}

impl Stepper {
    /// Sets up a run at a state.
    ///
    /// # Errors
    /// [`LabError::Device`] if the system refuses the threads.
    pub fn new(lanes: Lanes, config: &ExperimentConfig, task: &Task, start: &TrainState) -> Result<Self> {
        let sizes = Sizes::new(start.weights.shape());
        let train = PairSet::new(&sizes, task, &task.train);
        let run = Run {
            optim: config.optim.clone(),
            step: 0,
            weights: Tensors::zeros(&sizes),
            first_moment: Tensors::zeros(&sizes),
            second_moment: Tensors::zeros(&sizes),
            gradient: Tensors::zeros(&sizes),
            rows: Rows::new(&sizes),
            rows_backward: RowsBackward::new(&sizes),
            pairs: PairWork::new(&sizes, &train),
            tokens: TokenGradient::new(&sizes, &train),
            train,
            test: PairSet::new(&sizes, task, &task.test),
            sizes,
        };
        let mut stepper = Self { team: Team::new(lanes, config.run.threads)?, run };
        stepper.load(start)?;
        Ok(stepper)
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.team.threads()
    }

    /// Updates done so far.
    pub fn step(&self) -> usize {
        self.run.step
    }

    /// Does `n_steps` updates.
    pub fn train(&mut self, n_steps: usize) {
        let Self { team, run } = self;
        team.run(|| {
            for _ in 0..n_steps {
                run.compute_gradient(team);
                run.update(team);
            }
        });
    }

    /// Losses and accuracies of the current weights.
    pub fn evaluate(&mut self) -> Evaluation {
        let [train, test] = self.scores();
        let (n_train, n_test) = (self.run.train.len() as f64, self.run.test.len() as f64);
        Evaluation {
            train_loss: train.loss_sum / n_train,
            test_loss: test.loss_sum / n_test,
            train_accuracy: train.n_correct as f64 / n_train,
            test_accuracy: test.n_correct as f64 / n_test,
        }
    }

    /// The share of train pairs whose answer has probability 1 in float32.
    pub fn collapsed_share(&mut self) -> f64 {
        self.scores()[0].n_collapsed as f64 / self.run.train.len() as f64
    }

    /// A copy of weights and moments.
    pub fn state(&self) -> TrainState {
        let Run { sizes, step, weights, first_moment, second_moment, .. } = &self.run;
        TrainState {
            step: *step,
            weights: weights.to_weights(sizes),
            first_moment: first_moment.to_weights(sizes),
            second_moment: second_moment.to_weights(sizes),
        }
    }

    /// Takes over weights and moments.
    ///
    /// # Errors
    /// [`LabError::Content`] if the state has another shape.
    pub fn load(&mut self, state: &TrainState) -> Result<()> {
        let run = &mut self.run;
        for weights in [&state.weights, &state.first_moment, &state.second_moment] {
            if *weights.shape() != run.sizes.shape {
                return Err(LabError::content(
                    "training state",
                    format!("the run has the shape {:?}, the state {:?}", run.sizes.shape, weights.shape()),
                ));
            }
        }
        run.step = state.step;
        run.weights.read(&state.weights, &run.sizes);
        run.first_moment.read(&state.first_moment, &run.sizes);
        run.second_moment.read(&state.second_moment, &run.sizes);
        Ok(())
    }

    /// Scores of the train and the test pairs.
    fn scores(&mut self) -> [Score; 2] {
        let Self { team, run } = self;
        team.run(|| {
            run.rows.forward(&run.sizes, team, &run.weights);
            [&run.train, &run.test].map(|set| score(&run.sizes, team, set, &run.rows, run.optim.loss))
        })
    }
}

impl Run {
    /// Fills `gradient` with that of the mean loss over the train pairs.
    fn compute_gradient(&mut self, team: &Team) {
        let Self { sizes, rows, rows_backward, pairs, tokens, train, .. } = self;
        rows.forward(sizes, team, &self.weights);
        let (d_W_ou_t, d_base) = (&mut rows_backward.d_W_ou_t, &mut rows_backward.d_base);
        pairs.gradient(sizes, team, train, rows, self.optim.loss, d_W_ou_t, d_base);
        tokens.collect(sizes, team, train, rows, pairs);
        rows_backward.backward(sizes, team, &self.weights, rows, tokens, &mut self.gradient);
    }

    /// One update of AdamW.
    fn update(&mut self, team: &Team) {
        // Pieces of 16 KiB: more than enough for the threads there are.
        const PIECE: usize = 4096;
        let rates = Rates::new(&self.optim, self.step);
        let weights = self.weights.all_mut().into_iter();
        let moments = self.first_moment.all_mut().into_iter().zip(self.second_moment.all_mut());
        let mut pieces = Vec::new();
        for ((w, (m, v)), g) in weights.zip(moments).zip(self.gradient.all()) {
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
