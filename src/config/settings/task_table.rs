//! The table of the settings that belong to a task: which one it is, and what each has alone.
//!
//! Read from a run of another task, such a setting has its published value; written into one, it is refused.

use std::ops::Bound::Excluded;

use super::{ChoiceOption, DecimalRange, IntegerRange, Kind, Setting};
use crate::config::{
    AdditionConfig, Batches, ExperimentConfig, InductionConfig, ModularConfig, SkipTrigramConfig, SplitRule,
    TaskConfig, TaskKind,
};

/// The largest modulus: beyond it p² pairs times p classes no longer fit a tab's memory.
pub const MAX_P: usize = 499;

/// The most tokens of a sequence: attention takes their square.
const MAX_N_CTX: u64 = 512;

/// A whole-number field of one task.
macro_rules! of_task {
    ($variant:ident, $config:ident.$field:ident, $range:expr) => {
        Kind::Integer {
            range: $range,
            get: |config| match &config.data {
                TaskConfig::$variant(task) => task.$field as u64,
                _ => $config::PUBLISHED.$field as u64,
            },
            set: |config, value| {
                if let TaskConfig::$variant(task) = &mut config.data {
                    task.$field = value as _;
                }
            },
        }
    };
}

/// A whole-number field of all sequence tasks.
macro_rules! of_batches {
    ($field:ident, $range:expr) => {
        Kind::Integer {
            range: $range,
            get: |config| config.data.batches().unwrap_or(&Batches::PUBLISHED_ADDITION).$field as u64,
            set: |config, value| {
                if let Some(batches) = config.data.batches_mut() {
                    batches.$field = value as _;
                }
            },
        }
    };
}

fn modular(config: &ExperimentConfig) -> &ModularConfig {
    config.data.modular().unwrap_or(&ModularConfig::PUBLISHED)
}

/// What is learned.
pub static TASK: Setting = Setting {
    name: "task",
    flag: "task",
    aliases: &[],
    label: "Task",
    help: "What is learned: sums modulo p, addition digit by digit, a signal in noise, or a run of tokens that comes \
           again. Another task than the preset's begins with its published settings; the model stays as it is.",
    unit: "",
    kind: Kind::Choice {
        options: &[
            ChoiceOption { value: "modular", aliases: &[], label: "a + b mod p" },
            ChoiceOption { value: "addition", aliases: &[], label: "addition of digits" },
            ChoiceOption { value: "skip-trigram", aliases: &[], label: "skip trigram" },
            ChoiceOption { value: "induction", aliases: &[], label: "repeated subsequence" },
        ],
        get: |config| config.data.kind().name(),
        set: |config, text| {
            let Some(kind) = TaskKind::ALL.into_iter().find(|kind| kind.name() == text) else {
                return false;
            };
            if config.data.kind() != kind {
                config.data = kind.published(config.model.seed);
            }
            true
        },
    },
};

/// The modulus.
pub static P: Setting = Setting {
    name: "p",
    flag: "p",
    aliases: &[],
    label: "Modulus p",
    help: "The model learns a + b mod p.",
    unit: "",
    kind: of_task!(Modular, ModularConfig.p, IntegerRange::odd_primes(MAX_P as u64)),
};

/// The fraction of the pairs in the train set.
pub static FRAC_TRAIN: Setting = Setting {
    name: "frac_train",
    flag: "frac",
    aliases: &["frac-train"],
    label: "Train fraction",
    help: "The part of the p² sums that the model is trained on; the others test it.",
    unit: "",
    kind: Kind::Decimal {
        range: DecimalRange { low: Excluded(0.0), high: Excluded(1.0) },
        get: |config| modular(config).frac_train,
        set: |config, value| config.data.change_modular(|modular| modular.frac_train = value),
    },
};

/// Which pairs those are.
pub static SPLIT: Setting = Setting {
    name: "split",
    flag: "split",
    aliases: &[],
    label: "Split",
    help: "Which sums those are: python is the shuffle of the paper's code, torch that of torch.randperm.",
    unit: "",
    kind: Kind::Text {
        form: SplitRule::FORM,
        get: |config| modular(config).split.to_string(),
        set: |config, text| {
            let split = text.parse()?;
            config.data.change_modular(|modular| modular.split = split);
            Ok(())
        },
    },
};

/// Digits of each number.
pub static DIGITS: Setting = Setting {
    name: "digits",
    flag: "digits",
    aliases: &[],
    label: "Digits",
    help: "Digits of each of the two numbers; the sum has one more.",
    unit: "digits",
    // 3 tokens a digit, and 3.
    kind: of_task!(Addition, AdditionConfig.digits, IntegerRange::new(1, MAX_N_CTX / 3 - 1)),
};

/// Different signals.
pub static SYMBOLS: Setting = Setting {
    name: "symbols",
    flag: "symbols",
    aliases: &[],
    label: "Symbols",
    help: "Different signals, one of which is the answer, and as many different tokens of noise.",
    unit: "",
    kind: of_task!(SkipTrigram, SkipTrigramConfig.symbols, IntegerRange::new(2, 1000)),
};

/// Tokens of noise.
pub static NOISE: Setting = Setting {
    name: "noise",
    flag: "noise",
    aliases: &[],
    label: "Noise",
    help: "Tokens of noise in a sequence; the signal takes the place of one.",
    unit: "tokens",
    kind: of_task!(SkipTrigram, SkipTrigramConfig.noise, IntegerRange::new(1, MAX_N_CTX - 2)),
};

/// Tokens of a sequence.
pub static N_CTX: Setting = Setting {
    name: "n_ctx",
    flag: "n-ctx",
    aliases: &[],
    label: "Sequence length n_ctx",
    help: "Tokens of a sequence with a repeated subsequence; the other tasks' sequences have lengths of their own.",
    unit: "tokens",
    kind: of_task!(Induction, InductionConfig.n_ctx, IntegerRange::new(5, MAX_N_CTX)),
};

/// Tokens of the run that comes again.
pub static SUB_LEN: Setting = Setting {
    name: "sub_len",
    flag: "sub-len",
    aliases: &[],
    label: "Subsequence length",
    help: "Tokens of the subsequence that comes again; all but the first of a copy can be foreseen.",
    unit: "tokens",
    kind: of_task!(Induction, InductionConfig.sub_len, IntegerRange::new(2, MAX_N_CTX / 2)),
};

/// How often it comes.
pub static REPEATS: Setting = Setting {
    name: "repeats",
    flag: "repeats",
    aliases: &[],
    label: "Copies",
    help: "How often the subsequence stands in a sequence, each time in an interval of equal length.",
    unit: "copies",
    kind: of_task!(Induction, InductionConfig.repeats, IntegerRange::new(2, MAX_N_CTX / 2)),
};

/// Different tokens.
pub static D_VOCAB: Setting = Setting {
    name: "d_vocab",
    flag: "d-vocab",
    aliases: &[],
    label: "Vocabulary d_vocab",
    help: "Different tokens of sequences with a repeated subsequence, the one that begins them among them.",
    unit: "tokens",
    kind: of_task!(Induction, InductionConfig.d_vocab, IntegerRange::new(2, 10_000)),
};

/// Fresh examples of a step.
pub static BATCH: Setting = Setting {
    name: "batch",
    flag: "batch",
    aliases: &[],
    label: "Batch",
    help: "Examples of a step. A train set that stays is one batch, but for repeated subsequences, which have as many \
           batches as fit.",
    unit: "examples",
    kind: of_batches!(batch, IntegerRange::new(1, 16_384)),
};

/// Examples of a train set that stays.
pub static N_TRAIN: Setting = Setting {
    name: "n_train",
    flag: "n-train",
    aliases: &[],
    label: "Train set",
    help: "Examples that are trained on again and again; 0 is fresh data in every step.",
    unit: "examples",
    kind: of_batches!(n_train, IntegerRange::new(0, 100_000)),
};

/// Seed of the examples.
pub static DATA_SEED: Setting = Setting {
    name: "data_seed",
    flag: "data-seed",
    aliases: &[],
    label: "Seed of the examples",
    help: "Decides the examples of a sequence task; what is not given is the initial seed.",
    unit: "",
    kind: of_batches!(data_seed, IntegerRange::new(0, u32::MAX as u64)),
};
