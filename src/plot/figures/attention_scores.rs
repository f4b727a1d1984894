//! Figure 8: the attention scores of each head in the Fourier basis (paper appendix C.1).

use super::series::{sentence, spectrum_panel, spectrum_table};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, DataTable, Figure, FigureData};
use crate::analysis::modular::attention::HeadReport;
use crate::maths::fourier::norms_by_freq;
use crate::maths::stats;
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-08",
    name: "Figure 8",
    title: "Attention scores and what the heads carry, in the Fourier basis",
    caption: "Top: the score that \u{201c}=\u{201d} gives each number at position a before the \
              softmax, as Fourier coefficients, one panel a head. In a model that groks few waves \
              stand out: a head looks at a number by where it lies on one or two circles. Bottom: how \
              strongly each wave of the embedding reaches the neurons through the head\u{2019}s \
              values.",
    finding,
    needs: &[DataNeed::Report],
    uses: &[],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let heads = data.report.map_or(&[][..], |report| &report.attention);
    let strongest = |head: &HeadReport| stats::argmax(&norms_by_freq(&head.qk)).map_or(0, |i| i + 1);
    sentence(
        heads
            .iter()
            .map(|head| format!("the scores of head {} are largest at k = {}", head.head, strongest(head))),
    )
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let Some(report) = data.report else { return Sheet { rows: Vec::new() } };
    let scores = report.attention.iter().map(|head| {
        let title = format!("Head {}, scores", head.head);
        spectrum_panel(title, "coefficient of the score", &head.qk, theme)
    });
    let carried = report.attention.iter().map(|head| {
        let title = format!("Head {}, to the neurons", head.head);
        spectrum_panel(title, "norm", &head.ov_norms, theme)
    });
    let rows = vec![
        Row { panels: scores.collect(), shape: Shape::Small },
        Row { panels: carried.collect(), shape: Shape::Small },
    ];
    Sheet { rows }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let Some(report) = data.report else { return Vec::new() };
    let scores =
        report.attention.iter().map(|head| (format!("score_head_{}", head.head), head.qk.as_slice()));
    let carried = report
        .attention
        .iter()
        .map(|head| (format!("to_neurons_norm_head_{}", head.head), head.ov_norms.as_slice()));
    vec![spectrum_table("attention", &scores.chain(carried).collect::<Vec<_>>())]
}
