//! The neurons: which frequency each computes, and the purest of each cluster on all pairs.

use super::{
    AblatableParts, CheckpointFigure, CheckpointFigureData, Choice, HitRegion, ModelPart, ModelParts,
};
use crate::analysis::checkpoint::ModularAnalysis;
use crate::analysis::modular::neurons::MIN_CLUSTER_FVE;
use crate::plot::figures::bars::{Bar, BarChart};
use crate::plot::figures::grids::pair_map;
use crate::plot::figures::heat_map::HeatMap;
use crate::plot::figures::series::{listed, strongest};
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;
use crate::plot::{Axis, PixelMap};

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "neurons",
    title: "Neurons by frequency",
    caption: "Top: every neuron, sorted by its best frequency; the bar is the fraction of its variance over the \
              pairs which that frequency explains. Those above 0.85 are the frequency\u{2019}s cluster. Below: \
              the activation of the purest neuron of each cluster on every pair (a, b).",
    finding: |data| {
        let neurons = &data.analysis.report.neurons;
        let clusters = neurons.per_freq.iter().map(|(freq, n)| format!("{n} at k = {freq}"));
        let n_all = neurons.fve.len();
        if neurons.clustered == 0 {
            return format!("At step {}: none of {n_all} neurons belongs to a cluster yet.", data.step);
        }
        let (step, clustered) = (data.step, neurons.clustered);
        format!("At step {step}: {clustered} of {n_all} neurons belong to a cluster: {}.", listed(clusters))
    },
    sheet,
    tables,
    needs: &[],
    ablatable: Some(AblatableParts {
        parts: |snapshot| {
            let clusters = &snapshot.report.neurons.per_freq;
            let names = clusters.iter().map(|(freq, n)| format!("k = {freq}: {n} neurons"));
            ModelParts::in_a_row(
                clusters.keys().copied().map(ModelPart::Cluster).collect(),
                Choice::new("cluster", names),
            )
        },
        hit_regions: spots,
    }),
};

/// More maps than this tell nothing new.
const MAX_MAPS: usize = 8;

/// The neurons by frequency, in a cluster the purest first.
fn sorted(snapshot: &ModularAnalysis) -> Vec<usize> {
    let neurons = &snapshot.report.neurons;
    let mut order: Vec<usize> = (0..neurons.fve.len()).collect();
    order.sort_by(|&m, &n| {
        neurons.freq[m].cmp(&neurons.freq[n]).then(neurons.fve[n].total_cmp(&neurons.fve[m]))
    });
    order
}

/// A cluster lies in the strip of neurons, where it has bars side by side, and is the map of its purest one.
fn spots(snapshot: &ModularAnalysis, maps: &[PixelMap], part: ModelPart) -> Vec<HitRegion> {
    let ModelPart::Cluster(freq) = part else { return Vec::new() };
    let neurons = &snapshot.report.neurons;
    let is_in = |n: usize| neurons.freq[n] == freq && neurons.fve[n] >= MIN_CLUSTER_FVE;
    let order = sorted(snapshot);
    let first = order.iter().position(|&n| is_in(n));
    let last = order.iter().rposition(|&n| is_in(n));
    let bars = |map| HitRegion::between(map, first? as f64, last? as f64 + 1.0);
    let strip = maps.first().and_then(bars);
    let purest = snapshot.maps.neurons.iter().position(|neuron| neuron.freq == freq);
    let map = purest.and_then(|i| maps.get(1 + i)).map(HitRegion::of);
    strip.into_iter().chain(map).collect()
}

fn sheet(data: &CheckpointFigureData<'_>, theme: &Theme) -> Sheet {
    let (neurons, p) = (&data.analysis.report.neurons, data.analysis.report.p);
    let freqs: Vec<usize> = neurons.per_freq.keys().copied().collect();
    let colored = strongest(&freqs, |freq| neurons.per_freq[&freq] as f64, theme.series.len());
    let color = |n: usize| match colored.iter().position(|&freq| freq == neurons.freq[n]) {
        Some(i) if neurons.fve[n] >= MIN_CLUSTER_FVE => theme.member(i),
        _ => theme.muted,
    };
    let bars = sorted(data.analysis).into_iter().enumerate().map(|(i, n)| Bar {
        from: i as f64,
        to: i as f64 + 1.0,
        value: neurons.fve[n],
        color: color(n),
    });
    let n_neurons = neurons.fve.len() as f64;
    let chart = BarChart { bars: bars.collect(), x: Axis::linear(0.0, n_neurons), y: Axis::linear(0.0, 1.0) };
    let strip = Panel {
        legend: colored
            .iter()
            .enumerate()
            .map(|(i, freq)| (format!("k = {freq}: {}", neurons.per_freq[freq]), theme.member(i)))
            .collect(),
        levels: vec![(MIN_CLUSTER_FVE, theme.axis)],
        ..Panel::new("", "neurons, sorted by frequency", "variance explained", Chart::Bars(chart))
    };
    let maps = data.analysis.maps.neurons.iter().take(MAX_MAPS).map(|neuron| {
        let values: Vec<f64> = neuron.values.iter().copied().map(f64::from).collect();
        let title = format!("Neuron {}, k = {}", neuron.neuron, neuron.freq);
        pair_map(title, p, &values, HeatMap::range_of(&values))
    });
    let mut rows = vec![Row { panels: vec![strip], shape: Shape::Wide }];
    let maps: Vec<Panel> = maps.collect();
    if !maps.is_empty() {
        rows.push(Row { panels: maps, shape: Shape::Map });
    }
    Sheet { rows }
}

fn tables(data: &CheckpointFigureData<'_>) -> Vec<DataTable> {
    let neurons = &data.analysis.report.neurons;
    let mut table = DataTable::new("neurons", ["neuron", "frequency", "fve"]);
    for n in sorted(data.analysis) {
        table.push([Cell::Count(n), Cell::Count(neurons.freq[n]), Cell::Number(neurons.fve[n])]);
    }
    vec![table]
}
