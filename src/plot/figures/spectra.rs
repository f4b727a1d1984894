//! Figure 3: the Fourier spectra of W_E and W_L (paper section 4.1).

use super::series::{listed, spectrum_panel, spectrum_table};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, DataTable, Figure, FigureData};
use crate::format::number;
use crate::maths::fourier::n_freqs;
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-03",
    name: "Figure 3",
    title: "Fourier norms of the embedding and of the neuron-logit map",
    caption: "Left: the norm of W_E along each wave over the numbers. Right: the norm of W_L = \
              W_U\u{1d40} W_out along each wave over the answers. Random weights make all bars about \
              equal; a model that groks keeps a handful of frequencies, and nearly the same ones at \
              both ends.",
    finding,
    needs: &[DataNeed::Report],
    uses: &[],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let Some(report) = data.report else { return String::new() };
    if report.key_freqs.is_empty() {
        return "W_L is zero.".to_owned();
    }
    format!(
        "{} of {} frequencies have a norm in W_L above a quarter of the largest: k = {}. The Gini coefficient \
         is {} for W_E, {} for W_L.",
        report.key_freqs.len(),
        n_freqs(report.p),
        listed(report.key_freqs.iter().map(usize::to_string)),
        number(report.gini.w_e),
        number(report.gini.w_l)
    )
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let Some(report) = data.report else { return Sheet { rows: Vec::new() } };
    let panel = |title: &str, spectrum| spectrum_panel(title.to_owned(), "norm", spectrum, theme);
    let panels = vec![
        panel("W_E, the embedding", &report.spectra.w_e),
        panel("W_L, neurons to logits", &report.spectra.w_l),
    ];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let Some(report) = data.report else { return Vec::new() };
    let spectra = [
        ("w_e_norm".to_owned(), report.spectra.w_e.as_slice()),
        ("w_l_norm".to_owned(), report.spectra.w_l.as_slice()),
    ];
    vec![spectrum_table("spectra", &spectra)]
}
