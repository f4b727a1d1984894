//! Lines over a common horizontal axis: losses, accuracies and whatever else is measured per step.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement};
use plotters::prelude::DrawingBackend;
use plotters::style::{Color, RGBColor};

use super::axis::Axis;
use super::downsample::min_max;
use super::frame::{self, failed};
use super::pixel_map::PixelMap;
use super::theme::Theme;
use crate::error::Result;

/// Lines and the axes they are drawn against.
#[derive(Debug, Clone, PartialEq)]
pub struct LineChart {
    /// Drawn in this order, the last on top.
    pub lines: Vec<Line>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its colour.
    pub color: RGBColor,
    /// Its points, x ascending. A y that is not finite leaves a gap; a y that is not above zero
    /// lies on the lower edge of a logarithmic axis; an x that has no place is left out.
    pub points: Vec<(f64, f64)>,
}

impl LineChart {
    /// Draws the figure over the whole area.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, theme: &Theme) -> Result<PixelMap> {
        let (mut plane, map) = frame::draw(area, self.x, self.y, true, theme)?;
        let columns = (map.x_pixels.1 - map.x_pixels.0).max(1.0) * theme.scale;
        for line in &self.lines {
            let style = line.color.stroke_width(theme.px(theme.line_width));
            for piece in self.pieces(&line.points) {
                if let [(x, y)] = piece[..] {
                    // A path of one point draws nothing.
                    let dot = Circle::new((x, y), theme.px(theme.line_width), line.color.filled());
                    plane.draw_series([dot]).map_err(failed)?;
                    continue;
                }
                let path = min_max(&piece, self.x.low, self.x.high, columns as usize);
                plane.draw_series([PathElement::new(path, style)]).map_err(failed)?;
            }
        }
        Ok(map)
    }

    /// Coordinates of the points, cut where a value is not finite.
    fn pieces(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let mut pieces = vec![Vec::new()];
        for &(x, y) in points {
            let Some(x) = self.x.coordinate(x) else { continue };
            match (self.y.coordinate_or_floor(y), pieces.last_mut()) {
                (Some(y), Some(piece)) => piece.push((x, y.clamp(self.y.low, self.y.high))),
                _ => pieces.push(Vec::new()),
            }
        }
        pieces.into_iter().map(|piece| self.inside(&piece)).filter(|piece| !piece.is_empty()).collect()
    }

    /// The part of a line that the horizontal axis shows, cut at its ends.
    fn inside(&self, piece: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let (low, high) = (self.x.low, self.x.high);
        let first = piece.partition_point(|point| point.0 < low);
        let last = piece.partition_point(|point| point.0 <= high);
        let cut = |a: (f64, f64), b: (f64, f64), x: f64| (x, a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0));
        let crosses = |i: usize| i > 0 && i < piece.len() && piece[i - 1].0 < piece[i].0;
        let mut inside = Vec::with_capacity(last.saturating_sub(first) + 2);
        if crosses(first) && piece[first].0 > low {
            inside.push(cut(piece[first - 1], piece[first], low));
        }
        inside.extend_from_slice(piece.get(first..last).unwrap_or_default());
        if crosses(last) && piece[last - 1].0 < high {
            inside.push(cut(piece[last - 1], piece[last], high));
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, LineChart};
    use crate::plot::{Axis, Scale, Theme, svg};

    fn chart(points: Vec<(f64, f64)>, x: Scale, y: Scale) -> LineChart {
        LineChart {
            x: Axis::fit(x, points.iter().map(|p| p.0), 0.0),
            y: Axis::fit(y, points.iter().map(|p| p.1), 0.05),
            lines: vec![Line { color: Theme::light().train, points }],
        }
    }

    fn grokking_curve() -> Vec<(f64, f64)> {
        (0..200).map(|i| (f64::from(i * 10), 4.7 * (-f64::from(i) / 12.0).exp())).collect()
    }

    #[test]
    fn a_curve_becomes_svg_with_labels_of_its_axes() {
        let chart = chart(grokking_curve(), Scale::Linear, Scale::Log);
        let (svg, map) = svg::render(640, 360, &Theme::light(), |area, theme| chart.draw(area, theme))
            .expect("an SVG backend does not fail");
        assert_eq!(
            svg.matches("<polyline").count(),
            svg.matches("fill=\"none\"").count(),
            "lines are not filled"
        );
        assert!(svg.contains("#0B63B5"), "the line has the colour of the train set");
        for label in ["1e-6", "1,500", "0"] {
            assert!(svg.contains(&format!("\n{label}\n")), "no label {label} in {svg}");
        }
        assert!(map.x_pixels.0 < map.x_pixels.1 && map.x_pixels.1 <= 640.0, "{map:?}");
        assert!(map.y_pixels.0 < map.y_pixels.1 && map.y_pixels.1 <= 360.0, "{map:?}");
    }

    #[test]
    fn zeros_negatives_and_nan_draw_on_every_pair_of_scales() {
        let points = vec![
            (0.0, 0.0),
            (10.0, -1.0),
            (20.0, f64::NAN),
            (30.0, 1e-9),
            (40.0, f64::INFINITY),
            (50.0, 3.0),
        ];
        for x in [Scale::Linear, Scale::Log] {
            for y in [Scale::Linear, Scale::Log] {
                let chart = chart(points.clone(), x, y);
                let (svg, _) = svg::render(640, 360, &Theme::light(), |area, theme| chart.draw(area, theme))
                    .expect("an SVG backend does not fail");
                assert!(!svg.contains("NaN"), "{x:?} {y:?} wrote NaN");
                // The infinite value stands between the last two, so each is a dot of its own.
                assert_eq!(
                    svg.matches("<circle").count(),
                    if x == Scale::Log { 3 } else { 2 },
                    "{x:?} {y:?}"
                );
            }
        }
    }

    #[test]
    fn a_line_is_cut_at_the_ends_of_a_narrower_axis() {
        let points = vec![(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)];
        let y = Axis::linear(0.0, 10.0);
        let cut = |low: f64, high: f64| {
            let chart = LineChart { lines: Vec::new(), x: Axis::linear(low, high), y };
            chart.pieces(&points).concat()
        };
        assert_eq!(cut(0.0, 20.0), points, "all of it");
        assert_eq!(cut(5.0, 15.0), [(5.0, 5.0), (10.0, 10.0), (15.0, 5.0)], "both ends");
        assert_eq!(cut(12.0, 14.0), [(12.0, 8.0), (14.0, 6.0)], "between two points");
        assert_eq!(cut(10.0, 20.0), points[1..], "an end on a point");
        assert_eq!(cut(30.0, 40.0), [], "beside it");
    }

    #[test]
    fn a_finer_backend_keeps_the_map_in_css_pixels() {
        let chart = chart(grokking_curve(), Scale::Linear, Scale::Log);
        let draw = |scale: u32| {
            let theme = Theme::light().scaled(f64::from(scale));
            svg::render(640 * scale, 360 * scale, &theme, |area, theme| chart.draw(area, theme))
                .expect("drawn")
                .1
        };
        let (coarse, fine) = (draw(1), draw(2));
        assert!((coarse.x_pixels.0 - fine.x_pixels.0).abs() <= 1.0, "{coarse:?} {fine:?}");
        assert!((coarse.y_pixels.1 - fine.y_pixels.1).abs() <= 1.0, "{coarse:?} {fine:?}");
    }
}
