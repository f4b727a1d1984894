//! One experiment as data: what is learned, by which model, how it is trained, how it is run.
//!
//! The tree is sent to the worker, saved in every checkpoint and written in the page's URL. What each setting is
//! called, what it means and which values are allowed stands in [`settings`]; [`ExperimentConfig::validate`] is
//! called once, where the outside world comes in.

pub mod cadence;
mod presets;
mod sequence_tasks;
pub mod settings;
mod split_rule;
#[cfg(feature = "plan")]
pub mod sweep_plan;
mod task;
mod validate;

pub use presets::{Preset, PresetInfo};
pub use sequence_tasks::{AdditionConfig, Batches, InductionConfig, SkipTrigramConfig};
pub use settings::{MAX_EPOCHS, MAX_P};
pub use split_rule::SplitRule;
pub use task::{ModularConfig, TaskConfig, TaskKind};

use serde::{Deserialize, Serialize};

/// Everything that determines a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentConfig {
    /// What is learned, and which examples are shown in training.
    pub data: TaskConfig,
    /// The transformer's sizes and its initial weights.
    pub model: ModelConfig,
    /// AdamW, its warm-up and the form of the loss.
    pub optim: OptimConfig,
    /// How long, on what, and what is recorded.
    pub run: RunConfig,
}

impl ExperimentConfig {
    /// Whether another run is the same experiment with other seeds, of its split or its initial weights; how it
    /// was computed does not matter. A run with equal seeds is the same run and no other seed.
    pub fn differs_in_seeds_alone(&self, other: &Self) -> bool {
        let mut same_seeds = self.clone();
        same_seeds.model.seed = other.model.seed;
        same_seeds.data.copy_seed(&other.data);
        same_seeds.run = other.run.clone();
        let is_other_seed = self.model.seed != other.model.seed || self.data != other.data;
        is_other_seed && same_seeds == *other
    }
}

/// The transformer (paper section 3 and appendix A): no LayerNorm, learned positions, untied unembedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Number of blocks.
    pub n_layers: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Heads per block.
    pub n_heads: usize,
    /// Width of a head; 0 for `d_model / n_heads`, which is then a whole number. [`Self::d_head`] is the width itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub d_head: usize,
    /// Neurons per block; 0 for a model of attention only.
    pub d_mlp: usize,
    /// The neurons' non-linearity.
    pub activation: Activation,
    /// Whether a position attends only to itself and to those before it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub causal: bool,
    /// What the residual stream is multiplied by where attention is added to it, `x <- residual_scale x + attn(x)`.
    /// 1 in the paper's text; the published code of repeated subsequences has 2. An MLP is added to it as it is.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub residual_scale: f64,
    /// The standard deviation of the initial W_K, W_Q and W_V.
    #[serde(default, skip_serializing_if = "is_default")]
    pub qkv_init: QkvInit,
    /// How the seed becomes the initial weights.
    #[serde(default, skip_serializing_if = "is_default")]
    pub init_draw: InitDraw,
    /// Seed of the initial weights.
    pub seed: u32,
}

/// Whose root the standard deviation of the initial W_K, W_Q and W_V is one over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QkvInit {
    /// d_model, as of the other matrices: the paper's models.
    #[default]
    DModel,
    /// d_head: the published code of repeated subsequences.
    DHead,
}

/// How normally distributed numbers are drawn from a seed. The distribution is the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitDraw {
    /// Those of [`maths::normal`](crate::maths::normal), the same bits on every machine.
    #[default]
    Lab,
    /// Those of `torch.randn` after `torch.manual_seed`, to 3e-7: the initial weights of the published runs.
    Torch,
}

// What a file means that says nothing of a setting, because it is older or because the setting has this value.

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn one() -> f64 {
    1.0
}

fn is_one(value: &f64) -> bool {
    *value == 1.0
}

/// The non-linearity of the MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// max(x, 0), the paper's.
    Relu,
    /// x Φ(x), with Φ the normal distribution function (the exact form, through erf).
    Gelu,
}

/// AdamW with decoupled decay on every parameter (paper section 3; betas and warm-up from the
/// published code).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptimConfig {
    /// Learning rate after warm-up.
    pub lr: f64,
    /// Decay λ: every step multiplies each parameter by `1 - lr_t λ`.
    pub weight_decay: f64,
    /// Decay rate of the gradient's mean.
    pub beta1: f64,
    /// Decay rate of the squared gradient's mean.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Update number s (from 0) uses `lr * min(s / warmup_steps, 1)`: the first has rate 0.
    pub warmup_steps: usize,
    /// How the cross-entropy is computed.
    pub loss: LossForm,
    /// The part of what attention and the MLP add to the residual stream that is dropped in training, and not when
    /// losses are measured.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dropout: f64,
    /// Added to the loss of training times the sum of all absolute weights; losses are shown without it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub l1: f64,
}

/// The two ways of computing the same cross-entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossForm {
    /// log1p of the sum over the wrong answers: exact in float32 down to 1e-38.
    Exact,
    /// log-softmax: stalls near 1.2e-7 in float32 and makes slingshots (paper D.2).
    Textbook,
}

/// How a run is carried out; nothing here changes what is learned, up to rounding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Updates in all. One update sees the whole train set: an epoch is a step.
    pub epochs: usize,
    /// A row of metrics every so many steps (and at the first and last).
    pub eval_every: usize,
    /// A checkpoint every so many steps (and at the last).
    pub checkpoint_every: usize,
    /// Which engine does the updates.
    pub engine: EngineChoice,
    /// Which device it runs on.
    pub device: DeviceChoice,
    /// Width of the floating point numbers.
    pub precision: Precision,
    /// How many ways the CPU's part of a step is divided; 0 leaves it to the machine. What is divided depends on
    /// where the run computes:
    ///
    /// | run | is the number of | 0 is | bits depend on it |
    /// |---|---|---|---|
    /// | native | CPU threads | all that the machine offers | no |
    /// | native, `reproducible` | CPU threads, and shards that each step is cut into | all threads, one shard | yes |
    /// | in a browser | workers, each with one shard of a step | what the machine offers | yes |
    ///
    /// There are at most `engine::folded::MAX_SHARDS` shards, and runs with equally many have equal bits. In a
    /// browser the run's own configuration has the number it got in place of what was asked.
    ///
    /// The general engine has no shards: in a browser it computes in one thread, and natively its bits depend on the
    /// number of threads unless the run is `reproducible`.
    pub threads: usize,
    /// Give the browser's bits also where a faster order of sums exists.
    pub reproducible: bool,
}

/// Which implementation of the training step is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// The fastest one that can train this model on this device.
    Auto,
    /// The hand-derived step over the folded algebra.
    Folded,
    /// The hand-derived step of any model.
    General,
    /// Burn's automatic differentiation, over the folded forward where the model allows it.
    Autodiff,
    /// Burn's automatic differentiation over the transformer as written: the oracle.
    Literal,
}

/// Where the run computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// In a browser the graphics card, if there is one that is no software and computes a test product
    /// rightly, else the processor; natively the processor.
    Auto,
    /// This machine's processor.
    Cpu,
    /// A graphics processor: WebGPU in a browser, Vulkan, Metal or DirectX natively.
    Gpu,
}

/// Width of the floating point numbers of a run; displayed as its setting is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, on every device.
    F32,
    /// 64 bits, on the CPU only, and not by the folded engine.
    F64,
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl ModelConfig {
    /// Width of a head.
    pub fn d_head(&self) -> usize {
        match self.d_head {
            0 => self.d_model / self.n_heads,
            width => width,
        }
    }
}

impl OptimConfig {
    /// The learning rate of update number `step`, counted from 0.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    ///
    /// let optim = Preset::Paper.config().optim;
    /// assert_eq!((optim.lr, optim.warmup_steps), (1e-3, 10));
    /// assert_eq!((optim.lr_at(0), optim.lr_at(5), optim.lr_at(10)), (0.0, 5e-4, 1e-3));
    /// ```
    pub fn lr_at(&self, step: usize) -> f64 {
        if step >= self.warmup_steps { self.lr } else { self.lr * step as f64 / self.warmup_steps as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::{InitDraw, ModelConfig, Preset, QkvInit, SplitRule};

    /// Files of older versions have none of these settings, and files of runs with the usual values stay as they were.
    #[test]
    fn settings_that_came_later_are_written_only_where_they_are_not_the_usual_ones() {
        let usual = Preset::Paper.config().model;
        let text = r#"{"n_layers":1,"d_model":128,"n_heads":4,"d_mlp":512,"activation":"relu","seed":0}"#;
        assert_eq!(serde_json::to_string(&usual).expect("plain data"), text);
        assert_eq!(serde_json::from_str::<ModelConfig>(text).expect("it was saved so"), usual);
        let qkv_init = QkvInit::DHead;
        let init_draw = InitDraw::Torch;
        let other =
            ModelConfig { d_head: 8, causal: false, residual_scale: 2.0, qkv_init, init_draw, ..usual };
        let text = serde_json::to_string(&other).expect("plain data");
        assert_eq!(serde_json::from_str::<ModelConfig>(&text).expect("it was saved so"), other);
        assert_eq!(other.d_head(), 8, "not d_model / n_heads");
    }

    #[test]
    fn another_seed_is_another_run_and_nothing_else_may_differ() {
        let ours = Preset::Tiny.config();
        assert!(!ours.differs_in_seeds_alone(&ours), "the same run twice");
        let mut computed = ours.clone();
        computed.run.threads += 1;
        assert!(!ours.differs_in_seeds_alone(&computed), "the same run computed otherwise");
        let mut seed = computed.clone();
        seed.model.seed += 1;
        assert!(ours.differs_in_seeds_alone(&seed), "other initial weights");
        let mut split = ours.clone();
        split.data.change_modular(|modular| modular.split = SplitRule::Torch(77));
        assert!(ours.differs_in_seeds_alone(&split), "another train set");
        seed.optim.weight_decay += 1.0;
        assert!(!ours.differs_in_seeds_alone(&seed), "another experiment");
    }
}
