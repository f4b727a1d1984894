//! Figure 4: attention, neurons and logits on the grid of pairs (paper section 4.1).

use super::heat_map::HeatMap;
use super::sheet::{Chart, Panel, Row, Shape, Sheet};
use super::{Cell, DataNeed, DataTable, Figure, FigureData};
use crate::format::percent;
use crate::maths::fourier::{cos_index, freq_of};
use crate::plot::Axis;
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-04",
    name: "Figure 4",
    title: "Waves in attention, neurons and logits",
    caption: "First: how much each head attends from \u{201c}=\u{201d} to a, for every pair. Then: the \
              activation of the purest neuron of each frequency, for every pair. In a model that groks \
              both are periodic in a and b. Last: the norm over the answers of each two-dimensional \
              Fourier component of the logits; the constant is left out of the colour scale. There a \
              few 2 × 2 blocks on the diagonal, products of waves of one frequency in a and in b, hold \
              nearly everything.",
    finding,
    needs: &[DataNeed::Report, DataNeed::Maps],
    uses: &[],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    data.report.map_or_else(String::new, |report| {
        format!(
            "{} components of the logits are above a quarter of the largest; the 2 × 2 blocks of the {} key \
             frequencies hold {} of the squared norm without the constant.",
            report.logit_spectrum.significant.len(),
            report.key_freqs.len(),
            percent(report.logit_spectrum.key_block_share)
        )
    })
}

/// More maps than this in a row tell nothing new.
const MAX_MAPS: usize = 8;

fn sheet(data: &FigureData<'_>, _: &Theme) -> Sheet {
    let (Some(report), Some(maps)) = (data.report, data.maps) else { return Sheet { rows: Vec::new() } };
    let p = maps.p;
    let heads = maps.attention_to_a.iter().enumerate().take(MAX_MAPS).map(|(head, to_a)| {
        let freq = report.attention.get(head).map_or(0, |report| report.freq);
        let title = format!("Head {head} to a, k = {freq}");
        pair_map(title, p, to_a, (0.0, 1.0))
    });
    let neurons = maps.neurons.iter().take(MAX_MAPS).map(|map| {
        let title = format!("Neuron {}, k = {}", map.neuron, map.freq);
        pair_map(title, p, &map.values, HeatMap::range_of(&map.values))
    });
    let rows = vec![
        Row { panels: heads.chain(neurons).collect(), shape: Shape::Map },
        Row { panels: vec![spectrum_map(p, &maps.logit_norms)], shape: Shape::LargeMap },
    ];
    Sheet { rows }
}

/// A function on the grid of pairs, given with row a: a to the right, b upwards.
pub(super) fn pair_map(title: String, p: usize, values: &[f64], range: (f64, f64)) -> Panel {
    let values = (0..p * p).map(|i| values[i % p * p + i / p]).collect();
    let axis = Axis::linear(0.0, p as f64);
    Panel::new(title, "a", "b", Chart::Heat(HeatMap { n_cols: p, values, x: axis, y: axis, range }))
}

/// The norms of the logits' components. Each frequency spans one unit of both axes, its cosine before
/// its sine; the constant stands before them.
fn spectrum_map(p: usize, norms: &[f64]) -> Panel {
    let n = side(norms);
    let values = (0..n * n).map(|i| norms[i % n * n + i / n]).collect();
    let by_freq = n < p;
    let axis = if by_freq { Axis::linear(-0.5, n as f64 - 0.5) } else { Axis::linear(0.0, n as f64 / 2.0) };
    let range = HeatMap::range_of(norms.get(1..).unwrap_or_default());
    let chart = HeatMap { n_cols: n, values, x: axis, y: axis, range };
    let parts = if by_freq { "" } else { ": cos k, then sin k" };
    let name = |of: &str| format!("frequency of the wave in {of}{parts}");
    Panel::new("Logits, norm of each 2-D component", &name("a"), &name("b"), Chart::Heat(chart))
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let Some(maps) = data.maps else { return Vec::new() };
    let p = maps.p;
    let heads = (0..maps.attention_to_a.len()).map(|head| format!("attention_to_a_head_{head}"));
    let neurons = maps.neurons.iter().map(|map| format!("neuron_{}_freq_{}", map.neuron, map.freq));
    let mut grids =
        DataTable::new("grids", ["a", "b"].map(str::to_owned).into_iter().chain(heads).chain(neurons));
    for pair in 0..p * p {
        let heads = maps.attention_to_a.iter().map(|to_a| to_a[pair]);
        let values = heads.chain(maps.neurons.iter().map(|map| map.values[pair])).map(Cell::Number);
        grids.push([Cell::Count(pair / p), Cell::Count(pair % p)].into_iter().chain(values));
    }
    let mut spectrum = DataTable::new("logit-spectrum", ["wave_in_a", "wave_in_b", "norm"]);
    let n = side(&maps.logit_norms);
    let name = |row: usize| if n < p { format!("frequency {row}") } else { wave(row) };
    for (i, &norm) in maps.logit_norms.iter().enumerate() {
        spectrum.push([Cell::text(name(i / n)), Cell::text(name(i % n)), Cell::Number(norm)]);
    }
    vec![grids, spectrum]
}

/// The length of a side of the logits' norms: p basis rows, or (p + 1) / 2 frequencies.
fn side(norms: &[f64]) -> usize {
    norms.len().isqrt()
}

/// The name of a basis row.
fn wave(row: usize) -> String {
    match freq_of(row) {
        0 => "const".to_owned(),
        k if row == cos_index(k) => format!("cos {k}"),
        k => format!("sin {k}"),
    }
}
