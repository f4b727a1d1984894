//! The paper's ablations (section 4.4 and appendix A.1): its losses beside those of the run on show. Each is a
//! button that makes it.

use std::sync::Arc;

use leptos::prelude::*;

use crate::analysis::modular::ablation::{
    PAPER_LOSS_UNABLATED, PAPER_LOSS_WITHOUT_FREQ, PaperAblation, remove_freq_description,
};
use crate::analysis::modular::report::{AblationReport, Report};
use crate::plot::figures::{Cell, DataTable};
use crate::ui::browser::dom;
use crate::ui::state::ablated_model;
use crate::ui::state::ablation_editor::{AblationEdit, AppliedAblation};
use crate::ui::state::format;
use crate::ui::store::Store;
use crate::ui::views::panels::ablatable_figure::other_weights;
use crate::ui::views::panels::panel_content::snapshot;
use crate::ui::views::panels::paper_ablation_rows::{ablation_button, each, paper_rows};

/// The panel.
pub(super) fn ablations() -> AnyView {
    let store = Store::get();
    let step = store.memo(|state| snapshot(state).map(|snapshot| snapshot.step));
    let origin = store.memo(|state| state.run_view.as_ref().map(|run_view| run_view.origin.clone()));
    let applied_ablation = store.memo(ablated_model::applied_ablation);
    let losses = Memo::new(move |_| {
        step.get();
        origin.get();
        store.peek(|state| {
            let report = snapshot(state)?.report()?;
            Some((report.loss.all, report.ablations.clone()))
        })
    });
    let report = Memo::new(move |_| losses.with(|losses| losses.as_ref().map(|(_, report)| report.clone())));
    let freqs = Memo::new(move |_| {
        let freqs =
            |report: &AblationReport| report.remove_freq.keys().copied().map(AblationEdit::Freq).collect();
        report.with(|report| report.as_ref().map(freqs).unwrap_or_default())
    });
    let whole = move || losses.with(|losses| losses.as_ref().map(|(whole, _)| format::number(*whole)));
    let without = move |edit| without_freq(edit, applied_ablation, report);
    let save = move |_| {
        if let Some(table) = store.peek(|state| snapshot(state)?.report().map(table)) {
            dom::save_text("ablations.csv", "text/csv", &table.csv());
        }
    };
    let at = move || step.get().map(|step| format!("Losses over all pairs, in nats, at step {step}."));
    view! {
        <section class="panel figure-panel" id="ablations" aria-labelledby="ablations-title">
            <div class="panel-head">
                <h3 id="ablations-title">"Ablations: paper and this run"</h3>
            </div>
            <p class="finding">{at} " " {other_weights(store, "ablations")}</p>
            <div class="table-wide ablations" tabindex="0" role="region" aria-label="Ablations" data-testid="ablations">
                <table class="paper-ablations">
                    <thead><tr><th scope="col">"ablation"</th><th scope="col">"paper, loss over all"</th><th scope="col">"this run"</th></tr></thead>
                    <tbody>
                        <tr><th scope="row" class="words">"the full model"</th><td class="words">{PAPER_LOSS_UNABLATED}</td><td>{whole}</td></tr>
                        {paper_rows(applied_ablation, "cut", report)}
                        {each(freqs, Arc::new(without))}
                    </tbody>
                </table>
            </div>
            <p class="caption">
                "Parts of the computation are kept or removed, and the rest answers all sums. In a model that groks \
                 the key frequencies alone do better than the whole, and without them nothing is left. A click \
                 on a line does it to the model."
            </p>
            <div class="track-footer">
                <span class="files">
                    <button type="button" class="quiet" data-testid="ablations-csv" on:click=save>"CSV"</button>
                </span>
            </div>
        </section>
    }
    .into_any()
}

/// The row of a frequency removed from the logits; nothing for another edit.
fn without_freq(
    edit: AblationEdit,
    applied_ablation: Memo<AppliedAblation>,
    report: Memo<Option<AblationReport>>,
) -> AnyView {
    let AblationEdit::Freq(freq) = edit else { return ().into_any() };
    let description = remove_freq_description(freq);
    let button = ablation_button(applied_ablation, "cut", "ablation-button in-table", description, edit);
    let ours = move || {
        report.with(|report| report.as_ref()?.remove_freq.get(&freq).map(|loss| format::number(*loss)))
    };
    view! { <tr><th scope="row" class="words">{button}</th><td class="words">{PAPER_LOSS_WITHOUT_FREQ}</td><td>{ours}</td></tr> }
        .into_any()
}

/// The whole model, the paper's ablations, and each key frequency removed from the logits.
fn table(report: &Report) -> DataTable {
    let mut table = DataTable::new("ablations", ["what", "paper", "this run"]);
    let mut push = |what: String, paper: &str, ours: f64| {
        table.push([Cell::Text(what), Cell::text(paper), Cell::Number(ours)]);
    };
    push("the full model".to_owned(), PAPER_LOSS_UNABLATED, report.loss.all);
    for paper in PaperAblation::ALL {
        push(paper.description().to_owned(), paper.paper_loss(), report.ablations.losses[paper]);
    }
    for (freq, loss) in &report.ablations.remove_freq {
        push(remove_freq_description(*freq), PAPER_LOSS_WITHOUT_FREQ, *loss);
    }
    table
}
