//! What can happen to the page.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::config::settings::Setting;
use crate::config::{DeviceChoice, Preset};
use crate::error::{ErrorReport, Result};
use crate::protocol::Event;
use crate::protocol::analyst::AnalystReply;
use crate::ui::state::OpenIntent;
use crate::ui::state::ablation_editor::AblationEdit;
use crate::ui::state::opened_file::Found;
use crate::ui::state::own_lock::LockOutcome;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::stored_runs::StorageEvent;
use crate::ui::state::view_choices::ViewChange;

/// Something that happened to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The worker said something.
    FromWorker(Event),
    /// The worker broke, or could not be loaded.
    WorkerDied(ErrorReport),
    /// A preset was chosen.
    Choose(Preset),
    /// A setting was edited.
    Edit(&'static Setting, String),
    /// A setting was put back to the preset.
    ResetField(&'static Setting),
    /// All settings were put back to the preset.
    ResetFields,
    /// The reader has read what was ignored in the link.
    DismissNotices,
    /// Start a run.
    Start,
    /// Pause it.
    Pause,
    /// Resume it.
    Resume,
    /// Make one update.
    Step,
    /// End it where it stands; what it measured and what it can go on from stay.
    Stop,
    /// Drop it.
    Reset,
    /// Replace the worker by a new one.
    Restart,
    /// Replace the worker by one that uses the CPU.
    UseCpu,
    /// The reader would like to know how long runs take here.
    WantEstimates,
    /// Time the engines.
    Bench,
    /// Time them no longer.
    StopBench,
    /// The storage actor said something.
    FromStorage(StorageEvent),
    /// Read a kept run.
    OpenStored {
        /// Its key.
        key: String,
        /// What for.
        intent: OpenIntent,
    },
    /// Give a kept run a name; none for one made of its settings.
    RenameStored {
        /// Its key.
        key: String,
        /// The name.
        title: Option<String>,
    },
    /// Remove a kept run.
    DeleteStored(String),
    /// Go on from the newest saved state, on the device the run had or on another.
    ResumeFromSaved(Option<DeviceChoice>),
    /// Lay a run over the one on show, or take it away.
    Compare {
        /// The run.
        origin: Origin,
        /// Whether it is to be seen.
        on: bool,
    },
    /// Check the device.
    Verify,
    /// A file was opened and its bytes are here.
    FileOpened {
        /// Its name.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// A file was read.
    FileRead {
        /// Its name.
        name: String,
        /// What it turned out to be.
        found: Result<Box<Found>>,
    },
    /// The reader has read what was wrong with files.
    DismissFileProblems,
    /// The page went out of sight: it may never come back.
    Hidden,
    /// Make the run that was set aside the page's own again.
    RestoreUnsavedRun,
    /// Forget the run that was set aside.
    DiscardUnsavedRun,
    /// The reader has read what is wrong with the browser's storage.
    DismissStorageNotice,
    /// The browser has said whether it will not clear the storage by itself.
    PersistenceAnswered(bool),
    /// The browser has answered whether this tab may train a run.
    RunLocked {
        /// The run's key.
        key: String,
        /// The answer.
        outcome: LockOutcome,
    },
    /// The runs that any tab trains, by their keys.
    LockedRuns(BTreeSet<String>),
    /// A second has passed; milliseconds since 1970.
    Clock(f64),
    /// The reader has read the remarks.
    DismissRemarks,
    /// A run is at hand. It is shown if nothing else is, or if the reader asked for it.
    AddRunView {
        /// The run.
        run_view: Box<RunView>,
        /// Whether it is shown at once.
        show: bool,
    },
    /// The analyst said something.
    FromAnalyst(AnalystReply),
    /// The analyst has rested as long as it worked.
    AnalystRested,
    /// The analyst broke, or could not be loaded; the reason in words.
    AnalystDied(String),
    /// Checkpoints of a run were analysed.
    CheckpointsAnalysed {
        /// The run.
        origin: Origin,
        /// What they hold.
        snapshots: Vec<Arc<CheckpointAnalysis>>,
    },
    /// Weights of the recorded run are here, or cannot be had.
    WeightsFetched {
        /// Their step.
        step: usize,
        /// The safetensors file.
        file: Result<Vec<u8>>,
    },
    /// So many bytes of the recorded run have come; none when it is fetched no longer.
    RecordedBytes(Option<usize>),
    /// All of the recorded run is here: it plays once, if nothing speaks against it.
    PlayOnce,
    /// So many bytes of the worker's program have come, of so many if that is known; none when it is fetched
    /// no longer.
    WorkerBytes(Option<(usize, Option<usize>)>),
    /// The lazy bundle is here, or could not be fetched.
    LazyBundleFetched(Result<()>),
    /// Fetch the lazy bundle once more.
    FetchLazyBundle,
    /// What the page opens on is here, or takes too long: the workers may begin.
    BeginWorkers,
    /// Something the reader should know.
    Remark(String),
    /// Show the run of this origin.
    Show(Origin),
    /// Look at the run on show in another way.
    ChangeView(ViewChange),
    /// Ablate a part of the model, or put it back.
    EditAblation(AblationEdit),
    /// The reader has chosen a section of the page.
    GoToSection(PageSection),
    /// Something in a section of the page is to be shown.
    OpenSection(PageSection),
    /// Ask the model for a sum.
    Ask(usize, usize),
}
