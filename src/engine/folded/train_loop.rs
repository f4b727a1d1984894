//! The train loop of a run: partial gradients of one worker or several, then an update.

use super::collective::{Collective, Request};
use super::replica::Replica;
use super::shard::Shard;
use super::shard_worker::{Exchange, ShardWorker};
use crate::config::ExperimentConfig;
use crate::engine::cpu::compute_pool::ComputePool;
use crate::engine::cpu::loss::Score;
use crate::engine::cpu::simd::SimdLevel;
use crate::engine::{Evaluation, TrainState};
use crate::error::Result;
use crate::task::Dataset;

/// A run on the threads of a pool, alone or as the leader of a [`Collective`].
#[derive(Debug)]
pub(super) struct TrainLoop {
    pool: ComputePool,
    collective: Option<Box<dyn Collective>>,
    replica: Replica,
    /// Whether the followers hold the same state.
    followers_in_sync: bool,
    /// Number of train pairs and of test pairs, over all shards.
    n_pairs: [usize; 2],
}

impl TrainLoop {
    /// Starts the threads and allocates everything a step needs, at a state.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the system refuses the threads.
    pub(super) fn new(
        simd: SimdLevel,
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        collective: Option<Box<dyn Collective>>,
    ) -> Result<Self> {
        let n_shards = 1 + collective.as_ref().map_or(0, |collective| collective.n_followers());
        let shard = Shard { rank: 0, world_size: n_shards };
        let replica = Replica::new(config, dataset, start.weights.shape(), shard);
        let pool = ComputePool::new(simd, config.run.threads)?;
        let n_pairs = [dataset.train.len(), dataset.test.len()];
        let mut train_loop = Self { pool, collective, replica, followers_in_sync: false, n_pairs };
        train_loop.load(start)?;
        Ok(train_loop)
    }

    /// Number of threads, counting one for each follower.
    pub(super) fn threads(&self) -> usize {
        self.pool.threads() + self.n_shards() - 1
    }

    /// Number of threads of this worker.
    pub(super) fn own_threads(&self) -> usize {
        self.pool.threads()
    }

    /// Number of shards of each step: the workers, this one included.
    pub(super) fn n_shards(&self) -> usize {
        1 + self.collective.as_ref().map_or(0, |collective| collective.n_followers())
    }

    /// Updates done so far.
    pub(super) fn step(&self) -> usize {
        self.replica.step
    }

    /// Makes `n_steps` updates. If it fails, the state is that after the last complete one.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if a follower fails.
    pub(super) async fn train(&mut self, n_steps: usize) -> Result<()> {
        self.sync_followers().await?;
        let Self { pool, collective, replica, followers_in_sync, .. } = self;
        let Some(collective) = collective else {
            pool.run(|| {
                for _ in 0..n_steps {
                    replica.worker.compute_partial_gradients(pool);
                    replica.update(pool);
                }
            });
            return Ok(());
        };
        // Until all steps are complete: if one fails halfway, some followers may have made the update.
        *followers_in_sync = false;
        for _ in 0..n_steps {
            collective.request(Request::PartialGradients)?;
            pool.run(|| replica.worker.compute_partial_gradients(pool));
            exchange(collective.as_mut(), &mut replica.worker, Exchange::AllReduceGradients, |_| ()).await?;
            pool.run(|| {
                replica.update(pool);
                replica.worker.compute_weight_products(pool);
            });
            let meanwhile = |worker: &mut ShardWorker| pool.run(|| worker.compute_attention_tables(pool));
            exchange(collective.as_mut(), &mut replica.worker, Exchange::AllGatherWeightProducts, meanwhile)
                .await?;
            replica.worker.mark_products_ready();
        }
        *followers_in_sync = true;
        Ok(())
    }

    /// Losses and accuracies of the current weights. The tables it computes serve the next step, too.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if a follower fails.
    pub(super) async fn evaluate(&mut self) -> Result<Evaluation> {
        Ok(Score::evaluation(self.scores().await?, self.n_pairs))
    }

    /// Allocates a copy of weights and moments.
    pub(super) fn state(&self) -> TrainState {
        self.replica.state()
    }

    /// Overwrites weights and moments; followers receive them before the next step.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the state has another shape.
    pub(super) fn load(&mut self, state: &TrainState) -> Result<()> {
        self.followers_in_sync = false;
        self.replica.load(state)
    }

    /// Scores of all train and all test pairs.
    async fn scores(&mut self) -> Result<[Score; 2]> {
        self.sync_followers().await?;
        let Self { pool, collective, replica, .. } = self;
        let Some(collective) = collective else {
            return Ok(pool.run(|| replica.worker.scores(pool)));
        };
        collective.request(Request::Scores)?;
        let mut sums = pool.run(|| replica.worker.scores(pool));
        for scores in collective.gather_scores().await? {
            sums.iter_mut().zip(&scores).for_each(|(sum, score)| sum.add(score));
        }
        Ok(sums)
    }

    /// Sends the followers this state, unless they hold it already.
    async fn sync_followers(&mut self) -> Result<()> {
        if let Some(collective) = self.collective.as_mut().filter(|_| !self.followers_in_sync) {
            collective.broadcast_state(self.replica.pack()).await?;
            self.followers_in_sync = true;
        }
        Ok(())
    }
}

/// Carries out one exchange as the leader; runs `meanwhile` while messages travel.
async fn exchange(
    collective: &mut dyn Collective,
    worker: &mut ShardWorker,
    exchange: Exchange,
    meanwhile: impl FnOnce(&mut ShardWorker),
) -> Result<()> {
    // A single follower needs only our contribution: send it before waiting for the follower's.
    let is_pair = collective.n_followers() == 1;
    if is_pair {
        collective.broadcast(exchange, worker.pack_own(exchange))?;
    }
    meanwhile(worker);
    for (i, received) in collective.gather().await?.iter().enumerate() {
        worker.receive(exchange, i + 1, received)?;
    }
    if !is_pair {
        collective.broadcast(exchange, worker.pack_combined(exchange))?;
    }
    Ok(())
}
