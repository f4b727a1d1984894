//! Sharing a step out to others that have no memory in common with us: the workers of a browser.
//!
//! Who leads sends the weights, does its own share and adds up what comes back, in the order of the
//! shares. How messages travel is not this layer's business: it is behind [`Peers`].

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::loss::Score;
use super::share::Share;
use super::simd::Lanes;
use super::team::Team;
use crate::config::ExperimentConfig;
use crate::engine::LocalFuture;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::task::Task;

/// What is asked of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The gradient over its train pairs.
    Gradient,
    /// The scores of its train and test pairs.
    Scores,
}

/// Others who do a share of each step. Peer i has share i + 1 of `count() + 1`.
///
/// Weights and gradients are the leader's own layout: both sides are the same program.
pub trait Peers: std::fmt::Debug {
    /// How many there are.
    fn count(&self) -> usize;

    /// Sends the weights to all and returns at once.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached.
    fn ask(&mut self, request: Request, weights: &[f32]) -> Result<()>;

    /// Waits for the gradients that were asked for, one a peer.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer failed.
    fn gradients(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>>;

    /// Waits for the scores that were asked for, one a peer.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer failed.
    fn scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>>;
}

/// The work of one peer.
#[derive(Debug)]
pub struct Peer {
    team: Rc<Team>,
    share: Share,
}

impl Peer {
    /// The peer that has share `index` of `count`, the leader's being share 0; on one thread.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the model does not fold.
    pub fn new(
        config: &ExperimentConfig,
        task: &Task,
        shape: &ModelShape,
        index: usize,
        count: usize,
    ) -> Result<Self> {
        let team = Rc::new(Team::new(Lanes::detect(config.run.reproducible), 1)?);
        Self::with_team(config, task, shape, [index, count], team)
    }

    fn with_team(
        config: &ExperimentConfig,
        task: &Task,
        shape: &ModelShape,
        [index, count]: [usize; 2],
        team: Rc<Team>,
    ) -> Result<Self> {
        super::supports(shape).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        Ok(Self { team, share: Share::new(config, task, shape, index, count) })
    }

    /// The gradient over the share's train pairs.
    ///
    /// # Errors
    /// [`LabError::Device`] if the weights are of another model.
    pub fn gradient(&mut self, weights: &[f32]) -> Result<Vec<f32>> {
        self.share.weights.unpack(weights)?;
        let Self { team, share } = self;
        let team: &Team = team;
        team.run(|| share.compute_gradient(team));
        Ok(share.gradient.pack())
    }

    /// The scores of the share's train and test pairs.
    ///
    /// # Errors
    /// [`LabError::Device`] if the weights are of another model.
    pub fn scores(&mut self, weights: &[f32]) -> Result<[Score; 2]> {
        self.share.weights.unpack(weights)?;
        let Self { team, share } = self;
        let team: &Team = team;
        Ok(team.run(|| share.scores(team)))
    }
}

/// Peers right here, one after another, each on all of `config.run.threads`: the bits of a browser with
/// as many workers.
#[derive(Debug)]
pub struct InTurn {
    peers: Vec<Peer>,
    asked: Vec<f32>,
}

impl InTurn {
    /// `count` peers beside the leader.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the model does not fold.
    pub fn new(config: &ExperimentConfig, task: &Task, shape: &ModelShape, count: usize) -> Result<Self> {
        let team = Rc::new(Team::new(Lanes::detect(config.run.reproducible), config.run.threads)?);
        let peers = (1..=count)
            .map(|index| Peer::with_team(config, task, shape, [index, count + 1], Rc::clone(&team)));
        Ok(Self { peers: peers.collect::<Result<_>>()?, asked: Vec::new() })
    }
}

impl Peers for InTurn {
    fn count(&self) -> usize {
        self.peers.len()
    }

    fn ask(&mut self, _: Request, weights: &[f32]) -> Result<()> {
        self.asked.clear();
        self.asked.extend_from_slice(weights);
        Ok(())
    }

    fn gradients(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
        Box::pin(async { self.peers.iter_mut().map(|peer| peer.gradient(&self.asked)).collect() })
    }

    fn scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
        Box::pin(async { self.peers.iter_mut().map(|peer| peer.scores(&self.asked)).collect() })
    }
}
