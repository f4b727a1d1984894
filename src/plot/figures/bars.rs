//! Bars of any width and colour, from the axis up.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Rectangle;
use plotters::prelude::DrawingBackend;
use plotters::style::{Color, RGBColor};

use crate::error::Result;
use crate::plot::axis::{Axis, Scale};
use crate::plot::frame::{self, failed};
use crate::plot::pixel_map::PixelMap;
use crate::plot::theme::Theme;

/// Bars and the axes they are drawn against.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// The bars.
    pub bars: Vec<Bar>,
    /// The horizontal axis, linear.
    pub x: Axis,
    /// The vertical axis. On a linear one bars stand on 0, on a logarithmic one on its lower edge.
    pub y: Axis,
}

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Its left edge.
    pub from: f64,
    /// Its right edge.
    pub to: f64,
    /// Where it ends.
    pub value: f64,
    /// Its colour.
    pub color: RGBColor,
}

impl BarChart {
    /// Draws the figure over the whole area. A bar whose value is not finite is left out.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, theme: &Theme) -> Result<PixelMap> {
        let (mut plane, map) = frame::draw(area, self.x, self.y, false, theme)?;
        let inside = |coordinate: f64| coordinate.clamp(self.y.low, self.y.high);
        let foot = match self.y.scale {
            Scale::Linear => inside(0.0),
            Scale::Log => self.y.low,
        };
        let rectangle = |bar: &Bar| {
            let end = inside(self.y.coordinate_or_floor(bar.value)?);
            let corners = [(bar.from, end.max(foot)), (bar.to, end.min(foot))];
            Some(Rectangle::new(corners, bar.color.filled()))
        };
        plane.draw_series(self.bars.iter().filter_map(rectangle)).map_err(failed)?;
        Ok(map)
    }
}
