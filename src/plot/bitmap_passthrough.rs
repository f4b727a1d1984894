//! A backend that leaves bitmaps to its owner and everything else to another backend.
//!
//! Plotters' own way of putting a bitmap on a canvas or into an SVG is a rectangle for each pixel. The owner
//! knows better: an image in an SVG, `putImageData` on a canvas.

use plotters::prelude::DrawingBackend;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};

/// The backend; `blit` is given each bitmap's upper left corner, its size and its rows of red, green, blue.
#[derive(Debug)]
pub struct BitmapPassthrough<DB, F> {
    inner: DB,
    blit: F,
}

impl<DB: DrawingBackend, F: FnMut(BackendCoord, (u32, u32), &[u8])> BitmapPassthrough<DB, F> {
    /// Draws on `inner`.
    pub fn new(inner: DB, blit: F) -> Self {
        Self { inner, blit }
    }
}

type Drawn<DB> = Result<(), DrawingErrorKind<<DB as DrawingBackend>::ErrorType>>;

impl<DB: DrawingBackend, F: FnMut(BackendCoord, (u32, u32), &[u8])> DrawingBackend
    for BitmapPassthrough<DB, F>
{
    type ErrorType = DB::ErrorType;

    fn blit_bitmap(&mut self, corner: BackendCoord, size: (u32, u32), rgb: &[u8]) -> Drawn<DB> {
        (self.blit)(corner, size, rgb);
        Ok(())
    }

    fn get_size(&self) -> (u32, u32) {
        self.inner.get_size()
    }

    fn ensure_prepared(&mut self) -> Drawn<DB> {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Drawn<DB> {
        self.inner.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn<DB> {
        self.inner.draw_pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn<DB> {
        self.inner.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn<DB> {
        self.inner.draw_rect(upper_left, bottom_right, style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn<DB> {
        self.inner.draw_path(path, style)
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn<DB> {
        self.inner.draw_circle(center, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Drawn<DB> {
        self.inner.fill_polygon(vertices, style)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn<DB> {
        self.inner.draw_text(text, style, at)
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        self.inner.estimate_text_size(text, style)
    }
}
