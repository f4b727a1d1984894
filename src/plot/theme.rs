//! The only colours, fonts and sizes of the figures.

use plotters::style::{Color, FontDesc, FontFamily, RGBColor, TextStyle};

/// The reader's own interface font, the one the page is set in.
const FONT: &str = "system-ui, sans-serif";

/// How a figure looks. Sizes are in CSS pixels; `scale` turns them into the backend's pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Behind everything; a canvas leaves it to the page.
    pub background: RGBColor,
    /// Tick labels and axis names.
    pub text: RGBColor,
    /// Lines across the plot at each tick.
    pub grid: RGBColor,
    /// The two axes.
    pub axis: RGBColor,
    /// Everything measured on the train set.
    pub train: RGBColor,
    /// Everything measured on the test set.
    pub test: RGBColor,
    /// Cosine components.
    pub cos: RGBColor,
    /// Sine components.
    pub sin: RGBColor,
    /// Height of the labels' letters, in CSS pixels.
    pub font_size: f64,
    /// Width of a data line, in CSS pixels.
    pub line_width: f64,
    /// Backend pixels per CSS pixel.
    pub scale: f64,
}

impl Theme {
    /// Dark ink on light paper. The data colours are a pair that colour-blind readers can tell
    /// apart (blue and vermilion; green and purple), each at 3:1 or more against the background.
    pub fn light() -> Self {
        Self {
            background: RGBColor(0xff, 0xff, 0xff),
            text: RGBColor(0x4a, 0x55, 0x65),
            grid: RGBColor(0xe6, 0xea, 0xef),
            axis: RGBColor(0x9a, 0xa5, 0xb4),
            train: RGBColor(0x0b, 0x63, 0xb5),
            test: RGBColor(0xd0, 0x53, 0x0c),
            cos: RGBColor(0x0a, 0x84, 0x6a),
            sin: RGBColor(0x8e, 0x4f, 0xc2),
            font_size: 12.0,
            line_width: 1.6,
            scale: 1.0,
        }
    }

    /// Light ink on dark paper.
    pub fn dark() -> Self {
        Self {
            background: RGBColor(0x16, 0x1b, 0x22),
            text: RGBColor(0xa3, 0xaf, 0xbf),
            grid: RGBColor(0x26, 0x2d, 0x37),
            axis: RGBColor(0x56, 0x62, 0x72),
            train: RGBColor(0x5a, 0xb0, 0xf5),
            test: RGBColor(0xf5, 0x96, 0x3d),
            cos: RGBColor(0x3f, 0xc4, 0xa0),
            sin: RGBColor(0xc0, 0x92, 0xf0),
            ..Self::light()
        }
    }

    /// The same look on a finer backend.
    #[must_use]
    pub fn scaled(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// CSS pixels in backend pixels, at least one.
    pub fn px(&self, css: f64) -> u32 {
        (css * self.scale).round().max(1.0) as u32
    }

    /// The style of tick labels.
    pub fn label(&self) -> TextStyle<'static> {
        let font: FontDesc<'static> = (FontFamily::Name(FONT), self.font_size * self.scale).into();
        let mut style = TextStyle::from(font);
        style.color = self.text.to_backend_color();
        style
    }
}

#[cfg(test)]
mod tests {
    use super::Theme;
    use plotters::style::RGBColor;

    /// The contrast of two colours by WCAG 2: (L1 + 0.05) / (L2 + 0.05).
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let luminance = |RGBColor(r, g, b): RGBColor| {
            let linear = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
        };
        let (x, y) = (luminance(a), luminance(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    #[test]
    fn labels_and_data_stand_out_from_the_background() {
        for theme in [Theme::light(), Theme::dark()] {
            let text = contrast(theme.text, theme.background);
            assert!(text >= 4.5, "labels have contrast {text:.2}, text needs 4.5");
            for (name, color) in
                [("train", theme.train), ("test", theme.test), ("cos", theme.cos), ("sin", theme.sin)]
            {
                let data = contrast(color, theme.background);
                assert!(data >= 3.0, "{name} has contrast {data:.2}, graphics need 3");
            }
        }
    }
}
