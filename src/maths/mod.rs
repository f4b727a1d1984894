//! Pure numbers: knows neither Burn nor the browser.

pub mod modular;
pub mod mt19937;
pub mod normal;
