//! The zone that takes files, and the buttons that hand them out.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::analysis::modular::report::Report;
use crate::engine::metrics_csv;
use crate::error::{LabError, Result};
use crate::model::safetensors::WeightLayout;
use crate::protocol::capsule::archive::Packing;
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::capsules::{left_out_of, shown_capsule, slim_capsule};
use crate::ui::state::opened_file::MAX_FILE_BYTES;
use crate::ui::state::report_card::{self, ReportCard};
use crate::ui::state::run_view::RunView;
use crate::ui::state::{format, run_name};
use crate::ui::store::Store;
use crate::ui::update::Message;

/// Takes files that are dropped anywhere on the page, and says so while one hovers.
#[component]
pub(in crate::ui) fn DropZone() -> impl IntoView {
    let store = Store::get();
    let hovers = RwSignal::new(false);
    dom::watch_drops(move |over| hovers.set(over), move |files| take(store, files));
    view! {
        <div class="drop-overlay" class:shown=move || hovers.get() aria-hidden="true" data-testid="drop-zone">
            <p>"Drop a capsule, weights, metrics.csv or report.json"</p>
        </div>
    }
}

fn take(store: Store, files: Vec<web_sys::File>) {
    for file in files {
        spawn_local(async move {
            let name = file.name();
            match bytes_of(&file).await {
                Ok(bytes) => store.send(Message::FileOpened { name, bytes }),
                Err(error) => store.send(Message::FileRead { name, found: Err(error) }),
            }
        });
    }
}

async fn bytes_of(file: &web_sys::File) -> Result<Vec<u8>> {
    if file.size() > MAX_FILE_BYTES {
        let (size, most) = (format::bytes(file.size()), format::bytes(MAX_FILE_BYTES));
        return Err(LabError::content("file", format!("it has {size}; the page reads up to {most}")));
    }
    dom::read_file(file).await
}

/// Open, and save in every form.
#[component]
pub(in crate::ui) fn Files() -> impl IntoView {
    let store = Store::get();
    let input = NodeRef::<html::Input>::new();
    let chosen = move |_| {
        if let Some(input) = input.get() {
            take(store, dom::chosen_files(&input));
            // The same file can be chosen again.
            input.set_value("");
        }
    };
    view! {
        <section class="panel open-and-save" id="files" aria-labelledby="files-title">
            <h2 id="files-title">"Files"</h2>
            <p class="row">
                <label for="open-file">"Open a capsule, weights, metrics.csv, report.json or config.json:"</label>
                <input node_ref=input id="open-file" type="file" multiple data-testid="open-file" on:change=chosen />
            </p>
            {file_problems(store, "file-error-here", false)}
            <div class="buttons" role="group" aria-label="Save the run on show">
                {SAVES.map(|save| view! { <SaveButton save /> }).collect_view()}
            </div>
            <Cards />
        </section>
    }
}

/// The files that could not be used, until they are dismissed. Near the top of the page they are an alert; a
/// second one would only be read out twice.
pub(in crate::ui) fn file_problems(store: Store, hook: &'static str, is_alert: bool) -> AnyView {
    let problems = store.memo(|state| state.file_problems.clone());
    let list = move || {
        let problems = problems.get();
        (!problems.is_empty()).then(|| {
            // The last one first: it is the one just opened.
            let items = problems.into_iter().rev().map(|words| view! { <li>{words}</li> }).collect_view();
            view! {
                <div class="problem" class:panel=is_alert role=is_alert.then_some("alert") data-testid=hook>
                    <ul>{items}</ul>
                    <button type="button" data-testid=format!("dismiss-{hook}") on:click=move |_| store.send(Message::DismissFileProblems)>
                        "Dismiss"
                    </button>
                </div>
            }
        })
    };
    list.into_any()
}

/// A file that the run on show can be saved as.
struct Save {
    test_id: &'static str,
    words: &'static str,
    hint: &'static str,
    media_type: &'static str,
    /// The end of the file's name, after that of the run.
    ending: fn(&State) -> &'static str,
    /// Whether there is anything to save.
    enabled: fn(&State) -> bool,
    bytes: fn(&State) -> Result<Vec<u8>>,
    /// What the reader should know of the file.
    remark: fn(&State) -> Option<String>,
}

const SAVES: [Save; 5] = [
    Save {
        test_id: "download-capsule",
        words: "Capsule",
        hint: "One file with settings, curves, measures, checkpoints and the state to go on from",
        media_type: "application/zip",
        ending: |_| ".capsule.zip",
        enabled: |state| state.run_view.is_some(),
        bytes: |state| Ok(slim_capsule(shown(state)?).to_bytes(Packing::Small)),
        remark: left_out_of,
    },
    Save {
        test_id: "download-weights",
        words: "Weights",
        hint: "The last weights as safetensors, in the layout of the paper's code",
        media_type: "application/octet-stream",
        ending: |_| ".safetensors",
        enabled: has_weights,
        bytes: |state| Ok(shown(state)?.last_weights()?.to_bytes(WeightLayout::PaperCode)),
        remark: |_| None,
    },
    Save {
        test_id: "download-weights-tl",
        words: "Weights for TransformerLens",
        hint: "The last weights as safetensors, in TransformerLens's layout",
        media_type: "application/octet-stream",
        ending: |_| ".transformer-lens.safetensors",
        enabled: has_weights,
        bytes: |state| Ok(shown(state)?.last_weights()?.to_bytes(WeightLayout::TransformerLens)),
        remark: |_| None,
    },
    Save {
        test_id: "download-metrics",
        words: "metrics.csv",
        hint: "Losses and accuracies by step, as grok writes them",
        media_type: "text/csv",
        ending: |state| if is_thinned(state) { ".thinned.metrics.csv" } else { ".metrics.csv" },
        enabled: |state| state.run_view.as_ref().is_some_and(|run_view| !run_view.rows.is_empty()),
        bytes: |state| Ok(metrics_csv::write(&shown(state)?.rows).into_bytes()),
        // The file's header is fixed, so its name and the page say it.
        remark: |state| state.run_view.as_ref().and_then(RunView::thinned_words),
    },
    Save {
        test_id: "download-report",
        words: "report.json",
        hint: "Every number of the last analysed weights, as grok writes them",
        media_type: "application/json",
        ending: |_| ".report.json",
        enabled: |state| last_report(state).is_some(),
        bytes: report_json,
        remark: |_| None,
    },
];

fn is_thinned(state: &State) -> bool {
    state.run_view.as_ref().is_some_and(|run_view| run_view.n_rows_left_out > 0)
}

fn shown(state: &State) -> Result<crate::protocol::capsule::Capsule> {
    shown_capsule(state).ok_or_else(|| LabError::content("run on show", "there is none"))
}

fn has_weights(state: &State) -> bool {
    let own = state.run.as_ref().is_some_and(|run| run.saved.is_some());
    state.run_view.as_ref().is_some_and(|run_view| {
        !run_view.weights.is_empty() || (own && run_view.origin == crate::ui::state::run_view::Origin::Own)
    })
}

fn last_report(state: &State) -> Option<&Report> {
    let run_view = state.run_view.as_ref()?;
    let own = run_view.snapshots.last_key_value();
    let own = own.and_then(|(step, snapshot)| Some((*step, snapshot.report()?)));
    let came = run_view.reports.last_key_value().map(|(step, report)| (*step, report.as_ref()));
    own.into_iter().chain(came).max_by_key(|(step, _)| *step).map(|(_, report)| report)
}

fn report_json(state: &State) -> Result<Vec<u8>> {
    let report = last_report(state).ok_or_else(|| LabError::content("report", "nothing was analysed yet"))?;
    let mut json = serde_json::to_vec_pretty(report).map_err(|e| LabError::content("report", e))?;
    json.push(b'\n');
    Ok(json)
}

#[component]
fn SaveButton(save: Save) -> impl IntoView {
    let store = Store::get();
    let Save { test_id, words, hint, media_type, ending, enabled, bytes, remark } = save;
    let enabled = store.memo(enabled);
    let click = move |_| {
        let made = store.peek(|state| {
            let name = state.run_view.as_ref().map(|run_view| run_name::file_name(&run_view.config));
            bytes(state).map(|bytes| (format!("grok-{}{}", name.unwrap_or_default(), ending(state)), bytes))
        });
        match made {
            Ok((name, bytes)) => {
                dom::save_bytes(&name, media_type, &bytes);
                if let Some(words) = store.peek(remark) {
                    store.send(Message::Remark(words));
                }
            }
            Err(error) => store.send(Message::FileRead { name: words.into(), found: Err(error) }),
        }
    };
    view! {
        <button type="button" data-testid=test_id title=hint disabled=move || !enabled.get() on:click=click>
            {format!("Save {words}")}
        </button>
    }
}

/// Reports that were dropped in, beside the run on show.
#[component]
fn Cards() -> impl IntoView {
    let store = Store::get();
    let cards = store.memo(|state| state.report_cards.clone());
    let own = store.memo(|state| last_report(state).cloned());
    move || {
        let cards = cards.get();
        (!cards.is_empty()).then(|| {
            let own = own.get();
            let mut names: Vec<String> = cards.iter().map(|card: &ReportCard| card.name.clone()).collect();
            let mut reports: Vec<&Report> = cards.iter().map(|card| &card.report).collect();
            if let Some(own) = &own {
                names.push("the run on show".into());
                reports.push(own);
            }
            let head = names.into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view();
            let body = report_card::lines(&reports)
                .into_iter()
                .map(|(name, numbers)| {
                    let cells = numbers.into_iter().map(|n| view! { <td>{n}</td> }).collect_view();
                    view! { <tr><th scope="row">{name}</th>{cells}</tr> }
                })
                .collect_view();
            view! {
                <div class="table-box" tabindex="0" role="region" aria-label="Reports" data-testid="report-cards">
                    <table>
                        <thead><tr><th scope="col">"report"</th>{head}</tr></thead>
                        <tbody>{body}</tbody>
                    </table>
                </div>
            }
        })
    }
}
