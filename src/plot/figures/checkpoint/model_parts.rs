//! What of a view can be cut out of the model, and where it lies in the drawn figure.

use std::fmt;

use super::CheckpointFigure;
use crate::analysis::checkpoint::ModularAnalysis;
use crate::plot::PixelMap;

/// A part of the model that a figure shows and that can be cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelPart {
    /// A frequency of the numbers' embeddings, from 1.
    Embedding(usize),
    /// A frequency of the logits, from 1: all its waves in a and b.
    Freq(usize),
    /// A head.
    Head(usize),
    /// The neurons of a frequency.
    Cluster(usize),
    /// A component of the logits' 2-D spectrum: a frequency of a and one of b, 0 for the constant.
    Component([usize; 2]),
}

impl fmt::Display for ModelPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedding(freq) => write!(f, "k = {freq} of the embedding"),
            Self::Freq(freq) => write!(f, "k = {freq} of the logits"),
            Self::Head(head) => write!(f, "head {head}"),
            Self::Cluster(freq) => write!(f, "the neurons of k = {freq}"),
            Self::Component([i, j]) => write!(f, "component ({i}, {j}) of the logits"),
        }
    }
}

/// The parts that a view shows, as a reader chooses among them: a row, then a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelParts {
    /// Row by row, each as long as there are columns.
    pub list: Vec<ModelPart>,
    /// The rows.
    pub rows: Choice,
    /// The columns.
    pub columns: Choice,
}

/// Some names to choose among.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Choice {
    /// What is chosen.
    pub label: &'static str,
    /// The names.
    pub names: Vec<String>,
}

impl Choice {
    /// Names of something.
    pub(super) fn new(label: &'static str, names: impl Iterator<Item = String>) -> Self {
        Self { label, names: names.collect() }
    }
}

impl ModelParts {
    /// Parts among which one choice is enough.
    pub(super) fn in_a_row(list: Vec<ModelPart>, columns: Choice) -> Self {
        Self { list, rows: Choice::new("", std::iter::once(String::new())), columns }
    }

    /// The part of a row and a column.
    pub fn get(&self, row: usize, column: usize) -> Option<ModelPart> {
        let n = self.columns.names.len();
        if column < n { self.list.get(row * n + column).copied() } else { None }
    }

    /// The row and the column of a part.
    pub fn place(&self, part: ModelPart) -> Option<(usize, usize)> {
        let n = self.columns.names.len().max(1);
        self.list.iter().position(|other| *other == part).map(|i| (i / n, i % n))
    }
}

/// How a view shows parts of the model that can be cut out.
#[derive(Debug, Clone, Copy)]
pub struct AblatableParts {
    /// The parts that it shows of a checkpoint.
    pub parts: fn(&ModularAnalysis) -> ModelParts,
    /// Where a part lies in the drawn figure, given the map of each panel; nowhere if the view does not show it.
    pub hit_regions: fn(&ModularAnalysis, &[PixelMap], ModelPart) -> Vec<HitRegion>,
}

/// A rectangle in a drawn figure, in CSS pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HitRegion {
    /// Left and right edge.
    pub x: (f64, f64),
    /// Upper and lower edge.
    pub y: (f64, f64),
}

impl HitRegion {
    /// All of a chart.
    pub(super) fn of(map: &PixelMap) -> Self {
        Self { x: map.x_pixels, y: map.y_pixels }
    }

    /// What of a chart lies between two horizontal values; nothing if they are not on its axis.
    pub(super) fn between(map: &PixelMap, from: f64, to: f64) -> Option<Self> {
        Some(Self { x: (map.x_pixel(from)?, map.x_pixel(to)?), y: map.y_pixels })
    }

    /// The cell of a chart around two values, one unit wide and high.
    pub(super) fn cell(map: &PixelMap, x: usize, y: usize) -> Option<Self> {
        let (x, y) = (x as f64, y as f64);
        let upright = Self::between(map, x - 0.5, x + 0.5)?;
        Some(Self { y: (map.y_pixel(y + 0.5)?, map.y_pixel(y - 0.5)?), ..upright })
    }

    fn holds(&self, x: f64, y: f64) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }
}

impl CheckpointFigure {
    /// The parts of the model that it shows of a checkpoint; none of a view that shows none.
    pub fn parts(&self, snapshot: &ModularAnalysis) -> ModelParts {
        self.ablatable.map_or_else(ModelParts::default, |ablatable| (ablatable.parts)(snapshot))
    }

    /// Where a part lies in the drawn figure; nowhere if this view does not show it.
    pub fn hit_regions(
        &self,
        snapshot: &ModularAnalysis,
        maps: &[PixelMap],
        part: ModelPart,
    ) -> Vec<HitRegion> {
        self.ablatable.map_or_else(Vec::new, |ablatable| (ablatable.hit_regions)(snapshot, maps, part))
    }

    /// The part under a pixel of the drawn figure.
    pub fn part_at(
        &self,
        snapshot: &ModularAnalysis,
        parts: &ModelParts,
        maps: &[PixelMap],
        (x, y): (f64, f64),
    ) -> Option<ModelPart> {
        let is_there =
            |part: &&ModelPart| self.hit_regions(snapshot, maps, **part).iter().any(|spot| spot.holds(x, y));
        parts.list.iter().find(is_there).copied()
    }
}

#[cfg(test)]
mod tests {
    use plotters::drawing::IntoDrawingArea;
    use plotters::prelude::SVGBackend;

    use super::{HitRegion, ModelPart, ModelParts};
    use crate::analysis::checkpoint::{Circle, ModularAnalysis};
    use crate::plot::figures::checkpoint::tests::{data, snapshot};
    use crate::plot::figures::checkpoint::{CheckpointFigure, PredictionGridLayout};
    use crate::plot::{PixelMap, Theme};

    fn view(id: &str) -> &'static CheckpointFigure {
        CheckpointFigure::ALL.iter().find(|view| view.id == id).expect("there is such a view")
    }

    /// Where the panels of a view lie on a page of some width.
    fn maps(
        view: &CheckpointFigure,
        snapshot: &ModularAnalysis,
        train: &[bool],
        width: u32,
    ) -> Vec<PixelMap> {
        let theme = Theme::light();
        let sheet = (view.sheet)(&data(snapshot, train, PredictionGridLayout::default()), &theme);
        let height = sheet.height(f64::from(width), &theme).ceil() as u32;
        let mut text = String::new();
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        sheet.draw(&area, &theme).expect("it is drawn")
    }

    fn middle(spot: &HitRegion) -> (f64, f64) {
        ((spot.x.0 + spot.x.1) / 2.0, (spot.y.0 + spot.y.1) / 2.0)
    }

    #[test]
    fn every_part_lies_where_a_click_finds_it() {
        let (snapshot, train) = snapshot();
        for (id, n_parts) in
            [("spectrum", 6), ("attention", 2), ("neurons", 2), ("circles", 1), ("logits", 16), ("field", 0)]
        {
            let view = view(id);
            let parts = view.parts(&snapshot);
            assert_eq!(parts.list.len(), n_parts, "{id}");
            assert_eq!(parts.list.len(), parts.rows.names.len() * parts.columns.names.len(), "{id}: a grid");
            for width in [340, 900] {
                let maps = maps(view, &snapshot, &train, width);
                for &part in &parts.list {
                    let spots = view.hit_regions(&snapshot, &maps, part);
                    assert!(!spots.is_empty(), "{id}: {part} is drawn");
                    for spot in spots {
                        let found = view.part_at(&snapshot, &parts, &maps, middle(&spot));
                        assert_eq!(found, Some(part), "{id} at {width}");
                    }
                }
                assert_eq!(view.part_at(&snapshot, &parts, &maps, (1.0, 1.0)), None, "{id}: the margin");
            }
        }
    }

    #[test]
    fn a_frequency_of_the_logits_is_three_cells_of_their_spectrum() {
        let (snapshot, train) = snapshot();
        let view = view("logits");
        let maps = maps(view, &snapshot, &train, 600);
        let spots = view.hit_regions(&snapshot, &maps, ModelPart::Freq(3));
        let parts = view.parts(&snapshot);
        let cells = spots.iter().map(|spot| view.part_at(&snapshot, &parts, &maps, middle(spot)));
        assert!(cells.eq([[3, 0], [0, 3], [3, 3]].map(|cell| Some(ModelPart::Component(cell)))));
        assert!(spots[0].x.0 > spots[1].x.1, "frequencies of a run to the right");
        assert!(spots[0].y.0 > spots[1].y.1, "those of b upwards");
    }

    #[test]
    fn parts_are_found_by_row_and_column_and_back() {
        let (snapshot, _) = snapshot();
        let parts = view("spectrum").parts(&snapshot);
        for (place, part) in [((0, 0), ModelPart::Embedding(1)), ((1, 2), ModelPart::Freq(3))] {
            assert_eq!(parts.get(place.0, place.1), Some(part));
            assert_eq!(parts.place(part), Some(place));
        }
        assert_eq!((parts.get(0, 3), parts.get(2, 0)), (None, None), "beyond the last");
        assert_eq!((parts.place(ModelPart::Head(0)), ModelParts::default().get(0, 0)), (None, None));
    }

    #[test]
    fn of_many_circles_only_the_widest_are_drawn() {
        let (mut snapshot, train) = snapshot();
        let circle = |freq: usize| Circle { freq, x: vec![freq as f32 % 9.0; 7], y: vec![0.0; 7] };
        snapshot.maps.circles = (1..=11).map(circle).collect();
        let view = view("circles");
        let parts = view.parts(&snapshot);
        assert_eq!(parts.list, [3, 4, 5, 6, 7, 8].map(ModelPart::Embedding));
        assert_eq!(maps(view, &snapshot, &train, 900).len(), 6);
        let words = (view.finding)(&data(&snapshot, &train, PredictionGridLayout::default()));
        assert_eq!(words, "At step 7: the 6 widest of 11 circles, k = 3, 4, 5, 6, 7, 8.");
    }
}
