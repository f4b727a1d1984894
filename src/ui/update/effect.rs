//! What an update asks of the outside world.

use crate::protocol::Command;
use crate::protocol::analyst::AnalystRequest;
use crate::ui::state::stored_runs::StorageCommand;

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
    /// Show the page from its top.
    ScrollToTop,
    /// Write this query into the page's address, with the section that is open.
    SaveLink(String),
    /// Ask something of the storage actor.
    Store(StorageCommand),
    /// Claim a run for this tab, in place of the one that it claims. Answered by [`Message::RunLocked`](crate::ui::update::Message::RunLocked).
    LockRun(String),
    /// Claim no run any longer.
    UnlockRun,
    /// Ask which runs any tab trains. Answered by [`Message::LockedRuns`](crate::ui::update::Message::LockedRuns).
    ListLockedRuns,
    /// Ask the browser not to clear the storage by itself. Not a command of the storage actor, whose queue would wait for
    /// the answer.
    AskForPersistence,
    /// Fetch the lazy bundle.
    FetchLazyBundle,
    /// Fetch the weights of a step of the recorded run. Answered by
    /// [`Message::WeightsFetched`](crate::ui::update::Message::WeightsFetched).
    FetchWeights(usize),
    /// Find out what a file is. Answered by [`Message::FileRead`](crate::ui::update::Message::FileRead).
    ReadFile {
        /// Its name.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
}

/// A change that asks for nothing.
pub(super) fn no_effects(change: impl FnOnce()) -> Vec<Effect> {
    change();
    Vec::new()
}
