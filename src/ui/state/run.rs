//! The run of this tab, as far as the page was told.

use crate::config::ExperimentConfig;
use crate::engine::EngineInfo;
use crate::protocol::capsule::Saved;
use crate::protocol::{RunId, RunState};
use crate::ui::state::checkpoints::Checkpoints;

/// A run, as far as the page was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// What it is kept under.
    pub key: String,
    /// When it began, in milliseconds since 1970.
    pub began_ms: f64,
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
    /// The last spectrum of W_E.
    pub spectrum: Option<Spectrum>,
    /// The checkpoints that the page holds.
    pub checkpoints: Checkpoints,
    /// The newest state that the run can go on from.
    pub saved: Option<Saved>,
    /// When that was, in milliseconds since 1970; none if not in this tab.
    pub saved_at_ms: Option<f64>,
    /// The step of the newest state that is kept in this browser.
    pub stored_step: Option<usize>,
    /// The step it went on from, until that is kept: what is kept of later steps is old.
    pub remade_after: Option<usize>,
    /// It was read from a file, which still has it.
    pub is_in_file: bool,
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
    /// It was read from the browser's storage or a file; the worker knows nothing of it.
    Detached,
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
    /// To end where it stands.
    Stop,
}

/// ‖W_E F_i‖ at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Updates done when it was taken.
    pub step: usize,
    /// In the order const, cos 1, sin 1, cos 2, …
    pub norms: Vec<f32>,
}

impl Run {
    /// A run that has only just been asked for.
    pub fn new(id: RunId, config: ExperimentConfig) -> Self {
        Self {
            id,
            key: String::new(),
            began_ms: 0.0,
            config,
            phase: Phase::Preparing,
            asked: None,
            step_when_paused: false,
            step: 0,
            steps_per_s: None,
            engine: None,
            n_train: None,
            spectrum: None,
            checkpoints: Checkpoints::default(),
            saved: None,
            saved_at_ms: None,
            stored_step: None,
            remade_after: None,
            is_in_file: false,
        }
    }

    /// Seconds until the last epoch at the present speed.
    pub fn secs_left(&self) -> Option<f64> {
        let rate = self.steps_per_s.filter(|rate| *rate > 0.0)?;
        Some(self.config.run.epochs.saturating_sub(self.step) as f64 / rate)
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
