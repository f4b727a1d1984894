//! The one place where messages meet the state and effects meet the world.

use std::collections::VecDeque;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::plot::Scale;
use crate::protocol::RunId;
use crate::ui::browser::dom;
use crate::ui::browser::fetch;
use crate::ui::browser::recorded_run;
use crate::ui::browser::run_lock::{self, HeldLock};
use crate::ui::browser::worker_client::WorkerClient;
use crate::ui::lazy_bundle::{self, Analyst, Keep, Rest};
use crate::ui::state::comparison::compared;
use crate::ui::state::link;
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::state::stored_runs::{KeepCommand, queue_up};
use crate::ui::state::view_choices::{Track, View};
use crate::ui::state::{Host, State};
use crate::ui::update::{Effect, Message, update};

/// A handle to the page's state; copies share it.
#[derive(Clone, Copy)]
pub(super) struct Store {
    state: RwSignal<State>,
    worker: StoredValue<Option<WorkerClient>, LocalStorage>,
    rest: RwSignal<Option<&'static Rest>>,
    /// What waits for the rest of the page.
    waiting: StoredValue<Vec<Job>, LocalStorage>,
    analyst: StoredValue<Option<Analyst>, LocalStorage>,
    keeper: StoredValue<Option<Keep>, LocalStorage>,
    /// Keeps other tabs from training the run of this one.
    run_lock: StoredValue<Option<HeldLock>, LocalStorage>,
    /// Commands that wait for the keeper.
    to_keep: StoredValue<VecDeque<KeepCommand>, LocalStorage>,
    program: StoredValue<Program>,
    workers_begun: StoredValue<bool>,
    revision: Memo<Revision>,
}

/// Something to do with the rest of the page.
type Job = Box<dyn FnOnce(&'static Rest)>;

/// The training worker's program: by far the largest file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Program {
    /// It was not asked for, or could not be had.
    Missing,
    /// It is being fetched.
    Coming,
    /// The browser has it in its cache.
    There,
}

/// Where the training worker's program lies.
const PROGRAM: &str = "worker_bg.wasm";

/// Between two words on how much of it has come.
const WORD_EVERY_BYTES: usize = 100_000;

/// The workers begin after the recorded run has come, or after this: a run that does not come must not keep
/// anyone from training.
const PATIENCE: Duration = Duration::from_secs(5);

/// Changes exactly when a chart of the time line would change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Revision {
    run: Option<RunId>,
    origin: Option<Origin>,
    rows: (usize, usize),
    checkpoints: (usize, usize),
    compared: Vec<(Origin, (usize, usize))>,
    zoom: Option<(f64, f64)>,
    x: Scale,
    y: [Scale; Track::ALL.len()],
}

impl Revision {
    fn of(state: &State) -> Self {
        let exhibit = state.exhibit.as_ref();
        let View { zoom, x, y, .. } = state.view;
        Self {
            run: state.run.as_ref().map(|run| run.id),
            origin: exhibit.map(|exhibit| exhibit.origin.clone()),
            rows: exhibit.map_or((0, 0), Exhibit::rows_revision),
            checkpoints: exhibit.map_or((0, 0), |exhibit| (exhibit.progress.len(), exhibit.edition)),
            compared: compared(state).into_iter().map(|(c, e)| (c.origin, e.rows_revision())).collect(),
            zoom,
            x,
            y,
        }
    }
}

impl Store {
    /// Reads the page's link and begins the worker.
    pub(super) fn open() -> Self {
        let (draft, notices) = link::from_pairs(&dom::query_pairs());
        let tab = dom::new_tab_name();
        let host = Host { build: dom::build_name(), user_agent: dom::user_agent() };
        let state = RwSignal::new(State { tab, now_ms: dom::now_ms(), host, ..State::new(draft, notices) });
        let revision = Memo::new(move |_| state.with(Revision::of));
        let store = Self {
            state,
            worker: StoredValue::new_local(None),
            rest: RwSignal::new(None),
            waiting: StoredValue::new_local(Vec::new()),
            analyst: StoredValue::new_local(None),
            keeper: StoredValue::new_local(None),
            run_lock: StoredValue::new_local(None),
            to_keep: StoredValue::new_local(VecDeque::new()),
            program: StoredValue::new(Program::Missing),
            workers_begun: StoredValue::new(false),
            revision,
        };
        store.perform(Effect::FetchRest);
        store.with_rest(move |rest| store.begin_keeper(rest));
        recorded_run::load(store);
        set_timeout(move || store.begin_workers(), PATIENCE);
        store.perform(Effect::Keep(KeepCommand::List));
        set_interval(move || store.send(Message::Clock(dom::now_ms())), Duration::from_secs(1));
        dom::watch_hidden(move || store.send(Message::Hidden));
        dom::warn_before_leaving(move || store.peek(State::would_lose_work));
        store
    }

    /// Begins the analyst and then the training worker, if they have not begun yet: what the page opens on
    /// comes first.
    pub(super) fn begin_workers(self) {
        if self.workers_begun.try_update_value(|begun| std::mem::replace(begun, true)) != Some(false) {
            return;
        }
        self.perform(Effect::BeginAnalyst);
        self.perform(Effect::Respawn);
    }

    /// Fetches the training worker's program before the worker asks for it: so the page knows how much has
    /// come. The files of a build lie in a folder of their own and never change, so the worker gets its program
    /// from the browser's cache; where a server forbids that, the browser asks whether it has changed.
    fn fetch_program(self) {
        self.program.set_value(Program::Coming);
        spawn_local(async move {
            let (all, mut told) = (dom::worker_size(), 0);
            let came = |n_bytes: usize| {
                if n_bytes - told >= WORD_EVERY_BYTES {
                    told = n_bytes;
                    self.send(Message::WorkerBytes(Some((n_bytes, all))));
                }
            };
            let is_there = fetch::warm(&dom::asset(PROGRAM), came).await.is_ok();
            self.program.set_value(if is_there { Program::There } else { Program::Missing });
            self.send(Message::WorkerBytes(None));
            // If the program cannot be had the worker says so.
            self.spawn_worker();
        });
    }

    fn spawn_worker(self) {
        match WorkerClient::spawn(move |message| self.send(message)) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(error) => self.send(Message::WorkerDied(error.into())),
        }
    }

    /// The store of the page around this view.
    pub(super) fn get() -> Self {
        expect_context()
    }

    /// Applies a message and its effects.
    pub(super) fn send(self, message: Message) {
        let effects = self.state.try_update(|state| update(state, message)).unwrap_or_default();
        for effect in effects {
            self.perform(effect);
        }
    }

    /// The rest of the page, if it is here; the view follows it.
    pub(super) fn rest(self) -> Option<&'static Rest> {
        self.rest.get()
    }

    /// Does something with the rest of the page, as soon as it is here.
    pub(super) fn with_rest(self, job: impl FnOnce(&'static Rest) + 'static) {
        match self.rest.get_untracked() {
            Some(rest) => job(rest),
            None => self.waiting.update_value(|waiting| waiting.push(Box::new(job))),
        }
    }

    fn fetch_rest(self) {
        spawn_local(async move {
            fetch::breathe().await;
            match lazy_bundle::fetch().await {
                Ok(rest) => {
                    // The curves of the recorded run stand above all that the rest draws, so they come first.
                    self.do_what_waits(rest);
                    fetch::breathe().await;
                    self.rest.set(Some(rest));
                    self.do_what_waits(rest);
                    self.send(Message::RestCame(Ok(())));
                }
                Err(error) => self.send(Message::RestCame(Err(error))),
            }
        });
    }

    fn do_what_waits(self, rest: &'static Rest) {
        let jobs = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
        jobs.into_iter().for_each(|job| job(rest));
    }

    fn begin_keeper(self, rest: &Rest) {
        let keep = (rest.begin_keeper)(self);
        let commands = self.to_keep.try_update_value(std::mem::take).unwrap_or_default();
        commands.into_iter().for_each(&keep);
        self.keeper.set_value(Some(keep));
    }

    /// Reads the state once.
    pub(super) fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(read)
    }

    /// A value of the state that notifies its readers only when it changes.
    pub(super) fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.state.with(&read))
    }

    /// Follows whatever the charts of the time line are made of.
    pub(super) fn track_figures(self) {
        // A memo that is only tracked is never computed, and so never changes.
        self.revision.get();
    }

    fn perform(self, effect: Effect) {
        match effect {
            Effect::FetchRest => self.fetch_rest(),
            Effect::Keep(command) => self.keeper.with_value(|keep| match keep {
                Some(keep) => keep(command),
                None => self.to_keep.update_value(|queue| queue_up(queue, command)),
            }),
            Effect::LockRun(key) => {
                self.run_lock.set_value(None);
                spawn_local(async move {
                    let (outcome, lock) = run_lock::take(&key).await;
                    // The page may want another run's by now.
                    if self.peek(|state| state.own_lock.key.as_ref() == Some(&key)) {
                        self.run_lock.set_value(lock);
                    }
                    self.send(Message::RunLocked { key, outcome });
                });
            }
            Effect::UnlockRun => self.run_lock.set_value(None),
            Effect::ListLockedRuns => spawn_local(async move {
                self.send(Message::LockedRuns(run_lock::held_keys().await));
            }),
            Effect::AskForPersistence => {
                dom::ask_for_persistence(move |is_granted| {
                    self.send(Message::PersistenceAnswered(is_granted))
                });
            }
            Effect::SaveLink(query) => dom::save_query(&query),
            Effect::End => self.worker.set_value(None),
            Effect::Respawn => {
                // The old worker ends before the new one asks for the device.
                self.worker.set_value(None);
                match self.program.get_value() {
                    Program::There => self.spawn_worker(),
                    // The newest wish is looked up when the worker says that it is ready.
                    Program::Coming => {}
                    Program::Missing => self.fetch_program(),
                }
            }
            Effect::BeginAnalyst => {
                // Nothing more is heard of the old one.
                self.analyst.set_value(None);
                self.with_rest(move |rest| match (rest.begin_analyst)(self) {
                    Ok(analyst) => self.analyst.set_value(Some(analyst)),
                    Err(error) => self.send(Message::AnalystDied(error.to_string())),
                });
            }
            Effect::AskAnalyst(request) => {
                let posted = self.analyst.with_value(|analyst| analyst.as_ref().map(|post| post(request)));
                if let Some(Err(error)) = posted {
                    self.send(Message::AnalystDied(error.to_string()));
                }
            }
            Effect::Post(command) => {
                let posted =
                    self.worker.with_value(|worker| worker.as_ref().map(|worker| worker.post(command)));
                if let Some(Err(error)) = posted {
                    self.send(Message::WorkerDied(error.into()));
                }
            }
        }
    }
}
