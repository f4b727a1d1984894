//! The two widths of floating point numbers that an engine on the processor computes with.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul};

/// `f32` or `f64`.
pub(in crate::engine) trait Number:
    Copy
    + Default
    + Debug
    + PartialOrd
    + Send
    + Sync
    + AddAssign
    + Add<Output = Self>
    + Mul<Output = Self>
    + 'static
{
    /// The nearest number of this width.
    fn from_f64(x: f64) -> Self;
    /// The same number in float64.
    fn to_f64(self) -> f64;
}

impl Number for f32 {
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Number for f64 {
    fn from_f64(x: f64) -> Self {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
}
