//! The embedding on the circles of the key frequencies.

use super::{
    AblatableParts, CheckpointDataNeed, CheckpointFigure, CheckpointFigureData, Choice, HitRegion, ModelPart,
    ModelParts, motion,
};
use crate::analysis::checkpoint::{Circle, ModularAnalysis};
use crate::format::number;
use crate::plot::Axis;
use crate::plot::figures::scatter::Scatter;
use crate::plot::figures::series::{listed, strongest};
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "circles",
    title: "The embedding on its circles",
    caption: "The numbers 0 to p \u{2212} 1 in the plane in which the embedding turns with one key frequency k: \
              number x stands at the angle 2\u{3c0}kx/p. In a model that groks they lie on a circle, and adding \
              is turning. A line joins each number to the next one around the circle.",
    finding: |data| {
        let (drawn, all) = (drawn(data.analysis), data.analysis.maps.circles.len());
        let freqs = listed(drawn.iter().map(|circle| circle.freq.to_string()));
        let step = data.step;
        if drawn.len() < all {
            format!("At step {step}: the {} widest of {all} circles, k = {freqs}.", drawn.len())
        } else {
            format!("At step {step}: the circles of k = {freqs}.")
        }
    },
    sheet,
    tables,
    needs: &[],
    ablatable: Some(AblatableParts {
        parts: |snapshot| {
            let freqs: Vec<usize> = drawn(snapshot).iter().map(|circle| circle.freq).collect();
            let names = freqs.iter().map(|freq| format!("k = {freq} of the embedding"));
            let names = Choice::new("circle", names);
            ModelParts::in_a_row(freqs.into_iter().map(ModelPart::Embedding).collect(), names)
        },
        hit_regions: |snapshot, maps, part| {
            let is_it = |circle: &&Circle| part == ModelPart::Embedding(circle.freq);
            let i = drawn(snapshot).iter().position(is_it);
            i.and_then(|i| maps.get(i)).map(HitRegion::of).into_iter().collect()
        },
    }),
};

/// As many circles are drawn. A model that has not grokked has dozens of key frequencies, and none of them
/// makes one.
const MOST: usize = 6;

/// The widest circles, by frequency.
fn drawn(snapshot: &ModularAnalysis) -> Vec<&Circle> {
    let circles = &snapshot.maps.circles;
    let width = |freq: usize| {
        let own = circles.iter().filter(|circle| circle.freq == freq);
        own.flat_map(|circle| circle.x.iter().chain(&circle.y)).map(|&v| f64::from(v * v)).sum()
    };
    let freqs: Vec<usize> = circles.iter().map(|circle| circle.freq).collect();
    let chosen = strongest(&freqs, width, MOST);
    circles.iter().filter(|circle| chosen.contains(&circle.freq)).collect()
}

/// About so many numbers are written beside their points.
const LABELS: usize = 12;

fn sheet(data: &CheckpointFigureData<'_>, _: &Theme) -> Sheet {
    let panels = drawn(data.analysis).into_iter().map(|circle| {
        let circle = motion::circle(data, circle);
        panel(&circle, reach(&circle))
    });
    Sheet { rows: vec![Row { panels: panels.collect(), shape: Shape::Map }] }
}

/// How far the points lie from the origin at most, along either axis.
pub(super) fn reach(circle: &Circle) -> f64 {
    circle.x.iter().chain(&circle.y).map(|v| f64::from(v.abs())).fold(1e-9, f64::max)
}

/// The numbers in one circle's plane, on axes from `-1.2 reach` to `1.2 reach`.
fn panel(circle: &Circle, reach: f64) -> Panel {
    let points: Vec<(f64, f64)> =
        circle.x.iter().zip(&circle.y).map(|(&x, &y)| (f64::from(x), f64::from(y))).collect();
    let axis = Axis::linear(-1.2 * reach, 1.2 * reach);
    let n = points.len();
    // Around the circle the next number is 1/k mod p further.
    let step = (1..n).find(|step| step * circle.freq % n == 1).unwrap_or(1);
    let order = (0..=n).map(|i| i * step % n.max(1)).collect();
    let chart = Scatter { points, order, label_every: n.div_ceil(LABELS), x: axis, y: axis };
    Panel::new(format!("k = {}", circle.freq), "along the cosine", "along the sine", Chart::Scatter(chart))
}

/// One circle by itself, on axes that stay while the cursor moves.
pub(super) const ONE: CheckpointFigure = CheckpointFigure {
    id: "circle",
    title: "A circle of the embedding",
    caption: "The numbers 0 to p \u{2212} 1 in the plane in which the embedding turns with frequency k. Before \
              grokking they are a cloud; then number x stands at the angle 2\u{3c0}kx/p, and adding is turning. A line \
              joins each number to the next one around the circle.",
    finding: |data| match chosen(data) {
        None => format!("At step {}: no circle.", data.step),
        Some(circle) => {
            let (radius, spread) = circle.roundness();
            format!(
                "k = {} at step {}: mean radius {}, give or take {} %.",
                circle.freq,
                data.step,
                number(radius),
                (100.0 * spread).round()
            )
        }
    },
    sheet: |data, _| {
        let panels = chosen(data).map(|circle| {
            let circle = motion::circle(data, circle);
            let panel = panel(&circle, data.scales.map_or(0.0, |scales| scales.circle).max(reach(&circle)));
            // The choice above the figure names the frequency.
            Panel { title: String::new(), ..panel }
        });
        Sheet { rows: vec![Row { panels: panels.into_iter().collect(), shape: Shape::LargeMap }] }
    },
    tables: |data| chosen(data).map(|circle| table(&[circle])).into_iter().collect(),
    needs: &[CheckpointDataNeed::Circle, CheckpointDataNeed::Scales],
    ablatable: None,
};

/// The circle of the frequency that was chosen, or the widest.
fn chosen<'a>(data: &CheckpointFigureData<'a>) -> Option<&'a Circle> {
    let circles = &data.analysis.maps.circles;
    let asked = circles.iter().find(|circle| Some(circle.freq) == data.circle);
    asked.or_else(|| circles.iter().max_by(|a, b| a.roundness().0.total_cmp(&b.roundness().0)))
}

fn tables(data: &CheckpointFigureData<'_>) -> Vec<DataTable> {
    let circles: Vec<&Circle> = data.analysis.maps.circles.iter().collect();
    vec![table(&circles)]
}

/// Where every number lies on some circles.
fn table(circles: &[&Circle]) -> DataTable {
    let mut table = DataTable::new("circles", ["frequency", "number", "x", "y"]);
    for circle in circles {
        for (number, (&x, &y)) in circle.x.iter().zip(&circle.y).enumerate() {
            let place = [x, y].map(|v| Cell::Number(f64::from(v)));
            table.push([Cell::Count(circle.freq), Cell::Count(number)].into_iter().chain(place));
        }
    }
    table
}
