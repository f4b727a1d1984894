//! Does what is asked of the storage, one thing after the other, and tells how it went.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use leptos::task::spawn_local;

use crate::error::{ErrorReport, LabError, Result, StorageFault};
use crate::protocol::capsule::Capsule;
use crate::ui::browser::run_storage::database::Database;
use crate::ui::browser::time_limit::{OPENING, Work, before, unanswered};
use crate::ui::browser::{dom, run_lock, storage_room};
use crate::ui::state::run_records::{self, Change, Kind};
use crate::ui::state::stored_runs::{Damaged, RunToStore, StorageCommand, StorageEvent, StoredRun, enqueue};

/// A handle to the storage; copies share it.
#[derive(Clone)]
pub(in crate::ui) struct StorageActor {
    inner: Rc<Inner>,
}

struct Inner {
    queue: RefCell<VecDeque<StorageCommand>>,
    is_busy: Cell<bool>,
    database: RefCell<Option<Rc<Database>>>,
    /// A connection that the browser was asked for and has not given yet.
    opening: RefCell<Option<Work<Database>>>,
    deliver: Rc<dyn Fn(StorageEvent)>,
}

impl StorageActor {
    /// A storage actor that tells its events through `deliver`.
    pub(in crate::ui) fn new(deliver: impl Fn(StorageEvent) + 'static) -> Self {
        let inner = Inner {
            queue: RefCell::default(),
            is_busy: Cell::new(false),
            database: RefCell::default(),
            opening: RefCell::default(),
            deliver: Rc::new(deliver),
        };
        Self { inner: Rc::new(inner) }
    }

    /// Takes in a command.
    pub(in crate::ui) fn push(&self, command: StorageCommand) {
        enqueue(&mut self.inner.queue.borrow_mut(), command);
        if !self.inner.is_busy.replace(true) {
            let inner = Rc::clone(&self.inner);
            spawn_local(async move { inner.work().await });
        }
    }
}

impl Inner {
    async fn work(&self) {
        loop {
            let Some(command) = self.queue.borrow_mut().pop_front() else { break };
            let events = match self.perform(command).await {
                Ok(events) => events,
                Err(error) => {
                    // The connection may be what broke: the next command opens another.
                    self.database.take();
                    vec![StorageEvent::Failed(error.into())]
                }
            };
            let is_listed = events.iter().any(|event| matches!(event, StorageEvent::Listed { .. }));
            events.into_iter().for_each(&*self.deliver);
            if is_listed {
                self.measure_room();
            }
        }
        self.is_busy.set(false);
    }

    async fn perform(&self, command: StorageCommand) -> Result<Vec<StorageEvent>> {
        let database = self.database().await?;
        match command {
            StorageCommand::List => Ok(vec![list(&database).await?]),
            StorageCommand::Save(run) => {
                let saved = save(&database, &run).await?;
                Ok(vec![saved, list(&database).await?])
            }
            StorageCommand::Load(key) => match load(&database, &key).await? {
                Ok((capsule, remarks)) => {
                    Ok(vec![StorageEvent::Loaded { key, capsule: Box::new(capsule), remarks }])
                }
                // That is the run's trouble, not the storage's.
                Err(error) => Ok(vec![StorageEvent::Unreadable { key, reason: error.to_string() }]),
            },
            StorageCommand::Rename(key, title) => {
                change_entry(&database, &key, |entry| entry.title = title).await?;
                Ok(vec![list(&database).await?])
            }
            StorageCommand::Close(key) => {
                // A run whose first state could not be kept has nothing to close.
                if entry(&database, &key).await?.is_some() {
                    change_entry(&database, &key, |entry| entry.is_closed = true).await?;
                }
                Ok(vec![list(&database).await?])
            }
            StorageCommand::Delete(key) => {
                database.write(run_records::plan_delete(&database.keys().await?, &key)).await?;
                Ok(vec![list(&database).await?])
            }
        }
    }

    async fn database(&self) -> Result<Rc<Database>> {
        if let Some(database) = self.database.borrow().as_ref() {
            return Ok(Rc::clone(database));
        }
        // One that is late is waited for again: each further request would wait behind it.
        let opening = self.opening.take();
        let mut opening = opening.unwrap_or_else(|| Box::pin(Database::open()));
        let Some(opened) = before(&mut opening, dom::sleep(OPENING)).await else {
            *self.opening.borrow_mut() = Some(opening);
            return Err(unanswered("open", OPENING));
        };
        let database = Rc::new(opened?);
        *self.database.borrow_mut() = Some(Rc::clone(&database));
        Ok(database)
    }

    /// Asks how full the storage is, apart from the queue: saving does not wait for the answer.
    fn measure_room(&self) {
        let deliver = Rc::clone(&self.deliver);
        spawn_local(async move { deliver(StorageEvent::Room(storage_room::storage_room().await)) });
    }
}

async fn save(database: &Database, run: &RunToStore) -> Result<StorageEvent> {
    let keys = database.keys().await?;
    let title = entry(database, &run.key).await?.and_then(|entry| entry.title);
    let now_ms = js_sys::Date::now();
    let capsule = &run.capsule;
    let state_bytes = capsule.state.as_ref().map_or(0, |saved| saved.state.len());
    let n_bytes = state_bytes + capsule.checkpoints.values().map(|file| file.len()).sum::<usize>();
    let entry = StoredRun {
        key: run.key.clone(),
        title,
        config: capsule.config.clone(),
        began_ms: capsule.head.began_ms.unwrap_or(now_ms),
        saved_ms: now_ms,
        step: capsule.state.as_ref().map_or(0, |saved| saved.step),
        n_bytes,
        is_closed: false,
        engine: capsule.head.engine.clone(),
    };
    let written = database.write(run_records::plan_save(&keys, run, &entry, true)).await;
    let remark = match written {
        Err(error @ LabError::Storage { fault: StorageFault::Full, .. }) => {
            let entry = StoredRun { n_bytes: state_bytes, ..entry.clone() };
            database.write(run_records::plan_save(&keys, run, &entry, false)).await?;
            Some(ErrorReport::new(
                error.kind(),
                "The browser's storage is full: this run's checkpoints are not kept, only what it needs to go on.",
            ))
        }
        other => other.map(|()| None)?,
    };
    Ok(StorageEvent::Saved { key: run.key.clone(), step: entry.step, remark })
}

/// A run and what was damaged of it, or why nothing of it can be read.
async fn load(database: &Database, key: &str) -> Result<Result<(Capsule, Vec<String>)>> {
    let keys = database.keys().await?;
    let mut states = Vec::new();
    for step in run_records::states_of(&keys, key) {
        if let Some(bytes) = database.get(&run_records::key_of(key, Kind::State(step))).await? {
            states.push((step, bytes));
        }
    }
    let (mut capsule, mut remarks) = match run_records::newest_whole(states) {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    for step in run_records::checkpoints_of(&keys, key) {
        if let Some(bytes) = database.get(&run_records::key_of(key, Kind::Checkpoint(step))).await? {
            remarks.extend(run_records::add_checkpoint(&mut capsule, step, &bytes));
        }
    }
    Ok(Ok((capsule, remarks)))
}

async fn list(database: &Database) -> Result<StorageEvent> {
    let keys = database.keys().await?;
    let (mut runs, mut damaged) = (Vec::new(), Vec::new());
    for (run, n_records) in run_records::runs_of(&keys) {
        match entry(database, &run).await? {
            Some(entry) => runs.push(entry),
            None => damaged.push(Damaged { key: run, n_records }),
        }
    }
    runs.sort_by(|a, b| b.saved_ms.total_cmp(&a.saved_ms));
    Ok(StorageEvent::Listed { runs, damaged, locked: run_lock::held_keys().await })
}

/// The line of a run; one that is damaged or gone is made again from the newest whole state. None if there is
/// none.
async fn entry(database: &Database, run: &str) -> Result<Option<StoredRun>> {
    let record = database.get(&run_records::key_of(run, Kind::Entry)).await?;
    if let Some(Ok(entry)) = record.map(|record| run_records::decode_entry(&record)) {
        return Ok(Some(entry));
    }
    let Ok((capsule, _)) = load(database, run).await? else { return Ok(None) };
    Ok(Some(StoredRun {
        key: run.to_owned(),
        title: capsule.head.name.clone(),
        step: capsule.state.as_ref().map_or(0, |saved| saved.step),
        began_ms: capsule.head.began_ms.unwrap_or(0.0),
        saved_ms: 0.0,
        n_bytes: capsule.checkpoints.values().map(|file| file.len()).sum(),
        is_closed: false,
        engine: capsule.head.engine.clone(),
        config: capsule.config,
    }))
}

async fn change_entry(database: &Database, key: &str, change: impl FnOnce(&mut StoredRun)) -> Result<()> {
    let mut entry =
        entry(database, key).await?.ok_or_else(|| LabError::content("kept run", "it is no longer there"))?;
    change(&mut entry);
    let record = run_records::encode_entry(&entry);
    database.write(vec![Change::Put(run_records::key_of(key, Kind::Entry), record)]).await
}
