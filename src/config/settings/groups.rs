//! All settings by group, in the order shown.

use super::Group;
use super::table::*;
use super::task_table::*;
use crate::config::TaskKind;

/// Every setting in its group. A setting that another one changes, too, comes after it.
pub static GROUPS: [Group; 11] = [
    Group { title: "Task", settings: &[&TASK], tasks: &TaskKind::ALL, folded: false, on_page: false },
    Group {
        title: "Sums",
        settings: &[&P, &FRAC_TRAIN, &SPLIT],
        tasks: &[TaskKind::Modular],
        folded: false,
        on_page: true,
    },
    Group {
        title: "Addition of digits",
        settings: &[&DIGITS],
        tasks: &[TaskKind::Addition],
        folded: false,
        on_page: false,
    },
    Group {
        title: "Skip trigram",
        settings: &[&SYMBOLS, &NOISE],
        tasks: &[TaskKind::SkipTrigram],
        folded: false,
        on_page: false,
    },
    Group {
        title: "Repeated subsequence",
        settings: &[&N_CTX, &SUB_LEN, &REPEATS, &D_VOCAB],
        tasks: &[TaskKind::Induction],
        folded: false,
        on_page: false,
    },
    Group {
        title: "Model",
        settings: &[&D_MODEL, &N_HEADS, &D_MLP, &N_LAYERS, &ACTIVATION, &SEED],
        tasks: &TaskKind::ALL,
        folded: false,
        on_page: true,
    },
    Group {
        title: "Examples of sequences",
        settings: &[&BATCH, &N_TRAIN, &DATA_SEED],
        tasks: &[TaskKind::Addition, TaskKind::SkipTrigram, TaskKind::Induction],
        folded: false,
        on_page: false,
    },
    Group {
        title: "Training",
        settings: &[&LR, &WEIGHT_DECAY, &EPOCHS, &EVAL_EVERY, &CHECKPOINT_EVERY],
        tasks: &TaskKind::ALL,
        folded: false,
        on_page: true,
    },
    Group {
        title: "Computation",
        settings: &[&DEVICE, &THREADS, &ENGINE, &PRECISION, &REPRODUCIBLE, &LOSS],
        tasks: &TaskKind::ALL,
        folded: false,
        on_page: true,
    },
    Group {
        title: "Model in detail",
        settings: &[&D_HEAD, &CAUSAL, &RESIDUAL_SCALE, &QKV_INIT, &INIT_DRAW],
        tasks: &TaskKind::ALL,
        folded: true,
        on_page: true,
    },
    Group {
        title: "Training in detail",
        settings: &[&BETA1, &BETA2, &EPS, &WARMUP_STEPS, &DROPOUT, &L1],
        tasks: &TaskKind::ALL,
        folded: true,
        on_page: true,
    },
];
