//! Runs kept in this browser, so that they survive a reload, a crash and the closing of the tab.
//!
//! They lie in IndexedDB: its transactions are all or nothing, it works in the page itself, and private
//! windows have it too; the file system that pages own can only be written from a worker, lacks
//! transactions, and some private windows refuse it. Every record is an archive with checksums
//! ([`records`]); `database` is the only file that knows the browser's interface.

mod database;
mod keeper;
mod panel;
pub mod records;

pub(super) use keeper::Keeper;
pub(super) use panel::{KeptRuns, ResumeOffer};

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::config::ExperimentConfig;
use crate::engine::EngineInfo;
use crate::error::ErrorReport;
use crate::protocol::capsule::Capsule;

/// What is known of the runs that are kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kept {
    /// The runs, the last saved first.
    pub runs: Vec<KeptRun>,
    /// Those of which nothing can be read.
    pub damaged: Vec<Damaged>,
    /// How full the browser's storage is.
    pub room: Option<Room>,
    /// Why nothing can be kept, until it can.
    pub trouble: Option<ErrorReport>,
    /// Whether the list was read once.
    pub is_listed: bool,
    /// Whether the browser was asked not to clear the storage.
    pub is_persistence_asked: bool,
}

/// A kept run, as the list tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptRun {
    /// What its records are filed under.
    pub key: String,
    /// The name it was given; none for one made of its settings.
    pub title: Option<String>,
    /// The experiment.
    pub config: ExperimentConfig,
    /// When it began, in milliseconds since 1970, UTC.
    pub began_ms: f64,
    /// When it was last saved.
    pub saved_ms: f64,
    /// Updates done by then.
    pub step: usize,
    /// What its records take.
    pub n_bytes: usize,
    /// Whether its reader has done with it.
    pub is_closed: bool,
    /// What computed it.
    pub engine: Option<EngineInfo>,
}

/// A kept run of which neither its line in the list nor a state is whole: it can only be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// What its records are filed under.
    pub key: String,
    /// How many records there are of it.
    pub n_records: usize,
}

/// The browser's storage for this page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// In use.
    pub used_bytes: f64,
    /// Allowed.
    pub quota_bytes: f64,
    /// Whether the browser promised not to clear it by itself.
    pub is_persistent: bool,
}

/// Something for the keeper to do.
#[derive(Debug, Clone, PartialEq)]
pub enum KeepCommand {
    /// Read the list. Answered by [`KeepEvent::Listed`].
    List,
    /// Keep a run as it is. Answered by [`KeepEvent::Saved`].
    Save(Box<ToKeep>),
    /// Read a run. Answered by [`KeepEvent::Loaded`].
    Load(String),
    /// Give a run a name; none for one made of its settings.
    Rename(String, Option<String>),
    /// Note that a run's reader has done with it: it is not offered again by itself.
    Close(String),
    /// Remove a run.
    Delete(String),
    /// Ask the browser not to clear the storage by itself.
    Persist,
}

/// A run to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ToKeep {
    /// What its records are filed under.
    pub key: String,
    /// All of it.
    pub capsule: Capsule,
    /// The step after which checkpoints were made anew: those kept of later steps are old.
    pub remade_after: Option<usize>,
}

/// What the keeper tells.
#[derive(Debug, Clone, PartialEq)]
pub enum KeepEvent {
    /// The runs that are kept, and the room there is.
    Listed {
        /// The runs.
        runs: Vec<KeptRun>,
        /// Those of which nothing can be read.
        damaged: Vec<Damaged>,
        /// The room; none if the browser does not tell.
        room: Option<Room>,
    },
    /// A run was kept.
    Saved {
        /// Its key.
        key: String,
        /// Updates done.
        step: usize,
        /// What had to be left out, and why.
        remark: Option<ErrorReport>,
    },
    /// A run was read.
    Loaded {
        /// Its key.
        key: String,
        /// The run.
        capsule: Box<Capsule>,
        /// What was damaged and what took its place.
        remarks: Vec<String>,
    },
    /// A run cannot be read, though the storage works.
    Unreadable {
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// The browser keeps nothing, or failed to.
    Failed(ErrorReport),
}

/// Adds a command to those that wait. A run that is to be kept takes the place of its own earlier state, if
/// that still waits.
pub fn queue_up(queue: &mut VecDeque<KeepCommand>, command: KeepCommand) {
    if let KeepCommand::Save(new) = &command {
        queue.retain(|waiting| !matches!(waiting, KeepCommand::Save(old) if old.key == new.key));
    }
    queue.push_back(command);
}

impl KeptRun {
    /// Whether it has steps left that someone may want.
    pub fn is_unfinished(&self) -> bool {
        !self.is_closed && self.step < self.config.run.epochs
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{KeepCommand, ToKeep, queue_up};
    use crate::config::Preset;
    use crate::protocol::capsule::Capsule;

    fn save(key: &str, seed: u32) -> KeepCommand {
        let mut config = Preset::Tiny.config();
        config.model.seed = seed;
        KeepCommand::Save(Box::new(ToKeep {
            key: key.into(),
            capsule: Capsule::new(config),
            remade_after: None,
        }))
    }

    #[test]
    fn of_a_run_only_the_newest_state_waits() {
        let mut queue = VecDeque::new();
        for command in [save("a", 1), save("b", 1), KeepCommand::List, save("a", 2)] {
            queue_up(&mut queue, command);
        }
        assert!(queue == [save("b", 1), KeepCommand::List, save("a", 2)], "{} wait", queue.len());
    }
}
