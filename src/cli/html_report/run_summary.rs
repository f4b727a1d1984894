//! What was run: the page's first and last words.

use super::element::{escaped, table};
use super::versions;
use crate::analysis::measure::{
    ACCURACY_ALL, ACCURACY_TEST, ACCURACY_TRAIN, LOSS_ALL, LOSS_TEST, LOSS_TRAIN, MeasureUnit,
    RESTRICTED_ACCURACY_ALL, RESTRICTED_ACCURACY_TEST, RESTRICTED_ACCURACY_TRAIN, RESTRICTED_LOSS_ALL,
    RESTRICTED_LOSS_TEST, RESTRICTED_LOSS_TRAIN,
};
use crate::cli::reproduce::analysis::RunAnalysis;
use crate::cli::reproduce::stored_run::StoredRun;
use crate::config::ExperimentConfig;
use crate::format::count;
use crate::plot::figures::{Cell, DataTable};

/// The experiment in a sentence, and the numbers at its end.
pub(super) fn opening(run: &StoredRun, analysis: &RunAnalysis) -> String {
    let ExperimentConfig { data, model, optim, .. } = &run.config;
    let scores = table(&numbers(analysis));
    // The report is of runs of sums.
    let Some(data) = data.modular() else { return scores };
    let steps = count(run.last_step());
    let stopped = match run.config.run.epochs {
        epochs if epochs > run.last_step() => format!(" of {}", count(epochs)),
        _ => String::new(),
    };
    let words = format!(
        "A transformer of {} block{} (d_model {}, {} heads, {} neurons) learned a + b mod {} from {} of {} pairs \
         (split {}) in {steps}{stopped} steps of AdamW with learning rate {} and weight decay {}; initial weights \
         from seed {}.",
        model.n_layers,
        if model.n_layers == 1 { "" } else { "s" },
        model.d_model,
        model.n_heads,
        model.d_mlp,
        data.p,
        count(data.n_train()),
        count(data.n_pairs()),
        data.split,
        optim.lr,
        optim.weight_decay,
        model.seed,
    );
    format!("<p>{}</p>\n{scores}", escaped(&words))
}

/// The last checkpoint's scores.
fn numbers(analysis: &RunAnalysis) -> DataTable {
    let measures = analysis.report.measures();
    let mut numbers = DataTable::new("scores", ["at the last checkpoint", "train", "test", "all pairs"]);
    for of_sets in [
        [&LOSS_TRAIN, &LOSS_TEST, &LOSS_ALL],
        [&RESTRICTED_LOSS_TRAIN, &RESTRICTED_LOSS_TEST, &RESTRICTED_LOSS_ALL],
        [&ACCURACY_TRAIN, &ACCURACY_TEST, &ACCURACY_ALL],
        [&RESTRICTED_ACCURACY_TRAIN, &RESTRICTED_ACCURACY_TEST, &RESTRICTED_ACCURACY_ALL],
    ] {
        let cells = of_sets.map(|measure| {
            let value = measure.value(&measures).unwrap_or(f64::NAN);
            if measure.unit == MeasureUnit::FractionCorrect {
                Cell::Share(value)
            } else {
                Cell::Number(value)
            }
        });
        numbers.push(std::iter::once(Cell::text(of_sets[0].axis())).chain(cells));
    }
    numbers
}

/// Settings and versions.
pub(super) fn closing(run: &StoredRun) -> String {
    let config = serde_json::to_string_pretty(&run.config).expect("plain data with text keys");
    let engine = match &run.engine {
        Some(info) => format!(
            "The last steps were made by the {} engine on the {} ({}) in {}.",
            info.engine, info.device, info.device_name, info.precision
        ),
        None => "The run does not say what made it.".to_owned(),
    };
    let version = format!(
        "{} {engine} Analysed in 64-bit floats: {} checkpoints, all with the key frequencies of the last.",
        versions::sentence(),
        run.checkpoints.len()
    );
    format!("<h2>Settings and versions</h2>\n<p>{}</p>\n<pre>{}</pre>", escaped(&version), escaped(&config))
}
