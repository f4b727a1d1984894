//! Figures as SVG text.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::SVGBackend;

use super::frame::failed;
use super::theme::Theme;
use crate::error::Result;

/// Draws one figure on a background of the theme's colour; returns the SVG and whatever `draw`
/// returns. Sizes are in the SVG's pixels.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) with the reason of `draw` or the backend.
pub fn render<T>(
    width: u32,
    height: u32,
    theme: &Theme,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>, &Theme) -> Result<T>,
) -> Result<(String, T)> {
    let mut svg = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        area.fill(&theme.background).map_err(failed)?;
        let drawn = draw(&area, theme)?;
        area.present().map_err(failed)?;
        drawn
    };
    Ok((svg, drawn))
}
