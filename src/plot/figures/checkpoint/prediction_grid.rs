//! The field of predictions: every sum, trained on or held out, right or wrong.

use super::{CheckpointDataNeed, CheckpointFigure, CheckpointFigureData};
use crate::format::{count, number};
use crate::plot::Axis;
use crate::plot::figures::category_map::CategoryMap;
use crate::plot::figures::heat_map::HeatMap;
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "field",
    title: "Every prediction",
    caption: "One cell for each sum a + b: blue was trained on, orange held out; pale is right, full colour \
              wrong. The margin is the answer\u{2019}s logit minus the largest other: below 0 is wrong. Sorted \
              by a + b, each row is one answer.",
    finding,
    sheet,
    tables,
    needs: &[CheckpointDataNeed::TrainPairs, CheckpointDataNeed::Margins, CheckpointDataNeed::Layout],
    ablatable: None,
};

/// Trained on and right, trained on and wrong, held out and right, held out and wrong.
fn category(data: &CheckpointFigureData<'_>, pair: usize) -> usize {
    2 * usize::from(!data.train[pair]) + usize::from(data.margins[pair] <= 0.0)
}

fn finding(data: &CheckpointFigureData<'_>) -> String {
    let mut counts = [0; 4];
    for pair in 0..data.margins.len() {
        counts[category(data, pair)] += 1;
    }
    let least = data.margins.iter().copied().fold(f32::INFINITY, f32::min);
    format!(
        "{} step {}: {} of {} train sums and {} of {} test sums right; the least margin is {}.",
        if data.is_ablated { "The ablated model at" } else { "At" },
        data.step,
        count(counts[0]),
        count(counts[0] + counts[1]),
        count(counts[2]),
        count(counts[2] + counts[3]),
        number(f64::from(least))
    )
}

/// The pair at column a of a row.
fn pair_at(data: &CheckpointFigureData<'_>, a: usize, row: usize) -> usize {
    let p = data.analysis.report.p;
    a * p + if data.layout.by_sum { (row + p - a) % p } else { row }
}

fn sheet(data: &CheckpointFigureData<'_>, theme: &Theme) -> Sheet {
    let p = data.analysis.report.p;
    let axis = Axis::linear(0.0, p as f64);
    let y_name = if data.layout.by_sum { "a + b mod p" } else { "b" };
    let cells = (0..p * p).map(|i| pair_at(data, i % p, i / p));
    let panel = if data.layout.margins {
        let values: Vec<f64> = cells.map(|pair| f64::from(data.margins[pair])).collect();
        let range = HeatMap::range_of(&values);
        let chart = HeatMap { n_cols: p, values, x: axis, y: axis, range };
        let title = if data.is_ablated { "Margin of the ablated model (logits)" } else { "Margin (logits)" };
        Panel::new(title, "a", y_name, Chart::Heat(chart))
    } else {
        let colors = [theme.muted(theme.train), theme.train, theme.muted(theme.test), theme.test];
        let cells = cells.map(|pair| category(data, pair) as u8).collect();
        let chart = CategoryMap { n_cols: p, cells, colors: colors.to_vec(), x: axis, y: axis };
        let names = ["train, right", "train, wrong", "test, right", "test, wrong"];
        let legend = names.into_iter().map(str::to_owned).zip(colors).collect();
        let title = if data.is_ablated { "The ablated model" } else { "" };
        Panel { legend, ..Panel::new(title, "a", y_name, Chart::Categories(chart)) }
    };
    Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::LargeMap }] }
}

fn tables(data: &CheckpointFigureData<'_>) -> Vec<DataTable> {
    let p = data.analysis.report.p;
    let mut table = DataTable::new("field", ["a", "b", "set", "margin"]);
    for pair in 0..p * p {
        let set = Cell::text(if data.train[pair] { "train" } else { "test" });
        let margin = Cell::Number(f64::from(data.margins[pair]));
        table.push([Cell::Count(pair / p), Cell::Count(pair % p), set, margin]);
    }
    vec![table]
}
