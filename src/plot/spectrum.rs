//! Bars of cosine and sine norms by frequency: the Fourier spectrum of an embedding.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::Rectangle;
use plotters::prelude::DrawingBackend;
use plotters::style::{Color, RGBColor};

use super::axis::Axis;
use super::frame::{self, failed};
use super::pixel_map::PixelMap;
use super::theme::Theme;
use crate::error::Result;

/// The norms at one frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Harmonic {
    /// The frequency, 1 to (p - 1)/2.
    pub k: usize,
    /// ‖W_E cos_k‖.
    pub cos: f64,
    /// ‖W_E sin_k‖.
    pub sin: f64,
}

/// A spectrum to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumChart {
    /// Frequencies in ascending order, without gaps.
    pub harmonics: Vec<Harmonic>,
    /// The least that the vertical axis reaches to: spectra of one run are drawn to one scale.
    pub reach: f64,
}

/// The part of a frequency's place that its two bars fill together.
const FILL: f64 = 0.8;

impl SpectrumChart {
    /// Takes norms in the order of the Fourier basis: const, cos 1, sin 1, cos 2, …
    pub fn from_norms(norms: &[f32]) -> Self {
        let pairs = norms.get(1..).unwrap_or_default().chunks_exact(2);
        let harmonics = pairs
            .zip(1..)
            .map(|(pair, k)| Harmonic { k, cos: f64::from(pair[0]), sin: f64::from(pair[1]) })
            .collect();
        Self { harmonics, reach: 0.0 }
    }

    /// The harmonic whose bars lie nearest to a horizontal value.
    pub fn nearest(&self, x: f64) -> Option<Harmonic> {
        let last = self.harmonics.len().checked_sub(1)?;
        Some(self.harmonics[(x.round().max(1.0) as usize - 1).min(last)])
    }

    /// Draws the figure over the whole area.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, theme: &Theme) -> Result<PixelMap> {
        let largest = self
            .harmonics
            .iter()
            .flat_map(|h| [h.cos, h.sin])
            .filter(|v| v.is_finite())
            .fold(self.reach, f64::max);
        let x = Axis::linear(0.5, self.harmonics.len().max(1) as f64 + 0.5);
        let low =
            self.harmonics.iter().flat_map(|h| [h.cos, h.sin]).filter(|v| v.is_finite()).fold(0.0, f64::min);
        let y = Axis::linear(low * 1.05, if largest > 0.0 { largest * 1.05 } else { 1.0 });
        let (mut plane, map) = frame::draw(area, x, y, false, theme)?;
        let bars = |side: f64, color: RGBColor, of: fn(&Harmonic) -> f64| {
            let bar = move |h: &Harmonic| {
                let (k, height) = (h.k as f64, of(h));
                let (inner, outer) = (k, k + side * FILL / 2.0);
                height.is_finite().then(|| {
                    Rectangle::new([(inner.min(outer), height), (inner.max(outer), 0.0)], color.filled())
                })
            };
            self.harmonics.iter().filter_map(bar).collect::<Vec<_>>()
        };
        plane.draw_series(bars(-1.0, theme.cos, |h| h.cos)).map_err(failed)?;
        plane.draw_series(bars(1.0, theme.sin, |h| h.sin)).map_err(failed)?;
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::SpectrumChart;
    use crate::plot::{Theme, svg};

    #[test]
    fn norms_are_read_as_const_then_cos_and_sin() {
        let chart = SpectrumChart::from_norms(&[9.0, 1.0, 2.0, 3.0, 4.0]);
        let read: Vec<_> = chart.harmonics.iter().map(|h| (h.k, h.cos, h.sin)).collect();
        assert_eq!(read, [(1, 1.0, 2.0), (2, 3.0, 4.0)]);
        assert_eq!(chart.nearest(1.6).map(|h| h.k), Some(2), "the nearest bar");
        assert_eq!(chart.nearest(-5.0).map(|h| h.k), Some(1), "left of all bars is the first");
        assert_eq!(chart.nearest(99.0).map(|h| h.k), Some(2), "right of all bars is the last");
        assert_eq!(SpectrumChart::from_norms(&[]).nearest(1.0), None, "nothing is nearest to nothing");
    }

    #[test]
    fn every_finite_norm_gets_a_bar() {
        let mut norms = vec![1.0f32; 113];
        norms[7] = f32::NAN;
        let chart = SpectrumChart::from_norms(&norms);
        let (svg, _) = svg::render(640, 240, &Theme::dark(), |area, theme| chart.draw(area, theme))
            .expect("an SVG backend does not fail");
        let bars = |color: &str| svg.matches(&format!("fill=\"{color}\"")).count();
        assert_eq!((bars("#3FC4A0"), bars("#C092F0")), (55, 56), "cos 4 is not a number");
    }

    #[test]
    fn an_empty_spectrum_draws_its_axes() {
        let chart = SpectrumChart::from_norms(&[]);
        let drawn = svg::render(640, 240, &Theme::light(), |area, theme| chart.draw(area, theme));
        assert!(drawn.is_ok(), "{drawn:?}");
    }
}
