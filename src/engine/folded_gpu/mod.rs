//! The hand-derived training step on a graphics processor: the transformer of one block, folded.
//!
//! The algebra is that of [`folded`](super::folded): what depends on one number at one position is
//! computed once, measured from "="; a pair mixes table rows, goes through its neurons and one product
//! with W_out W_U; the way back collects by number and ends in small products. Everything stays on the
//! device; a step is sixteen dispatches of twelve pipelines in one compute pass, and a submit holds as
//! many steps as [`Engine::train`] is asked for. Losses go to a ring on the device, read once a submit.
//!
//! Float32 throughout, sums in a fixed order, no atomics and no subgroups: the same device gives the
//! same bits twice. It keeps to the limits every WebGPU device has.

mod product_jobs;
mod check;
mod context;
mod kernels;
mod layout;
mod pair_index;
mod plan;
mod job_table;
mod adamw_coefficients;

pub use check::check_arithmetic;

use burn::tensor::wgpu::wgpu::Limits;

use self::adamw_coefficients::{COEFFICIENT_STEPS, adamw_coefficients};
use self::context::{BufferId, Context, ContextDescriptor};
use self::layout::GpuLayout;
use self::pair_index::{PairIndex, capacity};
use self::plan::{Plan, ScoreRange};
use super::device::Gpu;
use super::folded::{self, Score};
use super::{DeviceKind, Engine, EngineInfo, EngineKind, Evaluation, LocalFuture, TrainState};
use crate::config::{ExperimentConfig, OptimConfig, Precision};
use crate::error::{FailedDevice, LabError, Result};
use crate::model::{ModelShape, Weights};
use crate::task::{Pair, Task};

/// Where the ring of losses begins in `record`; before it lies the step counter.
const RING_AT: usize = 4;
/// Steps whose losses the device keeps: more than one submit holds.
const RING_LENGTH: usize = 1024;
/// Steps in a submit at most: half of the ring and of the table of rates.
const MAX_BATCH: usize = 512;

/// The folded engine on a GPU.
#[derive(Debug)]
pub struct FoldedGpu {
    info: EngineInfo,
    optim: OptimConfig,
    layout: GpuLayout,
    plan: Plan,
    context: Context,
    /// Train pairs in the order of the device's buffers, and the number of test pairs.
    order: Vec<Pair>,
    n_test: usize,
    step: usize,
    /// The rates of steps before this one are on the device.
    rates_until: usize,
    /// What the train set scored before each update of the last submit.
    train_scores: Vec<Score>,
}

impl FoldedGpu {
    /// Sets up a run on a device, at a state.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`folded::supports`] refuses the model, [`LabError::Device`] if the device
    /// refuses a size or a kernel.
    pub async fn new(config: &ExperimentConfig, task: &Task, start: &TrainState, gpu: &Gpu) -> Result<Self> {
        let shape = start.weights.shape();
        folded::supports(shape).map_err(|reason| LabError::setting("engine", "folded", reason))?;
        let layout = GpuLayout::new(shape, task.train.len(), capacity(task));
        let limits = gpu.setup.device.limits();
        check_sizes(&layout, &limits)?;
        let index = PairIndex::new(&layout, task);
        let pair_tile = kernels::pair_tile(gpu.is_software);
        let plan = Plan::new(&layout, &index, pair_tile);
        check_groups(&plan, &limits)?;
        let blueprint = ContextDescriptor {
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
        let context = Context::new(&gpu.setup, &blueprint).await?;
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
            n_test: task.test.len(),
            step: 0,
            rates_until: 0,
            train_scores: Vec::new(),
        };
        engine.load(start)?;
        Ok(engine)
    }

    /// What the train set scored before each update of the last submit, the last update last: a
    /// by-product of training.
    pub fn train_scores(&self) -> &[Score] {
        &self.train_scores
    }

    /// The logits of every train pair.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device fails.
    pub async fn train_logits(&mut self) -> Result<Vec<(Pair, Vec<f32>)>> {
        let n_out = self.layout.shape.d_vocab_out;
        let all = (BufferId::Logits, 0, self.order.len() * n_out);
        let logits = self.context.run(&[(&self.plan.train_logits, 1)], all).await?;
        Ok(self.order.iter().copied().zip(logits.chunks(n_out).map(<[f32]>::to_vec)).collect())
    }

    /// Does updates, and in the submit of the last ones scores the weights if that is asked for.
    async fn train_steps(&mut self, n_steps: usize, is_evaluated: bool) -> Result<Option<Evaluation>> {
        let mut left = n_steps;
        loop {
            let n = left.min(MAX_BATCH);
            left -= n;
            let is_last = left == 0;
            if n == 0 && !is_evaluated {
                return Ok(None);
            }
            self.write_rates(n);
            let mut lists = vec![(self.plan.step.as_slice(), n)];
            let mut len = 3 * RING_LENGTH;
            if is_last && is_evaluated {
                lists.push((self.plan.evaluation.as_slice(), 1));
                len = self.plan.record_len - RING_AT;
            }
            let record = self.context.run(&lists, (BufferId::Record, RING_AT, len)).await?;
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

    /// Sees to it that the device has the rates of the next `n` steps.
    fn write_rates(&mut self, n: usize) {
        if self.step + n <= self.rates_until {
            return;
        }
        let mut table = vec![0.0; 4 * COEFFICIENT_STEPS];
        for step in self.step..self.step + COEFFICIENT_STEPS {
            table[step % COEFFICIENT_STEPS * 4..][..4]
                .copy_from_slice(&adamw_coefficients(&self.optim, step));
        }
        self.context.write(BufferId::Rates, 0, &table);
        self.rates_until = self.step + COEFFICIENT_STEPS;
    }

    /// What the workgroups of an evaluation left in `record` from the ring on, summed up.
    fn evaluation(&self, record: &[f32]) -> Evaluation {
        let sum = |places: &[ScoreRange]| {
            let mut total = Score::default();
            for place in places {
                record[place.at - RING_AT..][..3 * place.n]
                    .chunks_exact(3)
                    .for_each(|three| total.add(&score(three)));
            }
            total
        };
        let [train, test] = [sum(&self.plan.scores[..1]), sum(&self.plan.scores[1..])];
        let [n_train, n_test] = [self.order.len(), self.n_test].map(|n| n as f64);
        Evaluation {
            train_loss: train.loss_sum / n_train,
            test_loss: test.loss_sum / n_test,
            train_accuracy: train.n_correct as f64 / n_train,
            test_accuracy: test.n_correct as f64 / n_test,
            softmax_collapse_fraction: Some(train.n_collapsed as f64 / n_train),
        }
    }
}

/// Loss, right and collapsed, as a workgroup leaves them; a negative number of right ones says that a logit
/// is infinite or no number.
fn score(three: &[f32]) -> Score {
    if three[1] < 0.0 || !three[0].is_finite() {
        return Score { loss_sum: f64::NAN, n_correct: 0, n_collapsed: 0 };
    }
    Score { loss_sum: f64::from(three[0]), n_correct: three[1] as usize, n_collapsed: three[2] as usize }
}

/// Before anything of these sizes is planned: places are 32 bits wide on the device.
fn check_sizes(layout: &GpuLayout, limits: &Limits) -> Result<()> {
    let shape = &layout.shape;
    let largest = layout.offsets.len.max(layout.capacity * shape.d_mlp.max(shape.d_vocab_out));
    // In a browser a usize is 32 bits wide.
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
    let most = plan.step.iter().chain(&plan.evaluation).flat_map(|dispatch| dispatch.groups).max();
    let allowed = limits.max_compute_workgroups_per_dimension as usize;
    match most {
        Some(most) if most > allowed => Err(LabError::device(
            FailedDevice::Gpu,
            format!("a kernel needs {most} workgroups, the device allows {allowed}"),
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
            Ok(evaluation.expect("it was asked for"))
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
                weights,
                first_moment: to_weights(&self.layout.shape, &moments[..n]),
                second_moment: to_weights(&self.layout.shape, &moments[n..]),
            })
        })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        for weights in [&state.weights, &state.first_moment, &state.second_moment] {
            if *weights.shape() != self.layout.shape {
                return Err(LabError::content(
                    "training state",
                    format!("the run has the shape {:?}, the state {:?}", self.layout.shape, weights.shape()),
                ));
            }
        }
        let floats = |weights: &Weights| weights.flat().iter().map(|&x| x as f32).collect::<Vec<_>>();
        self.context.write(BufferId::Arena, 0, &floats(&state.weights));
        self.context.write(BufferId::Moments, 0, &floats(&state.first_moment));
        self.context.write(BufferId::Moments, self.layout.shape.n_values(), &floats(&state.second_moment));
        // The counter may wrap: it only finds a place in the ring and in the table of rates.
        self.context.write_words(BufferId::Record, 0, &[state.step as u32]);
        self.step = state.step;
        self.rates_until = 0;
        Ok(())
    }
}

fn to_weights(shape: &ModelShape, values: &[f32]) -> Weights {
    Weights::from_flat(shape.clone(), values.iter().map(|&x| f64::from(x)).collect())
}
