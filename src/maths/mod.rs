//! Pure numbers: knows neither Burn nor the browser.

pub mod eigen;
pub mod exp;
pub mod fft;
pub mod fourier;
pub mod matrix;
pub mod modular;
pub mod mt19937;
pub mod normal;
pub mod randint;
pub mod stats;
pub mod svd;
pub mod torch_normal;
