//! What the worker tells the page.

use serde::{Deserialize, Serialize};

use super::RunId;
use crate::engine::{EngineInfo, MetricsRow};

/// Something that happened in the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The worker listens. The first message.
    Ready {
        /// The worker's protocol version.
        version: u32,
    },
    /// A device was found.
    Device(DeviceReport),
    /// A run exists; its engine is built.
    Started {
        /// The run.
        run_id: RunId,
        /// Which engine, and on what.
        engine: EngineInfo,
        /// Number of train pairs.
        n_train: usize,
    },
    /// The run's state changed.
    State {
        /// The run.
        run_id: RunId,
        /// Updates done.
        step: usize,
        /// What it does now.
        state: RunState,
    },
    /// Training went on: a few times a second, whatever the speed.
    Progress {
        /// The run.
        run_id: RunId,
        /// Updates done.
        step: usize,
        /// Updates per second since the last such event; absent until warm.
        steps_per_s: Option<f64>,
        /// New rows of metrics, oldest first.
        rows: Vec<MetricsRow>,
    },
    /// The Fourier spectrum of W_E at a step.
    Spectrum {
        /// The run.
        run_id: RunId,
        /// Updates done when it was taken.
        step: usize,
        /// ‖W_E F_i‖ for the p rows of the Fourier basis, in the order const, cos 1, sin 1, …;
        /// carried as a transferred `Float32Array`.
        #[serde(skip)]
        norms: Vec<f32>,
    },
    /// Something failed. Without a run id it is the worker itself.
    Failed {
        /// The run, if one is meant.
        run_id: Option<RunId>,
        /// What was tried, what was wrong, what is allowed.
        message: String,
        /// The rungs that were tried, if a device was asked for.
        ladder: Vec<LadderRung>,
    },
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Weights are drawn, kernels built.
    Preparing,
    /// Steps are made.
    Training,
    /// Waits for resume or step.
    Paused,
    /// All epochs are done.
    Finished,
    /// It was dropped.
    Dropped,
}

/// The device in use, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// `gpu` or `cpu`.
    pub device: String,
    /// In words, for example the adapter's name.
    pub name: String,
    /// Whether the "GPU" is computed by the processor.
    pub software: bool,
    /// Every rung tried, in order.
    pub ladder: Vec<LadderRung>,
}

/// One question of the start-up ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderRung {
    /// What was asked, for example `navigator.gpu`.
    pub name: String,
    /// How it ended.
    pub outcome: RungOutcome,
    /// The finding in words.
    pub detail: String,
}

/// How a rung ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungOutcome {
    /// Holds.
    Passed,
    /// Holds, with something the user should know.
    Warned,
    /// Does not hold: WebGPU cannot be used.
    Failed,
    /// Was not asked, because an earlier one failed or the user chose otherwise.
    Skipped,
}
