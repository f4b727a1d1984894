//! The one place where messages meet the state and effects meet the world.

use leptos::prelude::*;

use super::dom;
use super::link;
use super::state::{Run, State};
use super::update::{Effect, Message, update};
use super::worker_client::WorkerClient;
use crate::protocol::RunId;

/// A handle to the page's state; copies share it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store {
    state: RwSignal<State>,
    worker: StoredValue<Option<WorkerClient>, LocalStorage>,
    revision: Memo<Revision>,
}

/// Changes exactly when a figure would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Revision {
    run: Option<RunId>,
    rows: usize,
    spectrum_step: Option<usize>,
}

impl Store {
    /// Reads the page's link and begins the worker.
    pub(super) fn open() -> Self {
        let (draft, notices) = link::from_pairs(&dom::query_pairs());
        let state = RwSignal::new(State::new(draft, notices));
        let revision = Memo::new(move |_| {
            state.with(|state| Revision {
                run: state.run.as_ref().map(|run| run.id),
                rows: state.run.as_ref().map_or(0, |run| run.rows.len()),
                spectrum_step: state.run.as_ref().and_then(|run| run.spectrum.as_ref()).map(|s| s.step),
            })
        });
        let store = Self { state, worker: StoredValue::new_local(None), revision };
        store.perform(Effect::Respawn);
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

    /// Reads the state; the view follows it.
    pub(super) fn with<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with(read)
    }

    /// Reads the state once.
    pub(super) fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(read)
    }

    /// Reads the run once.
    pub(super) fn peek_run<T>(self, read: impl FnOnce(&Run) -> T) -> Option<T> {
        self.state.with_untracked(|state| state.run.as_ref().map(read))
    }

    /// A value of the state that notifies its readers only when it changes.
    pub(super) fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.state.with(&read))
    }

    /// Follows whatever the figures are made of.
    pub(super) fn track_figures(self) {
        // A memo that is only tracked is never computed, and so never changes.
        self.revision.get();
    }

    fn perform(self, effect: Effect) {
        match effect {
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
