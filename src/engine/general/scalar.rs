//! The kernels of a step in both widths: float32 over the vectors of the instruction set, float64 as plain loops.

use super::softmax::{Softmax, SoftmaxBackward};
use crate::engine::cpu::activation::{Activate, ActivateBackward};
use crate::engine::cpu::adamw::AdamWUpdate;
use crate::engine::cpu::loss::{LossGradient, Score, ScoreRows};
use crate::engine::cpu::number::Number;
use crate::engine::cpu::simd::SimdLevel;
use crate::engine::cpu::simd::product::Product;

/// A number that a whole step can be computed with.
pub(super) trait Scalar: Number {
    fn product(simd: SimdLevel, kernel: Product<'_, Self>);
    fn softmax(simd: SimdLevel, kernel: Softmax<'_, Self>);
    fn softmax_backward(simd: SimdLevel, kernel: SoftmaxBackward<'_, Self>);
    fn activate(simd: SimdLevel, kernel: Activate<'_, Self>);
    fn activate_backward(simd: SimdLevel, kernel: ActivateBackward<'_, Self>);
    fn loss_gradient(simd: SimdLevel, kernel: LossGradient<'_, Self>);
    fn score(simd: SimdLevel, kernel: ScoreRows<'_, Self>) -> Score;
    fn adamw(simd: SimdLevel, kernel: AdamWUpdate<'_, Self>);
}

macro_rules! scalar {
    ($width:ty) => {
        impl Scalar for $width {
            fn product(simd: SimdLevel, kernel: Product<'_, Self>) {
                simd.run(kernel);
            }
            fn softmax(simd: SimdLevel, kernel: Softmax<'_, Self>) {
                simd.run(kernel);
            }
            fn softmax_backward(simd: SimdLevel, kernel: SoftmaxBackward<'_, Self>) {
                simd.run(kernel);
            }
            fn activate(simd: SimdLevel, kernel: Activate<'_, Self>) {
                simd.run(kernel);
            }
            fn activate_backward(simd: SimdLevel, kernel: ActivateBackward<'_, Self>) {
                simd.run(kernel);
            }
            fn loss_gradient(simd: SimdLevel, kernel: LossGradient<'_, Self>) {
                simd.run(kernel);
            }
            fn score(simd: SimdLevel, kernel: ScoreRows<'_, Self>) -> Score {
                simd.run(kernel)
            }
            fn adamw(simd: SimdLevel, kernel: AdamWUpdate<'_, Self>) {
                simd.run(kernel);
            }
        }
    };
}

scalar!(f32);
scalar!(f64);
