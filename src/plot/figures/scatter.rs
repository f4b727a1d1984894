//! Numbered points in a plane, joined in some order.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::frame::{self, failed};
use crate::plot::pixel_map::PixelMap;
use crate::plot::theme::Theme;

/// Points and the axes they are drawn against.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Point i is the number i.
    pub points: Vec<(f64, f64)>,
    /// Numbers joined by a line, one after the other.
    pub order: Vec<usize>,
    /// Every so many of `order` have their number beside them.
    pub label_every: usize,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

/// The radius of a point, in CSS pixels.
const RADIUS: f64 = 2.2;
/// How far outside its point, from the origin, a number stands.
const LABEL_AT: f64 = 1.13;

impl Scatter {
    /// Draws the figure in the middle of the area, as large a square as it holds: a circle is round. Points that are
    /// not finite are left out.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, theme: &Theme) -> Result<PixelMap> {
        let style = frame::Style::default();
        let (width, height) = area.dim_in_pixel();
        let edges_x = theme.px(style.left) + theme.px(style.right);
        let edges_y = theme.px(frame::EDGE) + theme.px(frame::BELOW);
        let (free_x, free_y) = (width.saturating_sub(edges_x), height.saturating_sub(edges_y));
        let side = free_x.min(free_y);
        let (spare_x, spare_y) = ((free_x - side) as i32, (free_y - side) as i32);
        let square = area.margin(0, spare_y, spare_x / 2, spare_x - spare_x / 2);
        let (mut plane, map) = frame::draw(&square, self.x, self.y, true, theme)?;
        let finite = |i: &usize| self.points.get(*i).filter(|(x, y)| x.is_finite() && y.is_finite()).copied();
        let path: Vec<_> = self.order.iter().filter_map(finite).collect();
        let thin = theme.axis.stroke_width(theme.px(0.7));
        plane.draw_series([PathElement::new(path, thin)]).map_err(failed)?;
        let n = self.points.len().max(1) as f64;
        let points = (0..self.points.len()).filter_map(|i| {
            let color = theme.heat(0.9 * i as f64 / n).filled();
            finite(&i).map(|point| Circle::new(point, theme.px(RADIUS), color))
        });
        plane.draw_series(points).map_err(failed)?;
        let style = theme.label().pos(Pos::new(HPos::Center, VPos::Center));
        let n_order = self.order.len().saturating_sub(1);
        let labels = self.order[..n_order].iter().step_by(self.label_every.max(1)).filter_map(|i| {
            finite(i).map(|(x, y)| Text::new(i.to_string(), (LABEL_AT * x, LABEL_AT * y), style.clone()))
        });
        plane.draw_series(labels).map_err(failed)?;
        Ok(map)
    }
}
