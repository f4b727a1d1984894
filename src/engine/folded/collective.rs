//! Sharing a step out to others that have no memory in common with us: the workers of a browser.
//!
//! Everyone holds the whole state and sums over a share of the pairs. The sums are exchanged and added up in the
//! order of the shares, so that all go on with the same bits; the update each does for itself. Then each makes some
//! rows of the products of weights, and those are exchanged too. How messages travel is not this layer's business:
//! it is behind [`Peers`].

use std::collections::VecDeque;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::compute_pool::ComputePool;
use super::loss::Score;
use super::replica::{PackedState, Replica};
use super::shard::Shard;
pub use super::shard_worker::Exchange;
use super::simd::SimdLevel;
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
    PartialGradients,
    /// The scores of its train and test pairs.
    Scores,
}

/// Others who do a share of each step. Peer i has share i + 1 of `count() + 1`.
///
/// States and sums are in the leader's own layout: both sides are the same program.
pub trait Collective: std::fmt::Debug {
    /// How many there are.
    fn n_followers(&self) -> usize;

    /// Gives all of them a state, and waits until they hold it.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached or fails.
    fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>>;

    /// Asks all and returns at once.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached.
    fn request(&mut self, request: Request) -> Result<()>;

    /// Waits for what the peers tell the others, one after another: the sums that were asked for; and when they
    /// have been told the others' sums, rows of products.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer failed.
    fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>>;

    /// Tells all of them what all shares told, or an only peer what the leader's tells.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer cannot be reached.
    fn broadcast(&mut self, what: Exchange, told: Vec<f32>) -> Result<()>;

    /// Waits for the scores that were asked for, one a peer.
    ///
    /// # Errors
    /// [`LabError::Device`] if a peer failed.
    fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>>;
}

/// The work of one peer.
#[derive(Debug)]
pub struct WorkerRank {
    pool: Rc<ComputePool>,
    replica: Replica,
    /// Whether there is no other.
    is_pair: bool,
}

impl WorkerRank {
    /// The peer that has share `rank` of `count`, the leader's being share 0; on one thread.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the model does not fold.
    pub fn new(
        config: &ExperimentConfig,
        task: &Task,
        shape: &ModelShape,
        rank: usize,
        world_size: usize,
    ) -> Result<Self> {
        let pool = Rc::new(ComputePool::new(SimdLevel::detect(config.run.reproducible), 1)?);
        Self::with_pool(config, task, shape, [rank, world_size], pool)
    }

    fn with_pool(
        config: &ExperimentConfig,
        task: &Task,
        shape: &ModelShape,
        [rank, world_size]: [usize; 2],
        pool: Rc<ComputePool>,
    ) -> Result<Self> {
        super::supports(shape).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        let replica = Replica::new(config, task, shape, Shard { rank, world_size });
        Ok(Self { pool, replica, is_pair: world_size == 2 })
    }

    /// Takes over the leader's state.
    ///
    /// # Errors
    /// [`LabError::Device`] if it is of another model.
    pub fn load(&mut self, state: &PackedState) -> Result<()> {
        self.replica.unpack(state)
    }

    /// The sums over the share's train pairs.
    pub fn partial_gradients(&mut self) -> Vec<f32> {
        let Self { pool, replica, .. } = self;
        let pool: &ComputePool = pool;
        pool.run(|| replica.worker.compute_partial_gradients(pool));
        replica.worker.pack_own(Exchange::AllReduceGradients)
    }

    /// Takes over what [`Peers::tell`] told. After sums it does the update and has its rows of products to tell;
    /// after products it does what can be done of the next step before it is asked for.
    ///
    /// # Errors
    /// [`LabError::Device`] if it is of another model.
    pub fn receive(&mut self, what: Exchange, told: &[f32]) -> Result<Option<Vec<f32>>> {
        let Self { pool, replica, is_pair } = self;
        if *is_pair {
            replica.worker.receive(what, 0, told)
        } else {
            replica.worker.receive_combined(what, told)
        }?;
        let pool: &ComputePool = pool;
        match what {
            Exchange::AllReduceGradients => {
                pool.run(|| {
                    replica.update(pool);
                    replica.worker.compute_weight_products(pool);
                });
                Ok(Some(replica.worker.pack_own(Exchange::AllGatherWeightProducts)))
            }
            Exchange::AllGatherWeightProducts => {
                replica.worker.mark_products_ready();
                pool.run(|| replica.worker.ensure_forward_tables(pool));
                Ok(None)
            }
        }
    }

    /// Does what can be done while the others' products are on their way.
    pub fn compute_attention_tables(&mut self) {
        let Self { pool, replica, .. } = self;
        let pool: &ComputePool = pool;
        pool.run(|| replica.worker.compute_attention_tables(pool));
    }

    /// The scores of the share's train and test pairs.
    pub fn scores(&mut self) -> [Score; 2] {
        let Self { pool, replica, .. } = self;
        let pool: &ComputePool = pool;
        pool.run(|| replica.worker.scores(pool))
    }
}

/// Peers right here, one after another, each on all of `config.run.threads`: the bits of a browser with
/// as many workers.
#[derive(Debug)]
pub struct SequentialCollective {
    ranks: Vec<WorkerRank>,
    /// What has been told and not heard yet.
    pending: VecDeque<Vec<Vec<f32>>>,
    scores: Vec<[Score; 2]>,
}

impl SequentialCollective {
    /// `count` peers beside the leader.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the model does not fold.
    pub fn new(config: &ExperimentConfig, task: &Task, shape: &ModelShape, count: usize) -> Result<Self> {
        let pool = Rc::new(ComputePool::new(SimdLevel::detect(config.run.reproducible), config.run.threads)?);
        let peers = (1..=count)
            .map(|rank| WorkerRank::with_pool(config, task, shape, [rank, count + 1], Rc::clone(&pool)));
        Ok(Self { ranks: peers.collect::<Result<_>>()?, pending: VecDeque::new(), scores: Vec::new() })
    }
}

impl Collective for SequentialCollective {
    fn n_followers(&self) -> usize {
        self.ranks.len()
    }

    fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
        self.pending.clear();
        Box::pin(async move { self.ranks.iter_mut().try_for_each(|peer| peer.load(&state)) })
    }

    fn request(&mut self, request: Request) -> Result<()> {
        match request {
            Request::PartialGradients => {
                self.pending.push_back(self.ranks.iter_mut().map(WorkerRank::partial_gradients).collect())
            }
            Request::Scores => self.scores = self.ranks.iter_mut().map(WorkerRank::scores).collect(),
        }
        Ok(())
    }

    fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
        Box::pin(async { Ok(self.pending.pop_front().unwrap_or_default()) })
    }

    fn broadcast(&mut self, what: Exchange, told: Vec<f32>) -> Result<()> {
        let answers: Result<Option<Vec<_>>> =
            self.ranks.iter_mut().map(|peer| peer.receive(what, &told)).collect();
        self.pending.extend(answers?);
        Ok(())
    }

    fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
        Box::pin(async { Ok(std::mem::take(&mut self.scores)) })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use pollster::block_on;

    use super::{Collective, Exchange, PackedState, Request, SequentialCollective};
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
    struct Seen(Rc<RefCell<SequentialCollective>>);

    impl Collective for Seen {
        fn n_followers(&self) -> usize {
            self.0.borrow().n_followers()
        }
        fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
            Box::pin(async { block_on(self.0.borrow_mut().broadcast_state(state)) })
        }
        fn request(&mut self, request: Request) -> Result<()> {
            self.0.borrow_mut().request(request)
        }
        fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
            Box::pin(async { block_on(self.0.borrow_mut().gather()) })
        }
        fn broadcast(&mut self, what: Exchange, told: Vec<f32>) -> Result<()> {
            self.0.borrow_mut().broadcast(what, told)
        }
        fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
            Box::pin(async { block_on(self.0.borrow_mut().gather_scores()) })
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
            let peers = SequentialCollective::new(&config, &task, &shape, n_peers).expect("the model folds");
            let peers = Rc::new(RefCell::new(peers));
            let seen = Box::new(Seen(Rc::clone(&peers)));
            let mut leader =
                FoldedCpu::with_collective(&config, &task, &start, seen).expect("the model folds");
            let check = |leader: &mut FoldedCpu, n_steps| {
                block_on(leader.train(n_steps)).expect("the CPU does not fail");
                block_on(leader.evaluate()).expect("the CPU does not fail");
                let state = block_on(leader.state()).expect("the CPU does not fail");
                for (i, peer) in peers.borrow().ranks.iter().enumerate() {
                    assert!(peer.replica.state() == state, "peer {i} of {n_peers} after step {}", state.step);
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
