//! The report for a reader at a terminal: the paper's numbers, a line each.

use super::output::loss_text;
use crate::analysis::ablation::PaperAblation;
use crate::analysis::report::Report;

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
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
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
        format!("excluded loss                    train {}", loss_text(excluded_loss.train)),
        format!("smallest margin                  {min_margin:.3}"),
    ]
}

fn circuit(report: &Report) -> Vec<String> {
    let Report { gini, sum_sq_weights, logit_fve, w_l_residual, neurons, cosine_fit_loss, .. } = report;
    vec![
        format!("Gini coefficient                 W_E {:.3}  W_L {:.3}", gini.w_e, gini.w_l),
        format!("sum of squared weights           {:.1}", sum_sq_weights.total),
        format!("logits explained by cosines      {:.4}", logit_fve),
        format!("loss of the cosines alone        {}", loss_text(*cosine_fit_loss)),
        format!("left of W_L beyond the key waves {:.4} of its norm", w_l_residual.norm_ratio),
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
        let explained: Vec<_> = of_freq.map(|direction| format!("{:.4}", direction.fve)).collect();
        format!(
            "{freq:>13}  {:<6.3}  {:<13}  {:<7}  {}",
            alpha.get(freq).unwrap_or(&f64::NAN),
            excluded_loss.per_freq.get(freq).map(|&loss| loss_text(loss)).unwrap_or_default(),
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
        let loss = loss_text(report.ablations.losses[paper]);
        format!("  {:<width$}  {loss}", paper.description())
    };
    std::iter::once(heading).chain(PaperAblation::ALL.map(line)).collect()
}

fn parts(train: f64, test: f64, all: f64) -> String {
    format!("train {}  test {}  all {}", loss_text(train), loss_text(test), loss_text(all))
}
