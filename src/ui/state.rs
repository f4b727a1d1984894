//! Everything the page shows, as plain data. Only [`update`](super::update::update) changes it.

use std::sync::Arc;

use super::advice::Trouble;
use super::bench::Bench;
use super::checkpoints::Checkpoints;
use super::draft::Draft;
use super::estimate::Estimates;
use super::exhibit::{Exhibit, Origin};
use super::files::report_card::ReportCard;
use super::keep::Kept;
use super::surgery::Surgery;
use super::update::Desk;
use super::verify::Verify;
use super::view::View;
use crate::config::{DeviceChoice, ExperimentConfig};
use crate::engine::{EngineInfo, MetricsRow};
use crate::protocol::analyst::RequestId;
use crate::protocol::capsule::{Capsule, Saved};
use crate::protocol::{DeviceReport, LadderRung, RunId, RunState};

/// The page.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The settings in the form.
    pub draft: Draft,
    /// What the page's link said and the page ignored.
    pub notices: Vec<String>,
    /// What else the reader should know.
    pub remarks: Vec<String>,
    /// The worker.
    pub worker: Worker,
    /// The device that the worker was last asked for.
    pub connected_choice: DeviceChoice,
    /// A run to start as soon as there is a device: `true` to leave it paused.
    pub queued: Option<Start>,
    /// The rest of the page.
    pub rest: Coming,
    /// The run, if there is one. What it measured is in the exhibit of [`Origin::Own`].
    pub run: Option<Run>,
    /// The run on show.
    pub exhibit: Option<Exhibit>,
    /// The other runs at hand.
    pub shelf: Vec<Exhibit>,
    /// What the analyst does.
    pub analyst: Analyst,
    /// Bytes of the recorded run that have come, while it is fetched.
    pub recorded_bytes: Option<usize>,
    /// Bytes of the worker's program that have come, and of how many, while it is fetched.
    pub worker_bytes: Option<(usize, Option<usize>)>,
    /// How the run on show is looked at.
    pub view: View,
    /// What is cut out of it.
    pub surgery: Surgery,
    /// Where the page stands with the analyst.
    pub desk: Desk,
    /// What went wrong, until it is repaired.
    pub failure: Option<Failure>,
    /// The bench.
    pub bench: Bench,
    /// How fast this device is.
    pub estimates: Estimates,
    /// The number the next run gets.
    pub next_run_id: RunId,
    /// The runs that are kept in this browser.
    pub kept: Kept,
    /// The kept run that is being read, and what for.
    pub wanted: Option<(String, Wish)>,
    /// The runs that are laid over the one on show.
    pub compared: Vec<Origin>,
    /// How the check of the device stands.
    pub verify: Verify,
    /// What was wrong with files that were opened, the last one at the end.
    pub file_troubles: Vec<String>,
    /// Reports that were opened.
    pub report_cards: Vec<ReportCard>,
    /// How many runs were opened from files.
    pub n_files: usize,
    /// What tells the runs of this tab from those of another.
    pub tab: String,
    /// The time, in milliseconds since 1970, to the second.
    pub now_ms: f64,
    /// How long the worker has said nothing in the middle of something.
    pub silence: Silence,
    /// A run that exists nowhere else and had to make room for another one: its key, and all of it.
    pub aside: Option<(String, Capsule)>,
    /// What this page is, and where it runs.
    pub host: Host,
}

/// How far the rest of the page has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coming {
    /// It is being fetched.
    OnTheWay,
    /// It is here.
    Here,
    /// It could not be fetched; the reason in words.
    Failed(String),
}

/// What is known of the analyst.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analyst {
    /// It listens, and its version is the page's.
    pub ready: bool,
    /// What it works at.
    pub job: Option<Job>,
    /// The number of the last request.
    pub last_request: RequestId,
    /// Files that it could not read or analyse; they are not sent again.
    pub refused: Vec<Arc<Vec<u8>>>,
    /// The file that was sent to it for the page's own wishes.
    pub held: Option<Arc<Vec<u8>>>,
    /// It is no more; the next wish begins another one.
    pub is_down: bool,
    /// How often it ended since it last answered.
    pub n_ends: usize,
    /// The file it worked at when it ended.
    pub suspect: Option<Arc<Vec<u8>>>,
}

/// A checkpoint that the analyst takes apart or measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The run it belongs to.
    pub origin: Origin,
    /// Its step.
    pub step: usize,
    /// Its file of weights.
    pub file: Arc<Vec<u8>>,
    /// What is asked of it.
    pub work: Work,
    /// The request that brings the file, if the analyst did not have it.
    pub hold: Option<RequestId>,
    /// The request whose answer ends the job.
    pub request: RequestId,
}

/// What the analyst does with a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// It takes all of it apart.
    Snapshot,
    /// It measures it.
    Measure,
    /// It removes each of these frequencies from the logits in turn.
    WithoutFreqs(Vec<usize>),
}

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Training.
    Training,
    /// With a single update, then paused.
    OneStep,
    /// From its saved state.
    GoOn,
}

/// What a kept run is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To be shown.
    Show,
    /// To be trained on.
    GoOn,
    /// To be laid over the run on show.
    Compare,
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
    pub kept_step: Option<usize>,
    /// The step it went on from, until that is kept: what is kept of later steps is old.
    pub remade_after: Option<usize>,
    /// It was read from a file, which still has it.
    pub is_in_file: bool,
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
    /// It was read from the browser's storage or a file; the worker knows nothing of it.
    Kept,
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

/// How long the worker has said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Silence {
    /// Seconds, of which no tick of the clock counts for many: a computer that slept was silent too.
    pub secs: f64,
    /// Seconds since it was asked whether it is still there.
    pub since_ping_secs: Option<f64>,
}

/// The page's build and the browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// The name of the build, if the page is a published one.
    pub build: Option<String>,
    /// How the browser calls itself.
    pub user_agent: String,
}

/// Something that needs the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind, if there is something to do about it in the browser.
    pub trouble: Option<Trouble>,
    /// What was tried, what was wrong, what is allowed.
    pub message: String,
    /// The device's start-up ladder, if a device was asked for.
    pub ladder: Vec<LadderRung>,
    /// Whether the CPU is a way out: the page asked for the graphics card, or computed on it.
    pub offers_cpu: bool,
}

impl State {
    /// A page just opened.
    pub fn new(draft: Draft, notices: Vec<String>) -> Self {
        let connected_choice = draft.device();
        Self {
            draft,
            notices,
            remarks: Vec::new(),
            worker: Worker::Loading,
            connected_choice,
            queued: None,
            rest: Coming::OnTheWay,
            run: None,
            exhibit: None,
            shelf: Vec::new(),
            analyst: Analyst::default(),
            recorded_bytes: None,
            worker_bytes: None,
            view: View::default(),
            surgery: Surgery::default(),
            desk: Desk::default(),
            failure: None,
            bench: Bench::default(),
            estimates: Estimates::default(),
            next_run_id: 1,
            kept: Kept::default(),
            wanted: None,
            compared: Vec::new(),
            verify: Verify::Idle,
            file_troubles: Vec::new(),
            report_cards: Vec::new(),
            n_files: 0,
            tab: String::new(),
            now_ms: 0.0,
            silence: Silence::default(),
            aside: None,
            host: Host::default(),
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

    /// What the run of this tab has measured.
    pub fn own(&self) -> Option<&Exhibit> {
        self.exhibits().find(|exhibit| exhibit.origin == Origin::Own)
    }

    /// All runs at hand, the one on show first.
    pub fn exhibits(&self) -> impl Iterator<Item = &Exhibit> {
        self.exhibit.iter().chain(&self.shelf)
    }

    /// The last row of metrics of the run of this tab.
    pub fn last_row(&self) -> Option<&MetricsRow> {
        self.own()?.rows.last()
    }

    fn idle(&self) -> bool {
        self.queued.is_none()
            && matches!(self.phase(), None | Some(Phase::Finished | Phase::Broken | Phase::Kept))
    }

    fn answers(&self) -> bool {
        matches!(self.worker, Worker::Ready(_))
    }

    fn in_phase(&self, phase: Phase) -> bool {
        self.answers() && self.run.as_ref().is_some_and(|run| run.phase == phase && run.asked.is_none())
    }

    /// Whether the engines can be timed: while no run is being trained.
    pub fn can_bench(&self) -> bool {
        let at_rest = !matches!(self.phase(), Some(Phase::Training | Phase::Preparing));
        at_rest && self.answers() && !self.bench.running && self.draft.config().is_ok()
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

    /// Whether a run is under way that another one must not push aside.
    pub fn is_live(&self) -> bool {
        matches!(self.phase(), Some(Phase::Preparing | Phase::Training | Phase::Paused))
    }

    /// Whether the run can go on from a saved state: the worker has lost it, or never had it.
    pub fn can_go_on(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            matches!(run.phase, Phase::Kept | Phase::Broken)
                && run.saved.as_ref().is_some_and(|saved| saved.step < run.config.run.epochs)
        })
    }

    /// Whether the newest saved state of the run exists in this tab only.
    pub fn is_at_risk(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            let saved = run.saved.as_ref().map(|saved| saved.step);
            let is_as_read = run.phase == Phase::Kept && run.is_in_file;
            saved.is_some() && run.kept_step != saved && !is_as_read
        })
    }

    /// Whether closing the tab would lose training: the browser keeps nothing, and there is something.
    pub fn would_lose_work(&self) -> bool {
        let refused = self.kept.trouble.is_some();
        refused && (self.is_live() || self.is_at_risk() || self.aside.is_some())
    }

    /// Whether the device can be checked: the worker must be at rest.
    pub fn can_verify(&self) -> bool {
        let at_rest = !matches!(self.phase(), Some(Phase::Preparing | Phase::Training));
        self.answers() && at_rest && self.verify != Verify::Running && !self.bench.running
    }

    /// Whether the run can be ended where it stands.
    pub fn can_stop(&self) -> bool {
        self.is_live() && self.run.as_ref().is_some_and(|run| run.asked.is_none())
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
            kept_step: None,
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
