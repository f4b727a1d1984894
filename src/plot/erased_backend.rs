//! One backend type for every surface, so that the figures' code exists once in a program however many kinds
//! of surfaces it draws on.
//!
//! Plotters' charts are generic over their backend: a page that draws on a canvas and writes SVG would carry
//! all of them twice.

use std::fmt;

use plotters::prelude::DrawingBackend;
use plotters::style::{FontDesc, TextStyle};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontFamily,
};

/// Any backend.
pub struct ErasedBackend<'a>(Box<dyn Surface + 'a>);

impl<'a> ErasedBackend<'a> {
    /// Draws on `backend`.
    pub fn new<DB: DrawingBackend + 'a>(backend: DB) -> Self {
        Self(Box::new(backend))
    }
}

impl fmt::Debug for ErasedBackend<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ink").field(&self.0.size()).finish()
    }
}

/// The reason of a backend, in its words.
#[derive(Debug)]
pub struct BackendError(String);

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BackendError {}

type Drawn = Result<(), DrawingErrorKind<BackendError>>;

/// A colour and a width.
#[derive(Clone, Copy)]
struct DynBackend {
    color: BackendColor,
    width: u32,
}

impl DynBackend {
    fn of(style: &impl BackendStyle) -> Self {
        Self { color: style.color(), width: style.stroke_width() }
    }
}

impl BackendStyle for DynBackend {
    fn color(&self) -> BackendColor {
        self.color
    }

    fn stroke_width(&self) -> u32 {
        self.width
    }
}

/// [`DrawingBackend`] without generic methods.
trait Surface {
    fn size(&self) -> (u32, u32);
    fn prepare(&mut self) -> Drawn;
    fn finish(&mut self) -> Drawn;
    fn pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn;
    fn line(&mut self, from: BackendCoord, to: BackendCoord, pen: DynBackend) -> Drawn;
    fn rect(&mut self, corners: [BackendCoord; 2], pen: DynBackend, fill: bool) -> Drawn;
    fn path(&mut self, points: &[BackendCoord], pen: DynBackend) -> Drawn;
    fn circle(&mut self, center: BackendCoord, radius: u32, pen: DynBackend, fill: bool) -> Drawn;
    fn polygon(&mut self, points: &[BackendCoord], pen: DynBackend) -> Drawn;
    fn text(&mut self, text: &str, style: &TextStyle<'_>, at: BackendCoord) -> Drawn;
    fn text_size(
        &self,
        text: &str,
        style: &TextStyle<'_>,
    ) -> Result<(u32, u32), DrawingErrorKind<BackendError>>;
    fn bitmap(&mut self, corner: BackendCoord, size: (u32, u32), rgb: &[u8]) -> Drawn;
}

impl<DB: DrawingBackend> Surface for DB {
    fn size(&self) -> (u32, u32) {
        self.get_size()
    }

    fn prepare(&mut self) -> Drawn {
        self.ensure_prepared().map_err(in_words)
    }

    fn finish(&mut self) -> Drawn {
        self.present().map_err(in_words)
    }

    fn pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_pixel(point, color).map_err(in_words)
    }

    fn line(&mut self, from: BackendCoord, to: BackendCoord, pen: DynBackend) -> Drawn {
        self.draw_line(from, to, &pen).map_err(in_words)
    }

    fn rect(&mut self, [a, b]: [BackendCoord; 2], pen: DynBackend, fill: bool) -> Drawn {
        self.draw_rect(a, b, &pen, fill).map_err(in_words)
    }

    fn path(&mut self, points: &[BackendCoord], pen: DynBackend) -> Drawn {
        self.draw_path(points.iter().copied(), &pen).map_err(in_words)
    }

    fn circle(&mut self, center: BackendCoord, radius: u32, pen: DynBackend, fill: bool) -> Drawn {
        self.draw_circle(center, radius, &pen, fill).map_err(in_words)
    }

    fn polygon(&mut self, points: &[BackendCoord], pen: DynBackend) -> Drawn {
        self.fill_polygon(points.iter().copied(), &pen).map_err(in_words)
    }

    fn text(&mut self, text: &str, style: &TextStyle<'_>, at: BackendCoord) -> Drawn {
        self.draw_text(text, style, at).map_err(in_words)
    }

    fn text_size(
        &self,
        text: &str,
        style: &TextStyle<'_>,
    ) -> Result<(u32, u32), DrawingErrorKind<BackendError>> {
        self.estimate_text_size(text, style).map_err(in_words)
    }

    fn bitmap(&mut self, corner: BackendCoord, size: (u32, u32), rgb: &[u8]) -> Drawn {
        self.blit_bitmap(corner, size, rgb).map_err(in_words)
    }
}

impl DrawingBackend for ErasedBackend<'_> {
    type ErrorType = BackendError;

    fn get_size(&self) -> (u32, u32) {
        self.0.size()
    }

    fn ensure_prepared(&mut self) -> Drawn {
        self.0.prepare()
    }

    fn present(&mut self) -> Drawn {
        self.0.finish()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.0.pixel(point, color)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.0.line(from, to, DynBackend::of(style))
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.0.rect([upper_left, bottom_right], DynBackend::of(style), fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.0.path(&path.into_iter().collect::<Vec<_>>(), DynBackend::of(style))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        self.0.circle(center, radius, DynBackend::of(style), fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Drawn {
        self.0.polygon(&vertices.into_iter().collect::<Vec<_>>(), DynBackend::of(style))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let family = style.family();
        self.0.text(text, &letters(style, family), at)
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<BackendError>> {
        let family = style.family();
        self.0.text_size(text, &letters(style, family))
    }

    fn blit_bitmap(&mut self, corner: BackendCoord, size: (u32, u32), rgb: &[u8]) -> Drawn {
        self.0.bitmap(corner, size, rgb)
    }
}

/// A style of letters as plotters' own type.
fn letters<'a>(style: &impl BackendTextStyle, family: FontFamily<'a>) -> TextStyle<'a> {
    let font = FontDesc::new(family, style.size(), style.style()).transform(style.transform());
    let mut letters = TextStyle::from(font).pos(style.anchor());
    letters.color = style.color();
    letters
}

fn in_words<E: std::error::Error + Send + Sync>(
    error: DrawingErrorKind<E>,
) -> DrawingErrorKind<BackendError> {
    DrawingErrorKind::DrawingError(BackendError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use plotters::drawing::IntoDrawingArea;
    use plotters::prelude::SVGBackend;

    use super::ErasedBackend;
    use crate::plot::{Axis, Line, LineChart, Scale, Theme};

    #[test]
    fn a_chart_drawn_through_ink_is_the_chart() {
        let points: Vec<(f64, f64)> =
            (0..90).map(|i| (f64::from(i), (-f64::from(i) / 9.0).exp() - 0.01)).collect();
        let chart = LineChart {
            x: Axis::linear(0.0, 89.0),
            y: Axis::fit(Scale::Log, points.iter().map(|p| p.1), 0.05),
            lines: vec![Line { color: Theme::light().test, points }],
        };
        let (mut plain, mut through) = (String::new(), String::new());
        {
            let area = SVGBackend::with_string(&mut plain, (400, 200)).into_drawing_area();
            chart.draw(&area, &Theme::light()).expect("an SVG backend does not fail");
            area.present().expect("nor here");
            let area =
                ErasedBackend::new(SVGBackend::with_string(&mut through, (400, 200))).into_drawing_area();
            chart.draw(&area, &Theme::light()).expect("nor through ink");
            area.present().expect("nor here");
        }
        assert!(plain.contains("<polyline"), "something is drawn");
        assert_eq!(plain, through);
    }
}
