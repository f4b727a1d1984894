//! Sharing a step out to others that have no memory in common with us: the workers of a browser.
//!
//! Everyone holds the whole state and sums over a share of the pairs. The sums are exchanged and added up in the
//! order of the shares, so that all go on with the same bits; the update each does for itself. Then each makes some
//! rows of the products of weights, and those are exchanged too. How messages travel is not this layer's business:
//! it is behind [`Peers`].

use std::collections::VecDeque;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::loss::Score;
use super::part::Part;
use super::replica::{PackedState, Replica};
pub use super::share::Exchange;
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
    /// The sums over its train pairs.
    Sums,
    /// The scores of its train and test pairs.
    Scores,
}

/// Others who do a share of each step. Peer i has share i + 1 of `count() + 1`.
///
/// States and sums are in the leader's own layout: both sides are the same program.
pub trait Peers: std::fmt::Debug {
    /// How many there are.
    fn count(&self) -> usize;

    /// Gives all of them a state, and waits until they hold it.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached or fails.
    fn load(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>>;

    /// Asks all and returns at once.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached.
    fn ask(&mut self, request: Request) -> Result<()>;

    /// Waits for what the peers tell the others, one after another: the sums that were asked for; and when they
    /// have been told the others' sums, rows of products.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer failed.
    fn hear(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>>;

    /// Tells all of them what all shares told, or an only peer what the leader's tells.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached.
    fn tell(&mut self, what: Exchange, told: Vec<f32>) -> Result<()>;

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
    run: Replica,
    /// Whether there is no other.
    is_only: bool,
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
        let run = Replica::new(config, task, shape, Part { index, count });
        Ok(Self { team, run, is_only: count == 2 })
    }

    /// Takes over the leader's state.
    ///
    /// # Errors
    /// [`LabError::Device`] if it is of another model.
    pub fn load(&mut self, state: &PackedState) -> Result<()> {
        self.run.unpack(state)
    }

    /// The sums over the share's train pairs.
    pub fn sums(&mut self) -> Vec<f32> {
        let Self { team, run, .. } = self;
        let team: &Team = team;
        team.run(|| run.share.sum(team));
        run.share.tell(Exchange::Sums)
    }

    /// Takes over what [`Peers::tell`] told. After sums it does the update and has its rows of products to tell;
    /// after products it does what can be done of the next step before it is asked for.
    ///
    /// # Errors
    /// [`LabError::Device`] if it is of another model.
    pub fn hear(&mut self, what: Exchange, told: &[f32]) -> Result<Option<Vec<f32>>> {
        let Self { team, run, is_only } = self;
        if *is_only { run.share.hear(what, 0, told) } else { run.share.hear_all(what, told) }?;
        let team: &Team = team;
        match what {
            Exchange::Sums => {
                team.run(|| {
                    run.update(team);
                    run.share.multiply(team);
                });
                Ok(Some(run.share.tell(Exchange::Products)))
            }
            Exchange::Products => {
                run.share.trust_products();
                team.run(|| run.share.prepare(team));
                Ok(None)
            }
        }
    }

    /// Does what can be done while the others' products are on their way.
    pub fn attend(&mut self) {
        let Self { team, run, .. } = self;
        let team: &Team = team;
        team.run(|| run.share.attend(team));
    }

    /// The scores of the share's train and test pairs.
    pub fn scores(&mut self) -> [Score; 2] {
        let Self { team, run, .. } = self;
        let team: &Team = team;
        team.run(|| run.share.scores(team))
    }
}

/// Peers right here, one after another, each on all of `config.run.threads`: the bits of a browser with
/// as many workers.
#[derive(Debug)]
pub struct InTurn {
    peers: Vec<Peer>,
    /// What has been told and not heard yet.
    told: VecDeque<Vec<Vec<f32>>>,
    scores: Vec<[Score; 2]>,
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
        Ok(Self { peers: peers.collect::<Result<_>>()?, told: VecDeque::new(), scores: Vec::new() })
    }
}

impl Peers for InTurn {
    fn count(&self) -> usize {
        self.peers.len()
    }

    fn load(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
        self.told.clear();
        Box::pin(async move { self.peers.iter_mut().try_for_each(|peer| peer.load(&state)) })
    }

    fn ask(&mut self, request: Request) -> Result<()> {
        match request {
            Request::Sums => self.told.push_back(self.peers.iter_mut().map(Peer::sums).collect()),
            Request::Scores => self.scores = self.peers.iter_mut().map(Peer::scores).collect(),
        }
        Ok(())
    }

    fn hear(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
        Box::pin(async { Ok(self.told.pop_front().unwrap_or_default()) })
    }

    fn tell(&mut self, what: Exchange, told: Vec<f32>) -> Result<()> {
        let answers: Result<Option<Vec<_>>> =
            self.peers.iter_mut().map(|peer| peer.hear(what, &told)).collect();
        self.told.extend(answers?);
        Ok(())
    }

    fn scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
        Box::pin(async { Ok(std::mem::take(&mut self.scores)) })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use pollster::block_on;

    use super::{Exchange, InTurn, PackedState, Peers, Request};
    use crate::config::Preset;
    use crate::engine::folded::FoldedCpu;
    use crate::engine::folded::loss::Score;
    use crate::engine::{Engine, LocalFuture, TrainState};
    use crate::error::Result;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::Task;

    /// Peers that can be looked at while an engine has them.
    #[derive(Debug)]
    struct Seen(Rc<RefCell<InTurn>>);

    impl Peers for Seen {
        fn count(&self) -> usize {
            self.0.borrow().count()
        }
        fn load(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
            Box::pin(async { block_on(self.0.borrow_mut().load(state)) })
        }
        fn ask(&mut self, request: Request) -> Result<()> {
            self.0.borrow_mut().ask(request)
        }
        fn hear(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
            Box::pin(async { block_on(self.0.borrow_mut().hear()) })
        }
        fn tell(&mut self, what: Exchange, told: Vec<f32>) -> Result<()> {
            self.0.borrow_mut().tell(what, told)
        }
        fn scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
            Box::pin(async { block_on(self.0.borrow_mut().scores()) })
        }
    }

    #[test]
    fn all_hold_the_leaders_bits_step_by_step() {
        let config = Preset::Tiny.config();
        let task = Task::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        // An only peer adds up for itself, several are given the sum.
        for n_peers in [1, 2, 3] {
            let peers = InTurn::new(&config, &task, &shape, n_peers).expect("the model folds");
            let peers = Rc::new(RefCell::new(peers));
            let seen = Box::new(Seen(Rc::clone(&peers)));
            let mut leader = FoldedCpu::with_peers(&config, &task, &start, seen).expect("the model folds");
            let check = |leader: &mut FoldedCpu, n_steps| {
                block_on(leader.train(n_steps)).expect("the CPU does not fail");
                block_on(leader.evaluate()).expect("the CPU does not fail");
                let state = block_on(leader.state()).expect("the CPU does not fail");
                for (i, peer) in peers.borrow().peers.iter().enumerate() {
                    assert!(peer.run.state() == state, "peer {i} of {n_peers} after step {}", state.step);
                }
                state
            };
            check(&mut leader, 1);
            let fifth = check(&mut leader, 4);
            let ninth = check(&mut leader, 4);
            leader.load(&fifth).expect("the same shape");
            assert!(check(&mut leader, 4) == ninth, "from step 5 once more, {n_peers} peers");
        }
    }
}
