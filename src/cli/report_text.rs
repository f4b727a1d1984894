//! The report for a reader at a terminal: the paper's numbers, a line each.

use crate::analysis::measure::MEASURES;
use crate::analysis::modular::ablation::PaperAblation;
use crate::analysis::modular::report::Report;
use crate::format::{number, percent};
use crate::task::Split;

/// The report in some forty lines; losses are in nats. `--json` has the rest.
pub(super) fn report_text(report: &Report) -> String {
    let mut lines = measures(report);
    lines.extend(circuit(report));
    lines.extend(frequencies(report));
    lines.extend(ablations(report));
    lines.join("\n")
}

/// A line for each quantity of the list of measures, with its numbers side by side.
fn measures(report: &Report) -> Vec<String> {
    let taken = report.measures();
    let mut lines: Vec<(&str, Vec<String>)> = vec![("modulus p", vec![report.p.to_string()])];
    for measure in MEASURES {
        let Some(value) = measure.value(&taken) else { continue };
        let of = measure.split.map(split_words).or(measure.object);
        let words = of.into_iter().chain([measure.words(value).as_str()]).collect::<Vec<_>>().join(" ");
        match lines.last_mut().filter(|(label, _)| *label == measure.label) {
            Some((_, numbers)) => numbers.push(words),
            None => lines.push((measure.label, vec![words])),
        }
    }
    lines.into_iter().map(|(label, numbers)| line(label, &numbers.join("  "))).collect()
}

fn split_words(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Test => "test",
        Split::All => "all",
    }
}

fn circuit(report: &Report) -> Vec<String> {
    let Report { w_l_residual, neurons, .. } = report;
    let left = format!("{} of its norm", percent(w_l_residual.norm_ratio));
    let clustered = format!("{} of {}", neurons.clustered, neurons.freq.len());
    vec![line("left of W_L beyond the key waves", &left), line("neurons with one frequency", &clustered)]
}

fn line(label: &str, words: &str) -> String {
    format!("{label:<32} {words}")
}

fn frequencies(report: &Report) -> Vec<String> {
    let Report { key_freqs, alpha, excluded_loss, neurons, directions, .. } = report;
    if key_freqs.is_empty() {
        return vec![line("key frequencies", "none")];
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
