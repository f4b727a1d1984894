//! Figure 5: how purely each neuron computes one frequency (paper section 4.3).

use super::bars::{Bar, BarChart};
use super::series::{listed, spectrum_panel, spectrum_table};
use super::sheet::{Chart, Panel, Row, Shape, Sheet};
use super::{Cell, DataNeed, DataTable, Figure, FigureData};
use crate::analysis::modular::neurons::MIN_CLUSTER_FVE;
use crate::analysis::modular::report::{NeuronReport, Report};
use crate::plot::Axis;
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-05",
    name: "Figure 5",
    title: "Neurons by frequency",
    caption: "Top: for each neuron, the fraction of its variance over the pairs that its best \
              frequency explains with a polynomial of degree two in the waves of a and b. Neurons \
              right of the line (0.85) belong to that frequency\u{2019}s cluster. Below: for each \
              cluster, the norms of its neurons\u{2019} columns of W_L. In a model that groks, neurons \
              that compute one frequency write to the logits in that frequency alone.",
    finding,
    needs: &[DataNeed::Report],
    uses: &[],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let Some(report) = data.report else { return String::new() };
    let NeuronReport { clustered, per_freq, fve, .. } = &report.neurons;
    let clusters = listed(per_freq.iter().map(|(freq, n)| format!("{n} at k = {freq}")));
    let clusters = if clusters.is_empty() { clusters } else { format!(": {clusters}") };
    format!("{clustered} of {} neurons belong to a cluster{clusters}.", fve.len())
}

/// Bars of the histogram: a whole number of them up to 0.85.
const N_BINS: usize = 40;
/// More clusters than this are left to the CSV.
const MAX_CLUSTERS: usize = 6;

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let Some(report) = data.report else { return Sheet { rows: Vec::new() } };
    let mut rows = vec![Row { panels: vec![histogram(&report.neurons, theme)], shape: Shape::Wide }];
    let panels: Vec<Panel> = largest_clusters(report)
        .into_iter()
        .map(|freq| {
            let n_neurons = report.neurons.per_freq[&freq];
            let title = format!("W_L, k = {freq} cluster ({n_neurons} neurons)");
            spectrum_panel(title, "norm", &report.neurons.w_l_norms[&freq], theme)
        })
        .collect();
    if !panels.is_empty() {
        rows.push(Row { panels, shape: Shape::Small });
    }
    Sheet { rows }
}

/// The frequencies of the largest clusters, ascending.
fn largest_clusters(report: &Report) -> Vec<usize> {
    let neurons = &report.neurons;
    let mut freqs: Vec<usize> =
        neurons.per_freq.keys().copied().filter(|freq| neurons.w_l_norms.contains_key(freq)).collect();
    freqs.sort_by_key(|freq| std::cmp::Reverse(neurons.per_freq[freq]));
    freqs.truncate(MAX_CLUSTERS);
    freqs.sort_unstable();
    freqs
}

fn counts(neurons: &NeuronReport) -> Vec<usize> {
    let mut counts = vec![0; N_BINS];
    for fve in &neurons.fve {
        counts[((fve * N_BINS as f64) as usize).min(N_BINS - 1)] += 1;
    }
    counts
}

fn histogram(neurons: &NeuronReport, theme: &Theme) -> Panel {
    let counts = counts(neurons);
    let edge = |bin: usize| bin as f64 / N_BINS as f64;
    let bars = counts.iter().enumerate().map(|(bin, &count)| Bar {
        from: edge(bin),
        to: edge(bin + 1),
        value: count as f64,
        color: if edge(bin) + 1e-9 >= MIN_CLUSTER_FVE { theme.train } else { theme.muted },
    });
    let largest = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let chart =
        BarChart { bars: bars.collect(), x: Axis::linear(0.0, 1.0), y: Axis::linear(0.0, 1.05 * largest) };
    let rest = neurons.fve.len() - neurons.clustered;
    Panel {
        legend: vec![
            (format!("in a cluster: {} neurons", neurons.clustered), theme.train),
            (format!("in none: {rest}"), theme.muted),
        ],
        marks: vec![MIN_CLUSTER_FVE],
        ..Panel::new(
            "How much one frequency explains",
            "fraction of variance explained",
            "neurons",
            Chart::Bars(chart),
        )
    }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let Some(report) = data.report else { return Vec::new() };
    let neurons = &report.neurons;
    let mut fits = DataTable::new("neurons", ["neuron", "frequency", "fve"]);
    for (n, (&freq, &fve)) in neurons.freq.iter().zip(&neurons.fve).enumerate() {
        fits.push([Cell::Count(n), Cell::Count(freq), Cell::Number(fve)]);
    }
    let clusters = neurons.w_l_norms.iter();
    let spectra: Vec<_> =
        clusters.map(|(freq, norms)| (format!("cluster_{freq}_w_l_norm"), norms.as_slice())).collect();
    vec![fits, spectrum_table("clusters", &spectra)]
}
