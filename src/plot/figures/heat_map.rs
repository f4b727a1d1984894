//! Values on a grid as colours, with a colour bar.

use std::iter;

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Drawable, PointCollection, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::frame::{self, failed};
use crate::plot::pixel_map::PixelMap;
use crate::plot::theme::Theme;

/// A grid of values. Each axis spans the grid: the first cell begins at its low end.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Cells per row.
    pub n_cols: usize,
    /// Values row by row, the lowest row first.
    pub values: Vec<f64>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The values at the two ends of the colours; what lies beyond has the colour of the end.
    pub range: (f64, f64),
}

/// Room in CSS pixels: labels of up to three digits at the left; the gap, the bar and its labels.
pub(super) const LEFT: f64 = 34.0;
pub(super) const BAR: f64 = 62.0;
const BAR_GAP: f64 = 4.0;
const BAR_WIDTH: f64 = 10.0;
/// Colours told apart: few enough for a palette, too many to see.
const LEVELS: f64 = 250.0;
/// Steps in which the bar is drawn.
const BAR_STEPS: u32 = 64;
/// Labels along the bar.
const BAR_TICKS: usize = 4;

impl HeatMap {
    /// The range from the smallest to the largest finite value; from 0 if nothing is below it.
    pub fn range_of(values: &[f64]) -> (f64, f64) {
        let finite = values.iter().copied().filter(|v| v.is_finite());
        let (low, high) = finite.fold((0.0_f64, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if high > low { (low, high) } else { (low, low + 1.0) }
    }

    fn n_rows(&self) -> usize {
        self.values.len().checked_div(self.n_cols).unwrap_or(0)
    }

    /// Draws the figure over the whole area: as large a map as it holds, with square cells.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, theme: &Theme) -> Result<PixelMap> {
        let (width, height) = area.dim_in_pixel();
        let (edges_x, edges_y) = (
            theme.px(LEFT) + theme.px(frame::EDGE) + theme.px(BAR),
            theme.px(frame::EDGE) + theme.px(frame::BELOW),
        );
        let (n_cols, n_rows) = (self.n_cols.max(1) as u32, self.n_rows().max(1) as u32);
        let (free_x, free_y) = (width.saturating_sub(edges_x), height.saturating_sub(edges_y));
        // Cells of whole pixels look even; only a map with more cells than pixels has to do without.
        let cell = (free_x / n_cols).min(free_y / n_rows);
        let (map_x, map_y) = if cell == 0 { (free_x, free_y) } else { (cell * n_cols, cell * n_rows) };
        let spare = width - (map_x + edges_x).min(width);
        let unused = height - (map_y + edges_y).min(height);
        let inner = area.margin(0, unused, spare / 2, spare - spare / 2);
        let (framed, bar) = inner.split_horizontally(inner.dim_in_pixel().0 - theme.px(BAR));

        let style = frame::Style { grid_x: false, grid_y: false, left: LEFT, right: frame::EDGE };
        let (_, map) = frame::draw_as(&framed, self.x, self.y, style, theme)?;
        let cells = Cells { corner: place(&framed, &map, theme), rows: self.colors(theme) };
        framed.draw(&cells).map_err(failed)?;
        self.draw_bar(&bar, &map, theme)?;
        Ok(map)
    }

    /// The colours as seen: the highest row first.
    fn colors(&self, theme: &Theme) -> Vec<Vec<RGBColor>> {
        let color = |&value: &f64| {
            if value.is_finite() {
                theme.heat((self.part(value) * LEVELS).round() / LEVELS)
            } else {
                theme.background
            }
        };
        let rows = self.values.chunks_exact(self.n_cols.max(1)).rev();
        rows.map(|row| row.iter().map(color).collect()).collect()
    }

    fn part(&self, value: f64) -> f64 {
        ((value - self.range.0) / (self.range.1 - self.range.0)).clamp(0.0, 1.0)
    }

    fn draw_bar<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        map: &PixelMap,
        theme: &Theme,
    ) -> Result<()> {
        let css = |v: f64| (v * theme.scale).round() as i32;
        let base = area.get_base_pixel();
        let (top, bottom) = (css(map.y_pixels.0) - base.1, css(map.y_pixels.1) - base.1);
        let (left, right) = (css(BAR_GAP), css(BAR_GAP + BAR_WIDTH));
        let part = |step: u32| 1.0 - (f64::from(step) + 0.5) / f64::from(BAR_STEPS);
        let size = ((right - left).unsigned_abs(), (bottom - top).unsigned_abs());
        let bar = Cells {
            corner: ((left, top), size),
            rows: (0..BAR_STEPS).map(|step| vec![theme.heat(part(step))]).collect(),
        };
        area.draw(&bar).map_err(failed)?;
        let y = |part: f64| bottom - (part * f64::from(bottom - top)).round() as i32;
        let axis = Axis::linear(self.range.0, self.range.1);
        for tick in axis.ticks(BAR_TICKS) {
            let style = theme.label().pos(Pos::new(HPos::Left, VPos::Center));
            let at = (right + css(BAR_GAP), y(self.part(tick)));
            area.draw(&Text::new(axis.label(tick, BAR_TICKS), at, style)).map_err(failed)?;
        }
        Ok(())
    }
}

/// The plotting rectangle in the area's own pixels: upper left corner, then size.
pub(super) fn place<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    map: &PixelMap,
    theme: &Theme,
) -> (BackendCoord, (u32, u32)) {
    let css = |v: f64| (v * theme.scale).round() as i32;
    let (base_x, base_y) = area.get_base_pixel();
    let (left, top) = (css(map.x_pixels.0), css(map.y_pixels.0));
    let size = |low: i32, high: i32| u32::try_from(high - low).unwrap_or(0);
    ((left - base_x, top - base_y), (size(left, css(map.x_pixels.1)), size(top, css(map.y_pixels.1))))
}

/// Colours spread over a rectangle of pixels, as one bitmap.
pub(super) struct Cells {
    /// Upper left corner, then size.
    pub(super) corner: (BackendCoord, (u32, u32)),
    /// The highest row first.
    pub(super) rows: Vec<Vec<RGBColor>>,
}

impl<'a> PointCollection<'a, (i32, i32)> for &'a Cells {
    type Point = (i32, i32);
    type IntoIter = iter::Once<(i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        iter::once(self.corner.0)
    }
}

impl<DB: DrawingBackend> Drawable<DB> for Cells {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut position: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let (width, height) = self.corner.1;
        let Some(corner) = position.next().filter(|_| width * height > 0 && !self.rows.is_empty()) else {
            return Ok(());
        };
        let nearest = |at: u32, size: u32, n: usize| at as usize * n / size as usize;
        let mut rgb = Vec::with_capacity((3 * width * height) as usize);
        for y in 0..height {
            let row = &self.rows[nearest(y, height, self.rows.len())];
            for x in 0..width {
                let RGBColor(r, g, b) = row[nearest(x, width, row.len())];
                rgb.extend([r, g, b]);
            }
        }
        backend.blit_bitmap(corner, (width, height), &rgb)
    }
}
