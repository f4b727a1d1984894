//! A figure as panels in rows: what stands where at a given width, and the words around each panel.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::heat_map;
pub use super::panel::{Chart, Panel};
use super::table_drawing;
use crate::error::Result;
use crate::plot::PixelMap;
use crate::plot::frame;
use crate::plot::theme::Theme;

/// Rows of panels, from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The rows. A row that is too wide for its sheet continues below.
    pub rows: Vec<Row>,
}

/// Panels of one shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From left to right.
    pub panels: Vec<Panel>,
    /// Their shape.
    pub shape: Shape,
}

/// How large a panel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A chart as wide as half a sheet or more.
    Wide,
    /// One of several small charts.
    Small,
    /// One of several small square maps.
    Map,
    /// A large square map.
    LargeMap,
    /// The whole width, as high as it must be.
    Table,
}

/// Between panels.
const GAP: f64 = 14.0;
impl Shape {
    /// The least and the largest width, in CSS pixels.
    fn widths(self) -> (f64, f64) {
        match self {
            Self::Wide => (400.0, f64::INFINITY),
            Self::Small => (215.0, f64::INFINITY),
            Self::Map => (290.0, 330.0),
            Self::LargeMap => (300.0, 560.0),
            Self::Table => (0.0, f64::INFINITY),
        }
    }

    /// The height of a panel at a width, both in CSS pixels, with its chart made smaller by a factor.
    fn height(self, width: f64, scale: f64, panel: &Panel, theme: &Theme) -> f64 {
        panel.height_of_words(width, theme) + scale * self.chart_height(width, panel, theme)
    }

    fn chart_height(self, width: f64, panel: &Panel, theme: &Theme) -> f64 {
        match self {
            Self::Wide => 230.0,
            Self::Small => 170.0,
            Self::Map | Self::LargeMap => {
                let bar = if matches!(panel.chart, Chart::Heat(_)) { heat_map::BAR } else { 0.0 };
                let side = width - heat_map::LEFT - frame::EDGE - bar;
                side.max(40.0) + frame::EDGE + frame::BELOW
            }
            Self::Table => match &panel.chart {
                Chart::Table(table) => table_drawing::height(table, theme),
                _ => 230.0,
            },
        }
    }
}

/// Where a panel stands, in CSS pixels: left, top, width, height.
type Place = [f64; 4];

/// Charts are made smaller down to this part of their height where a sheet is to fit into less room: below it
/// their axes are no longer readable.
const LEAST_SCALE: f64 = 0.25;
/// Halvings of the interval of scales: to a tenth of a pixel for sheets of up to 10,000 pixels.
const N_HALVINGS: usize = 17;

impl Sheet {
    /// The height that the sheet needs at a width, both in CSS pixels.
    pub fn height(&self, width: f64, theme: &Theme) -> f64 {
        self.height_within(width, f64::INFINITY, theme)
    }

    /// The height at a width if charts are made smaller where the sheet would be higher than `most`; all in CSS
    /// pixels. Words keep their size, so it may still be higher.
    pub fn height_within(&self, width: f64, most: f64, theme: &Theme) -> f64 {
        self.height_at(width, self.scale_within(width, most, theme), theme)
    }

    fn height_at(&self, width: f64, scale: f64, theme: &Theme) -> f64 {
        let bottom = |[_, top, _, height]: Place| top + height;
        self.places(width, scale, theme).into_iter().map(bottom).fold(0.0, f64::max)
    }

    /// The largest scale of the charts, up to 1, with which the sheet is no higher than `most`.
    fn scale_within(&self, width: f64, most: f64, theme: &Theme) -> f64 {
        if self.height_at(width, 1.0, theme) <= most {
            return 1.0;
        }
        let (mut low, mut high) = (LEAST_SCALE, 1.0);
        for _ in 0..N_HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.height_at(width, middle, theme) <= most { low = middle } else { high = middle }
        }
        low
    }

    /// All panels, row by row.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }

    /// Draws all panels from the area's upper left corner; returns the map of each that has axes. The maps'
    /// pixels are CSS pixels of the whole backend.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        theme: &Theme,
    ) -> Result<Vec<PixelMap>> {
        self.draw_within(area, f64::INFINITY, theme)
    }

    /// [`Self::draw`] with charts as small as [`Self::height_within`] makes them.
    ///
    /// # Errors
    /// As [`Self::draw`].
    pub fn draw_within<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        most: f64,
        theme: &Theme,
    ) -> Result<Vec<PixelMap>> {
        let px = |css: f64| (css * theme.scale).round() as i32;
        let (area_width, area_height) = area.dim_in_pixel();
        let mut maps = Vec::new();
        let width = f64::from(area_width) / theme.scale;
        let places = self.places(width, self.scale_within(width, most, theme), theme);
        for (panel, [left, top, width, height]) in self.panels().zip(places) {
            let (right, bottom) =
                (area_width as i32 - px(left + width), area_height as i32 - px(top + height));
            maps.extend(panel.draw(&area.margin(px(top), bottom, px(left), right), theme)?);
        }
        Ok(maps)
    }

    fn places(&self, width: f64, scale: f64, theme: &Theme) -> Vec<Place> {
        let mut places = Vec::new();
        let mut top = 0.0;
        for row in &self.rows {
            let (least, largest) = row.shape.widths();
            let n_cols = (((width + GAP) / (least + GAP)) as usize).clamp(1, row.panels.len().max(1));
            let panel_width = ((width - GAP * (n_cols - 1) as f64) / n_cols as f64).min(largest);
            for panels in row.panels.chunks(n_cols) {
                let heights = panels.iter().map(|panel| row.shape.height(panel_width, scale, panel, theme));
                let height = heights.fold(0.0, f64::max);
                let left = |i: usize| i as f64 * (panel_width + GAP);
                places.extend((0..panels.len()).map(|i| [left(i), top, panel_width, height]));
                top += height + GAP;
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, LEAST_SCALE, Panel, Row, Shape, Sheet};
    use crate::plot::theme::Theme;
    use crate::plot::{Axis, LineChart};

    fn panel(n_legend: usize) -> Panel {
        let axis = Axis::linear(0.0, 1.0);
        let chart = Chart::Lines(LineChart { lines: Vec::new(), x: axis, y: axis });
        let color = Theme::light().train;
        let legend = (0..n_legend).map(|i| (format!("member number {i}"), color)).collect();
        Panel { legend, ..Panel::new("Title", "x", "y", chart) }
    }

    #[test]
    fn panels_stay_inside_the_sheet_and_apart_at_every_width() {
        let theme = Theme::light();
        let row = |n: usize, shape| Row { panels: (0..n).map(|i| panel(3 * i)).collect(), shape };
        let rows =
            vec![row(2, Shape::Wide), row(5, Shape::Small), row(4, Shape::Map), row(1, Shape::LargeMap)];
        let sheet = Sheet { rows };
        for width in (100..1600).step_by(37).map(f64::from) {
            let (places, height) = (sheet.places(width, 1.0, &theme), sheet.height(width, &theme));
            assert_eq!(places.len(), 12, "each panel has a place");
            for (i, [left, top, w, h]) in places.iter().enumerate() {
                assert!(
                    *left >= 0.0 && left + w <= width + 1e-9 && top + h <= height + 1e-9,
                    "panel {i} at {width}"
                );
                assert!(*w > 0.0 && *h > 0.0, "panel {i} at {width}");
                for (j, [other_left, other_top, other_w, other_h]) in places[..i].iter().enumerate() {
                    let apart_x = left + 1e-9 >= other_left + other_w || other_left + 1e-9 >= left + w;
                    let apart_y = top + 1e-9 >= other_top + other_h || other_top + 1e-9 >= top + h;
                    assert!(apart_x || apart_y, "panels {i} and {j} overlap at {width}");
                }
            }
        }
    }

    #[test]
    fn charts_shrink_until_the_sheet_fits_and_no_further_than_can_be_read() {
        let theme = Theme::light();
        let row = |n: usize, shape| Row { panels: (0..n).map(|_| panel(2)).collect(), shape };
        let sheet = Sheet { rows: vec![row(2, Shape::Wide), row(1, Shape::LargeMap)] };
        let natural = sheet.height(320.0, &theme);
        assert_eq!(sheet.height_within(320.0, natural, &theme), natural, "it fits");
        for most in [0.9, 0.7, 0.5].map(|part| part * natural) {
            let height = sheet.height_within(320.0, most, &theme);
            assert!(height <= most && height > most - 1.0, "{height} in {most}");
        }
        let least = sheet.height_within(320.0, 0.0, &theme);
        assert_eq!(least, sheet.height_at(320.0, LEAST_SCALE, &theme), "words stay readable");
    }
}
