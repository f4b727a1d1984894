//! The one place where messages meet the state and effects meet the world.

use std::time::Duration;

use leptos::prelude::*;

use super::analyst_client::AnalystClient;
use super::compare::compared;
use super::dom;
use super::exhibit::Origin;
use super::keep::{KeepCommand, Keeper};
use super::link;
use super::recorded;
use super::state::State;
use super::update::{Effect, Message, update};
use super::view::{Track, View};
use super::worker_client::WorkerClient;
use crate::plot::Scale;
use crate::protocol::RunId;

/// A handle to the page's state; copies share it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store {
    state: RwSignal<State>,
    worker: StoredValue<Option<WorkerClient>, LocalStorage>,
    analyst: StoredValue<Option<AnalystClient>, LocalStorage>,
    keeper: StoredValue<Option<Keeper>, LocalStorage>,
    revision: Memo<Revision>,
}

/// Changes exactly when a chart of the time line would change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Revision {
    run: Option<RunId>,
    origin: Option<Origin>,
    rows: usize,
    checkpoints: usize,
    compared: Vec<(Origin, usize)>,
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
            rows: exhibit.map_or(0, |exhibit| exhibit.rows.len()),
            checkpoints: exhibit.map_or(0, |exhibit| exhibit.progress.len()),
            compared: compared(state).into_iter().map(|(c, e)| (c.origin, e.rows.len())).collect(),
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
        let state = RwSignal::new(State { tab, now_ms: dom::now_ms(), ..State::new(draft, notices) });
        let revision = Memo::new(move |_| state.with(Revision::of));
        let (worker, analyst, keeper) =
            (StoredValue::new_local(None), StoredValue::new_local(None), StoredValue::new_local(None));
        let store = Self { state, worker, analyst, keeper, revision };
        recorded::load(store);
        match AnalystClient::spawn(move |message| store.send(message)) {
            Ok(client) => store.analyst.set_value(Some(client)),
            Err(error) => store.send(Message::AnalystDied(error.to_string())),
        }
        keeper.set_value(Some(Keeper::new(move |event| store.send(Message::Kept(event)))));
        store.perform(Effect::Respawn);
        store.perform(Effect::Keep(KeepCommand::List));
        set_interval(move || store.send(Message::Clock(dom::now_ms())), Duration::from_secs(1));
        store
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
            Effect::Keep(command) => self.keeper.with_value(|keeper| {
                if let Some(keeper) = keeper {
                    keeper.push(command);
                }
            }),
            Effect::SaveLink(query) => dom::save_query(&query),
            Effect::End => self.worker.set_value(None),
            Effect::Respawn => {
                // The old worker ends before the new one asks for the device.
                self.worker.set_value(None);
                match WorkerClient::spawn(move |message| self.send(message)) {
                    Ok(worker) => self.worker.set_value(Some(worker)),
                    Err(error) => self.send(Message::WorkerDied(error.to_string())),
                }
            }
            Effect::AskAnalyst(request) => {
                let posted =
                    self.analyst.with_value(|analyst| analyst.as_ref().map(|analyst| analyst.post(request)));
                if let Some(Err(error)) = posted {
                    self.send(Message::AnalystDied(error.to_string()));
                }
            }
            Effect::Post(command) => {
                let posted =
                    self.worker.with_value(|worker| worker.as_ref().map(|worker| worker.post(command)));
                if let Some(Err(error)) = posted {
                    self.send(Message::WorkerDied(error.to_string()));
                }
            }
        }
    }
}
