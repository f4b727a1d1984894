//! The page's one reducer: a message changes the state and asks for effects. Pure, so that it is
//! tested natively, without a browser or a worker.

mod ablation_requests;
#[cfg(test)]
pub(in crate::ui) mod analysed_sample;
mod analyst;
#[cfg(test)]
pub(in crate::ui) mod analyst_sample;
mod analyst_watchdog;
mod effect;
mod weights_fetch;
mod linked_view;
mod message;
mod notices;
mod opened_files;
mod other_runs;
mod resume;
mod run;
mod run_claim;
mod run_controls;
mod settings_edits;
mod speed_measurement;
mod stop;
mod stored_runs;
mod worker_events;
mod worker_watchdog;

pub use effect::Effect;
pub use message::Message;

use crate::protocol::Command;
use crate::ui::state::comparison;
use crate::ui::state::draft::Draft;
use crate::ui::state::run::Asked;
use crate::ui::state::stored_runs::StorageCommand;
use crate::ui::state::{Start, State};
use crate::ui::update::effect::no_effects;

/// Applies a message.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let mut effects = apply(state, message);
    linked_view::follow(state);
    effects.extend(run_claim::follow(state));
    effects.extend(weights_fetch::follow(state));
    // What the reader asks for comes before what the page would like to know.
    effects.extend(ablation_requests::work(state));
    effects.extend(analyst::next(state));
    effects
}

/// One line for each message: what it does is said where it is done.
fn apply(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::FromWorker(event) => worker_events::on_event(state, event),
        Message::WorkerDied(error) => run::died(state, &error),
        Message::FromAnalyst(reply) => analyst::on_message(state, reply),
        Message::AnalystRested => no_effects(|| state.analyst.rests = false),
        Message::AnalystDied(reason) => no_effects(|| analyst::end(state, &reason)),
        Message::CheckpointsAnalysed { origin, snapshots } => {
            analyst::on_snapshots(state, &origin, snapshots)
        }
        Message::WeightsFetched { step, file } => no_effects(|| weights_fetch::on_fetched(state, step, file)),
        Message::RecordedBytes(n_bytes) => no_effects(|| state.recorded_bytes = n_bytes),
        Message::PlayOnce => no_effects(|| other_runs::play_once(state)),
        Message::WorkerBytes(n_bytes) => no_effects(|| state.worker_bytes = n_bytes),
        Message::LazyBundleFetched(result) => no_effects(|| state.lazy_bundle = result.into()),
        Message::FetchLazyBundle => opened_files::fetch_lazy_bundle(state),
        Message::BeginWorkers => run::begin_workers(state),
        Message::Clock(now_ms) => tick(state, now_ms),
        Message::Hidden => stored_runs::ask_for_save(state),
        Message::Choose(preset) => settings_edits::edit(state, |draft| draft.choose(preset)),
        Message::Edit(field, text) => settings_edits::edit(state, |draft| draft.set(field, text)),
        Message::ResetField(setting) => settings_edits::edit(state, |draft| draft.reset(setting)),
        Message::ResetFields => settings_edits::edit(state, |draft| *draft = Draft::new(draft.preset)),
        // A key pressed twice, or a click on a button that was just disabled, changes nothing.
        Message::Start => run_controls::start_if_possible(state, Start::Training),
        Message::Pause => run_controls::ask_if(state, State::can_pause, Asked::Pause),
        Message::Resume => run_controls::ask_if(state, State::can_resume, Asked::Resume),
        Message::Step => run_controls::step(state),
        Message::Stop => stop::stop(state),
        Message::Reset => run_controls::reset(state),
        Message::ResumeFromSaved(device) => resume::resume_from_saved(state, device),
        Message::Restart => run::respawn(state),
        Message::UseCpu => settings_edits::use_cpu(state),
        Message::WantEstimates => speed_measurement::ask(state),
        Message::Bench => run_controls::bench(state),
        Message::StopBench => vec![Effect::Post(Command::StopBench)],
        Message::Verify => run_controls::verify(state),
        Message::FromStorage(event) => stored_runs::on_event(state, event),
        Message::OpenStored { key, intent } => stored_runs::open(state, key, intent),
        Message::RenameStored { key, title } => vec![Effect::Store(StorageCommand::Rename(key, title))],
        Message::DeleteStored(key) => run_controls::delete(state, key),
        Message::RestoreUnsavedRun => stored_runs::restore_unsaved_run(state),
        Message::DiscardUnsavedRun => no_effects(|| state.unsaved_run = None),
        Message::PersistenceAnswered(is_granted) => stored_runs::on_persistence(state, is_granted),
        Message::RunLocked { key, outcome } => resume::on_lock_answer(state, key, outcome),
        Message::LockedRuns(keys) => stored_runs::on_locks_listed(state, keys),
        Message::FileOpened { name, bytes } => vec![Effect::ReadFile { name, bytes }],
        Message::FileRead { name, found } => opened_files::on_file(state, name, found),
        Message::Remark(text) => no_effects(|| state.remarks.push(text)),
        Message::DismissNotices => no_effects(|| state.notices.clear()),
        Message::DismissRemarks => no_effects(|| state.remarks.clear()),
        Message::DismissFileProblems => no_effects(|| state.file_problems.clear()),
        Message::DismissStorageNotice => no_effects(|| state.stored_runs.is_notice_dismissed = true),
        Message::AddRunView { run_view, show } => no_effects(|| other_runs::add(state, *run_view, show)),
        Message::Show(origin) => no_effects(|| other_runs::show(state, &origin)),
        Message::Compare { origin, on } => no_effects(|| comparison::choose(&mut state.compared, origin, on)),
        Message::ChangeView(change) => no_effects(|| state.view.apply(change, state.run_view.as_ref())),
        Message::EditAblation(edit) => no_effects(|| ablation_requests::edit(state, &edit)),
        Message::GoToSection(section) => {
            state.section = section;
            vec![Effect::ScrollToTop]
        }
        Message::OpenSection(section) => {
            state.section = section;
            vec![Effect::SaveLink(state.link.clone())]
        }
        Message::Ask(a, b) => no_effects(|| ablation_requests::ask(state, a, b)),
    }
}

/// A second has passed, or more.
fn tick(state: &mut State, now_ms: f64) -> Vec<Effect> {
    let mut effects = worker_watchdog::tick(state, now_ms);
    effects.extend(speed_measurement::tick(state));
    effects.extend(stored_runs::tick(state));
    effects.extend(run_claim::tick(state));
    effects.extend(linked_view::save(state));
    effects
}

#[cfg(test)]
mod tests;
