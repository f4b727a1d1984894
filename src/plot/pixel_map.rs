//! Where in a drawn figure each value lies, in CSS pixels from the figure's upper left corner.

use super::axis::Axis;

/// The plotting rectangle and the axes along it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelMap {
    /// Left and right edge.
    pub x_pixels: (f64, f64),
    /// Upper and lower edge.
    pub y_pixels: (f64, f64),
    /// The horizontal axis, left to right.
    pub x: Axis,
    /// The vertical axis, bottom to top.
    pub y: Axis,
}

impl PixelMap {
    /// The horizontal value under a pixel; pixels outside the rectangle give the value at its edge.
    pub fn x_value(&self, pixel: f64) -> f64 {
        let (left, right) = self.x_pixels;
        let part = ((pixel - left) / (right - left)).clamp(0.0, 1.0);
        self.x.value(self.x.low + part * (self.x.high - self.x.low))
    }

    /// The pixel of a horizontal value; none if it lies outside the axis.
    pub fn x_pixel(&self, value: f64) -> Option<f64> {
        let part = part(&self.x, self.x.coordinate(value)?)?;
        Some(self.x_pixels.0 + part * (self.x_pixels.1 - self.x_pixels.0))
    }

    /// The pixel of a vertical value; none if it lies outside the axis. Zero and negative values
    /// on a logarithmic axis lie on its lower edge, as they are drawn.
    pub fn y_pixel(&self, value: f64) -> Option<f64> {
        let part = part(&self.y, self.y.coordinate_or_floor(value)?)?;
        Some(self.y_pixels.1 - part * (self.y_pixels.1 - self.y_pixels.0))
    }
}

fn part(axis: &Axis, coordinate: f64) -> Option<f64> {
    let part = (coordinate - axis.low) / (axis.high - axis.low);
    (-1e-9..=1.0 + 1e-9).contains(&part).then_some(part.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::{Axis, PixelMap};
    use crate::plot::Scale;

    #[test]
    fn pixels_and_values_are_inverse_on_both_scales() {
        for scale in [Scale::Linear, Scale::Log] {
            let map = PixelMap {
                x_pixels: (50.0, 450.0),
                y_pixels: (10.0, 210.0),
                x: Axis { scale, low: 0.0, high: 4.0 },
                y: Axis::linear(0.0, 1.0),
            };
            for pixel in [50.0, 123.0, 450.0] {
                let back = map.x_pixel(map.x_value(pixel)).expect("inside the axis");
                assert!((back - pixel).abs() < 1e-6, "{scale:?}: pixel {pixel} came back as {back}");
            }
            assert_eq!(map.y_pixel(0.0), Some(210.0), "the bottom is the axis' beginning");
            assert_eq!(map.y_pixel(1.5), None, "outside the axis");
        }
    }
}
