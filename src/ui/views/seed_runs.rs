//! The five seeds of the paper's experiment, side by side, each with a button that lays it over the run on show.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::error::{LabError, Result};
use crate::ui::browser::{dom, fetch};
use crate::ui::state::run_view::RunView;
use crate::ui::state::seed_runs::{SEEDS, accuracy_path, file, read, words};
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The size of a curve, in the units of its drawing.
const SIZE: (f64, f64) = (160.0, 60.0);

/// The panel.
#[component]
pub(in crate::ui) fn SeedRuns() -> impl IntoView {
    let store = Store::get();
    let runs = RwSignal::new(Vec::<RunView>::new());
    let problem = RwSignal::new(String::new());
    let load = move |_| {
        spawn_local(async move {
            match load_all().await {
                Ok(all) => runs.set(all),
                Err(error) => problem.set(error.to_string()),
            }
        });
    };
    let is_loaded = move || runs.with(|runs| !runs.is_empty());
    let curves = move || runs.get().into_iter().map(|run| curve(store, run)).collect_view();
    view! {
        <section class="panel seed-runs" aria-labelledby="seeds-title">
            <div class="panel-head">
                <h2 id="seeds-title">"Five seeds of the paper\u{2019}s experiment"</h2>
            </div>
            <p class="caption">
                "The same settings with other initial weights and another split: every one memorises at once, and each groks \
                 at a time of its own. Test accuracy over logarithmic steps."
            </p>
            <button type="button" data-testid="load-seeds" hidden=is_loaded on:click=load>"Show the five runs"</button>
            <p class="problem" role="status">{move || problem.get()}</p>
            <ul class="seeds" data-testid="seeds">{curves}</ul>
        </section>
    }
    .into_any()
}

/// # Errors
/// [`LabError::File`] if the site does not have a file, [`LabError::Content`] if it is no table of metrics.
async fn load_all() -> Result<Vec<RunView>> {
    let mut runs = Vec::new();
    for seed in SEEDS {
        let bytes = fetch::bytes(&dom::asset(&file(seed)), |_| ()).await?;
        let text = String::from_utf8(bytes).map_err(|_| LabError::content(file(seed), "it is no text"))?;
        runs.push(read(seed, &text)?);
    }
    Ok(runs)
}

fn curve(store: Store, run: RunView) -> AnyView {
    let (name, words) = (run.origin.name(), words(&run));
    let (width, height) = SIZE;
    let path = accuracy_path(&run, width, height);
    let label = format!("{name}: {words}");
    let lay_over = move |_| {
        store.send(Message::AddRunView { run_view: Box::new(run.clone()), show: false });
        store.send(Message::Compare { origin: run.origin.clone(), on: true });
    };
    view! {
        <li>
            <h3>{name.clone()}</h3>
            <svg viewBox=format!("-2 -2 {} {}", width + 4.0, height + 4.0) role="img" aria-label=label>
                <path d=path />
            </svg>
            <p class="unit">{words}</p>
            <button type="button" class="quiet" data-testid=format!("compare-{}", name.replace(' ', "-")) on:click=lay_over>"Compare with the run on show"</button>
        </li>
    }
    .into_any()
}
