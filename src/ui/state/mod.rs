//! Everything the page shows, as plain data. Only [`update`](crate::ui::update::update) changes it.

pub mod ablation_editor;
pub mod verification;
pub mod own_lock;
pub mod inconsistent_measures;
pub mod capsules;
pub mod bench;
pub mod ablation_requests;
pub mod ablated_model;
pub mod advice;
pub mod analyst;
pub mod checkpoints;
pub mod citation;
pub mod comparison;
pub mod draft;
pub mod estimates;
pub mod figures_revision;
pub mod format;
pub mod grid_cell;
pub mod link;
pub mod linked_view;
pub mod measurement_policy;
pub mod opened_file;
pub mod page_section;
pub mod permissions;
pub mod report_card;
pub mod run;
pub mod run_name;
pub mod run_records;
pub mod run_view;
#[cfg(test)]
pub(in crate::ui) mod run_view_sample;
pub mod seed_runs;
pub mod shortcuts;
pub mod stage_tabs;
pub mod story;
pub mod stored_runs;
pub mod timeline_stops;
pub mod verdict_model;
pub mod view_choices;
pub mod view_link;

use crate::ui::state::analyst::Analyst;
use crate::ui::state::linked_view::LinkedView;
use crate::ui::state::own_lock::OwnLock;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::run::{Phase, Run};

use crate::config::DeviceChoice;
use crate::engine::MetricsRow;
use crate::error::Result;
use crate::protocol::capsule::Capsule;
use crate::protocol::{DeviceReport, ProbeCheck, RunId};
use crate::ui::state::ablation_editor::AblationEditor;
use crate::ui::state::ablation_requests::AblationRequests;
use crate::ui::state::advice::FailureKind;
use crate::ui::state::bench::Bench;
use crate::ui::state::draft::Draft;
use crate::ui::state::estimates::Estimates;
use crate::ui::state::report_card::ReportCard;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::stored_runs::StoredRuns;
use crate::ui::state::verification::Verify;
use crate::ui::state::view_choices::ViewChoices;

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
    /// Whether the analyst and the training worker were begun.
    pub are_workers_begun: bool,
    /// The device that the worker was last asked for.
    pub connected_choice: DeviceChoice,
    /// A run to start as soon as there is a device: `true` to leave it paused.
    pub queued: Option<Start>,
    /// The lazy bundle.
    pub lazy_bundle: LoadState,
    /// The run, if there is one. What it measured is in the exhibit of [`Origin::Own`].
    pub run: Option<Run>,
    /// The run on show.
    pub run_view: Option<RunView>,
    /// The other runs at hand.
    pub other_runs: Vec<RunView>,
    /// What the analyst does.
    pub analyst: Analyst,
    /// Bytes of the recorded run that have come, while it is fetched.
    pub recorded_bytes: Option<usize>,
    /// Bytes of the worker's program that have come, and of how many, while it is fetched.
    pub worker_bytes: Option<(usize, Option<usize>)>,
    /// How the run on show is looked at.
    pub view: ViewChoices,
    /// What is ablated of it.
    pub ablation_editor: AblationEditor,
    /// Where the page stands with the analyst.
    pub ablation_requests: AblationRequests,
    /// What went wrong, until it is repaired.
    pub failure: Option<Failure>,
    /// The bench.
    pub bench: Bench,
    /// How fast this device is.
    pub estimates: Estimates,
    /// The number the next run gets.
    pub next_run_id: RunId,
    /// The runs that are kept in this browser.
    pub stored_runs: StoredRuns,
    /// The kept run that is being read, and what for.
    pub wanted: Option<(String, OpenIntent)>,
    /// The run that no other tab may train while this one does.
    pub own_lock: OwnLock,
    /// The runs that are laid over the one on show.
    pub compared: Vec<Origin>,
    /// How the check of the device stands.
    pub verify: Verify,
    /// What was wrong with files that were opened, the last one at the end.
    pub file_problems: Vec<String>,
    /// Reports that were opened.
    pub report_cards: Vec<ReportCard>,
    /// How many runs were opened from files.
    pub n_files: usize,
    /// What tells the runs of this tab from those of another.
    pub tab: String,
    /// The time, in milliseconds since 1970, to the second.
    pub now_ms: f64,
    /// How long the worker has said nothing in the middle of something.
    pub watchdog: Watchdog,
    /// A run that exists nowhere else and had to make room for another one: its key, and all of it.
    pub unsaved_run: Option<(String, Capsule)>,
    /// What this page is, and where it runs.
    pub host: Host,
    /// The section that is open.
    pub section: PageSection,
    /// The link in the page's address.
    pub link: String,
    /// What the link says of how the recorded run is looked at, until that run is there.
    pub linked_view: Option<LinkedView>,
}

/// How far the lazy bundle has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadState {
    /// It is being fetched.
    Loading,
    /// It is here.
    Loaded,
    /// It could not be fetched; the reason in words.
    Failed(String),
}

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Training.
    Training,
    /// With a single update, then paused.
    OneStep,
    /// From its saved state.
    FromSaved,
}

/// What a kept run is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenIntent {
    /// To be shown.
    Show,
    /// To be trained on.
    Resume,
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

/// How long the worker has said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Watchdog {
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
    /// Whether the reader asked the system for little motion.
    pub prefers_little_motion: bool,
}

/// Something that needs the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind, if there is something to do about it in the browser.
    pub kind: Option<FailureKind>,
    /// What was tried, what was wrong, what is allowed.
    pub message: String,
    /// The checks of the device probe, if a device was asked for.
    pub probe_checks: Vec<ProbeCheck>,
    /// Whether the CPU is a way out: the page asked for the graphics card, or computed on it.
    pub offers_cpu: bool,
}

impl From<Result<()>> for LoadState {
    fn from(result: Result<()>) -> Self {
        result.map_or_else(|error| Self::Failed(error.to_string()), |()| Self::Loaded)
    }
}

impl State {
    /// A page just opened.
    pub fn new(draft: Draft, notices: Vec<String>) -> Self {
        let (connected_choice, link) = (draft.device(), link::to_query(&draft));
        Self {
            draft,
            notices,
            remarks: Vec::new(),
            worker: Worker::Loading,
            are_workers_begun: false,
            connected_choice,
            queued: None,
            lazy_bundle: LoadState::Loading,
            run: None,
            run_view: None,
            other_runs: Vec::new(),
            analyst: Analyst::default(),
            recorded_bytes: None,
            worker_bytes: None,
            view: ViewChoices::default(),
            ablation_editor: AblationEditor::default(),
            ablation_requests: AblationRequests::default(),
            failure: None,
            bench: Bench::default(),
            estimates: Estimates::default(),
            next_run_id: 1,
            stored_runs: StoredRuns::default(),
            wanted: None,
            own_lock: OwnLock::default(),
            compared: Vec::new(),
            verify: Verify::Idle,
            file_problems: Vec::new(),
            report_cards: Vec::new(),
            n_files: 0,
            tab: String::new(),
            now_ms: 0.0,
            watchdog: Watchdog::default(),
            unsaved_run: None,
            host: Host::default(),
            section: PageSection::default(),
            link,
            linked_view: None,
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
    pub fn own(&self) -> Option<&RunView> {
        self.run_views().find(|run_view| run_view.origin == Origin::Own)
    }

    /// All runs at hand, the one on show first.
    pub fn run_views(&self) -> impl Iterator<Item = &RunView> {
        self.run_view.iter().chain(&self.other_runs)
    }

    /// The run of this origin.
    pub fn run_view_mut(&mut self, origin: &Origin) -> Option<&mut RunView> {
        self.run_view.iter_mut().chain(&mut self.other_runs).find(|run_view| run_view.origin == *origin)
    }

    /// The last row of metrics of the run of this tab.
    pub fn last_row(&self) -> Option<&MetricsRow> {
        self.own()?.rows.last()
    }
}
