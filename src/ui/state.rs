//! Everything the page shows, as plain data. Only [`update`](super::update::update) changes it.

use super::draft::Draft;
use crate::config::{DeviceChoice, ExperimentConfig};
use crate::engine::{EngineInfo, MetricsRow};
use crate::protocol::{DeviceReport, LadderRung, RunId, RunState};

/// The page.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The settings in the form.
    pub draft: Draft,
    /// What the page's link said and the page ignored.
    pub notices: Vec<String>,
    /// The worker.
    pub worker: Worker,
    /// The device that the worker was last asked for.
    pub connected_choice: DeviceChoice,
    /// A run to start as soon as there is a device: `true` to leave it paused.
    pub queued: Option<Start>,
    /// The run, if there is one.
    pub run: Option<Run>,
    /// What went wrong, until it is repaired.
    pub failure: Option<Failure>,
    /// The number the next run gets.
    pub next_run_id: RunId,
}

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Training.
    Training,
    /// With a single update, then paused.
    OneStep,
}

/// What is known of the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worker {
    /// Its program is being fetched and compiled.
    Loading,
    /// It looks for a device.
    Connecting,
    /// It has one.
    Ready(DeviceReport),
    /// It has no device, or it died.
    Failed,
}

/// A run, as far as the page was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Its settings, which the form may have left behind.
    pub config: ExperimentConfig,
    /// What it does.
    pub phase: Phase,
    /// What was asked of the worker and not yet answered.
    pub asked: Option<Asked>,
    /// Make one update once it stands.
    pub step_when_paused: bool,
    /// Updates done.
    pub step: usize,
    /// Updates per second, smoothed; absent until warm or while paused.
    pub steps_per_s: Option<f64>,
    /// Which engine computes, and why.
    pub engine: Option<EngineInfo>,
    /// Number of train pairs.
    pub n_train: Option<usize>,
    /// The metrics, oldest first.
    pub rows: Vec<MetricsRow>,
    /// The last spectrum of W_E.
    pub spectrum: Option<Spectrum>,
}

/// ‖W_E F_i‖ at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Updates done when it was taken.
    pub step: usize,
    /// In the order const, cos 1, sin 1, cos 2, …
    pub norms: Vec<f32>,
}

/// What a run does, from the page's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The worker builds it.
    Preparing,
    /// Steps are made.
    Training,
    /// It waits.
    Paused,
    /// All epochs are done.
    Finished,
    /// It broke off; what was measured stays on the page.
    Broken,
}

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To stop after the step in hand.
    Pause,
    /// To train on.
    Resume,
    /// To make one update.
    Step,
}

/// Something that needs the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried, what was wrong, what is allowed.
    pub message: String,
    /// The device's start-up ladder, if a device was asked for.
    pub ladder: Vec<LadderRung>,
    /// Whether WebGPU was asked for by name, so that the CPU is the way out.
    pub offers_cpu: bool,
}

impl State {
    /// A page just opened.
    pub fn new(draft: Draft, notices: Vec<String>) -> Self {
        let connected_choice = draft.device();
        Self {
            draft,
            notices,
            worker: Worker::Loading,
            connected_choice,
            queued: None,
            run: None,
            failure: None,
            next_run_id: 1,
        }
    }

    /// The device report, once there is one.
    pub fn device(&self) -> Option<&DeviceReport> {
        match &self.worker {
            Worker::Ready(report) => Some(report),
            _ => None,
        }
    }

    /// The phase of the run, if there is one.
    pub fn phase(&self) -> Option<Phase> {
        self.run.as_ref().map(|run| run.phase)
    }

    /// The last row of metrics.
    pub fn last_row(&self) -> Option<&MetricsRow> {
        self.run.as_ref()?.rows.last()
    }

    fn idle(&self) -> bool {
        self.queued.is_none() && matches!(self.phase(), None | Some(Phase::Finished | Phase::Broken))
    }

    fn answers(&self) -> bool {
        matches!(self.worker, Worker::Ready(_))
    }

    fn in_phase(&self, phase: Phase) -> bool {
        self.answers() && self.run.as_ref().is_some_and(|run| run.phase == phase && run.asked.is_none())
    }

    /// Whether a run can be started.
    pub fn can_start(&self) -> bool {
        self.idle() && self.answers() && self.draft.config().is_ok()
    }

    /// Whether the run can be paused.
    pub fn can_pause(&self) -> bool {
        self.in_phase(Phase::Training)
    }

    /// Whether the run can go on.
    pub fn can_resume(&self) -> bool {
        self.in_phase(Phase::Paused)
    }

    /// Whether a single update can be made: of a paused run, or as the first of a new one.
    pub fn can_step(&self) -> bool {
        self.in_phase(Phase::Paused) || self.can_start()
    }

    /// Whether there is a run to drop.
    pub fn can_reset(&self) -> bool {
        self.run.is_some()
    }

    /// Whether the form was changed since the run began, so that only a new run follows it.
    pub fn form_left_run(&self) -> bool {
        match (&self.run, self.draft.config()) {
            (Some(run), Ok(config)) => run.config != config,
            _ => false,
        }
    }
}

impl From<RunState> for Option<Phase> {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Preparing => Some(Phase::Preparing),
            RunState::Training => Some(Phase::Training),
            RunState::Paused => Some(Phase::Paused),
            RunState::Finished => Some(Phase::Finished),
            RunState::Dropped => None,
        }
    }
}

impl Run {
    /// Seconds until the last epoch at the present speed.
    pub fn secs_left(&self) -> Option<f64> {
        let rate = self.steps_per_s.filter(|rate| *rate > 0.0)?;
        Some(self.config.run.epochs.saturating_sub(self.step) as f64 / rate)
    }
}
