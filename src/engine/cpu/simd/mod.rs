//! Vectors of float32: one small trait, and one implementation for each instruction set.
//!
//! Kernels are written once, over [`Simd`]. [`SimdLevel::run`] picks the instruction set when the program runs. All
//! unsafe code of the engine is in this folder.
//!
//! # Bits
//! Every sum runs in an order that does not depend on the width of a vector: either each lane is a sum of its own,
//! or term i goes to partial sum i mod [`GROUP`] and the partial sums are added in one fixed tree. The only
//! difference between sets is whether `a * b + c` rounds once or twice. All sets without fused multiply-add give the
//! same bits, WebAssembly's included; so do all sets with it.

pub mod dots;
pub mod math;
pub mod mix;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
pub mod product;
pub mod product_wide;
#[cfg(test)]
mod tests;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Floats in a cache line and in the widest vector: rows are padded to a multiple of it, and sums along a row have
/// that many partial sums.
pub const GROUP: usize = 16;

/// An instruction set: operations on vectors of [`Self::LANES`] float32.
///
/// A value of the implementing type proves that the processor has the instructions.
pub trait Simd: Copy + Send + Sync {
    /// The vector.
    type V: Copy;
    /// Floats in a vector; divides [`GROUP`].
    const LANES: usize;
    /// Rows of the register block of a product: 4 or 6.
    const REGISTER_ROWS: usize;
    /// Vectors in a row of the register block: 2 or 4.
    const REGISTER_VECS: usize;

    /// The same number in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// Reads `LANES` floats.
    ///
    /// # Safety
    /// They must lie within one allocation and be initialised.
    unsafe fn load_from(self, at: *const f32) -> Self::V;
    /// Writes `LANES` floats.
    ///
    /// # Safety
    /// They must lie within one allocation that is borrowed mutably.
    unsafe fn store_to(self, at: *mut f32, v: Self::V);
    /// a + b
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a - b
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// a b
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a / b
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// √a
    fn sqrt(self, a: Self::V) -> Self::V;
    /// a b + c, rounded once if the set is fused, else twice.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// Per lane, `yes` where a > b, else `no` (also where either is NaN).
    fn select_gt(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// 2ⁿ for x = 1.5 · 2²³ + n with a whole number n from -126 to 127: the low bits of x are n.
    fn exp2_of_biased(self, x: Self::V) -> Self::V;

    /// A vector of [`Self::LANES`] / 2 float64.
    type D: Copy;
    /// The same number in every lane.
    fn splat_wide(self, x: f64) -> Self::D;
    /// Reads `LANES` / 2 float32 as float64.
    ///
    /// # Safety
    /// They must lie within one allocation and be initialised.
    unsafe fn widen_from(self, at: *const f32) -> Self::D;
    /// Rounds to `LANES` / 2 float32 and writes them.
    ///
    /// # Safety
    /// They must lie within one allocation that is borrowed mutably.
    unsafe fn narrow_to(self, at: *mut f32, v: Self::D);
    /// a b + c. Products of two float32 are exact in float64, so that fused and not fused give the same bits.
    fn mul_add_wide(self, a: Self::D, b: Self::D, c: Self::D) -> Self::D;

    /// The first `LANES` floats of a slice.
    #[inline(always)]
    fn load(self, from: &[f32]) -> Self::V {
        assert!(from.len() >= Self::LANES, "a vector needs {} floats", Self::LANES);
        // SAFETY: the slice holds at least `LANES` floats.
        unsafe { self.load_from(from.as_ptr()) }
    }
    /// Overwrites the first `LANES` floats of a slice.
    #[inline(always)]
    fn store(self, to: &mut [f32], v: Self::V) {
        assert!(to.len() >= Self::LANES, "a vector needs {} floats", Self::LANES);
        // SAFETY: the slice holds at least `LANES` floats.
        unsafe { self.store_to(to.as_mut_ptr(), v) }
    }
    /// The larger of two, `b` where either is NaN.
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        self.select_gt(a, b, a, b)
    }
}

/// Work that is compiled once for each instruction set.
pub trait Kernel {
    /// The result.
    type Output;
    /// Runs the kernel. Implementations are `#[inline(always)]`, so that the body is compiled for the instruction set
    /// of the caller. They must not use vectors in a closure: it would be compiled for the baseline, and each of its
    /// vector instructions would become a call.
    fn run<S: Simd>(self, s: S) -> Self::Output;
}

/// The instruction set in use.
#[derive(Debug, Clone, Copy)]
pub enum SimdLevel {
    /// Four lanes in plain Rust.
    Portable(portable::Portable),
    /// WebAssembly's 128-bit vectors, without the relaxed ones.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128(wasm::Simd128),
    /// 256 bits, product and sum rounded separately.
    #[cfg(target_arch = "x86_64")]
    Avx2(x86::Avx2<false>),
    /// 256 bits, fused.
    #[cfg(target_arch = "x86_64")]
    Avx2Fused(x86::Avx2<true>),
    /// 512 bits, product and sum rounded separately.
    #[cfg(target_arch = "x86_64")]
    Avx512(x86::Avx512<false>),
    /// 512 bits, fused.
    #[cfg(target_arch = "x86_64")]
    Avx512Fused(x86::Avx512<true>),
    /// 128 bits, product and sum rounded separately.
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon<false>),
    /// 128 bits, fused.
    #[cfg(target_arch = "aarch64")]
    NeonFused(neon::Neon<true>),
}

impl SimdLevel {
    /// Every set this processor has, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        sets.extend([Self::Simd128(wasm::Simd128)]);
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(x86::Avx512::detect().map(Self::Avx512Fused));
            sets.extend(x86::Avx512::detect().map(Self::Avx512));
            sets.extend(x86::Avx2::detect().map(Self::Avx2Fused));
            sets.extend(x86::Avx2::detect().map(Self::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        {
            sets.extend(neon::Neon::detect().map(Self::NeonFused));
            sets.extend(neon::Neon::detect().map(Self::Neon));
        }
        sets.push(Self::Portable(portable::Portable));
        sets
    }

    /// The fastest set of this processor; with `reproducible`, the fastest that gives the bits of WebAssembly.
    pub fn detect(reproducible: bool) -> Self {
        Self::available()
            .into_iter()
            .find(|set| !(reproducible && set.is_fused()))
            .expect("the portable set is always there and not fused")
    }

    /// Whether a product and a sum are rounded together.
    pub fn is_fused(self) -> bool {
        match self {
            Self::Portable(_) => false,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128(_) => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) | Self::Avx512(_) => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Fused(_) | Self::Avx512Fused(_) => true,
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => false,
            #[cfg(target_arch = "aarch64")]
            Self::NeonFused(_) => true,
        }
    }

    /// The set in words, for the status line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => "plain float32",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128(_) => "WebAssembly SIMD",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2 without fused multiply-add",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Fused(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512 without fused multiply-add",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Fused(_) => "AVX-512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON without fused multiply-add",
            #[cfg(target_arch = "aarch64")]
            Self::NeonFused(_) => "NEON",
        }
    }

    /// Runs a kernel compiled for this set.
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable(s) => kernel.run(s),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128(s) => kernel.run(s),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(s) => s.enter(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Fused(s) => s.enter(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(s) => s.enter(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Fused(s) => s.enter(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(s) => s.enter(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::NeonFused(s) => s.enter(kernel),
        }
    }
}
