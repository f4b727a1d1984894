//! Four lanes in plain Rust: the reference for every other set, and the fallback.

use super::Simd;

/// Four lanes that any processor has.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

impl Simd for Portable {
    type V = [f32; 4];
    const LANES: usize = 4;
    const REGISTER_ROWS: usize = 4;
    const REGISTER_VECS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; 4] {
        [x; 4]
    }
    #[inline(always)]
    unsafe fn load_from(self, at: *const f32) -> [f32; 4] {
        // SAFETY: the caller guarantees four floats; a float array needs no more alignment.
        unsafe { at.cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn store_to(self, at: *mut f32, v: [f32; 4]) {
        // SAFETY: the caller guarantees four floats; a float array needs no more alignment.
        unsafe { at.cast::<[f32; 4]>().write(v) }
    }
    #[inline(always)]
    fn add(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn div(self, a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] / b[i])
    }
    #[inline(always)]
    fn sqrt(self, a: [f32; 4]) -> [f32; 4] {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn mul_add(self, a: [f32; 4], b: [f32; 4], c: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn select_gt(self, a: [f32; 4], b: [f32; 4], yes: [f32; 4], no: [f32; 4]) -> [f32; 4] {
        std::array::from_fn(|i| if a[i] > b[i] { yes[i] } else { no[i] })
    }
    #[inline(always)]
    fn exp2_of_biased(self, x: [f32; 4]) -> [f32; 4] {
        x.map(|x| f32::from_bits((x.to_bits() << 23).wrapping_add(0x3F80_0000)))
    }

    type D = [f64; 2];

    #[inline(always)]
    fn splat_wide(self, x: f64) -> [f64; 2] {
        [x; 2]
    }
    #[inline(always)]
    unsafe fn widen_from(self, at: *const f32) -> [f64; 2] {
        // SAFETY: the caller guarantees two floats.
        unsafe { at.cast::<[f32; 2]>().read() }.map(f64::from)
    }
    #[inline(always)]
    unsafe fn narrow_to(self, at: *mut f32, v: [f64; 2]) {
        // SAFETY: the caller guarantees two floats.
        unsafe { at.cast::<[f32; 2]>().write(v.map(|x| x as f32)) }
    }
    #[inline(always)]
    fn mul_add_wide(self, a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|i| a[i] * b[i] + c[i])
    }
}
