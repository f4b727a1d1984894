//! Figures: plain data in, drawing on any plotters backend out, with the pixel-to-data map of
//! what was drawn.
//!
//! The same functions paint a canvas in the page and write SVG natively ([`svg`]).

pub mod axis;
pub mod bitmap_passthrough;
pub mod downsample;
pub mod figures;
mod frame;
pub mod erased_backend;
pub mod line_chart;
pub mod pixel_map;
mod png;
pub mod spectrum;
pub mod svg;
pub mod theme;

pub use axis::{Axis, Scale};
pub use line_chart::{Line, LineChart};
pub use pixel_map::PixelMap;
pub use spectrum::{Harmonic, SpectrumChart};
pub use theme::Theme;
