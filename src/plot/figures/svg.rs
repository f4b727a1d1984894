//! A figure as SVG.

use plotters::drawing::IntoDrawingArea;
use plotters::prelude::SVGBackend;
use plotters::style::RGBColor;

use super::{Figure, FigureData, Sheet};
use crate::error::{LabError, Result};
use crate::plot::bitmap_passthrough::BitmapPassthrough;
use crate::plot::erased_backend::ErasedBackend;
use crate::plot::frame::failed;
use crate::plot::png::PngImage;
use crate::plot::theme::Theme;

/// Backends count in whole pixels; four of them for each CSS pixel keep slanted lines smooth.
const FINENESS: u32 = 4;

/// The figure at a width in CSS pixels, on the theme's background.
///
/// # Errors
/// [`LabError::Content`] with the backend's reason.
pub fn svg(figure: &Figure, data: &FigureData<'_>, width: u32, theme: &Theme) -> Result<String> {
    of_sheet(figure.id, &(figure.sheet)(data, theme), width, theme)
}

/// A sheet at a width in CSS pixels, on the theme's background; `name` says in an error what it is.
///
/// # Errors
/// [`LabError::Content`] with the backend's reason.
pub fn of_sheet(name: &str, sheet: &Sheet, width: u32, theme: &Theme) -> Result<String> {
    let height = sheet.height(f64::from(width), theme).ceil().max(1.0) as u32;
    let fine = theme.clone().scaled(f64::from(FINENESS));
    let mut text = String::new();
    let mut images = Vec::new();
    {
        let inner = SVGBackend::with_string(&mut text, (width * FINENESS, height * FINENESS));
        let backend = BitmapPassthrough::new(inner, |corner, size, rgb: &[u8]| {
            images.push((corner, size, rgb.to_vec()));
        });
        let area = ErasedBackend::new(backend).into_drawing_area();
        area.fill(&theme.background).map_err(failed)?;
        sheet.draw(&area, &fine)?;
        area.present().map_err(failed)?;
    }
    let mut elements = String::new();
    for ((x, y), (w, h), rgb) in images {
        let picture = PngImage::from_rgb(w, h, &rgb)
            .ok_or_else(|| LabError::content(name, "a heat map has more than 256 colours"))?;
        let uri = picture.data_uri();
        elements.push_str(&format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{uri}\"/>\n"
        ));
    }
    // Above the background, below everything else.
    let start = text.find("<rect").and_then(|rect| Some(rect + text[rect..].find("/>\n")? + 3));
    text.insert_str(start.unwrap_or(text.len()), &elements);
    let (fine_size, size) = (
        format!("width=\"{}\" height=\"{}\"", width * FINENESS, height * FINENESS),
        format!("width=\"{width}\" height=\"{height}\""),
    );
    Ok(text.replacen(&fine_size, &size, 1))
}

/// The figure in colours that the page around it defines (see [`color_variables`]), so that one text
/// serves light and dark.
///
/// # Errors
/// [`LabError::Content`] with the backend's reason.
pub fn themed_svg(figure: &Figure, data: &FigureData<'_>, width: u32) -> Result<String> {
    themed_svg_of_sheet(figure.id, &(figure.sheet)(data, &Theme::light()), width)
}

/// A sheet that was made with [`Theme::light`], in colours that the page around it defines.
///
/// # Errors
/// [`LabError::Content`] with the backend's reason.
pub fn themed_svg_of_sheet(name: &str, sheet: &Sheet, width: u32) -> Result<String> {
    let theme = Theme::light();
    let text = of_sheet(name, sheet, width, &theme)?;
    Ok(colors(&theme).iter().fold(text, |text, (name, color)| {
        text.replace(&format!("\"{}\"", hex(*color)), &format!("\"var(--plot-{name})\""))
    }))
}

/// The declarations `--plot-…: #rrggbb;` of a theme's colours, for a style sheet.
pub fn color_variables(theme: &Theme) -> String {
    colors(theme).iter().map(|(name, color)| format!("--plot-{name}: {};", hex(*color))).collect()
}

/// Every colour of a theme with its name; of equal colours the first name.
fn colors(theme: &Theme) -> Vec<(String, RGBColor)> {
    let named = [
        ("background", theme.background),
        ("text", theme.text),
        ("grid", theme.grid),
        ("axis", theme.axis),
        ("train", theme.train),
        ("test", theme.test),
        ("cos", theme.cos),
        ("sin", theme.sin),
        ("muted", theme.muted),
    ];
    let named = named.map(|(name, color)| (name.to_owned(), color)).into_iter();
    let series = theme.series.iter().enumerate();
    let members = series.clone().map(|(i, &color)| (format!("series-{i}"), color));
    let tints = series.map(|(i, &color)| (format!("series-{i}-muted"), theme.muted(color)));
    named.chain(members).chain(tints).collect()
}

/// A colour as plotters writes it.
fn hex(RGBColor(r, g, b): RGBColor) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

#[cfg(test)]
mod tests {
    use super::colors;
    use crate::plot::theme::Theme;

    #[test]
    fn colours_that_are_equal_on_light_are_equal_on_dark() {
        let (light, dark) = (colors(&Theme::light()), colors(&Theme::dark()));
        for (i, (name, color)) in light.iter().enumerate() {
            for (j, (other, _)) in light.iter().enumerate().filter(|(_, (_, same))| same == color) {
                assert_eq!(dark[i].1, dark[j].1, "{name} and {other} are one colour in a themed figure");
            }
        }
    }
}
