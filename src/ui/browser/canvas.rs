//! Drawing on canvases, sharp on any screen.

use leptos::prelude::window;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use crate::error::{LabError, Result};
use crate::plot::bitmap_passthrough::BitmapPassthrough;
use crate::plot::erased_backend::ErasedBackend;
use crate::plot::figures::Sheet;
use crate::plot::{PixelMap, Theme};
use crate::ui::browser::dom;

/// A surface as the figures see it.
pub(in crate::ui) type Area = DrawingArea<ErasedBackend<'static>, Shift>;

/// Draws over a whole canvas, sharp on any screen. The canvas becomes as high as `height` says for its
/// width, in CSS pixels; without an answer it keeps its own. Nothing is drawn on a canvas too small to read.
///
/// # Errors
/// [`LabError::Content`] if the canvas cannot be drawn on, or what `draw` returns.
pub(in crate::ui) fn paint(
    canvas: &HtmlCanvasElement,
    theme: &Theme,
    painter: &dyn Painter,
) -> Result<Option<Vec<PixelMap>>> {
    // Plotters has whole pixels only: two of them per CSS pixel keep slanted lines smooth on
    // coarse screens too.
    let scale = window().device_pixel_ratio().max(2.0);
    let rect = canvas.get_bounding_client_rect();
    let (width, mut height) = (rect.width(), rect.height());
    if let Some(needed) = painter.height(width, theme) {
        height = needed.ceil();
        // A style that cannot be set leaves the figure a little squeezed.
        let _ = canvas.style().set_property("height", &format!("{height}px"));
    }
    if width < 80.0 || height < 60.0 {
        return Ok(None);
    }
    canvas.set_width((width * scale).round() as u32);
    canvas.set_height((height * scale).round() as u32);
    painter.draw(&ink(canvas)?.into_drawing_area(), &theme.clone().scaled(scale)).map(Some)
}

/// What draws on a canvas of this size.
fn ink(canvas: &HtmlCanvasElement) -> Result<ErasedBackend<'static>> {
    let context = context_2d(canvas)?;
    context.set_line_join("round");
    context.set_line_cap("butt");
    let backend = CanvasBackend::with_canvas_object(canvas.clone()).ok_or_else(no_canvas)?;
    Ok(ErasedBackend::new(BitmapPassthrough::new(backend, move |corner, size, rgb: &[u8]| {
        put_image(&context, corner, size, rgb);
    })))
}

/// A PNG has so many pixels to a CSS pixel.
const PNG_SCALE: f64 = 2.0;

/// A figure as a PNG, in a data URL: at a width in CSS pixels, on the theme's background.
///
/// # Errors
/// [`LabError::Content`] if the browser gives no canvas, or with its reason.
pub(in crate::ui) fn png_url(sheet: &Sheet, width: u32, theme: &Theme) -> Result<String> {
    let canvas = dom::new_canvas().ok_or_else(no_canvas)?;
    canvas.set_width((f64::from(width) * PNG_SCALE) as u32);
    canvas.set_height((sheet.height(f64::from(width), theme).ceil() * PNG_SCALE) as u32);
    let area = ink(&canvas)?.into_drawing_area();
    area.fill(&theme.background)
        .map_err(|reason| LabError::content("figure", format!("it cannot be drawn: {reason}")))?;
    sheet.draw(&area, &theme.clone().scaled(PNG_SCALE))?;
    canvas
        .to_data_url_with_type("image/png")
        .map_err(|_| LabError::content("figure", "this browser makes no PNG of a canvas"))
}

/// Something that draws itself on any surface.
pub(in crate::ui) trait Painter {
    /// The height it needs at a width, both in CSS pixels; none if it fills what it is given.
    fn height(&self, width: f64, theme: &Theme) -> Option<f64>;

    /// Draws it; returns the map of each panel that has axes.
    ///
    /// # Errors
    /// [`LabError::Content`] with the surface's reason.
    fn draw(&self, area: &Area, theme: &Theme) -> Result<Vec<PixelMap>>;
}

fn context_2d(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d> {
    let context = canvas.get_context("2d").ok().flatten().ok_or_else(no_canvas)?;
    context.dyn_into().map_err(|_| no_canvas())
}

fn no_canvas() -> LabError {
    LabError::content("figure", "this browser gives no 2d canvas")
}

fn put_image(
    context: &CanvasRenderingContext2d,
    (x, y): (i32, i32),
    (width, height): (u32, u32),
    rgb: &[u8],
) {
    let rgba: Vec<u8> = rgb.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
    if let Ok(image) = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), width, height) {
        // It fails only for sizes that are not numbers.
        let _ = context.put_image_data(&image, f64::from(x), f64::from(y));
    }
}
