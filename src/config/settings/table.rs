//! The table of the settings that every task has. Ranges bound what a run may ask for, not what is wise.

use std::ops::Bound::{Excluded, Included};

use super::{ChoiceOption, DecimalRange, IntegerRange, Kind, Setting};
use crate::config::{Activation, DeviceChoice, EngineChoice, InitDraw, LossForm, Precision, QkvInit};

/// The most blocks of a model that is trained; the paper's have 1 or 2.
const MAX_LAYERS: u64 = 8;

/// A whole-number field of the configuration.
macro_rules! integer {
    ($section:ident.$field:ident, $range:expr) => {
        Kind::Integer {
            range: $range,
            get: |config| config.$section.$field as u64,
            set: |config, value| config.$section.$field = value as _,
        }
    };
}

/// A decimal field of the configuration.
macro_rules! decimal {
    ($section:ident.$field:ident, $low:expr, $high:expr) => {
        Kind::Decimal {
            range: DecimalRange { low: $low, high: $high },
            get: |config| config.$section.$field,
            set: |config, value| config.$section.$field = value,
        }
    };
}

/// A field of the configuration that is an enum. The match makes a variant without an option an error of the
/// compiler.
macro_rules! choice {
    ($section:ident.$field:ident, $($value:literal $(| $alias:literal)* => $variant:path, $label:literal;)+) => {
        Kind::Choice {
            options: &[$(ChoiceOption { value: $value, aliases: &[$($alias),*], label: $label }),+],
            get: |config| match config.$section.$field {
                $($variant => $value,)+
            },
            set: |config, text| {
                config.$section.$field = match text {
                    $($value $(| $alias)* => $variant,)+
                    _ => return false,
                };
                true
            },
        }
    };
}

/// Width of the residual stream.
pub static D_MODEL: Setting = Setting {
    name: "d_model",
    flag: "d-model",
    aliases: &[],
    label: "Width d_model",
    help: "Width of the residual stream.",
    unit: "",
    kind: integer!(model.d_model, IntegerRange::new(1, 2048)),
};

/// Heads per block.
pub static N_HEADS: Setting = Setting {
    name: "n_heads",
    flag: "n-heads",
    aliases: &[],
    label: "Heads",
    help: "Attention heads per layer; their number must divide d_model unless d_head is given.",
    unit: "",
    kind: integer!(model.n_heads, IntegerRange::new(1, 64)),
};

/// Neurons per block.
pub static D_MLP: Setting = Setting {
    name: "d_mlp",
    flag: "d-mlp",
    aliases: &[],
    label: "Neurons d_mlp",
    help: "Neurons per layer; 0 is a model of attention only, which sums are not learned by here.",
    unit: "",
    kind: integer!(model.d_mlp, IntegerRange::new(0, 8192)),
};

/// Number of blocks.
pub static N_LAYERS: Setting = Setting {
    name: "n_layers",
    flag: "n-layers",
    aliases: &[],
    label: "Layers",
    help: "Transformer blocks; the paper's model has one.",
    unit: "",
    kind: integer!(model.n_layers, IntegerRange::new(1, MAX_LAYERS)),
};

/// The neurons' non-linearity.
pub static ACTIVATION: Setting = Setting {
    name: "activation",
    flag: "activation",
    aliases: &[],
    label: "Activation",
    help: "The neurons' non-linearity.",
    unit: "",
    kind: choice!(
        model.activation,
        "relu" => Activation::Relu, "ReLU";
        "gelu" => Activation::Gelu, "GELU";
    ),
};

/// Width of a head.
pub static D_HEAD: Setting = Setting {
    name: "d_head",
    flag: "d-head",
    aliases: &[],
    label: "Head width d_head",
    help: "Width of a head; 0 is d_model divided by the number of heads.",
    unit: "",
    kind: integer!(model.d_head, IntegerRange::new(0, 2048)),
};

/// Whether a position is hidden from those before it.
pub static CAUSAL: Setting = Setting {
    name: "causal",
    flag: "causal",
    aliases: &[],
    label: "Causal",
    help: "Whether a position attends only to itself and to those before it, as in every model of the paper.",
    unit: "",
    kind: Kind::Switch {
        get: |config| config.model.causal,
        set: |config, value| config.model.causal = value,
    },
};

/// What the residual stream is multiplied by.
pub static RESIDUAL_SCALE: Setting = Setting {
    name: "residual_scale",
    flag: "residual-scale",
    aliases: &[],
    label: "Residual scale",
    help: "What the residual stream is multiplied by where attention is added to it. It is 1 in the paper's text; \
           the published code of repeated subsequences has 2.",
    unit: "",
    kind: decimal!(model.residual_scale, Excluded(0.0), Included(10.0)),
};

/// The standard deviation of the initial queries, keys and values.
pub static QKV_INIT: Setting = Setting {
    name: "qkv_init",
    flag: "qkv-init",
    aliases: &[],
    label: "Initial W_K, W_Q, W_V",
    help: "Standard deviation of the initial W_K, W_Q and W_V: one over the root of d_model, as of the other matrices, \
           or of d_head, as in the published code of repeated subsequences.",
    unit: "",
    kind: choice!(
        model.qkv_init,
        "d_model" => QkvInit::DModel, "1/√d_model";
        "d_head" => QkvInit::DHead, "1/√d_head";
    ),
};

/// How the seed becomes the initial weights.
pub static INIT_DRAW: Setting = Setting {
    name: "init_draw",
    flag: "init-draw",
    aliases: &[],
    label: "Draw of the initial weights",
    help: "How the seed becomes normally distributed numbers: lab has the same bits on every machine, torch those of \
           torch.manual_seed and torch.randn, with which published runs began.",
    unit: "",
    kind: choice!(
        model.init_draw,
        "lab" => InitDraw::Lab, "this lab's";
        "torch" => InitDraw::Torch, "PyTorch's";
    ),
};

/// Seed of the initial weights.
pub static SEED: Setting = Setting {
    name: "seed",
    flag: "seed",
    aliases: &[],
    label: "Initial seed",
    help: "Decides the initial weights, and the examples of a sequence task unless data_seed is given: the same seed, \
           the same run.",
    unit: "",
    kind: Kind::Integer {
        range: IntegerRange::new(0, u32::MAX as u64),
        get: |config| u64::from(config.model.seed),
        set: |config, value| {
            config.model.seed = value as u32;
            if let Some(batches) = config.data.batches_mut() {
                batches.data_seed = value as u32;
            }
        },
    },
};

/// The learning rate.
pub static LR: Setting = Setting {
    name: "lr",
    flag: "lr",
    aliases: &[],
    label: "Learning rate",
    help: "AdamW's learning rate after warm-up.",
    unit: "",
    kind: decimal!(optim.lr, Excluded(0.0), Included(1.0)),
};

/// The weight decay.
pub static WEIGHT_DECAY: Setting = Setting {
    name: "weight_decay",
    flag: "weight-decay",
    aliases: &[],
    label: "Weight decay λ",
    help: "AdamW's decay of every parameter; without it the model memorises and stays there.",
    unit: "",
    kind: decimal!(optim.weight_decay, Included(0.0), Included(1000.0)),
};

/// Updates in all.
pub static EPOCHS: Setting = Setting {
    name: "epochs",
    flag: "epochs",
    aliases: &[],
    label: "Epochs",
    help: "Length of the run. One epoch is one step: every update sees the whole train set.",
    unit: "epochs",
    kind: integer!(run.epochs, IntegerRange::new(1, MAX_EPOCHS as u64)),
};

/// Steps between two rows of metrics.
pub static EVAL_EVERY: Setting = Setting {
    name: "eval_every",
    flag: "eval-every",
    aliases: &[],
    label: "Measure every",
    help: "Steps between two rows of metrics, which are the points of the curves.",
    unit: "steps",
    kind: integer!(run.eval_every, IntegerRange::new(1, MAX_EPOCHS as u64)),
};

/// Steps between two checkpoints.
pub static CHECKPOINT_EVERY: Setting = Setting {
    name: "checkpoint_every",
    flag: "checkpoint-every",
    aliases: &[],
    label: "Checkpoint every",
    help: "Steps between two checkpoints. The page takes log-spaced ones besides, and drops some when they fill \
           its memory.",
    unit: "steps",
    kind: integer!(run.checkpoint_every, IntegerRange::new(1, MAX_EPOCHS as u64)),
};

/// Where the run computes. Links say `backend`, the configuration's files and `grok` say `device`.
pub static DEVICE: Setting = Setting {
    name: "backend",
    flag: "device",
    aliases: &[],
    label: "Device",
    help: "Where the run computes. With auto that is the CPU natively; in a browser the graphics card, if there \
           is one that passes the page's test, else the CPU.",
    unit: "",
    kind: choice!(
        run.device,
        "auto" => DeviceChoice::Auto, "fastest";
        "webgpu" | "gpu" => DeviceChoice::Gpu, "WebGPU";
        "cpu" => DeviceChoice::Cpu, "CPU";
    ),
};

/// How many ways the CPU's work is split.
pub static THREADS: Setting = Setting {
    name: "threads",
    flag: "threads",
    aliases: &[],
    label: "CPU workers",
    help: "Natively, CPU threads; in a browser, workers that share each step (at most 8). 0 takes what the \
           machine has. The bits of a browser's run depend on this number; a native run has the same bits with \
           reproducible and the same number, where 0 is 1.",
    unit: "",
    kind: integer!(run.threads, IntegerRange::new(0, 1024)),
};

/// Which implementation computes the step.
pub static ENGINE: Setting = Setting {
    name: "engine",
    flag: "engine",
    aliases: &[],
    label: "Engine",
    help: "Which implementation computes the step; auto is the fastest that can train this model on this device.",
    unit: "",
    kind: choice!(
        run.engine,
        "auto" => EngineChoice::Auto, "fastest";
        "folded" => EngineChoice::Folded, "folded, by hand";
        "general" => EngineChoice::General, "any model, by hand";
        "autodiff" => EngineChoice::Autodiff, "folded, autodiff";
        "literal" => EngineChoice::Literal, "literal, autodiff";
    ),
};

/// Width of the floating point numbers.
pub static PRECISION: Setting = Setting {
    name: "precision",
    flag: "precision",
    aliases: &[],
    label: "Precision",
    help: "Width of the floating point numbers. 64 bits are computed on the CPU only and not by the folded \
           engine, several times slower; device and engine left at auto give that.",
    unit: "",
    kind: choice!(
        run.precision,
        "f32" => Precision::F32, "32 bits";
        "f64" => Precision::F64, "64 bits";
    ),
};

/// Whether a native run gives the browser's bits.
pub static REPRODUCIBLE: Setting = Setting {
    name: "reproducible",
    flag: "reproducible",
    aliases: &[],
    label: "Bit-for-bit reproducible",
    help: "Natively, give the bits of a browser's run with the same number of threads, also where a faster order \
           of sums exists. A browser's run always has them; there the setting only goes along into files and links.",
    unit: "",
    kind: Kind::Switch {
        get: |config| config.run.reproducible,
        set: |config, value| config.run.reproducible = value,
    },
};

/// The form of the cross-entropy.
pub static LOSS: Setting = Setting {
    name: "loss",
    flag: "loss",
    aliases: &[],
    label: "Loss",
    help: "Form of the cross-entropy: exact keeps its precision at small losses; textbook stalls near 1e-7 in \
           32 bits and makes slingshots.",
    unit: "",
    kind: choice!(
        optim.loss,
        "exact" => LossForm::Exact, "exact";
        "textbook" => LossForm::Textbook, "textbook";
    ),
};

/// Decay rate of the gradient's mean.
pub static BETA1: Setting = Setting {
    name: "beta1",
    flag: "beta1",
    aliases: &[],
    label: "β₁",
    help: "AdamW's decay rate of the gradient's running mean.",
    unit: "",
    kind: decimal!(optim.beta1, Included(0.0), Excluded(1.0)),
};

/// Decay rate of the squared gradient's mean.
pub static BETA2: Setting = Setting {
    name: "beta2",
    flag: "beta2",
    aliases: &[],
    label: "β₂",
    help: "AdamW's decay rate of the squared gradient's running mean.",
    unit: "",
    kind: decimal!(optim.beta2, Included(0.0), Excluded(1.0)),
};

/// Added to the root of the second moment.
pub static EPS: Setting = Setting {
    name: "eps",
    flag: "eps",
    aliases: &[],
    label: "ε",
    help: "AdamW's number that is added to the root of the squared gradient's mean.",
    unit: "",
    kind: decimal!(optim.eps, Excluded(0.0), Included(1.0)),
};

/// Updates over which the learning rate rises.
pub static WARMUP_STEPS: Setting = Setting {
    name: "warmup_steps",
    flag: "warmup-steps",
    aliases: &[],
    label: "Warm-up steps",
    help: "Steps over which the learning rate rises linearly from 0.",
    unit: "steps",
    kind: integer!(optim.warmup_steps, IntegerRange::new(0, 1_000_000)),
};

/// The part of the activations that is dropped.
pub static DROPOUT: Setting = Setting {
    name: "dropout",
    flag: "dropout",
    aliases: &[],
    label: "Dropout",
    help: "The part of what attention and the MLP add to the residual stream that each step drops, by masks of the seed \
           and the step; 0 is none. The general engine computes it, on the CPU.",
    unit: "",
    kind: decimal!(optim.dropout, Included(0.0), Excluded(1.0)),
};

/// The weight of the sum of absolute weights.
pub static L1: Setting = Setting {
    name: "l1",
    flag: "l1",
    aliases: &[],
    label: "L1 penalty",
    help: "The sum of the absolute values of all parameters, times this number, is added to the loss that is trained on; \
           0 is none. The general engine computes it, on the CPU.",
    unit: "",
    kind: decimal!(optim.l1, Included(0.0), Included(1.0)),
};

/// The most updates of a run, 250 times the paper's. It bounds the rows of metrics, and so the memory that a file of
/// them may take.
pub const MAX_EPOCHS: usize = 10_000_000;
