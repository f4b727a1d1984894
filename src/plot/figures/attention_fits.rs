//! Table 2: each head's attention as a wave of one frequency (paper appendix C.1).

use super::series::sentence;
use super::sheet::{Chart, Panel, Row, Shape, Sheet};
use super::{Cell, DataNeed, DataTable, Figure, FigureData};
use crate::format::percent;
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "table-2",
    name: "Table 2",
    title: "Attention as a wave of one frequency",
    caption: "The attention of \u{201c}=\u{201d} to a, fitted by its mean plus \u{03b1}(cos w_k a \
              \u{2212} cos w_k b) + \u{03b2}(sin w_k a \u{2212} sin w_k b) with each head\u{2019}s \
              best frequency k, the fraction of variance explained, and how much attention goes where \
              on average.",
    finding,
    needs: &[DataNeed::Report],
    uses: &[],
    sheet,
    tables,
};

fn sheet(data: &FigureData<'_>, _: &Theme) -> Sheet {
    let Some(report) = data.report else { return Sheet { rows: Vec::new() } };
    let columns = [
        "head",
        "k",
        "\u{03b1}",
        "\u{03b2}",
        "explained",
        "mean to a",
        "mean to b",
        "mean to \u{201c}=\u{201d}",
    ];
    let mut table = DataTable::new("attention", columns);

    for head in &report.attention {
        let fit = [Cell::Number(head.alpha), Cell::Number(head.beta), Cell::Share(head.fve)];
        let means = head.mean_to.map(Cell::Share);
        table.push([Cell::Count(head.head), Cell::Count(head.freq)].into_iter().chain(fit).chain(means));
    }
    let panels = vec![Panel::new("", "", "", Chart::Table(table))];
    Sheet { rows: vec![Row { panels, shape: Shape::Table }] }
}

fn finding(data: &FigureData<'_>) -> String {
    let heads = data.report.map_or(&[][..], |report| &report.attention);
    let words =
        heads.iter().map(|head| format!("head {} k = {} ({})", head.head, head.freq, percent(head.fve)));
    sentence(words)
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let columns = ["head", "frequency", "alpha", "beta", "fve", "mean_to_a", "mean_to_b", "mean_to_eq"];
    let mut table = DataTable::new("attention", columns);
    for head in data.report.map_or(&[][..], |report| &report.attention) {
        let values = [head.alpha, head.beta, head.fve].into_iter().chain(head.mean_to).map(Cell::Number);
        table.push([Cell::Count(head.head), Cell::Count(head.freq)].into_iter().chain(values));
    }
    vec![table]
}
