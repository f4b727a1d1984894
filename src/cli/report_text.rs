//! The report for a reader at a terminal: the paper's numbers, a line each.

use crate::analysis::ablation::PaperAblation;
use crate::analysis::report::Report;
use crate::format::{number, percent};

/// The report in some thirty lines. `--json` has the rest.
pub(super) fn report_text(report: &Report) -> String {
    let mut lines = scores(report);
    lines.extend(circuit(report));
    lines.extend(frequencies(report));
    lines.extend(ablations(report));
    lines.join("\n")
}

fn scores(report: &Report) -> Vec<String> {
    let Report { p, loss, accuracy, restricted_loss, excluded_loss, min_margin, .. } = report;
    vec![
        format!("modulus p                        {p}"),
        format!("loss (nats)                      {}", parts(loss.train, loss.test, loss.all)),
        format!(
            "accuracy                         train {}  test {}",
            percent(accuracy.train),
            percent(accuracy.test)
        ),
        format!(
            "restricted loss                  {}",
            parts(restricted_loss.train, restricted_loss.test, restricted_loss.all)
        ),
        format!("excluded loss                    train {}", number(excluded_loss.train)),
        format!("smallest margin                  {}", number(*min_margin)),
    ]
}

fn circuit(report: &Report) -> Vec<String> {
    let Report { gini, sum_sq_weights, logit_fve, w_l_residual, neurons, cosine_fit_loss, .. } = report;
    vec![
        format!("Gini coefficient                 W_E {}  W_L {}", number(gini.w_e), number(gini.w_l)),
        format!("sum of squared weights           {}", number(sum_sq_weights.total)),
        format!("logits explained by cosines      {}", percent(*logit_fve)),
        format!("loss of the cosines alone        {}", number(*cosine_fit_loss)),
        format!("left of W_L beyond the key waves {} of its norm", percent(w_l_residual.norm_ratio)),
        format!("neurons with one frequency       {} of {}", neurons.clustered, neurons.freq.len()),
    ]
}

fn frequencies(report: &Report) -> Vec<String> {
    let Report { key_freqs, alpha, excluded_loss, neurons, directions, .. } = report;
    if key_freqs.is_empty() {
        return vec!["key frequencies                  none".to_owned()];
    }
    let mut lines =
        vec!["key frequency  alpha   excluded loss  neurons  explained: cos, sin direction".to_owned()];
    lines.extend(key_freqs.iter().map(|freq| {
        let of_freq = directions.iter().filter(|direction| direction.freq == *freq);
        let explained: Vec<_> = of_freq.map(|direction| percent(direction.fve)).collect();
        format!(
            "{freq:>13}  {:<6}  {:<13}  {:<7}  {}",
            alpha.get(freq).map(|&alpha| number(alpha)).unwrap_or_default(),
            excluded_loss.per_freq.get(freq).map(|&loss| number(loss)).unwrap_or_default(),
            neurons.per_freq.get(freq).unwrap_or(&0),
            explained.join(", ")
        )
    }));
    lines
}

fn ablations(report: &Report) -> Vec<String> {
    let width = PaperAblation::ALL.map(|paper| paper.description().len()).into_iter().max().unwrap_or(0);
    let heading = format!("{:<1$}  loss over all pairs", "ablation", width + 2);
    let line = |paper: PaperAblation| {
        let loss = number(report.ablations.losses[paper]);
        format!("  {:<width$}  {loss}", paper.description())
    };
    std::iter::once(heading).chain(PaperAblation::ALL.map(line)).collect()
}

fn parts(train: f64, test: f64, all: f64) -> String {
    format!("train {}  test {}  all {}", number(train), number(test), number(all))
}
