//! What was run: the page's first and last words.

use super::element::{escaped, table};
use super::versions;
use crate::cli::reproduce::analysis::RunAnalysis;
use crate::cli::reproduce::stored_run::StoredRun;
use crate::config::ExperimentConfig;
use crate::format::count;
use crate::plot::figures::{Cell, DataTable};

/// The experiment in a sentence, and the numbers at its end.
pub(super) fn opening(run: &StoredRun, analysis: &RunAnalysis) -> String {
    let ExperimentConfig { data, model, optim, .. } = &run.config;
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
        count(data.p * data.p),
        data.split,
        optim.lr,
        optim.weight_decay,
        model.seed,
    );
    format!("<p>{}</p>\n{}", escaped(&words), table(&numbers(analysis)))
}

/// The last checkpoint's scores.
fn numbers(analysis: &RunAnalysis) -> DataTable {
    let report = &analysis.report;
    let mut numbers = DataTable::new("scores", ["at the last checkpoint", "train", "test", "all pairs"]);
    for (name, parts) in [("loss (nats)", &report.loss), ("restricted loss (nats)", &report.restricted_loss)]
    {
        let values = [parts.train, parts.test, parts.all].map(Cell::Number);
        numbers.push([Cell::text(name)].into_iter().chain(values));
    }
    let accuracy = &report.accuracy;
    let values = [accuracy.train, accuracy.test, accuracy.all].map(Cell::Share);
    numbers.push([Cell::text("accuracy")].into_iter().chain(values));
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
