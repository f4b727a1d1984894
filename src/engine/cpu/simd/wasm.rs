//! WebAssembly's 128-bit vectors. The relaxed instructions differ between machines: not used.

use std::arch::wasm32::*;

use super::Simd;

/// Four lanes, in every browser since 2023; the build decides, there is nothing to detect.
#[derive(Debug, Clone, Copy)]
pub struct Simd128;

impl Simd for Simd128 {
    type V = v128;
    const LANES: usize = 4;
    // Engines on x86-64 have 16 registers: 8 sums, 2 columns, 2 for a product.
    const REGISTER_ROWS: usize = 4;
    const REGISTER_VECS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> v128 {
        f32x4_splat(x)
    }
    #[inline(always)]
    unsafe fn load_from(self, at: *const f32) -> v128 {
        // SAFETY: the caller guarantees four floats; the instruction needs no alignment.
        unsafe { v128_load(at.cast()) }
    }
    #[inline(always)]
    unsafe fn store_to(self, at: *mut f32, v: v128) {
        // SAFETY: the caller guarantees four floats; the instruction needs no alignment.
        unsafe { v128_store(at.cast(), v) }
    }
    #[inline(always)]
    fn add(self, a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }
    #[inline(always)]
    fn sub(self, a: v128, b: v128) -> v128 {
        f32x4_sub(a, b)
    }
    #[inline(always)]
    fn mul(self, a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }
    #[inline(always)]
    fn div(self, a: v128, b: v128) -> v128 {
        f32x4_div(a, b)
    }
    #[inline(always)]
    fn sqrt(self, a: v128) -> v128 {
        f32x4_sqrt(a)
    }
    #[inline(always)]
    fn mul_add(self, a: v128, b: v128, c: v128) -> v128 {
        f32x4_add(f32x4_mul(a, b), c)
    }
    #[inline(always)]
    fn select_gt(self, a: v128, b: v128, yes: v128, no: v128) -> v128 {
        v128_bitselect(yes, no, f32x4_gt(a, b))
    }
    #[inline(always)]
    fn max(self, a: v128, b: v128) -> v128 {
        // `pmax(b, a)` is by definition `b < a ? a : b`: one instruction on x86-64.
        f32x4_pmax(b, a)
    }
    #[inline(always)]
    fn exp2_of_biased(self, x: v128) -> v128 {
        i32x4_add(i32x4_shl(x, 23), i32x4_splat(0x3F80_0000))
    }

    type D = v128;

    #[inline(always)]
    fn splat_wide(self, x: f64) -> v128 {
        f64x2_splat(x)
    }
    #[inline(always)]
    unsafe fn widen_from(self, at: *const f32) -> v128 {
        // SAFETY: the caller guarantees two floats; the instruction needs no alignment.
        f64x2_promote_low_f32x4(unsafe { v128_load64_zero(at.cast()) })
    }
    #[inline(always)]
    unsafe fn narrow_to(self, at: *mut f32, v: v128) {
        // SAFETY: the caller guarantees two floats; the instruction needs no alignment.
        unsafe { v128_store64_lane::<0>(f32x4_demote_f64x2_zero(v), at.cast()) }
    }
    #[inline(always)]
    fn mul_add_wide(self, a: v128, b: v128, c: v128) -> v128 {
        f64x2_add(f64x2_mul(a, b), c)
    }
}
