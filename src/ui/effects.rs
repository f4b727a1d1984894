//! Carries out what updates ask of the outside world: the workers, the storage, the network, the address.

use std::collections::VecDeque;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::protocol::Command;
use crate::protocol::analyst::AnalystRequest;
use crate::ui::browser::run_lock::{self, HeldLock};
use crate::ui::browser::worker_client::WorkerClient;
use crate::ui::browser::{dom, fetch, recorded_run, storage_room};
use crate::ui::lazy_bundle::{Analyst, BundleHandle, SendToStorage};
use crate::ui::state::State;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::stored_runs::{StorageCommand, enqueue};
use crate::ui::store::Store;
use crate::ui::update::{Effect, Message};

/// The page's hold on the outside world; copies share it.
#[derive(Clone, Copy)]
struct Effects {
    store: Store,
    bundle: BundleHandle,
    worker: StoredValue<Option<WorkerClient>, LocalStorage>,
    program: StoredValue<Program>,
    analyst: StoredValue<Option<Analyst>, LocalStorage>,
    storage: StoredValue<Option<SendToStorage>, LocalStorage>,
    /// Commands that wait for the storage actor.
    waiting_commands: StoredValue<VecDeque<StorageCommand>, LocalStorage>,
    /// Keeps other tabs from training the run of this one.
    run_lock: StoredValue<Option<HeldLock>, LocalStorage>,
}

/// The training worker's program: by far the largest file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// It was not asked for, or could not be had.
    Missing,
    /// It is being fetched.
    Fetching,
    /// The browser has it in its cache.
    Cached,
}

/// Where the training worker's program lies.
const PROGRAM: &str = "worker_bg.wasm";

/// Between two words on how much of it has come.
const WORD_EVERY_BYTES: usize = 100_000;

/// The workers begin after the recorded run has come, or after this: a run that does not come must not keep
/// anyone from training.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects a store to the outside world: its effects are carried out, and it hears of the clock, of the page's
/// being hidden, and of the recorded run, which is fetched.
pub(super) fn connect(store: Store, bundle: BundleHandle) {
    let effects = Effects {
        store,
        bundle,
        worker: StoredValue::new_local(None),
        program: StoredValue::new(Program::Missing),
        analyst: StoredValue::new_local(None),
        storage: StoredValue::new_local(None),
        waiting_commands: StoredValue::new_local(VecDeque::new()),
        run_lock: StoredValue::new_local(None),
    };
    store.install(move |effect| effects.perform(effect));
    effects.perform(Effect::FetchLazyBundle);
    bundle.with(move |bundle| effects.begin_storage((bundle.begin_storage)(store)));
    effects.fetch_recorded_run();
    set_timeout(move || store.send(Message::BeginWorkers), PATIENCE);
    effects.perform(Effect::Store(StorageCommand::List));
    set_interval(move || store.send(Message::Clock(dom::now_ms())), Duration::from_secs(1));
    dom::watch_hidden(move || store.send(Message::Hidden));
    dom::watch_fragment(move |fragment| {
        if let Some(section) = PageSection::of_fragment(&fragment) {
            store.send(Message::GoToSection(section));
        }
    });
    dom::open_sections_with(move |id| {
        if let Some(section) = PageSection::of_fragment(id) {
            store.send(Message::OpenSection(section));
        }
    });
    dom::warn_before_leaving(move || store.peek(State::would_lose_work));
}

impl Effects {
    fn perform(self, effect: Effect) {
        let store = self.store;
        match effect {
            Effect::FetchLazyBundle => {
                self.bundle.fetch(move |result| store.send(Message::LazyBundleFetched(result)));
            }
            Effect::ReadFile { name, bytes } => self.bundle.with(move |bundle| {
                let found = (bundle.read_file)(bytes).map(Box::new);
                store.send(Message::FileRead { name, found });
            }),
            Effect::FetchWeights(step) => self.bundle.with(move |bundle| (bundle.fetch_weights)(store, step)),
            Effect::Store(command) => self.command_storage(command),
            Effect::LockRun(key) => self.lock_run(key),
            Effect::UnlockRun => self.run_lock.set_value(None),
            Effect::ListLockedRuns => spawn_local(async move {
                store.send(Message::LockedRuns(run_lock::held_keys().await));
            }),
            Effect::AskForPersistence => {
                storage_room::ask_for_persistence(move |is_granted| {
                    store.send(Message::PersistenceAnswered(is_granted));
                });
            }
            Effect::SaveLink(query) => {
                dom::save_address(&query, self.store.peek(|state| state.section.fragment()));
            }
            Effect::ScrollToTop => dom::scroll_to_top(),
            Effect::End => self.worker.set_value(None),
            Effect::Respawn => self.respawn(),
            Effect::Post(command) => self.post(command),
            Effect::BeginAnalyst => self.begin_analyst(),
            Effect::AskAnalyst(request) => self.ask_analyst(request),
        }
    }

    fn command_storage(self, command: StorageCommand) {
        self.storage.with_value(|send| match send {
            Some(send) => send(command),
            None => self.waiting_commands.update_value(|queue| enqueue(queue, command)),
        });
    }

    fn begin_storage(self, send: SendToStorage) {
        let commands = self.waiting_commands.try_update_value(std::mem::take).unwrap_or_default();
        commands.into_iter().for_each(&send);
        self.storage.set_value(Some(send));
    }

    fn lock_run(self, key: String) {
        self.run_lock.set_value(None);
        spawn_local(async move {
            let (outcome, lock) = run_lock::take(&key).await;
            // The page may want another run's by now.
            if self.store.peek(|state| state.own_lock.key.as_ref() == Some(&key)) {
                self.run_lock.set_value(lock);
            }
            self.store.send(Message::RunLocked { key, outcome });
        });
    }

    fn respawn(self) {
        // The old worker ends before the new one asks for the device.
        self.worker.set_value(None);
        match self.program.get_value() {
            Program::Cached => self.spawn_worker(),
            // The newest wish is looked up when the worker says that it is ready.
            Program::Fetching => {}
            Program::Missing => self.fetch_program(),
        }
    }

    /// Fetches the training worker's program before the worker asks for it: so the page knows how much has
    /// come. The files of a build lie in a folder of their own and never change, so the worker gets its program
    /// from the browser's cache; where a server forbids that, the browser asks whether it has changed.
    fn fetch_program(self) {
        self.program.set_value(Program::Fetching);
        spawn_local(async move {
            let (all, mut told) = (dom::worker_size(), 0);
            let came = |n_bytes: usize| {
                if n_bytes - told >= WORD_EVERY_BYTES {
                    told = n_bytes;
                    self.store.send(Message::WorkerBytes(Some((n_bytes, all))));
                }
            };
            let is_there = fetch::prefetch(&dom::asset(PROGRAM), came).await.is_ok();
            self.program.set_value(if is_there { Program::Cached } else { Program::Missing });
            self.store.send(Message::WorkerBytes(None));
            // If the program cannot be had the worker says so.
            self.spawn_worker();
        });
    }

    fn spawn_worker(self) {
        match WorkerClient::spawn(move |message| self.store.send(message)) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(error) => self.store.send(Message::WorkerDied(error.into())),
        }
    }

    fn post(self, command: Command) {
        let posted = self.worker.with_value(|worker| worker.as_ref().map(|worker| worker.post(command)));
        if let Some(Err(error)) = posted {
            self.store.send(Message::WorkerDied(error.into()));
        }
    }

    fn begin_analyst(self) {
        // Nothing more is heard of the old one.
        self.analyst.set_value(None);
        self.bundle.with(move |bundle| match (bundle.begin_analyst)(self.store) {
            Ok(analyst) => self.analyst.set_value(Some(analyst)),
            Err(error) => self.store.send(Message::AnalystDied(error.to_string())),
        });
    }

    fn ask_analyst(self, request: AnalystRequest) {
        let posted = self.analyst.with_value(|analyst| analyst.as_ref().map(|post| post(request)));
        if let Some(Err(error)) = posted {
            self.store.send(Message::AnalystDied(error.to_string()));
        }
    }

    fn fetch_recorded_run(self) {
        let send = move |message| self.store.send(message);
        spawn_local(async move {
            match recorded_run::fetch(send).await {
                Ok(bytes) => self.bundle.with(move |bundle| (bundle.show_recorded)(self.store, bytes)),
                Err(error) => recorded_run::end(Err(error), send),
            }
        });
    }
}
