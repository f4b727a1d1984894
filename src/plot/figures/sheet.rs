//! A figure as panels in rows: what stands where at a given width, and the words around each panel.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor, TextStyle};

use super::bars::BarChart;
use super::heat_map::{self, HeatMap};
use super::table::DataTable;
use super::table_drawing;
use crate::error::Result;
use crate::plot::frame::{self, failed};
use crate::plot::theme::Theme;
use crate::plot::{LineChart, PixelMap, SpectrumChart};

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

/// One chart and the words around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows.
    pub title: String,
    /// The horizontal axis' name, with its unit.
    pub x_name: String,
    /// The vertical axis' name, with its unit.
    pub y_name: String,
    /// What each colour means.
    pub legend: Vec<(String, RGBColor)>,
    /// Horizontal values at which a thin line crosses the chart.
    pub marks: Vec<f64>,
    /// Vertical values at which a line of some colour crosses the chart.
    pub levels: Vec<(f64, RGBColor)>,
    /// The chart itself.
    pub chart: Chart,
}

/// What a panel can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// Lines by step.
    Lines(LineChart),
    /// Cosine and sine bars by frequency.
    Spectrum(SpectrumChart),
    /// Other bars.
    Bars(BarChart),
    /// Colours on a grid.
    Heat(HeatMap),
    /// Words and numbers.
    Table(DataTable),
}

/// Heights of lines of words, in CSS pixels.
const TITLE: f64 = 20.0;
const NAME: f64 = 16.0;
const LEGEND: f64 = 17.0;
/// Between panels.
const GAP: f64 = 14.0;
/// A letter's mean width as a part of its height; system fonts have 0.5 to 0.55.
const LETTER: f64 = 0.55;
const SWATCH: f64 = 10.0;
const LEGEND_GAP: f64 = 14.0;
/// Where words begin that stand above a chart.
const INDENT: f64 = 4.0;

impl Shape {
    /// The least and the largest width, in CSS pixels.
    fn widths(self) -> (f64, f64) {
        match self {
            Self::Wide => (400.0, f64::INFINITY),
            Self::Small => (225.0, f64::INFINITY),
            Self::Map => (290.0, 330.0),
            Self::LargeMap => (300.0, 560.0),
            Self::Table => (0.0, f64::INFINITY),
        }
    }

    /// The height of a chart, in CSS pixels.
    fn chart_height(self, width: f64, panel: &Panel, theme: &Theme) -> f64 {
        match self {
            Self::Wide => 230.0,
            Self::Small => 170.0,
            Self::Map | Self::LargeMap => {
                let side = width - heat_map::LEFT - frame::EDGE - heat_map::BAR;
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

impl Sheet {
    /// The height that the sheet needs at a width, both in CSS pixels.
    pub fn height(&self, width: f64, theme: &Theme) -> f64 {
        let bottom = |[_, top, _, height]: Place| top + height;
        self.places(width, theme).into_iter().map(bottom).fold(0.0, f64::max)
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
        let px = |css: f64| (css * theme.scale).round() as i32;
        let (area_width, area_height) = area.dim_in_pixel();
        let mut maps = Vec::new();
        let places = self.places(f64::from(area_width) / theme.scale, theme);
        for (panel, [left, top, width, height]) in self.panels().zip(places) {
            let (right, bottom) =
                (area_width as i32 - px(left + width), area_height as i32 - px(top + height));
            maps.extend(panel.draw(&area.margin(px(top), bottom, px(left), right), theme)?);
        }
        Ok(maps)
    }

    fn places(&self, width: f64, theme: &Theme) -> Vec<Place> {
        let mut places = Vec::new();
        let mut top = 0.0;
        for row in &self.rows {
            let (least, largest) = row.shape.widths();
            let n_cols = (((width + GAP) / (least + GAP)) as usize).clamp(1, row.panels.len().max(1));
            let panel_width = ((width - GAP * (n_cols - 1) as f64) / n_cols as f64).min(largest);
            for panels in row.panels.chunks(n_cols) {
                let heights = panels.iter().map(|panel| panel.height(row.shape, panel_width, theme));
                let height = heights.fold(0.0, f64::max);
                let left = |i: usize| i as f64 * (panel_width + GAP);
                places.extend((0..panels.len()).map(|i| [left(i), top, panel_width, height]));
                top += height + GAP;
            }
        }
        places
    }
}

impl Panel {
    /// A panel without legend and lines.
    pub fn new(title: impl Into<String>, x_name: &str, y_name: &str, chart: Chart) -> Self {
        Self {
            title: title.into(),
            x_name: x_name.to_owned(),
            y_name: y_name.to_owned(),
            legend: Vec::new(),
            marks: Vec::new(),
            levels: Vec::new(),
            chart,
        }
    }

    fn height(&self, shape: Shape, width: f64, theme: &Theme) -> f64 {
        self.head(width, theme) + shape.chart_height(width, self, theme) + self.foot()
    }

    /// The height of the words above the chart.
    fn head(&self, width: f64, theme: &Theme) -> f64 {
        let lines = self.legend_places(width, theme).last().map_or(0.0, |&(_, line)| (line + 1) as f64);
        let of = |text: &str, height: f64| if text.is_empty() { 0.0 } else { height };
        of(&self.title, TITLE) + lines * LEGEND + of(&self.y_name, NAME)
    }

    fn foot(&self) -> f64 {
        if self.x_name.is_empty() { 0.0 } else { NAME }
    }

    /// For each entry of the legend its left edge and its line.
    fn legend_places(&self, width: f64, theme: &Theme) -> Vec<(f64, usize)> {
        let (mut left, mut line) = (INDENT, 0);
        let place = |(name, _): &(String, RGBColor)| {
            let own = SWATCH + INDENT + name.chars().count() as f64 * LETTER * theme.font_size;
            if left > INDENT && left + own > width {
                (left, line) = (INDENT, line + 1);
            }
            let at = (left, line);
            left += own + LEGEND_GAP;
            at
        };
        self.legend.iter().map(place).collect()
    }

    fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        theme: &Theme,
    ) -> Result<Option<PixelMap>> {
        let px = |css: f64| (css * theme.scale).round() as i32;
        let (width, height) = area.dim_in_pixel();
        let width_css = f64::from(width) / theme.scale;
        let (head, foot) = (self.head(width_css, theme), self.foot());

        let write = |text: &str, style: TextStyle<'static>, place: (f64, f64), h_pos: HPos| -> Result<()> {
            let style = style.pos(Pos::new(h_pos, VPos::Center));
            area.draw(&Text::new(text.to_owned(), (px(place.0), px(place.1)), style)).map_err(failed)
        };
        let mut top = 0.0;
        if !self.title.is_empty() {
            write(&self.title, theme.title(), (INDENT, top + TITLE / 2.0), HPos::Left)?;
            top += TITLE;
        }
        for ((name, color), (left, line)) in self.legend.iter().zip(self.legend_places(width_css, theme)) {
            let middle = top + (line as f64 + 0.5) * LEGEND;
            let corners =
                [(px(left), px(middle - SWATCH / 2.0)), (px(left + SWATCH), px(middle + SWATCH / 2.0))];
            area.draw(&Rectangle::new(corners, color.filled())).map_err(failed)?;
            write(name, theme.label(), (left + SWATCH + INDENT, middle), HPos::Left)?;
        }
        if !self.y_name.is_empty() {
            write(&self.y_name, theme.label(), (INDENT, head - NAME / 2.0), HPos::Left)?;
        }

        let map = self.draw_chart(&area.margin(px(head), px(foot), 0, 0), theme)?;
        if let Some(map) = map {
            self.draw_lines(area, &map, theme)?;
            let middle =
                (map.x_pixels.0 + map.x_pixels.1) / 2.0 - f64::from(area.get_base_pixel().0) / theme.scale;
            // Below the chart, which may be less high than its place.
            let below = map.y_pixels.1 - f64::from(area.get_base_pixel().1) / theme.scale + frame::BELOW;
            let bottom = (below + NAME / 2.0).min(f64::from(height) / theme.scale - NAME / 2.0);
            write(&self.x_name, theme.label(), (middle, bottom), HPos::Center)?;
        }
        Ok(map)
    }

    fn draw_chart<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        theme: &Theme,
    ) -> Result<Option<PixelMap>> {
        match &self.chart {
            Chart::Lines(chart) => chart.draw(area, theme).map(Some),
            Chart::Spectrum(chart) => chart.draw(area, theme).map(Some),
            Chart::Bars(chart) => chart.draw(area, theme).map(Some),
            Chart::Heat(chart) => chart.draw(area, theme).map(Some),
            Chart::Table(table) => table_drawing::draw(table, area, theme).map(|()| None),
        }
    }

    /// The thin lines at the marks and levels.
    fn draw_lines<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        map: &PixelMap,
        theme: &Theme,
    ) -> Result<()> {
        let (base_x, base_y) = area.get_base_pixel();
        let px = |css: f64| (css * theme.scale).round() as i32;
        let at = |x: f64, y: f64| (px(x) - base_x, px(y) - base_y);
        let (left, right) = map.x_pixels;
        let (top, bottom) = map.y_pixels;
        let upright = |&x: &f64| map.x_pixel(x).map(|x| ([at(x, top), at(x, bottom)], theme.muted));
        let level =
            |&(y, color): &(f64, RGBColor)| map.y_pixel(y).map(|y| ([at(left, y), at(right, y)], color));
        let lines = self.marks.iter().filter_map(upright).chain(self.levels.iter().filter_map(level));
        for (ends, color) in lines {
            let style = color.stroke_width(theme.px(1.0));
            area.draw(&PathElement::new(ends.to_vec(), style)).map_err(failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Chart, Panel, Row, Shape, Sheet};
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
            let (places, height) = (sheet.places(width, &theme), sheet.height(width, &theme));
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
    fn a_long_legend_takes_more_lines_on_a_narrow_panel() {
        let (theme, panel) = (Theme::light(), panel(8));
        let wide = panel.legend_places(2000.0, &theme);
        assert!(wide.iter().all(|&(_, line)| line == 0), "one line is enough: {wide:?}");
        let narrow = panel.legend_places(240.0, &theme);
        assert!(narrow.iter().all(|&(left, _)| left < 240.0), "{narrow:?}");
        assert!(narrow.is_sorted_by_key(|&(_, line)| line) && narrow[7].1 >= 3, "{narrow:?}");
        assert!(panel.head(240.0, &theme) > panel.head(2000.0, &theme), "and the chart begins lower");
    }
}
