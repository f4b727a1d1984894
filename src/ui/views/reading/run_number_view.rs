//! A number of the run on show in the text, the paper's beside it.

use leptos::prelude::*;

use crate::ui::state::State;
use crate::ui::state::run_view::Origin;
use crate::ui::store::Store;
use crate::ui::views::reading::run_number::RunNumber;

/// Changes whenever a number of the run on show may have changed.
type Revision = Option<(Origin, (usize, usize), usize, usize, usize)>;

/// The revision of the run on show, for all numbers of the text together: most messages change none of them.
#[derive(Clone, Copy)]
pub(super) struct RunRevision(Memo<Revision>);

impl RunRevision {
    /// That of the page's run on show.
    pub(super) fn new(store: Store) -> Self {
        Self(store.memo(revision))
    }

    /// What `read` finds in the state, anew at each revision.
    pub(super) fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        store: Store,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| {
            self.0.get();
            store.peek(&read)
        })
    }
}

fn revision(state: &State) -> Revision {
    let run = state.run_view.as_ref()?;
    Some((run.origin.clone(), run.rows_revision(), run.progress.len(), run.edition, run.snapshots.len()))
}

/// The number, or why there is none, and the paper's.
pub(super) fn run_number(number: RunNumber) -> AnyView {
    let store = Store::get();
    let words =
        expect_context::<RunRevision>().memo(store, move |state| number.words(state.run_view.as_ref()));
    let is_missing = move || words.get().is_err();
    let text = move || words.get().unwrap_or_else(str::to_owned);
    let paper = (!number.paper.is_empty()).then(|| {
        view! { <span class="paper">{format!(" (paper: {})", number.paper)}</span> }
    });
    view! { <span class="of-run" class:missing=is_missing data-testid="run-number">{text}</span>{paper} }
        .into_any()
}
