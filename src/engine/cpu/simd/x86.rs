//! AVX2 and AVX-512 on x86-64, each with and without fused multiply-add.

use std::arch::x86_64::*;

use super::{Kernel, Simd};

/// Eight lanes; `FUSED` says whether products and sums are rounded together.
#[derive(Debug, Clone, Copy)]
pub struct Avx2<const FUSED: bool>(());

/// Sixteen lanes; `FUSED` says whether products and sums are rounded together.
#[derive(Debug, Clone, Copy)]
pub struct Avx512<const FUSED: bool>(());

impl<const FUSED: bool> Avx2<FUSED> {
    /// The set, if this processor has AVX2 and FMA.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    /// Runs a kernel compiled for this set.
    pub fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn inner<K: Kernel, const FUSED: bool>(s: Avx2<FUSED>, kernel: K) -> K::Output {
            kernel.run(s)
        }
        // SAFETY: `detect`, which made `self`, saw AVX2 and FMA.
        unsafe { inner(self, kernel) }
    }
}

impl<const FUSED: bool> Avx512<FUSED> {
    /// The set, if this processor has AVX-512F, AVX2 and FMA.
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma"))
        .then_some(Self(()))
    }

    /// Runs a kernel compiled for this set.
    pub fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn inner<K: Kernel, const FUSED: bool>(s: Avx512<FUSED>, kernel: K) -> K::Output {
            kernel.run(s)
        }
        // SAFETY: `detect`, which made `self`, saw AVX-512F, AVX2 and FMA.
        unsafe { inner(self, kernel) }
    }
}

// SAFETY of every block below that has no comment of its own: the instructions exist, because a
// value of the type comes from `detect` only; loads and stores pass on what their caller guarantees.
impl<const FUSED: bool> Simd for Avx2<FUSED> {
    type V = __m256;
    const LANES: usize = 8;
    // 12 sums, 2 columns, 1 row value and 1 product fill the 16 registers.
    const REGISTER_ROWS: usize = 6;
    const REGISTER_VECS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load_from(self, at: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(at) }
    }
    #[inline(always)]
    unsafe fn store_to(self, at: *mut f32, v: __m256) {
        unsafe { _mm256_storeu_ps(at, v) }
    }
    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_div_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        unsafe { _mm256_sqrt_ps(a) }
    }
    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { if FUSED { _mm256_fmadd_ps(a, b, c) } else { _mm256_add_ps(_mm256_mul_ps(a, b), c) } }
    }
    #[inline(always)]
    fn select_gt(self, a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
        unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b)) }
    }
    #[inline(always)]
    fn exp2_of_biased(self, x: __m256) -> __m256 {
        unsafe {
            let shifted = _mm256_slli_epi32::<23>(_mm256_castps_si256(x));
            _mm256_castsi256_ps(_mm256_add_epi32(shifted, _mm256_set1_epi32(0x3F80_0000)))
        }
    }

    type D = __m256d;

    #[inline(always)]
    fn splat_wide(self, x: f64) -> __m256d {
        unsafe { _mm256_set1_pd(x) }
    }
    #[inline(always)]
    unsafe fn widen_from(self, at: *const f32) -> __m256d {
        unsafe { _mm256_cvtps_pd(_mm_loadu_ps(at)) }
    }
    #[inline(always)]
    unsafe fn narrow_to(self, at: *mut f32, v: __m256d) {
        unsafe { _mm_storeu_ps(at, _mm256_cvtpd_ps(v)) }
    }
    #[inline(always)]
    fn mul_add_wide(self, a: __m256d, b: __m256d, c: __m256d) -> __m256d {
        unsafe { _mm256_fmadd_pd(a, b, c) }
    }
}

// SAFETY: as above.
impl<const FUSED: bool> Simd for Avx512<FUSED> {
    type V = __m512;
    const LANES: usize = 16;
    // 24 sums and 4 columns out of 32 registers.
    const REGISTER_ROWS: usize = 6;
    const REGISTER_VECS: usize = 4;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load_from(self, at: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(at) }
    }
    #[inline(always)]
    unsafe fn store_to(self, at: *mut f32, v: __m512) {
        unsafe { _mm512_storeu_ps(at, v) }
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        unsafe { _mm512_sqrt_ps(a) }
    }
    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { if FUSED { _mm512_fmadd_ps(a, b, c) } else { _mm512_add_ps(_mm512_mul_ps(a, b), c) } }
    }
    #[inline(always)]
    fn select_gt(self, a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), no, yes) }
    }
    #[inline(always)]
    fn exp2_of_biased(self, x: __m512) -> __m512 {
        unsafe {
            let shifted = _mm512_slli_epi32::<23>(_mm512_castps_si512(x));
            _mm512_castsi512_ps(_mm512_add_epi32(shifted, _mm512_set1_epi32(0x3F80_0000)))
        }
    }

    type D = __m512d;

    #[inline(always)]
    fn splat_wide(self, x: f64) -> __m512d {
        unsafe { _mm512_set1_pd(x) }
    }
    #[inline(always)]
    unsafe fn widen_from(self, at: *const f32) -> __m512d {
        unsafe { _mm512_cvtps_pd(_mm256_loadu_ps(at)) }
    }
    #[inline(always)]
    unsafe fn narrow_to(self, at: *mut f32, v: __m512d) {
        unsafe { _mm256_storeu_ps(at, _mm512_cvtpd_ps(v)) }
    }
    #[inline(always)]
    fn mul_add_wide(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        unsafe { _mm512_fmadd_pd(a, b, c) }
    }
}
