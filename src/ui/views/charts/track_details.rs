//! What stands behind the button of a chart over steps, or below it: how to read it, its numbers and its files.

use leptos::prelude::*;

use crate::plot::Theme;
use crate::plot::figures::DataTable;
use crate::ui::state::State;
use crate::ui::state::comparison::compared;
use crate::ui::state::run_name;
use crate::ui::state::view_choices::Track;
use crate::ui::store::Store;
use crate::ui::views::charts::disclosure::{Downloads, Numbers};

/// The caption, the numbers and the files.
pub(in crate::ui) fn track_details(track: Track) -> AnyView {
    let store = Store::get();
    view! {
        <div class="track-footer">
            <p class="caption">{track.caption()}</p>
            <Numbers tables=Callback::new(move |()| {
                store.track_figures();
                store.peek(|state| tables(state, track))
            }) />
            <Downloads
                name=track.id()
                sheet=Callback::new(move |theme: Theme| {
                    store.peek(|state| {
                        let run_view = state.run_view.as_ref()?;
                        Some(track.sheet(run_view, &compared(state), &state.view, &theme))
                    })
                })
                tables=Callback::new(move |()| {
                    store.peek(|state| tables(state, track))
                })
            />
        </div>
    }
    .into_any()
}

/// The numbers of the run on show, then those of the runs laid over it, each under its name.
fn tables(state: &State, track: Track) -> Vec<DataTable> {
    let own = state.run_view.iter().map(|run_view| track.table(run_view));
    let others = compared(state).into_iter().map(|(compared, run_view)| DataTable {
        name: if run_view.n_rows_left_out > 0 {
            format!("{}-thinned", run_name::plain(&compared.name))
        } else {
            run_name::plain(&compared.name)
        },
        ..track.table(run_view)
    });
    own.chain(others).collect()
}
