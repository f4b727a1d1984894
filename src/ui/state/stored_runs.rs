//! What the page knows of the runs that are kept in this browser, and what it asks of the storage. Pure.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::config::ExperimentConfig;
use crate::engine::EngineInfo;
use crate::error::ErrorReport;
use crate::protocol::capsule::Capsule;

/// What is known of the runs that are kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredRuns {
    /// The runs, the last saved first.
    pub runs: Vec<StoredRun>,
    /// Those of which nothing can be read.
    pub damaged: Vec<Damaged>,
    /// The keys of those that any tab trains, as far as the browser tells.
    pub locked: BTreeSet<String>,
    /// When the browser was last asked for these, in milliseconds since 1970.
    pub locks_listed_at_ms: f64,
    /// Until when a run that was left off comes on show by itself, in milliseconds since 1970.
    pub offer_until_ms: f64,
    /// How full the browser's storage is.
    pub room: Option<Room>,
    /// Why nothing can be kept, until it can.
    pub failure: Option<ErrorReport>,
    /// When that was last seen, in milliseconds since 1970.
    pub failed_at_ms: f64,
    /// What the last save had to leave out, and why.
    pub left_out: Option<ErrorReport>,
    /// Whether the reader has read the notice about the two above.
    pub is_notice_dismissed: bool,
    /// Whether the list was read once.
    pub is_listed: bool,
    /// Whether the browser was asked not to clear the storage.
    pub is_persistence_asked: bool,
}

/// A kept run, as the list tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredRun {
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

/// Something for the storage actor to do.
#[derive(Debug, Clone, PartialEq)]
pub enum StorageCommand {
    /// Read the list. Answered by [`StorageEvent::Listed`].
    List,
    /// Keep a run as it is. Answered by [`StorageEvent::Saved`].
    Save(Box<RunToStore>),
    /// Read a run. Answered by [`StorageEvent::Loaded`].
    Load(String),
    /// Give a run a name; none for one made of its settings.
    Rename(String, Option<String>),
    /// Note that a run's reader has done with it: it is not offered again by itself.
    Close(String),
    /// Remove a run.
    Delete(String),
}

/// A run to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct RunToStore {
    /// What its records are filed under.
    pub key: String,
    /// All of it.
    pub capsule: Capsule,
    /// The step after which checkpoints were made anew: those kept of later steps are old.
    pub remade_after: Option<usize>,
}

/// What the storage actor tells.
#[derive(Debug, Clone, PartialEq)]
pub enum StorageEvent {
    /// The runs that are kept.
    Listed {
        /// The runs.
        runs: Vec<StoredRun>,
        /// Those of which nothing can be read.
        damaged: Vec<Damaged>,
        /// The keys of those that any tab trains, as far as the browser tells.
        locked: BTreeSet<String>,
    },
    /// How full the browser's storage is; none if the browser does not tell. It may come late or never.
    Room(Option<Room>),
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
/// that still waits, and the list is read once for all who wait for it.
pub fn enqueue(queue: &mut VecDeque<StorageCommand>, command: StorageCommand) {
    if let StorageCommand::Save(new) = &command {
        queue.retain(|waiting| !matches!(waiting, StorageCommand::Save(old) if old.key == new.key));
    }
    if command == StorageCommand::List && queue.contains(&command) {
        return;
    }
    queue.push_back(command);
}

impl StoredRuns {
    /// The browser has said whether it will not clear the storage by itself.
    pub fn note_persistence(&mut self, is_granted: bool) {
        if let Some(room) = &mut self.room {
            room.is_persistent |= is_granted;
        }
    }

    /// What the reader should know of the storage and has not dismissed: why nothing is kept, or what is not.
    pub fn notice(&self) -> Option<&ErrorReport> {
        let notice = self.failure.as_ref().or(self.left_out.as_ref());
        notice.filter(|_| !self.is_notice_dismissed)
    }
}

impl StoredRun {
    /// Whether it has steps left that someone may want.
    pub fn is_unfinished(&self) -> bool {
        !self.is_closed && self.step < self.config.run.epochs
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{RunToStore, StorageCommand, enqueue};
    use crate::config::Preset;
    use crate::protocol::capsule::Capsule;

    fn save(key: &str, seed: u32) -> StorageCommand {
        let mut config = Preset::Tiny.config();
        config.model.seed = seed;
        StorageCommand::Save(Box::new(RunToStore {
            key: key.into(),
            capsule: Capsule::new(config),
            remade_after: None,
        }))
    }

    #[test]
    fn of_a_run_only_the_newest_state_waits() {
        let mut queue = VecDeque::new();
        for command in [save("a", 1), save("b", 1), StorageCommand::List, save("a", 2)] {
            enqueue(&mut queue, command);
        }
        assert!(queue == [save("b", 1), StorageCommand::List, save("a", 2)], "{} wait", queue.len());
    }

    #[test]
    fn a_list_that_is_asked_for_again_and_again_waits_once() {
        let mut queue = VecDeque::new();
        for _ in 0..100 {
            enqueue(&mut queue, StorageCommand::List);
        }
        assert_eq!(queue.len(), 1);
    }
}
