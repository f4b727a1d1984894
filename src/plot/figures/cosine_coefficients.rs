//! Figure 14: the logits' coefficients on cos w_k(a + b - c) by step (paper appendix C.2).

use super::series::{Lines, at_freqs, by_step_table, listed};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, DataTable, Figure, FigureData};
use crate::analysis::measure::COSINE_COEFFICIENT;
use crate::format::{count, number};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-14",
    name: "Figure 14",
    title: "Cosines in the logits",
    caption: "The inner product of the logits with cos(w_k(a+b\u{2212}c)), scaled to norm 1, for each \
              key frequency. In a model that groks they grow gradually, while train and test loss \
              stand nearly still.",
    finding,
    needs: &[DataNeed::Progress],
    uses: &[],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let Some((step, last)) = data.progress.last() else { return String::new() };
    let parts =
        last.cosine_coefficients.iter().map(|(freq, value)| format!("k = {freq}: {}", number(*value)));
    format!("At step {}: {}.", count(*step), listed(parts))
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let lines = Lines::by_freq(data, theme, |m| &m.cosine_coefficients);
    let panel = lines.panel(data, "", &COSINE_COEFFICIENT);
    Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::Wide }] }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let freqs = data.tracked_freqs();
    let columns = freqs.iter().map(|freq| format!("coefficient_freq_{freq}"));
    vec![by_step_table(data, "cosines", columns, |m| at_freqs(&m.cosine_coefficients, freqs))]
}
