//! NEON on 64-bit Arm, with and without fused multiply-add.

use std::arch::aarch64::*;

use super::{Kernel, Simd};

/// Four lanes; `FUSED` says whether products and sums are rounded together.
#[derive(Debug, Clone, Copy)]
pub struct Neon<const FUSED: bool>(());

impl<const FUSED: bool> Neon<FUSED> {
    /// The set, if this processor has NEON.
    pub fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }

    /// Runs a kernel compiled for this set.
    pub fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "neon")]
        fn inner<K: Kernel, const FUSED: bool>(s: Neon<FUSED>, kernel: K) -> K::Output {
            kernel.run(s)
        }
        // SAFETY: `detect`, which made `self`, saw NEON.
        unsafe { inner(self, kernel) }
    }
}

// SAFETY of every block below: the instructions exist, because a value of the type comes from
// `detect` only; loads and stores pass on what their caller guarantees.
impl<const FUSED: bool> Simd for Neon<FUSED> {
    type V = float32x4_t;
    const LANES: usize = 4;
    // 24 sums and 4 columns out of 32 registers.
    const REGISTER_ROWS: usize = 6;
    const REGISTER_VECS: usize = 4;

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        unsafe { vdupq_n_f32(x) }
    }
    #[inline(always)]
    unsafe fn load_from(self, at: *const f32) -> float32x4_t {
        unsafe { vld1q_f32(at) }
    }
    #[inline(always)]
    unsafe fn store_to(self, at: *mut f32, v: float32x4_t) {
        unsafe { vst1q_f32(at, v) }
    }
    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    fn div(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        unsafe { vdivq_f32(a, b) }
    }
    #[inline(always)]
    fn sqrt(self, a: float32x4_t) -> float32x4_t {
        unsafe { vsqrtq_f32(a) }
    }
    #[inline(always)]
    fn mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        unsafe { if FUSED { vfmaq_f32(c, a, b) } else { vaddq_f32(vmulq_f32(a, b), c) } }
    }
    #[inline(always)]
    fn select_gt(self, a: float32x4_t, b: float32x4_t, yes: float32x4_t, no: float32x4_t) -> float32x4_t {
        unsafe { vbslq_f32(vcgtq_f32(a, b), yes, no) }
    }
    #[inline(always)]
    fn exp2_of_biased(self, x: float32x4_t) -> float32x4_t {
        unsafe {
            let shifted = vshlq_n_u32::<23>(vreinterpretq_u32_f32(x));
            vreinterpretq_f32_u32(vaddq_u32(shifted, vdupq_n_u32(0x3F80_0000)))
        }
    }

    type D = float64x2_t;

    #[inline(always)]
    fn splat_wide(self, x: f64) -> float64x2_t {
        unsafe { vdupq_n_f64(x) }
    }
    #[inline(always)]
    unsafe fn widen_from(self, at: *const f32) -> float64x2_t {
        unsafe { vcvt_f64_f32(vld1_f32(at)) }
    }
    #[inline(always)]
    unsafe fn narrow_to(self, at: *mut f32, v: float64x2_t) {
        unsafe { vst1_f32(at, vcvt_f32_f64(v)) }
    }
    #[inline(always)]
    fn mul_add_wide(self, a: float64x2_t, b: float64x2_t, c: float64x2_t) -> float64x2_t {
        unsafe { vfmaq_f64(c, a, b) }
    }
}
