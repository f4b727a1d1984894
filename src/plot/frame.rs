//! What all figures share: margins, axes, grid and labels.

use std::ops::Range;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::Color;

use super::axis::Axis;
use super::pixel_map::PixelMap;
use super::theme::Theme;
use crate::error::{LabError, Result};

/// A plotting area whose coordinates are those of [`Axis`].
pub(super) type Plane<'a, DB> = ChartContext<'a, DB, Cartesian2d<Ticked, Ticked>>;

/// Room for the labels, in CSS pixels: six digits at the left, one line below, half a label at
/// the other edges.
const LEFT: f64 = 48.0;
pub(super) const BELOW: f64 = 24.0;
pub(super) const EDGE: f64 = 12.0;
/// Half of a label of six digits, which stands under the right end of x.
const RIGHT: f64 = 22.0;
/// Distance between ticks, in CSS pixels, that keeps labels apart.
const X_TICK: f64 = 72.0;
const Y_TICK: f64 = 44.0;

/// Draws the frame and returns the plane to draw the data on, with its map.
///
/// # Errors
/// [`LabError::Content`] with the backend's reason.
pub(super) fn draw<'a, DB: DrawingBackend>(
    area: &'a DrawingArea<DB, Shift>,
    x: Axis,
    y: Axis,
    grid_x: bool,
    theme: &Theme,
) -> Result<(Plane<'a, DB>, PixelMap)> {
    draw_as(area, x, y, Style { grid_x, ..Style::default() }, theme)
}

/// What a frame may look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    /// Lines across the plot at the ticks of x.
    pub(super) grid_x: bool,
    /// Lines across the plot at the ticks of y.
    pub(super) grid_y: bool,
    /// Room for the labels at the left, in CSS pixels.
    pub(super) left: f64,
    /// Room for half a label at the right, in CSS pixels.
    pub(super) right: f64,
}

impl Default for Style {
    fn default() -> Self {
        Self { grid_x: true, grid_y: true, left: LEFT, right: RIGHT }
    }
}

/// [`draw`] in another style.
///
/// # Errors
/// [`LabError::Content`] with the backend's reason.
pub(super) fn draw_as<'a, DB: DrawingBackend>(
    area: &'a DrawingArea<DB, Shift>,
    x: Axis,
    y: Axis,
    style: Style,
    theme: &Theme,
) -> Result<(Plane<'a, DB>, PixelMap)> {
    let (width, height) = area.dim_in_pixel();
    let wanted =
        |size: u32, room: f64, tick: f64| ((f64::from(size) / theme.scale - room) / tick).max(3.0) as usize;
    let (n_x, n_y) = (wanted(width, style.left + style.right, X_TICK), wanted(height, BELOW + EDGE, Y_TICK));

    let mut plane = ChartBuilder::on(area)
        .margin_top(theme.px(EDGE))
        .margin_right(theme.px(style.right))
        .x_label_area_size(theme.px(BELOW))
        .y_label_area_size(theme.px(style.left))
        .build_cartesian_2d(Ticked { axis: x, wanted: n_x }, Ticked { axis: y, wanted: n_y })
        .map_err(failed)?;
    let mut mesh = plane.configure_mesh();
    if !style.grid_x {
        mesh.disable_x_mesh();
    }
    if !style.grid_y {
        mesh.disable_y_mesh();
    }
    mesh.light_line_style(theme.grid.mix(0.0))
        .bold_line_style(theme.grid.stroke_width(theme.px(1.0)))
        .axis_style(theme.axis.stroke_width(theme.px(1.0)))
        .set_all_tick_mark_size(theme.px(4.0))
        .label_style(theme.label())
        .draw()
        .map_err(failed)?;

    let (x_pixels, y_pixels) = plane.plotting_area().get_pixel_range();
    let css = |range: Range<i32>| (f64::from(range.start) / theme.scale, f64::from(range.end) / theme.scale);
    let map = PixelMap { x_pixels: css(x_pixels), y_pixels: css(y_pixels), x, y };
    Ok((plane, map))
}

/// An [`Axis`] as plotters wants it: coordinates along pixels, with our ticks and labels.
pub(super) struct Ticked {
    axis: Axis,
    wanted: usize,
}

impl Ranged for Ticked {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, coordinate: &f64, (begin, end): (i32, i32)) -> i32 {
        let part = (coordinate - self.axis.low) / (self.axis.high - self.axis.low);
        begin + (part * f64::from(end - begin)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, _: H) -> Vec<f64> {
        self.axis.ticks(self.wanted)
    }

    fn range(&self) -> Range<f64> {
        self.axis.low..self.axis.high
    }
}

impl ValueFormatter<f64> for Ticked {
    fn format_ext(&self, coordinate: &f64) -> String {
        self.axis.label(*coordinate, self.wanted)
    }
}

/// A backend's failure in the lab's words.
pub(super) fn failed(reason: impl std::fmt::Display) -> LabError {
    LabError::content("figure", reason)
}
