//! The logits' 2-D spectrum by frequency (paper figure 4 right) at the cursor.

use super::{
    AblatableParts, CheckpointFigure, CheckpointFigureData, Choice, HitRegion, ModelPart, ModelParts,
};
use crate::analysis::checkpoint::ModularAnalysis;
use crate::format::percent;
use crate::plot::Axis;
use crate::plot::PixelMap;
use crate::plot::figures::heat_map::HeatMap;
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "logits",
    title: "Two-dimensional spectrum of the logits",
    caption: "The norm, over the answers, of the logits\u{2019} Fourier coefficients at frequency i of a and j of b. \
              In a model that groks a few cells on the diagonal hold nearly everything: products of waves of \
              one frequency in a and in b. The constant is left out of the colours.",
    finding: |data| {
        let spectrum = &data.analysis.report.logit_spectrum;
        format!(
            "At step {}: the blocks of the key frequencies hold {} of the squared norm without the constant.",
            data.step,
            percent(spectrum.key_block_share)
        )
    },
    sheet,
    tables,
    needs: &[],
    ablatable: Some(AblatableParts {
        parts: |snapshot| {
            let n = n_rows(snapshot);
            let names = || (0..n).map(|freq| freq.to_string());
            ModelParts {
                list: (0..n * n).map(|i| ModelPart::Component([i / n, i % n])).collect(),
                rows: Choice::new("frequency in a", names()),
                columns: Choice::new("in b", names()),
            }
        },
        hit_regions: spots,
    }),
};

/// Rows and columns of the map: the constant and the frequencies.
fn n_rows(snapshot: &ModularAnalysis) -> usize {
    snapshot.report.p.div_ceil(2)
}

/// A frequency of the logits is the waves in a alone, in b alone, and their products.
fn spots(_: &ModularAnalysis, maps: &[PixelMap], part: ModelPart) -> Vec<HitRegion> {
    let cells = match part {
        ModelPart::Component(cell) => vec![cell],
        ModelPart::Freq(freq) => vec![[freq, 0], [0, freq], [freq, freq]],
        _ => Vec::new(),
    };
    let place = |map: &PixelMap| cells.into_iter().filter_map(|[i, j]| HitRegion::cell(map, i, j)).collect();
    maps.first().map(place).unwrap_or_default()
}

fn sheet(data: &CheckpointFigureData<'_>, _: &Theme) -> Sheet {
    let (n, norms) = (n_rows(data.analysis), &data.analysis.maps.logit_norms);
    let values: Vec<f64> = (0..n * n).map(|i| f64::from(norms[i % n * n + i / n])).collect();
    let axis = Axis::linear(-0.5, n as f64 - 0.5);
    let range = HeatMap::range_of(values.get(1..).unwrap_or_default());
    let chart = HeatMap { n_cols: n, values, x: axis, y: axis, range };
    let panel = Panel::new("Norm", "frequency in a", "frequency in b", Chart::Heat(chart));
    Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::LargeMap }] }
}

fn tables(data: &CheckpointFigureData<'_>) -> Vec<DataTable> {
    let (n, norms) = (n_rows(data.analysis), &data.analysis.maps.logit_norms);
    let mut table = DataTable::new("logits", ["freq_a", "freq_b", "norm"]);
    for (i, &norm) in norms.iter().enumerate() {
        table.push([Cell::Count(i / n), Cell::Count(i % n), Cell::Number(f64::from(norm))]);
    }
    vec![table]
}
