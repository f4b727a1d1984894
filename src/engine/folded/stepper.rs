//! One run: a step is the sums over the pairs, of one share or several, and an update.

use super::loss::Score;
use super::part::Part;
use super::peers::{Peers, Request};
use super::replica::Replica;
use super::share::{Exchange, Share};
use super::simd::Lanes;
use super::team::Team;
use crate::config::ExperimentConfig;
use crate::engine::{Evaluation, TrainState};
use crate::error::Result;
use crate::task::Task;

/// A run on some threads, and perhaps with peers.
#[derive(Debug)]
pub struct Stepper {
    team: Team,
    peers: Option<Box<dyn Peers>>,
    run: Replica,
    /// Whether the peers hold the same state.
    peers_follow: bool,
    /// Train pairs and test pairs of all shares.
    n_pairs: [usize; 2],
}

impl Stepper {
    /// Sets up a run at a state.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the system refuses the threads.
    pub fn new(
        lanes: Lanes,
        config: &ExperimentConfig,
        task: &Task,
        start: &TrainState,
        peers: Option<Box<dyn Peers>>,
    ) -> Result<Self> {
        let n_shares = 1 + peers.as_ref().map_or(0, |peers| peers.count());
        let run = Replica::new(config, task, start.weights.shape(), Part { index: 0, count: n_shares });
        let team = Team::new(lanes, config.run.threads)?;
        let n_pairs = [task.train.len(), task.test.len()];
        let mut stepper = Self { team, peers, run, peers_follow: false, n_pairs };
        stepper.load(start)?;
        Ok(stepper)
    }

    /// Number of threads, peers included.
    pub fn threads(&self) -> usize {
        self.team.threads() + self.n_shares() - 1
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

    /// Does `n_steps` updates. If it fails the state is that after the last one done.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if a peer fails.
    pub async fn train(&mut self, n_steps: usize) -> Result<()> {
        self.bring_peers_along().await?;
        let Self { team, peers, run, peers_follow, .. } = self;
        let Some(peers) = peers else {
            team.run(|| {
                for _ in 0..n_steps {
                    run.share.sum(team);
                    run.update(team);
                }
            });
            return Ok(());
        };
        // Until the end: a step that breaks off halfway may have been done by some peers.
        *peers_follow = false;
        for _ in 0..n_steps {
            peers.ask(Request::Sums)?;
            team.run(|| run.share.sum(team));
            exchange(peers.as_mut(), &mut run.share, Exchange::Sums, |_| ()).await?;
            team.run(|| {
                run.update(team);
                run.share.multiply(team);
            });
            let meanwhile = |share: &mut Share| team.run(|| share.attend(team));
            exchange(peers.as_mut(), &mut run.share, Exchange::Products, meanwhile).await?;
            run.share.trust_products();
        }
        *peers_follow = true;
        Ok(())
    }

    /// Losses and accuracies of the current weights.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if a peer fails.
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
        self.run.state()
    }

    /// Takes over weights and moments.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the state has another shape.
    pub fn load(&mut self, state: &TrainState) -> Result<()> {
        self.peers_follow = false;
        self.run.load(state)
    }

    /// Scores of all train and all test pairs.
    async fn scores(&mut self) -> Result<[Score; 2]> {
        self.bring_peers_along().await?;
        let Self { team, peers, run, .. } = self;
        let Some(peers) = peers else {
            return Ok(team.run(|| run.share.scores(team)));
        };
        peers.ask(Request::Scores)?;
        let mut sums = team.run(|| run.share.scores(team));
        for scores in peers.scores().await? {
            sums.iter_mut().zip(&scores).for_each(|(sum, score)| sum.add(score));
        }
        Ok(sums)
    }

    /// Gives the peers this state, if they have another.
    async fn bring_peers_along(&mut self) -> Result<()> {
        if let Some(peers) = self.peers.as_mut().filter(|_| !self.peers_follow) {
            peers.load(self.run.pack()).await?;
            self.peers_follow = true;
        }
        Ok(())
    }
}

/// Tells the peers what they need of the others, and hears what they tell; `meanwhile` messages travel.
async fn exchange(
    peers: &mut dyn Peers,
    share: &mut Share,
    what: Exchange,
    meanwhile: impl FnOnce(&mut Share),
) -> Result<()> {
    // One peer only needs nothing but ours, and need not wait until we have heard it.
    let is_pair = peers.count() == 1;
    if is_pair {
        peers.tell(what, share.tell(what))?;
    }
    meanwhile(share);
    for (i, told) in peers.hear().await?.iter().enumerate() {
        share.hear(what, i + 1, told)?;
    }
    if !is_pair {
        peers.tell(what, share.tell_all(what))?;
    }
    Ok(())
}
