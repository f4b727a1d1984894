//! Where messages meet the state. What they ask of the outside world goes to a handler that is installed at the
//! start.

use std::rc::Rc;

use leptos::prelude::*;

use crate::ui::state::State;
use crate::ui::state::figures_revision::FiguresRevision;
use crate::ui::update::{Effect, Message, update};

/// A handle to the page's state; copies share it.
#[derive(Clone, Copy)]
pub(super) struct Store {
    state: RwSignal<State>,
    handler: StoredValue<Option<Handler>, LocalStorage>,
    figures_revision: Memo<FiguresRevision>,
}

/// Carries effects out.
type Handler = Rc<dyn Fn(Effect)>;

impl Store {
    /// A store that carries no effects out yet.
    pub(super) fn new(state: State) -> Self {
        let state = RwSignal::new(state);
        Self {
            state,
            handler: StoredValue::new_local(None),
            figures_revision: Memo::new(move |_| state.with(FiguresRevision::of)),
        }
    }

    /// The store of the page around this view.
    pub(super) fn get() -> Self {
        expect_context()
    }

    /// From now on `handler` carries the effects out.
    pub(super) fn install(self, handler: impl Fn(Effect) + 'static) {
        self.handler.set_value(Some(Rc::new(handler)));
    }

    /// Applies a message and has its effects carried out.
    pub(super) fn send(self, message: Message) {
        let effects = self.state.try_update(|state| update(state, message)).unwrap_or_default();
        // An effect may send a message at once, so the handler is not borrowed meanwhile.
        if let Some(handler) = self.handler.get_value() {
            effects.into_iter().for_each(|effect| handler(effect));
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
        self.figures_revision.get();
    }
}
