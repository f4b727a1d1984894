//! Burn's automatic differentiation, on any device, for any model: the oracle of the folded engines, and the engine of
//! models and precisions that they do not support.

mod adamw;
mod batch;
mod loss;

use burn::tensor::{DType, Device, Tensor, TensorData, Transaction};

use self::adamw::Moments;
use self::batch::Batch;
use super::{Engine, EngineInfo, Evaluation, LocalFuture, TrainState};
use crate::config::{ExperimentConfig, OptimConfig, Precision};
use crate::error::{FailedDevice, LabError, Result};
use crate::model::folding::folds;
use crate::model::params::{Params, flat_tensor};
use crate::model::{ModelShape, Weights, folded_forward, transformer};
use crate::task::{Dataset, Examples, Sampler};

/// Tokens evaluated at once: bounds the memory of the forward pass over the test set. Of the paper's task 4,096
/// examples.
const EVALUATION_TOKENS: usize = 3 * 4096;

/// Scores of a set: loss, accuracy, collapsed fraction.
const N_SCORES: usize = 3;

/// Which forward pass is differentiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The transformer as written: every position of every example.
    Literal,
    /// Keys, values and scores once per token, the MLP once per example; where the model [`folds`].
    Folded,
}

impl Forward {
    /// Whether this forward pass computes a model on a dataset.
    ///
    /// # Errors
    /// The reason in words if it does not.
    pub fn supports(self, dataset: &Dataset, shape: &ModelShape) -> Result<(), String> {
        match self {
            Self::Literal => shape.fits(dataset),
            Self::Folded => folds(dataset, shape),
        }
    }
}

/// A run whose gradient comes from Burn's automatic differentiation.
pub struct AutodiffEngine {
    info: EngineInfo,
    shape: ModelShape,
    optim: OptimConfig,
    forward: Forward,
    device: Device,
    dtype: DType,
    train: Batch,
    /// Where the train set of each step comes from, if it does not stay; it holds that of the next update.
    sampler: Option<Sampler>,
    /// Both sets in batches of at most [`EVALUATION_TOKENS`], without tracking, for evaluation; without the train set
    /// where that is another one in every step.
    train_batches: Vec<Batch>,
    test_batches: Vec<Batch>,
    step: usize,
    params: Tensor<1>,
    moments: Moments,
}

impl AutodiffEngine {
    /// Puts a state and all examples on a device made by [`device`](super::device). Kernels are compiled in the first step.
    ///
    /// # Errors
    /// [`LabError::Setting`] if [`Forward::supports`] refuses the model or the dataset.
    pub fn new(
        config: &ExperimentConfig,
        dataset: &Dataset,
        start: &TrainState,
        device: &Device,
        forward: Forward,
        info: EngineInfo,
    ) -> Result<Self> {
        let shape = start.weights.shape().clone();
        forward
            .supports(dataset, &shape)
            .map_err(|reason| LabError::setting("engine", info.engine, reason))?;
        let dtype = match config.run.precision {
            Precision::F32 => DType::F32,
            Precision::F64 => DType::F64,
        };
        let device = device.clone().inner();
        let mut sampler = dataset.sampler.clone();
        if let Some(sampler) = &mut sampler {
            sampler.seek(start.sampler_place);
        }
        let train = sampler.as_ref().map_or(&dataset.train, Sampler::batch);
        let train_batches = match sampler {
            Some(_) => Vec::new(),
            None => evaluation_batches(train, &shape, &device, dtype),
        };
        Ok(Self {
            info,
            optim: config.optim.clone(),
            forward,
            dtype,
            train: Batch::new(train, 0..train.len(), &shape, &device.clone().autodiff(), dtype),
            train_batches,
            test_batches: evaluation_batches(&dataset.test, &shape, &device, dtype),
            sampler,
            step: start.step,
            params: flat_tensor(&start.weights, &device, dtype),
            moments: Moments {
                first: flat_tensor(&start.first_moment, &device, dtype),
                second: flat_tensor(&start.second_moment, &device, dtype),
            },
            shape,
            device,
        })
    }

    /// Trains on the sampler's batch from now on.
    fn take_batch(&mut self) {
        if let Some(sampler) = &self.sampler {
            let (batch, tracked) = (sampler.batch(), self.device.clone().autodiff());
            self.train = Batch::new(batch, 0..batch.len(), &self.shape, &tracked, self.dtype);
        }
    }

    /// ∂(mean train loss)/∂θ at the current weights, flat, in the order of [`ModelShape::params`].
    fn gradient(&self) -> Tensor<1> {
        let flat = self.params.clone().autodiff();
        let params = Params::from_flat(&self.shape, &flat, true);
        let logits = logits(&params, &self.train, self.forward);
        let gradient =
            loss::gradient(logits.clone().inner(), &self.train.targets.clone().inner(), self.optim.loss);
        // With g = ∂loss/∂logits held constant, ∂(Σ logits · g)/∂θ is ∂loss/∂θ by the chain rule. So Burn never
        // differentiates the loss, whose exact form needs care in float32.
        let mut gradients = (logits * Tensor::from_inner(gradient)).sum().backward();
        let in_order = params.in_order().into_iter().map(|param| {
            let [rows, columns] = param.dims();
            let gradient =
                param.grad_remove(&mut gradients).unwrap_or_else(|| param.clone().inner().zeros_like());
            gradient.reshape([rows * columns])
        });
        Tensor::cat(in_order.collect(), 0)
    }

    /// The gradient of the mean train loss at the current weights, read from the device; for tests.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device fails.
    pub async fn read_gradient(&self) -> Result<Weights> {
        let mut read = read_all(vec![self.gradient()]).await?;
        Ok(Weights::from_flat(self.shape.clone(), read.remove(0)))
    }
}

impl Engine for AutodiffEngine {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn step(&self) -> usize {
        self.step
    }

    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move {
            for _ in 0..n_steps {
                let gradient = self.gradient();
                self.params =
                    adamw::update(&self.optim, self.step, self.params.clone(), gradient, &mut self.moments);
                self.step += 1;
                if let Some(sampler) = &mut self.sampler {
                    sampler.advance();
                    self.take_batch();
                }
            }
            // A browser's queue is unbounded: wait until the device has made the steps.
            read_all(vec![self.params.clone().slice(0..1)]).await.map(|_| ())
        })
    }

    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(async move {
            let params = Params::from_flat(&self.shape, &self.params, false);
            let fresh = self
                .sampler
                .as_ref()
                .map(|sampler| evaluation_batches(sampler.batch(), &self.shape, &self.device, self.dtype));
            let train_batches = fresh.as_ref().unwrap_or(&self.train_batches);
            let batches = train_batches.iter().chain(&self.test_batches);
            let scores: Vec<_> = batches
                .flat_map(|batch| {
                    let scores =
                        loss::scores(logits(&params, batch, self.forward), &batch.targets, self.optim.loss);
                    [scores.loss, scores.accuracy, scores.collapsed]
                })
                .collect();
            let read: Vec<f64> = read_all(scores).await?.into_iter().flatten().collect();
            let (train, test) = read.split_at(N_SCORES * train_batches.len());
            let [train_loss, train_accuracy, collapsed] = weighted_means(train, train_batches);
            let [test_loss, test_accuracy, _] = weighted_means(test, &self.test_batches);
            let collapsed = Some(collapsed);
            Ok(Evaluation {
                train_loss,
                test_loss,
                train_accuracy,
                test_accuracy,
                softmax_collapse_fraction: collapsed,
            })
        })
    }

    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>> {
        Box::pin(async move {
            let Moments { first, second } = self.moments.clone();
            let read = read_all(vec![self.params.clone(), first, second]).await?;
            let mut tensors = read.into_iter().map(|values| Weights::from_flat(self.shape.clone(), values));
            let mut next = || tensors.next().expect("three tensors were read");
            Ok(TrainState {
                step: self.step,
                sampler_place: self.sampler.as_ref().map_or(0, Sampler::place),
                weights: next(),
                first_moment: next(),
                second_moment: next(),
            })
        })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        state.check_shape(&self.shape)?;
        self.step = state.step;
        self.params = flat_tensor(&state.weights, &self.device, self.dtype);
        self.moments = Moments {
            first: flat_tensor(&state.first_moment, &self.device, self.dtype),
            second: flat_tensor(&state.second_moment, &self.device, self.dtype),
        };
        if let Some(sampler) = &mut self.sampler {
            sampler.seek(state.sampler_place);
            self.take_batch();
        }
        Ok(())
    }
}

impl std::fmt::Debug for AutodiffEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AutodiffEngine")
            .field("info", &self.info)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

/// Examples in batches of at most [`EVALUATION_TOKENS`], without tracking.
fn evaluation_batches(examples: &Examples, shape: &ModelShape, device: &Device, dtype: DType) -> Vec<Batch> {
    let batch_len = (EVALUATION_TOKENS / shape.n_ctx).max(1);
    let starts = (0..examples.len()).step_by(batch_len);
    let batch = |start: usize| {
        let range = start..examples.len().min(start + batch_len);
        Batch::new(examples, range, shape, device, dtype)
    };
    starts.map(batch).collect()
}

/// The logits of the predictions that count, n_predictions × d_vocab_out.
fn logits(params: &Params, batch: &Batch, forward: Forward) -> Tensor<2> {
    let logits = match forward {
        Forward::Literal => transformer::logits(params, batch.tokens.clone(), &batch.loss_positions, &mut ()),
        Forward::Folded => folded_forward::logits(params, batch.tokens.clone()),
    };
    match &batch.counted_rows {
        Some(rows) => logits.select(0, rows.clone()),
        None => logits,
    }
}

/// Means over a set of loss, accuracy and collapsed fraction, from those of its batches.
fn weighted_means(scores: &[f64], batches: &[Batch]) -> [f64; N_SCORES] {
    let total: usize = batches.iter().map(Batch::n_predictions).sum();
    [0, 1, 2].map(|i| {
        let sum: f64 =
            batches.iter().zip(scores.chunks(N_SCORES)).map(|(b, s)| b.n_predictions() as f64 * s[i]).sum();
        sum / total as f64
    })
}

/// Reads tensors from the device in one transfer, as float64.
async fn read_all(tensors: Vec<Tensor<1>>) -> Result<Vec<Vec<f64>>> {
    let transaction = tensors.into_iter().fold(Transaction::default(), Transaction::register);
    let data = transaction.execute_async().await.map_err(|e| LabError::device(FailedDevice::Backend, e))?;
    Ok(data
        .into_iter()
        .map(|data: TensorData| data.convert_dtype(DType::F64).iter::<f64>().collect())
        .collect())
}
