//! The only colours, fonts and sizes of the figures.

use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, TextStyle};

/// The reader's own interface font, the one the page is set in.
const FONT: &str = "system-ui, sans-serif";

/// Nine of the 256 colours of viridis, evenly spaced.
const VIRIDIS: [u32; 9] = [
    0x44_01_54, 0x47_2d_7b, 0x3b_52_8b, 0x2c_72_8e, 0x21_91_8c, 0x28_ae_80, 0x5e_c9_62, 0xad_dc_30,
    0xfd_e7_25,
];

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
    /// Members of a family, such as one line for each key frequency, in their order.
    pub series: [RGBColor; 6],
    /// What a value stands against: everything that is not the point of a figure.
    pub muted: RGBColor,
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
            series: [0x0b_63_b5, 0xd0_53_0c, 0x48_00_60, 0x5a_94_ac, 0x84_3c_54, 0x54_18_00].map(rgb),
            muted: RGBColor(0x7c, 0x88, 0x98),
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
            series: [0x5a_b0_f5, 0xf5_96_3d, 0x84_f0_fc, 0x0c_6c_e4, 0xe4_fc_78, 0xc0_3c_54].map(rgb),
            muted: RGBColor(0x7f, 0x8b, 0x9b),
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

    /// A colour thinned to a tint of the background.
    pub fn muted(&self, color: RGBColor) -> RGBColor {
        let mix = |x: u8, y: u8| (0.28 * f64::from(x) + 0.72 * f64::from(y)).round() as u8;
        let (RGBColor(r, g, b), RGBColor(r2, g2, b2)) = (color, self.background);
        RGBColor(mix(r, r2), mix(g, g2), mix(b, b2))
    }

    /// The colour of the i-th member of a family; after the last, the first again.
    pub fn member(&self, i: usize) -> RGBColor {
        self.series[i % self.series.len()]
    }

    /// The colour of a heat map's value, from 0 to 1; the same on light and dark. Equal differences look
    /// equal, also to colour-blind readers, and brightness alone tells the order (viridis).
    pub fn heat(&self, part: f64) -> RGBColor {
        let place = part.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
        let i = (place as usize).min(VIRIDIS.len() - 2);
        let (RGBColor(r, g, b), RGBColor(r2, g2, b2)) = (rgb(VIRIDIS[i]), rgb(VIRIDIS[i + 1]));
        let between =
            |x: u8, y: u8| (f64::from(x) + (place - i as f64) * (f64::from(y) - f64::from(x))).round();
        RGBColor(between(r, r2) as u8, between(g, g2) as u8, between(b, b2) as u8)
    }

    /// The style of tick labels.
    pub fn label(&self) -> TextStyle<'static> {
        self.letters(FontStyle::Normal)
    }

    /// The style of a panel's title.
    pub fn title(&self) -> TextStyle<'static> {
        self.letters(FontStyle::Bold)
    }

    fn letters(&self, style: FontStyle) -> TextStyle<'static> {
        let size = self.font_size * self.scale;
        let font = FontDesc::new(FontFamily::Name(FONT), size, style);
        let mut style = TextStyle::from(font);
        style.color = self.text.to_backend_color();
        style
    }
}

/// The colour 0xrrggbb.
fn rgb(hex: u32) -> RGBColor {
    let [_, r, g, b] = hex.to_be_bytes();
    RGBColor(r, g, b)
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
            let pairs =
                [("train", theme.train), ("test", theme.test), ("cos", theme.cos), ("sin", theme.sin)];
            let family = theme.series.map(|color| ("a series", color));
            for (name, color) in pairs.into_iter().chain(family).chain([("muted", theme.muted)]) {
                let data = contrast(color, theme.background);
                assert!(data >= 3.0, "{name} has contrast {data:.2}, graphics need 3");
            }
        }
    }

    /// sRGB to linear light.
    fn linear(RGBColor(r, g, b): RGBColor) -> [f64; 3] {
        [r, g, b].map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn product(rows: [[f64; 3]; 3], x: [f64; 3]) -> [f64; 3] {
        rows.map(|row| row.iter().zip(x).map(|(m, x)| m * x).sum::<f64>())
    }

    /// A colour in Oklab (Ottosson 2020), where distances are about as large as they look.
    fn oklab(light: [f64; 3]) -> [f64; 3] {
        let cones = product(
            [
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            light.map(|v| v.clamp(0.0, 1.0)),
        );
        product(
            [
                [0.210_454_255_3, 0.793_617_785, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766],
            ],
            cones.map(f64::cbrt),
        )
    }

    #[test]
    fn neighbours_stay_apart_for_colour_blind_readers() {
        // Machado, Oliveira and Fernandes (2009), severity 1: full vision, no long, no middle cones.
        let visions = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ];
        for theme in [Theme::light(), Theme::dark()] {
            let mut pairs = vec![(theme.train, theme.test), (theme.cos, theme.sin)];
            for (i, &color) in theme.series.iter().enumerate() {
                pairs.extend(theme.series[..i].iter().map(|&other| (color, other)));
            }
            for (x, y) in pairs {
                for vision in visions {
                    let [x, y] = [x, y].map(|color| oklab(product(vision, linear(color))));
                    let distance = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt();
                    // 0.02 is about the smallest difference one can see side by side.
                    assert!(distance > 0.1, "{x:?} and {y:?} are {distance:.3} apart");
                }
            }
        }
    }

    #[test]
    fn a_heat_map_grows_brighter_all_the_way() {
        let theme = Theme::light();
        let brightness: Vec<f64> =
            (0..=64).map(|i| oklab(linear(theme.heat(f64::from(i) / 64.0)))[0]).collect();
        assert!(brightness.is_sorted_by(|a, b| a < b), "{brightness:?}");
        assert_eq!((theme.heat(-1.0), theme.heat(9.0)), (theme.heat(0.0), theme.heat(1.0)), "ends");
    }
}
