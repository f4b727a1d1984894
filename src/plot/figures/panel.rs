//! One chart and the words around it.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor, TextStyle};

use super::bars::BarChart;
use super::category_map::CategoryMap;
use super::heat_map::HeatMap;
use super::scatter::Scatter;
use super::table::DataTable;
use super::table_drawing;
use crate::error::Result;
use crate::plot::frame::{self, failed};
use crate::plot::theme::Theme;
use crate::plot::{LineChart, PixelMap, SpectrumChart};

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
    /// Kinds on a grid.
    Categories(CategoryMap),
    /// Points in a plane.
    Scatter(Scatter),
    /// Words and numbers.
    Table(DataTable),
}

/// Heights of lines of words, in CSS pixels.
const TITLE: f64 = 20.0;
const NAME: f64 = 16.0;
const LEGEND: f64 = 17.0;
/// A letter's mean width as a part of its height; system fonts have 0.5 to 0.55.
const LETTER: f64 = 0.55;
const SWATCH: f64 = 10.0;
const LEGEND_GAP: f64 = 14.0;
/// Where words begin that stand above a chart.
const INDENT: f64 = 4.0;

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

    /// The height of the words above and below the chart, in CSS pixels, at a width.
    pub(super) fn height_of_words(&self, width: f64, theme: &Theme) -> f64 {
        self.head(width, theme) + self.foot()
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

    /// Draws the panel over the whole area; returns the chart's map if it has axes.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub(super) fn draw<DB: DrawingBackend>(
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
            Chart::Categories(chart) => chart.draw(area, theme).map(Some),
            Chart::Scatter(chart) => chart.draw(area, theme).map(Some),
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
    use super::{Chart, Panel};
    use crate::plot::theme::Theme;
    use crate::plot::{Axis, LineChart};

    #[test]
    fn a_long_legend_takes_more_lines_on_a_narrow_panel() {
        let theme = Theme::light();
        let axis = Axis::linear(0.0, 1.0);
        let chart = Chart::Lines(LineChart { lines: Vec::new(), x: axis, y: axis });
        let color = theme.train;
        let legend = (0..8).map(|i| (format!("member number {i}"), color)).collect();
        let panel = Panel { legend, ..Panel::new("Title", "x", "y", chart) };
        let wide = panel.legend_places(2000.0, &theme);
        assert!(wide.iter().all(|&(_, line)| line == 0), "one line is enough: {wide:?}");
        let narrow = panel.legend_places(240.0, &theme);
        assert!(narrow.iter().all(|&(left, _)| left < 240.0), "{narrow:?}");
        assert!(narrow.is_sorted_by_key(|&(_, line)| line) && narrow[7].1 >= 3, "{narrow:?}");
        assert!(panel.head(240.0, &theme) > panel.head(2000.0, &theme), "and the chart begins lower");
    }
}
