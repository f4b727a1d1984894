//! Splitting a step among workers that share no memory: the workers of a browser.
//!
//! Every worker holds a complete copy of the state and one shard of the pairs. In each step
//!
//! 1. all compute the partial gradients of their pairs; these are added up in the order of the ranks and the sum
//!    is sent to all ([`Exchange::AllReduceGradients`]), so that all continue with the same bits;
//! 2. each makes the same update of its copy, and computes its rows of the weight products;
//! 3. the rows are exchanged ([`Exchange::AllGatherWeightProducts`]).
//!
//! Rank 0, the leader, runs the train loop; the others are followers. How messages travel is up to the
//! implementation of [`Collective`].

use std::collections::VecDeque;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::limits::supports;
use super::replica::{PackedState, Replica};
use super::shard::Shard;
pub use super::shard_worker::Exchange;
use crate::config::ExperimentConfig;
use crate::engine::LocalFuture;
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::loss::Score;
use crate::engine::cpu::simd::SimdLevel;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::task::Dataset;

/// What the leader requests of every follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The partial gradients over its train pairs.
    PartialGradients,
    /// The scores of its train and test pairs.
    Scores,
}

/// The leader's connection to its followers. Follower i, from 0, has rank i + 1 of `n_followers() + 1`.
///
/// States and contributions are arrays in the padded layout of the matrices: both sides run the same program.
pub trait Collective: std::fmt::Debug {
    /// Number of followers.
    fn n_followers(&self) -> usize;

    /// Sends a state to all followers and waits until they have loaded it.
    ///
    /// # Errors
    /// [`LabError::Device`] if a follower cannot be reached or fails.
    fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>>;

    /// Sends a request to all followers and returns at once.
    ///
    /// # Errors
    /// [`LabError::Device`] if a follower cannot be reached.
    fn request(&mut self, request: Request) -> Result<()>;

    /// Waits for each follower's contribution to the current exchange, in the order of the ranks: partial
    /// gradients after [`Request::PartialGradients`]; weight products after a [`Self::broadcast`] of gradients.
    ///
    /// # Errors
    /// [`LabError::Device`] if a follower failed.
    fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>>;

    /// Sends `data` to all followers: the combined contributions of all shards, or, if there is only one
    /// follower, the leader's contribution alone, which the follower combines with its own.
    ///
    /// # Errors
    /// [`LabError::Device`] if a follower cannot be reached.
    fn broadcast(&mut self, exchange: Exchange, data: Vec<f32>) -> Result<()>;

    /// Waits for the scores after [`Request::Scores`], in the order of the ranks: train, then test.
    ///
    /// # Errors
    /// [`LabError::Device`] if a follower failed.
    fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>>;
}

/// A follower: the other end of a [`Collective`].
#[derive(Debug)]
pub struct WorkerRank {
    pool: Rc<ComputePool>,
    replica: Replica,
    /// Whether leader and follower are alone, and each adds the other's contribution to its own.
    is_pair: bool,
}

impl WorkerRank {
    /// Allocates the follower of rank `rank` (at least 1) of `world_size`, on one thread, at a state of zeros:
    /// call [`Self::load`] next.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`supports`] refuses the model.
    pub fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        shape: &ModelShape,
        rank: usize,
        world_size: usize,
    ) -> Result<Self> {
        let pool = Rc::new(ComputePool::new(SimdLevel::detect(config.run.reproducible), 1)?);
        Self::with_pool(config, dataset, shape, Shard { rank, world_size }, pool)
    }

    fn with_pool(
        config: &ExperimentConfig,
        dataset: &Dataset,
        shape: &ModelShape,
        shard: Shard,
        pool: Rc<ComputePool>,
    ) -> Result<Self> {
        supports(dataset, shape).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        let replica = Replica::new(config, dataset, shape, shard);
        Ok(Self { pool, replica, is_pair: shard.world_size == 2 })
    }

    /// Overwrites the state with the leader's.
    ///
    /// # Errors
    /// [`LabError::Device`] if it is of another model.
    pub fn load(&mut self, state: &PackedState) -> Result<()> {
        self.replica.unpack(state)
    }

    /// Computes the partial gradients over this shard's train pairs and returns a copy for the leader.
    pub fn partial_gradients(&mut self) -> Vec<f32> {
        let Self { pool, replica, .. } = self;
        let pool: &ComputePool = pool;
        pool.run(|| replica.worker.compute_partial_gradients(pool));
        replica.worker.pack_own(Exchange::AllReduceGradients)
    }

    /// Takes in what [`Collective::broadcast`] sent. After gradients, makes the update and returns this shard's
    /// rows of the weight products for the leader; after weight products, computes the tables of the next step
    /// and returns nothing.
    ///
    /// # Errors
    /// [`LabError::Device`] if `data` is of another model.
    pub fn receive(&mut self, exchange: Exchange, data: &[f32]) -> Result<Option<Vec<f32>>> {
        let Self { pool, replica, is_pair } = self;
        if *is_pair {
            replica.worker.receive(exchange, 0, data)
        } else {
            replica.worker.receive_combined(exchange, data)
        }?;
        let pool: &ComputePool = pool;
        match exchange {
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

    /// Computes the tables that need no weight product, while messages travel. Does nothing if they are up to
    /// date.
    pub fn compute_attention_tables(&mut self) {
        let Self { pool, replica, .. } = self;
        let pool: &ComputePool = pool;
        pool.run(|| replica.worker.compute_attention_tables(pool));
    }

    /// The scores of this shard's train and test pairs.
    pub fn scores(&mut self) -> [Score; 2] {
        let Self { pool, replica, .. } = self;
        let pool: &ComputePool = pool;
        pool.run(|| replica.worker.scores(pool))
    }
}

/// Followers in this process that run one after another, each on all of `config.run.threads`: the bits of a
/// browser with as many workers, without workers.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::engine::folded::{FoldedCpu, SequentialCollective};
/// use grokking_lab::engine::{Engine, TrainState};
/// use grokking_lab::model::{ModelShape, init::initial_weights};
/// use grokking_lab::task::Dataset;
/// use pollster::block_on;
///
/// let config = Preset::Tiny.config();
/// let (dataset, shape) = (Dataset::new(&config.data), ModelShape::new(&config.data, &config.model));
/// let start = TrainState::start(initial_weights(&shape, config.model.seed));
/// let followers = SequentialCollective::new(&config, &dataset, &shape, 2)?;
/// let mut leader = FoldedCpu::with_collective(&config, &dataset, &start, Box::new(followers))?;
/// block_on(leader.train(5))?;
/// assert_eq!((leader.n_shards(), leader.step()), (3, 5));
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
#[derive(Debug)]
pub struct SequentialCollective {
    followers: Vec<WorkerRank>,
    /// Contributions of all followers that have not been gathered yet, one entry per exchange.
    pending: VecDeque<Vec<Vec<f32>>>,
    scores: Vec<[Score; 2]>,
}

impl SequentialCollective {
    /// Allocates `n_followers` followers beside the leader, each with a complete state and tables.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`supports`] refuses the model, [`LabError::Device`] if the
    /// system refuses the threads.
    pub fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        shape: &ModelShape,
        n_followers: usize,
    ) -> Result<Self> {
        let pool = Rc::new(ComputePool::new(SimdLevel::detect(config.run.reproducible), config.run.threads)?);
        let world_size = n_followers + 1;
        let followers = (1..world_size).map(|rank| {
            WorkerRank::with_pool(config, dataset, shape, Shard { rank, world_size }, Rc::clone(&pool))
        });
        Ok(Self {
            followers: followers.collect::<Result<_>>()?,
            pending: VecDeque::new(),
            scores: Vec::new(),
        })
    }
}

impl Collective for SequentialCollective {
    fn n_followers(&self) -> usize {
        self.followers.len()
    }

    fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
        self.pending.clear();
        Box::pin(async move { self.followers.iter_mut().try_for_each(|follower| follower.load(&state)) })
    }

    fn request(&mut self, request: Request) -> Result<()> {
        let followers = self.followers.iter_mut();
        match request {
            Request::PartialGradients => {
                self.pending.push_back(followers.map(WorkerRank::partial_gradients).collect());
            }
            Request::Scores => self.scores = followers.map(WorkerRank::scores).collect(),
        }
        Ok(())
    }

    fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
        Box::pin(async { Ok(self.pending.pop_front().unwrap_or_default()) })
    }

    fn broadcast(&mut self, exchange: Exchange, data: Vec<f32>) -> Result<()> {
        let contributions: Result<Option<Vec<_>>> =
            self.followers.iter_mut().map(|follower| follower.receive(exchange, &data)).collect();
        self.pending.extend(contributions?);
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
    use crate::engine::cpu::loss::Score;
    use crate::engine::folded::FoldedCpu;
    use crate::engine::{Engine, LocalFuture, TrainState};
    use crate::error::Result;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::Dataset;

    /// Followers that the test can inspect while an engine owns the collective.
    #[derive(Debug)]
    struct Inspected(Rc<RefCell<SequentialCollective>>);

    impl Collective for Inspected {
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
        fn broadcast(&mut self, exchange: Exchange, data: Vec<f32>) -> Result<()> {
            self.0.borrow_mut().broadcast(exchange, data)
        }
        fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
            Box::pin(async { block_on(self.0.borrow_mut().gather_scores()) })
        }
    }

    #[test]
    fn all_workers_hold_the_same_bits_at_every_step() {
        let config = Preset::Tiny.config();
        let dataset = Dataset::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        // A single follower adds up for itself, several receive the sum.
        for n_followers in [1, 2, 3] {
            let collective =
                SequentialCollective::new(&config, &dataset, &shape, n_followers).expect("the model folds");
            let collective = Rc::new(RefCell::new(collective));
            let inspected = Box::new(Inspected(Rc::clone(&collective)));
            let mut leader =
                FoldedCpu::with_collective(&config, &dataset, &start, inspected).expect("the model folds");
            let check = |leader: &mut FoldedCpu, n_steps| {
                block_on(leader.train(n_steps)).expect("the CPU does not fail");
                block_on(leader.evaluate()).expect("the CPU does not fail");
                let state = block_on(leader.state()).expect("the CPU does not fail");
                for (i, follower) in collective.borrow().followers.iter().enumerate() {
                    let what = format!("follower {i} of {n_followers} after step {}", state.step);
                    assert!(follower.replica.state() == state, "{what}");
                }
                state
            };
            check(&mut leader, 1);
            let fifth = check(&mut leader, 4);
            let ninth = check(&mut leader, 4);
            leader.load(&fifth).expect("the same shape");
            assert!(check(&mut leader, 4) == ninth, "from step 5 once more, {n_followers} followers");
        }
    }
}
