//! The paper's ablations (section 4.4 and appendix A.1): its losses beside those of the run on show.

use leptos::prelude::*;

use super::subject::snapshot;
use crate::analysis::report::{AblationReport, Report};
use crate::plot::figures::{Cell, DataTable};
use crate::ui::charts::table_view;
use crate::ui::dom;
use crate::ui::store::Store;

/// What is kept or removed, the loss over all pairs that the paper found, and the report's.
type Line = (&'static str, &'static str, fn(&AblationReport) -> f64);

const LINES: [Line; 11] = [
    ("neurons: each clustered one as a polynomial of its frequency", "2.48e-7", |a| a.polynomial_neurons),
    ("neurons: only waves of a + b of the key frequencies", "5.54e-8", |a| a.sum_wave_neurons),
    ("neurons: only what the directions u, v of W_L read", "1.19e-7", |a| a.project_w_l),
    ("neurons: only what they do not read", "5.27", |a| a.complement_w_l),
    ("logits: only the key frequencies", "7.24e-8", |a| a.keep_key_components),
    ("logits: without the key frequencies", "worse than chance", |a| a.remove_key_components),
    ("no skip around the MLP", "9.12e-7", |a| a.zero_mlp_skip),
    ("the skip around the MLP as its mean", "7.25e-7", |a| a.mean_mlp_skip),
    ("no heads", "24.3", |a| a.zero_attention),
    ("no skip around the attention", "19.1", |a| a.zero_attention_skip),
    ("\u{201c}=\u{201d} does not attend to itself", "harmless", |a| a.no_attention_to_eq),
];

/// The panel.
pub(super) fn ablations() -> AnyView {
    let store = Store::get();
    let step = store.memo(|state| snapshot(state).map(|snapshot| snapshot.step));
    let origin = store.memo(|state| state.exhibit.as_ref().map(|exhibit| exhibit.origin.clone()));
    let numbers = Memo::new(move |_| {
        step.get();
        origin.get();
        store.peek(|state| snapshot(state).map(|snapshot| table(&snapshot.report)))
    });
    let save = move |_| {
        if let Some(table) = numbers.get_untracked() {
            dom::save_text("ablations.csv", "text/csv", &table.csv());
        }
    };
    let at = move || step.get().map(|step| format!("Losses over all pairs, in nats, at step {step}."));
    view! {
        <section class="panel figure-panel" id="ablations" aria-labelledby="ablations-title">
            <div class="panel-head">
                <h3 id="ablations-title">"What is left without a part"</h3>
            </div>
            <p class="finding">{at}</p>
            <div class="table-wide ablations" tabindex="0" role="region" aria-label="Ablations" data-testid="ablations">
                {move || numbers.get().map(|table| table_view(&table))}
            </div>
            <p class="caption">
                "Parts of the computation are kept or removed, and the rest answers all sums. In a model that groks \
                 the key frequencies alone do better than the whole, and without them nothing is left."
            </p>
            <div class="track-foot">
                <span class="files">
                    <button type="button" class="quiet" data-testid="ablations-csv" on:click=save>"CSV"</button>
                </span>
            </div>
        </section>
    }
    .into_any()
}

/// The whole model, the paper's ablations, and each key frequency removed from the logits.
fn table(report: &Report) -> DataTable {
    let mut table = DataTable::new("ablations", ["what", "paper", "this run"]);
    let mut push = |what: String, paper: &str, ours: f64| {
        table.push([Cell::Text(what), Cell::text(paper), Cell::Number(ours)]);
    };
    push("the whole model".to_owned(), "2.41e-7", report.loss.all);
    for (what, paper, of) in LINES {
        push(what.to_owned(), paper, of(&report.ablations));
    }
    for (freq, loss) in &report.ablations.remove_freq {
        push(format!("logits: without frequency {freq}"), "much worse", *loss);
    }
    table
}
