//! What the worker tells the page.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RunId, Timing};
use crate::config::EngineChoice;
use crate::engine::{DeviceKind, EngineInfo, MetricsRow};
use crate::error::ErrorReport;

/// Something that happened in the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        /// The experiment's `threads`, with the number of workers that was really had in the place of 0: the
        /// bits depend on it.
        threads: usize,
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
    /// Training went on: a few times a second, whatever the speed. To be acknowledged
    /// ([`Command::Acknowledge`](super::Command::Acknowledge)).
    Progress {
        /// The run.
        run_id: RunId,
        /// Updates done.
        step: usize,
        /// Updates per second since the last such event; absent until warm.
        steps_per_s: Option<f64>,
        /// New rows of metrics, oldest first.
        rows: Vec<MetricsRow>,
        /// How many rows were left out between these, because there are more than a page can hold.
        n_rows_left_out: usize,
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
    /// The weights at a step, for the page's panels: at log-spaced and at regular steps. To be acknowledged.
    Checkpoint {
        /// The run.
        run_id: RunId,
        /// Updates done.
        step: usize,
        /// A safetensors file with the experiment and the step in its metadata; transferred.
        #[serde(skip)]
        weights: Vec<u8>,
    },
    /// All that the run can go on from: every half a minute, at a pause and at the end.
    Saved {
        /// The run.
        run_id: RunId,
        /// Updates done.
        step: usize,
        /// A file of [`StateFile`](crate::engine::state_file::StateFile); transferred.
        #[serde(skip)]
        state: Vec<u8>,
    },
    /// An engine was timed.
    Timed(Timing),
    /// An engine could not be timed.
    NotTimed {
        /// What was tried, what was wrong, what is allowed.
        message: String,
    },
    /// The bench is over.
    BenchOver,
    /// The measurement of the speed is over.
    SpeedMeasured {
        /// What was measured; none if a command ended it, or if the engine cannot be had: a run says why.
        timing: Option<Timing>,
    },
    /// The engines were compared.
    Verified(Verification),
    /// They could not be compared; the reason in words.
    VerifyFailed {
        /// What was tried, what was wrong, what is allowed.
        message: String,
    },
    /// The worker is still there.
    Pong,
    /// Something failed. Without a run id it is the worker itself.
    Failed {
        /// The run, if one is meant.
        run_id: Option<RunId>,
        /// What failed.
        error: ErrorReport,
        /// The checks of the device probe, if a device was asked for.
        #[serde(rename = "ladder")]
        probe_checks: Vec<ProbeCheck>,
    },
}

/// The same few steps on several engines, against a reference in float64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Updates made by each.
    pub n_steps: usize,
    /// The drift up to which an engine counts as right.
    pub max_drift: f64,
    /// The engines.
    pub checks: Vec<Check>,
    /// The engines that could not be compared; they do not count.
    pub not_compared: Vec<NotCompared>,
}

/// An engine that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// The engine that was asked for.
    pub engine: EngineChoice,
    /// The device that was asked for.
    pub device: DeviceKind,
    /// What was wrong, in words.
    pub reason: String,
}

/// One engine against the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Which engine, and on what.
    pub engine: EngineInfo,
    /// ‖w - w_ref‖ / ‖w_ref‖ over all weights.
    pub drift: f64,
    /// Loss over the train set, in nats.
    pub train_loss: f64,
    /// How far that is from the reference's.
    pub loss_difference: f64,
}

impl Verification {
    /// Whether every engine that was compared is right, and there was one.
    pub fn is_passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(Self::passes(self.max_drift))
    }

    /// Whether an engine is right, given the drift that is allowed. What is no number is not.
    pub fn passes(max_drift: f64) -> impl Fn(&Check) -> bool {
        move |check| check.drift <= max_drift
    }
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
    /// What computes.
    pub device: DeviceKind,
    /// In words, for example the adapter's name.
    pub name: String,
    /// Whether the "GPU" is computed by the processor.
    pub software: bool,
    /// Every check of the device probe, in order.
    #[serde(rename = "ladder")]
    pub probe_checks: Vec<ProbeCheck>,
}

/// One check of the device probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeCheck {
    /// What was asked.
    pub question: ProbeQuestion,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// The finding in words.
    pub detail: String,
}

/// What is asked of a browser before it computes with WebGPU; a question is skipped if an earlier one failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeQuestion {
    /// Is the page served over https or from localhost?
    SecureContext,
    /// Does the browser have WebGPU?
    NavigatorGpu,
    /// Does it offer an adapter?
    Adapter,
    /// Can the adapter time its work, as the GPU library needs?
    TimestampQuery,
    /// Are the adapter's limits those that the kernels need?
    Limits,
    /// Is the adapter hardware, or played by the processor?
    HardwareAdapter,
    /// Does a small matrix product come out right?
    TestProduct,
}

impl ProbeQuestion {
    /// All of them, in the order asked.
    pub const ALL: [Self; 7] = [
        Self::SecureContext,
        Self::NavigatorGpu,
        Self::Adapter,
        Self::TimestampQuery,
        Self::Limits,
        Self::HardwareAdapter,
        Self::TestProduct,
    ];
}

impl fmt::Display for ProbeQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecureContext => "secure context",
            Self::NavigatorGpu => "navigator.gpu",
            Self::Adapter => "adapter",
            Self::TimestampQuery => "timestamp-query",
            Self::Limits => "limits",
            Self::HardwareAdapter => "hardware adapter",
            Self::TestProduct => "test product",
        })
    }
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// Holds.
    Passed,
    /// Holds, with something the user should know.
    Warned,
    /// Does not hold: WebGPU cannot be used.
    Failed,
    /// Was not asked, because an earlier one failed or the user chose otherwise.
    Skipped,
}
