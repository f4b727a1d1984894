//! Table 1: what the directions of W_L read from the neurons (paper section 4.2).

use super::series::strongest;
use super::sheet::{Chart, Panel, Row, Shape, Sheet};
use super::{Cell, DataNeed, DataTable, Figure, FigureData};
use crate::analysis::modular::directions::{DirectionFit, DirectionTerm};
use crate::format::percent;
use crate::maths::fourier::norms_by_freq;
use crate::maths::stats;
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "table-1",
    name: "Table 1",
    title: "What each direction of W_L reads from the neurons",
    caption: "W_L is nearly of rank two for each key frequency in a model that groks: one direction \
              u_k in neuron space writes cos(w_k c) to the logits, another, v_k, writes sin(w_k c). \
              Read along u_k the neurons give nearly cos(w_k(a+b)) = cos cos \u{2212} sin sin, along \
              v_k nearly sin(w_k(a+b)) = sin cos + cos sin. Shown are the two largest coefficients, \
              and the fraction of variance that the wave in a+b explains; of at most eight \
              frequencies, those of the largest norm in W_L.",
    finding,
    needs: &[DataNeed::Report],
    uses: &[],
    sheet,
    tables,
};

/// A model that has not grokked may have many more key frequencies than a table can show.
const MAX_FREQS: usize = 8;

fn sheet(data: &FigureData<'_>, _: &Theme) -> Sheet {
    let Some(report) = data.report else { return Sheet { rows: Vec::new() } };
    let mut table = DataTable::new("directions", ["k", "direction", "reads about", "explained"]);
    let norms = norms_by_freq(&report.spectra.w_l);
    let shown = strongest(&report.key_freqs, |freq| norms[freq - 1], MAX_FREQS);
    for fit in report.directions.iter().filter(|fit| shown.contains(&fit.freq)) {
        table.push([
            Cell::Count(fit.freq),
            Cell::text(direction(fit)),
            approximation(fit),
            Cell::Share(fit.fve),
        ]);
    }
    let panels = vec![Panel::new("", "", "", Chart::Table(table))];
    Sheet { rows: vec![Row { panels, shape: Shape::Table }] }
}

fn finding(data: &FigureData<'_>) -> String {
    let fits = data.report.map_or(&[][..], |report| &report.directions);
    let mut shares: Vec<f64> = fits.iter().map(|fit| fit.fve).collect();
    shares.sort_by(f64::total_cmp);
    match (shares.first(), shares.last()) {
        (Some(&least), Some(&most)) => format!(
            "{} directions, explained from {} to {}, {} in the middle.",
            shares.len(),
            percent(least),
            percent(most),
            percent(stats::median(&shares))
        ),
        _ => String::new(),
    }
}

fn direction(fit: &DirectionFit) -> String {
    match fit.part {
        DirectionTerm::Cos => format!("u\u{00b7}N, for cos({}wc)", fit.freq),
        DirectionTerm::Sin => format!("v\u{00b7}N, for sin({}wc)", fit.freq),
    }
}

/// The two largest of the four products, in the order of the identity for cos or sin of a sum.
fn approximation(fit: &DirectionFit) -> Cell {
    let terms = products(fit);
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&i, &j| terms[j].1.abs().total_cmp(&terms[i].1.abs()));
    order[..2].sort_unstable();
    let [(first, x), (second, y)] = [terms[order[0]], terms[order[1]]];
    let sign = if y < 0.0 { "\u{2212}" } else { "+" };
    let minus = if x < 0.0 { "\u{2212}" } else { "" };
    Cell::text(format!("{minus}{:.1} {first} {sign} {:.1} {second}", x.abs(), y.abs()))
}

fn products(fit: &DirectionFit) -> [(&'static str, f64); 4] {
    let products = &fit.products;
    [
        ("cos\u{00b7}cos", products.cos_cos),
        ("sin\u{00b7}sin", products.sin_sin),
        ("sin\u{00b7}cos", products.sin_cos),
        ("cos\u{00b7}sin", products.cos_sin),
    ]
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let columns = ["frequency", "part", "cos_cos", "sin_sin", "sin_cos", "cos_sin", "fve"];
    let mut table = DataTable::new("directions", columns);
    for fit in data.report.map_or(&[][..], |report| &report.directions) {
        let part = match fit.part {
            DirectionTerm::Cos => "cos",
            DirectionTerm::Sin => "sin",
        };
        let values = products(fit).map(|(_, value)| value).into_iter().chain([fit.fve]).map(Cell::Number);
        table.push([Cell::Count(fit.freq), Cell::text(part)].into_iter().chain(values));
    }
    vec![table]
}
