//! The spectra of the embedding and of the neuron-logit map (paper figure 3) at the cursor.

use super::{
    AblatableParts, CheckpointDataNeed, CheckpointFigure, CheckpointFigureData, Choice, HitRegion, ModelPart,
    ModelParts, motion,
};
use crate::analysis::checkpoint::ModularAnalysis;
use crate::format::number;
use crate::maths::fourier::n_freqs;
use crate::plot::PixelMap;
use crate::plot::figures::series::{listed, spectrum_panel, spectrum_table};
use crate::plot::figures::sheet::{Chart, Row, Shape, Sheet};
use crate::plot::theme::Theme;

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "spectrum",
    title: "Spectra of W_E and W_L",
    caption: "The norm of the embedding W_E and of the neuron-logit map W_L along each wave over the numbers. \
              Random weights make all bars about equal; a model that groks keeps a handful. Vertical lines: the \
              key frequencies.",
    finding,
    sheet,
    tables: |data| {
        let spectra = &data.analysis.report.spectra;
        vec![spectrum_table(
            "spectrum",
            &[("w_e_norm".to_owned(), &spectra.w_e[..]), ("w_l_norm".to_owned(), &spectra.w_l[..])],
        )]
    },
    needs: &[CheckpointDataNeed::Scales],
    ablatable: Some(AblatableParts {
        parts: |snapshot| {
            let freqs = 1..=n_freqs(snapshot.report.p);
            let of = |part: fn(usize) -> ModelPart| freqs.clone().map(part);
            ModelParts {
                list: of(ModelPart::Embedding).chain(of(ModelPart::Freq)).collect(),
                rows: Choice::new("of", ["the embedding", "the logits"].map(str::to_owned).into_iter()),
                columns: Choice::new("frequency", freqs.map(|freq| format!("k = {freq}"))),
            }
        },
        hit_regions: spots,
    }),
};

/// A bar of W_E is a frequency of the embedding; what W_L reads of a frequency is in the logits.
fn spots(_: &ModularAnalysis, maps: &[PixelMap], part: ModelPart) -> Vec<HitRegion> {
    let (panel, freq) = match part {
        ModelPart::Embedding(freq) => (0, freq),
        ModelPart::Freq(freq) => (1, freq),
        _ => return Vec::new(),
    };
    let bars = |map| HitRegion::between(map, freq as f64 - 0.5, freq as f64 + 0.5);
    maps.get(panel).and_then(bars).into_iter().collect()
}

/// More key frequencies than this are none: their lines would hide the bars of a model that has not grokked.
const MOST_MARKED: usize = 12;

fn finding(data: &CheckpointFigureData<'_>) -> String {
    let report = &data.analysis.report;
    if report.key_freqs.len() > MOST_MARKED {
        return format!(
            "At step {}: no few frequencies stand out; {} have more than a quarter of the largest norm of W_L.",
            data.step,
            report.key_freqs.len()
        );
    }
    format!(
        "At step {}: {} key frequencies, k = {}; Gini coefficient {} of W_E, {} of W_L.",
        data.step,
        report.key_freqs.len(),
        listed(report.key_freqs.iter().map(usize::to_string)),
        number(report.gini.w_e),
        number(report.gini.w_l)
    )
}

fn sheet(data: &CheckpointFigureData<'_>, theme: &Theme) -> Sheet {
    let report = &data.analysis.report;
    let scales = data.scales.unwrap_or_default();
    let panel = |title: &str, spectrum: &[f64], reach: f64| {
        let mut panel = spectrum_panel(title.to_owned(), "norm", spectrum, theme);
        if let Chart::Spectrum(chart) = &mut panel.chart {
            chart.reach = reach;
        }
        if report.key_freqs.len() <= MOST_MARKED {
            panel.marks = report.key_freqs.iter().map(|&k| k as f64).collect();
        }
        panel
    };
    let panels = vec![
        panel("W_E, the embedding", &motion::spectrum(data, |a| &a.report.spectra.w_e), scales.w_e),
        panel("W_L, neurons to logits", &motion::spectrum(data, |a| &a.report.spectra.w_l), scales.w_l),
    ];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}
