//! The page's one reducer: a message changes the state and asks for effects. Pure, so that it is
//! tested natively, without a browser or a worker.

pub mod analyst;
#[cfg(test)]
pub(in crate::ui) mod analysed_sample;
#[cfg(test)]
pub(in crate::ui) mod analyst_sample;
mod analyst_watchdog;
mod run_claim;
pub mod opened_files;
pub mod ablation_requests;
mod settings_edits;
pub mod stored_runs;
mod speed_measurement;
mod run;
mod other_runs;
mod stop;
mod worker_watchdog;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::config::settings::{self, Setting};
use crate::config::{DeviceChoice, Preset};
use crate::error::{ErrorReport, Result};
use crate::protocol::analyst::{AnalystReply, AnalystRequest};
use crate::protocol::{Command, Event};
use crate::ui::browser::run_lock::LockOutcome;
use crate::ui::state::ablation_editor::Cut;
use crate::ui::state::comparison;
use crate::ui::state::draft::Draft;
use crate::ui::state::opened_file::Found;
use crate::ui::state::run::Asked;
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::state::stored_runs::{KeepCommand, KeepEvent};
use crate::ui::state::view_choices::Look;
use crate::ui::state::{Coming, Start, State, Wish, Worker};
use crate::ui::views::verify_device::Verify;

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
    /// The keeper said something.
    Kept(KeepEvent),
    /// Read a kept run.
    OpenKept {
        /// Its key.
        key: String,
        /// What for.
        wish: Wish,
    },
    /// Give a kept run a name; none for one made of its settings.
    RenameKept {
        /// Its key.
        key: String,
        /// The name.
        title: Option<String>,
    },
    /// Remove a kept run.
    DeleteKept(String),
    /// Go on from the newest saved state, on the device the run had or on another.
    GoOn(Option<DeviceChoice>),
    /// Lay a run over the one on show, or take it away.
    Compare {
        /// The run.
        origin: Origin,
        /// Whether it is to be seen.
        on: bool,
    },
    /// Check the device.
    Verify,
    /// A file was read.
    FileRead {
        /// Its name.
        name: String,
        /// What it turned out to be.
        found: Result<Box<Found>>,
    },
    /// The reader has read what was wrong with files.
    DismissFileTrouble,
    /// The page went out of sight: it may never come back.
    Hidden,
    /// Make the run that was set aside the page's own again.
    BringBack,
    /// Forget the run that was set aside.
    LetGo,
    /// The reader has read what is wrong with the browser's storage.
    DismissStorageTrouble,
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
    AddExhibit {
        /// The run.
        exhibit: Box<Exhibit>,
        /// Whether it is shown at once.
        show: bool,
    },
    /// The analyst said something.
    FromAnalyst(AnalystReply),
    /// The analyst has rested as long as it worked.
    AnalystRested,
    /// The analyst broke, or could not be loaded; the reason in words.
    AnalystDied(String),
    /// Checkpoints of a run were taken apart.
    TakenApart {
        /// The run.
        origin: Origin,
        /// What they hold.
        snapshots: Vec<Arc<CheckpointAnalysis>>,
    },
    /// So many bytes of the recorded run have come; none when it is fetched no longer.
    RecordedBytes(Option<usize>),
    /// So many bytes of the worker's program have come, of so many if that is known; none when it is fetched
    /// no longer.
    WorkerBytes(Option<(usize, Option<usize>)>),
    /// The rest of the page is here, or could not be fetched.
    RestCame(Result<()>),
    /// Fetch the rest of the page once more.
    FetchRest,
    /// Something the reader should know.
    Remark(String),
    /// Show the run of this origin.
    Show(Origin),
    /// Look at the run on show in another way.
    Look(Look),
    /// Cut a part out of the model, or put it back.
    Cut(Cut),
    /// Ask the model for a sum.
    Ask(usize, usize),
}

/// Something for the outside world to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send a request to the analyst.
    AskAnalyst(AnalystRequest),
    /// Begin another analyst in place of one that is no more.
    BeginAnalyst,
    /// Send a command to the worker.
    Post(Command),
    /// End the worker, whatever it does, and begin another.
    Respawn,
    /// End the worker: after an error it may train on, though nobody can rely on it.
    End,
    /// Write the settings into the page's address.
    SaveLink(String),
    /// Ask something of the keeper.
    Keep(KeepCommand),
    /// Claim a run for this tab, in place of the one that it claims. Answered by [`Message::RunLocked`].
    LockRun(String),
    /// Claim no run any longer.
    UnlockRun,
    /// Ask which runs any tab trains. Answered by [`Message::LockedRuns`].
    ListLockedRuns,
    /// Ask the browser not to clear the storage by itself. Not a command of the keeper, whose queue would wait for
    /// the answer.
    AskForPersistence,
    /// Fetch the rest of the page.
    FetchRest,
}

/// The step of the weights that are cut.
pub(crate) fn weights_at(state: &State) -> Option<usize> {
    ablation_requests::weights(state).map(|(step, _)| step)
}

/// Applies a message.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let mut effects = apply(state, message);
    effects.extend(run_claim::follow(state));
    // What the reader asks for comes before what the page would like to know.
    effects.extend(ablation_requests::work(state));
    effects.extend(analyst::next(state));
    effects
}

fn apply(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::FromAnalyst(reply) => {
            analyst::heard(state, &reply);
            match ablation_requests::take(state, reply) {
                Some(reply) => analyst::on_reply(state, reply),
                None => Vec::new(),
            }
        }
        Message::Cut(cut) => {
            ablation_requests::cut(state, &cut);
            Vec::new()
        }
        Message::Ask(a, b) => {
            ablation_requests::ask(state, a, b);
            Vec::new()
        }
        Message::AnalystRested => {
            state.analyst.rests = false;
            Vec::new()
        }
        Message::AnalystDied(reason) => {
            analyst::end(state, &reason);
            Vec::new()
        }
        Message::TakenApart { origin, snapshots } => {
            analyst::add_snapshots(state, &origin, snapshots);
            Vec::new()
        }
        Message::RecordedBytes(n_bytes) => {
            state.recorded_bytes = n_bytes;
            Vec::new()
        }
        Message::WorkerBytes(n_bytes) => {
            state.worker_bytes = n_bytes;
            Vec::new()
        }
        Message::RestCame(result) => {
            state.rest = result.map_or_else(|error| Coming::Failed(error.to_string()), |()| Coming::Here);
            Vec::new()
        }
        Message::FetchRest if matches!(state.rest, Coming::Failed(_)) => {
            state.rest = Coming::OnTheWay;
            vec![Effect::FetchRest]
        }
        // It is here or on its way.
        Message::FetchRest => Vec::new(),
        Message::Remark(text) => {
            state.remarks.push(text);
            Vec::new()
        }
        Message::FromWorker(event) => {
            speed_measurement::hear(state, &event);
            run::on_event(state, event)
        }
        // A worker that panics says why before it dies of it: the first reason stays.
        Message::WorkerDied(_) if state.worker == Worker::Failed && state.failure.is_some() => {
            vec![Effect::End]
        }
        Message::WorkerDied(error) => {
            run::died(state, &error);
            vec![Effect::End]
        }
        Message::Choose(preset) => settings_edits::edit(state, |draft| draft.choose(preset)),
        Message::Edit(field, text) => settings_edits::edit(state, |draft| draft.set(field, text)),
        Message::ResetField(setting) => settings_edits::edit(state, |draft| draft.reset(setting)),
        Message::ResetFields => settings_edits::edit(state, |draft| *draft = Draft::new(draft.preset)),
        Message::DismissNotices => {
            state.notices.clear();
            Vec::new()
        }
        Message::Start if state.can_start() => run::start(state, Start::Training),
        Message::Step if state.can_start() => run::start(state, Start::OneStep),
        Message::Pause if state.can_pause() => run::ask(state, Asked::Pause),
        Message::Resume if state.can_resume() => run::ask(state, Asked::Resume),
        Message::Step if state.can_resume() => run::ask(state, Asked::Step),
        // A key pressed twice, or a click on a button that was just disabled.
        Message::Start | Message::Step | Message::Pause | Message::Resume => Vec::new(),
        Message::Stop if state.can_stop() => stop::stop(state),
        Message::Stop => Vec::new(),
        Message::WantEstimates => speed_measurement::ask(state),
        Message::Reset => run::reset(state),
        Message::Restart => run::respawn(state),
        Message::UseCpu => {
            let mut effects = settings_edits::edit(state, |draft| draft.set(&settings::DEVICE, "cpu".into()));
            if !effects.contains(&Effect::Respawn) {
                effects.extend(run::respawn(state));
            }
            effects
        }
        Message::Bench if state.can_bench() => run::bench(state),
        Message::Bench => Vec::new(),
        Message::StopBench => vec![Effect::Post(Command::StopBench)],
        Message::Kept(event) => stored_runs::on_event(state, event),
        Message::OpenKept { key, wish } => stored_runs::open(state, key, wish),
        Message::RenameKept { key, title } => vec![Effect::Keep(KeepCommand::Rename(key, title))],
        Message::DeleteKept(key) => run::delete(state, key),
        Message::GoOn(device) => stored_runs::go_on(state, device),
        Message::Compare { origin, on } => {
            comparison::choose(&mut state.compared, origin, on);
            Vec::new()
        }
        Message::Verify if state.can_verify() => {
            state.verify = Verify::Running;
            vec![Effect::Post(Command::Verify)]
        }
        Message::Verify => Vec::new(),
        Message::FileRead { name, found } => opened_files::on_file(state, name, found),
        Message::DismissFileTrouble => {
            state.file_troubles.clear();
            Vec::new()
        }
        Message::Clock(now_ms) => {
            let mut effects = worker_watchdog::tick(state, now_ms);
            effects.extend(speed_measurement::tick(state));
            effects.extend(stored_runs::tick(state));
            effects.extend(run_claim::tick(state));
            effects
        }
        Message::RunLocked { key, outcome } => run_claim::on_answer(state, key, outcome),
        Message::LockedRuns(keys) => run_claim::on_listed(state, keys),
        Message::Hidden => stored_runs::ask_for_save(state),
        Message::BringBack => stored_runs::bring_back(state),
        Message::LetGo => {
            state.aside = None;
            Vec::new()
        }
        Message::DismissStorageTrouble => {
            state.kept.is_notice_dismissed = true;
            Vec::new()
        }
        Message::PersistenceAnswered(is_granted) => {
            if let Some(room) = &mut state.kept.room {
                room.is_persistent |= is_granted;
            }
            Vec::new()
        }
        Message::DismissRemarks => {
            state.remarks.clear();
            Vec::new()
        }
        Message::AddExhibit { exhibit, show } => {
            other_runs::add(state, *exhibit, show);
            Vec::new()
        }
        Message::Show(origin) => {
            other_runs::show(state, &origin);
            Vec::new()
        }
        Message::Look(look) => {
            state.view.apply(look, state.exhibit.as_ref());
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests;
