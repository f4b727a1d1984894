//! The hand-derived training step on a graphics processor: the transformer of one block, folded.
//!
//! The algebra is that of [`folded`], derived in `docs/engine.md`. All data stays on the device. A
//! step is sixteen dispatches of twelve pipelines in one compute pass (`plan.rs` lists them), and one submit holds as
//! many steps as [`Engine::train`] is called for, at most 512. The loss of each step goes to a ring on the
//! device, which is read once per submit.
//!
//! Float32 throughout, sums in a fixed order, no atomics and no subgroups: the same device gives the same bits twice.
//! Only the limits that every WebGPU device guarantees are used, except for buffer sizes, which are checked.

mod product_jobs;
mod check;
mod context;
mod kernels;
mod layout;
mod loss_ring;
mod pair_index;
mod plan;
mod job_table;
mod adamw_coefficients;

pub use check::check_arithmetic;

use burn::tensor::wgpu::wgpu::Limits;

use self::adamw_coefficients::{COEFFICIENT_STEPS, adamw_coefficients};
use self::context::{BufferId, Context, ContextDescriptor};
use self::layout::GpuLayout;
use self::loss_ring::{MAX_BATCH, RING_LENGTH, RING_OFFSET};
use self::pair_index::{PairIndex, capacity};
use self::plan::{Plan, ScoreRange};
use super::device::Gpu;
use super::folded::{self, Score};
use super::{DeviceKind, Engine, EngineInfo, EngineKind, Evaluation, LocalFuture, TrainState};
use crate::config::{ExperimentConfig, OptimConfig, Precision};
use crate::error::{FailedDevice, LabError, Result};
use crate::model::folding::TokenPair;
use crate::model::{ModelShape, Weights};
use crate::task::Dataset;

/// The folded engine on a GPU. Dropping it frees the memory on the device.
#[derive(Debug)]
pub struct FoldedGpu {
    info: EngineInfo,
    optim: OptimConfig,
    layout: GpuLayout,
    plan: Plan,
    context: Context,
    /// Train pairs in the order of the device's buffers, and the number of test pairs.
    order: Vec<TokenPair>,
    n_test: usize,
    step: usize,
    /// The device has the AdamW factors of the steps before this one.
    coefficients_until: usize,
    /// The train set's score before each update of the last submit.
    train_scores: Vec<Score>,
}

impl FoldedGpu {
    /// Allocates the buffers of a run on a device, compiles its thirteen pipelines and loads a state. For the paper's
    /// model about 25 MB; on a graphics card the pipelines take most of the time.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`folded::supports`] refuses the model, [`LabError::Device`] if the device
    /// refuses a size or a kernel.
    pub async fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        gpu: &Gpu,
    ) -> Result<Self> {
        let shape = start.weights.shape();
        folded::supports(dataset, shape).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        let layout = GpuLayout::new(shape, dataset.train.len(), capacity(dataset, shape));
        let limits = gpu.setup.device.limits();
        check_sizes(&layout, &limits)?;
        let index = PairIndex::new(&layout, dataset);
        let pair_tile = kernels::pair_tile(gpu.is_software);
        let plan = Plan::new(&layout, &index, pair_tile);
        check_groups(&plan, &limits)?;
        let descriptor = ContextDescriptor {
            sizes: [
                layout.offsets.len,
                2 * shape.n_values(),
                layout.capacity * shape.d_mlp,
                layout.capacity * shape.d_vocab_out,
                plan.record_len,
                index.words.len(),
                plan.products.words.len(),
                4 * COEFFICIENT_STEPS,
            ],
            params: &plan.params,
            constants: &layout.constants(&config.optim),
            kernels: &kernels::ALL,
            pair_tile,
        };
        let context = Context::new(&gpu.setup, &descriptor).await?;
        context.write_words(BufferId::Index, 0, &index.words);
        context.write_words(BufferId::Jobs, 0, &plan.products.words);
        context.write(BufferId::Arena, layout.offsets.one, &[1.0]);
        let info = EngineInfo {
            engine: EngineKind::Folded,
            device: DeviceKind::Gpu,
            device_name: gpu.name.clone(),
            precision: Precision::F32,
            reason: None,
        };
        let mut engine = Self {
            info,
            optim: config.optim.clone(),
            layout,
            plan,
            context,
            order: index.order,
            n_test: dataset.test.len(),
            step: 0,
            coefficients_until: 0,
            train_scores: Vec::new(),
        };
        engine.load(start)?;
        Ok(engine)
    }

    /// The train set's score before each update of the last submit, in order: a by-product of training.
    pub fn train_scores(&self) -> &[Score] {
        &self.train_scores
    }

    /// The logits of every train pair at the current weights, read from the device.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device fails.
    pub async fn train_logits(&mut self) -> Result<Vec<(TokenPair, Vec<f32>)>> {
        let n_out = self.layout.shape.d_vocab_out;
        let range = (BufferId::Logits, 0, self.order.len() * n_out);
        let logits = self.context.run(&[(&self.plan.train_logits, 1)], range).await?;
        Ok(self.order.iter().copied().zip(logits.chunks(n_out).map(<[f32]>::to_vec)).collect())
    }

    /// Makes updates in submits of at most [`MAX_BATCH`]; with `is_evaluated`, the last submit also scores the
    /// resulting weights.
    async fn train_steps(&mut self, n_steps: usize, is_evaluated: bool) -> Result<Option<Evaluation>> {
        let mut n_left = n_steps;
        loop {
            let n = n_left.min(MAX_BATCH);
            n_left -= n;
            let is_last = n_left == 0;
            if n == 0 && !is_evaluated {
                return Ok(None);
            }
            self.write_coefficients(n);
            let mut lists = vec![(self.plan.step.as_slice(), n)];
            let mut len = 3 * RING_LENGTH;
            if is_last && is_evaluated {
                lists.push((self.plan.evaluation.as_slice(), 1));
                len = self.plan.record_len - RING_OFFSET;
            }
            let record = self.context.run(&lists, (BufferId::Record, RING_OFFSET, len)).await?;
            let entry = |step: usize| score(&record[step % RING_LENGTH * 3..][..3]);
            if n > 0 {
                self.train_scores = (self.step..self.step + n).map(entry).collect();
            }
            self.step += n;
            if is_last {
                return Ok(is_evaluated.then(|| self.evaluation(&record)));
            }
        }
    }

    /// Writes the table of AdamW factors, unless the device has those of the next `n` steps already.
    fn write_coefficients(&mut self, n: usize) {
        if self.step + n <= self.coefficients_until {
            return;
        }
        let mut table = vec![0.0; 4 * COEFFICIENT_STEPS];
        for step in self.step..self.step + COEFFICIENT_STEPS {
            table[step % COEFFICIENT_STEPS * 4..][..4]
                .copy_from_slice(&adamw_coefficients(&self.optim, step));
        }
        self.context.write(BufferId::Coefficients, 0, &table);
        self.coefficients_until = self.step + COEFFICIENT_STEPS;
    }

    /// Sums the scores that the workgroups of an evaluation left in `record`, which is given from the ring on.
    fn evaluation(&self, record: &[f32]) -> Evaluation {
        let sum = |ranges: &[ScoreRange]| {
            let mut total = Score::default();
            for range in ranges {
                record[range.offset - RING_OFFSET..][..3 * range.n]
                    .chunks_exact(3)
                    .for_each(|words| total.add(&score(words)));
            }
            total
        };
        let sums = [sum(&self.plan.scores[..1]), sum(&self.plan.scores[1..])];
        Score::evaluation(sums, [self.order.len(), self.n_test])
    }
}

/// A score from the three words that a workgroup leaves: loss, correct, collapsed. A negative number of correct ones
/// means that some logit is not finite.
fn score(words: &[f32]) -> Score {
    if words[1] < 0.0 || !words[0].is_finite() {
        return Score { loss_sum: f64::NAN, n_correct: 0, n_collapsed: 0 };
    }
    Score { loss_sum: f64::from(words[0]), n_correct: words[1] as usize, n_collapsed: words[2] as usize }
}

/// Checks the largest buffers before anything is planned: offsets are 32 bits wide on the device.
fn check_sizes(layout: &GpuLayout, limits: &Limits) -> Result<()> {
    let shape = &layout.shape;
    let largest = layout.offsets.len.max(layout.capacity * shape.d_mlp.max(shape.d_vocab_out));
    // u64: in a browser a usize is 32 bits wide, and the product might not fit.
    let bytes = largest as u64 * size_of::<f32>() as u64;
    let allowed = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(u64::from(u32::MAX));
    if bytes > allowed {
        let reason = format!(
            "a buffer of {} MiB is needed, the device allows {}: take a smaller p, frac_train or d_mlp",
            bytes >> 20,
            allowed >> 20
        );
        return Err(LabError::device(FailedDevice::Gpu, reason));
    }
    Ok(())
}

fn check_groups(plan: &Plan, limits: &Limits) -> Result<()> {
    let largest = plan.step.iter().chain(&plan.evaluation).flat_map(|dispatch| dispatch.groups).max();
    let allowed = limits.max_compute_workgroups_per_dimension as usize;
    match largest {
        Some(largest) if largest > allowed => Err(LabError::device(
            FailedDevice::Gpu,
            format!("a kernel needs {largest} workgroups, the device allows {allowed}"),
        )),
        _ => Ok(()),
    }
}

impl Engine for FoldedGpu {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn step(&self) -> usize {
        self.step
    }

    fn prefers_batches(&self) -> bool {
        true
    }

    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move { self.train_steps(n_steps, false).await.map(|_| ()) })
    }

    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>> {
        self.train_and_evaluate(0)
    }

    fn train_and_evaluate(&mut self, n_steps: usize) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(async move {
            let evaluation = self.train_steps(n_steps, true).await?;
            Ok(evaluation.expect("evaluated because `is_evaluated` is true"))
        })
    }

    fn weights(&mut self) -> LocalFuture<'_, Result<Weights>> {
        Box::pin(async move {
            let n = self.layout.shape.n_values();
            let values = self.context.run(&[], (BufferId::Arena, 0, n)).await?;
            Ok(to_weights(&self.layout.shape, &values))
        })
    }

    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>> {
        Box::pin(async move {
            let weights = self.weights().await?;
            let n = self.layout.shape.n_values();
            let moments = self.context.run(&[], (BufferId::Moments, 0, 2 * n)).await?;
            Ok(TrainState {
                step: self.step,
                sampler_place: 0,
                weights,
                first_moment: to_weights(&self.layout.shape, &moments[..n]),
                second_moment: to_weights(&self.layout.shape, &moments[n..]),
            })
        })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        state.check_shape(&self.layout.shape)?;
        let floats = |weights: &Weights| weights.flat().iter().map(|&x| x as f32).collect::<Vec<_>>();
        self.context.write(BufferId::Arena, 0, &floats(&state.weights));
        self.context.write(BufferId::Moments, 0, &floats(&state.first_moment));
        self.context.write(BufferId::Moments, self.layout.shape.n_values(), &floats(&state.second_moment));
        // The counter may wrap: it is only used modulo the lengths of the ring and of the table of AdamW factors,
        // which divide 2³².
        self.context.write_words(BufferId::Record, 0, &[state.step as u32]);
        self.step = state.step;
        self.coefficients_until = 0;
        Ok(())
    }
}

fn to_weights(shape: &ModelShape, values: &[f32]) -> Weights {
    Weights::from_flat(shape.clone(), values.iter().map(|&x| f64::from(x)).collect())
}
