//! Threads: natively a pool of fixed size, in a browser the one thread there is.
//!
//! Work is cut into pieces that write to places of their own and add in an order of their own, so
//! that neither the number of threads nor their timing shows in a single bit.

use super::matrix::ViewMut;
use super::simd::SimdLevel;
use super::simd::product::Product;
use super::simd::product_wide::ProductWide;
use crate::error::{FailedDevice, LabError, Result};

/// Below so many multiply-adds a product is not worth sharing out.
#[cfg(not(target_arch = "wasm32"))]
const SHARED_PRODUCT: usize = 100_000;

/// The instruction set and the threads of an engine.
#[derive(Debug)]
pub struct ComputePool {
    simd: SimdLevel,
    #[cfg(not(target_arch = "wasm32"))]
    pool: Option<rayon::ThreadPool>,
}

#[cfg(not(target_arch = "wasm32"))]
impl ComputePool {
    /// A pool of `threads`, or of as many as the machine offers for 0.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the system refuses the threads.
    pub fn new(simd: SimdLevel, threads: usize) -> Result<Self> {
        let offered = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if threads == 0 { offered() } else { threads };
        if threads == 1 {
            return Ok(Self { simd, pool: None });
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
            LabError::device(FailedDevice::Cpu, format!("cannot start {threads} threads: {error}"))
        })?;
        Ok(Self { simd, pool: Some(pool) })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Does something with the pool's threads at hand.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Does something with each item.
    pub fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync + Send) {
        use rayon::prelude::*;
        if self.pool.is_some() {
            items.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, item)| work(i, item));
        } else {
            items.iter_mut().enumerate().for_each(|(i, item)| work(i, item));
        }
    }

    /// Does a product, shared out by rows.
    pub fn product(&self, product: Product<'_>) {
        let Product { a, b, list, c, add } = product;
        let work = c.rows * c.cols * a.cols;
        let Some(pool) = self.pool.as_ref().filter(|_| work >= SHARED_PRODUCT) else {
            return self.simd.run(Product { a, b, list, c, add });
        };
        // Two pieces a thread even out unequal speeds; 12 rows fill blocks of 4 and of 6.
        let rows = c.rows.div_ceil(2 * pool.current_num_threads()).next_multiple_of(12);
        let (cols, stride) = (c.cols, c.stride);
        let mut pieces: Vec<_> = c.data.chunks_mut(rows * stride).take(c.rows.div_ceil(rows)).collect();
        self.for_each(&mut pieces, |i, data| {
            let n = rows.min(c.rows - i * rows);
            let c = ViewMut { data, rows: n, cols, stride };
            self.simd.run(Product { a: a.take_rows(i * rows, n), b, list, c, add });
        });
    }
}

#[cfg(target_arch = "wasm32")]
impl ComputePool {
    /// The one thread; `threads` is left out of account.
    ///
    /// # Errors
    /// None.
    pub fn new(simd: SimdLevel, _threads: usize) -> Result<Self> {
        Ok(Self { simd })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        1
    }

    /// Does something.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        work()
    }

    /// Does something with each item.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync + Send) {
        items.iter_mut().enumerate().for_each(|(i, item)| work(i, item));
    }

    /// Does a product.
    pub fn product(&self, product: Product<'_>) {
        self.simd.run(product);
    }
}

impl ComputePool {
    /// Does a product summed in float64, shared out by rows.
    pub fn product_wide(&self, product: ProductWide<'_>) {
        let ProductWide { a, b, c } = product;
        // Three blocks of rows make pieces enough for many threads.
        const PIECE: usize = 12;
        let (rows, cols, stride) = (c.rows, c.cols, c.stride);
        let mut pieces: Vec<_> = c.data.chunks_mut(PIECE * stride).take(rows.div_ceil(PIECE)).collect();
        self.for_each(&mut pieces, |i, data| {
            let n = PIECE.min(rows - i * PIECE);
            let c = ViewMut { data, rows: n, cols, stride };
            self.simd.run(ProductWide { a: a.take_rows(i * PIECE, n), b, c });
        });
    }

    /// The instruction set.
    pub fn simd(&self) -> SimdLevel {
        self.simd
    }
}

/// Cuts the rows behind a slice at the given row numbers.
pub fn split_rows<T>(mut data: &mut [T], row_len: usize, ends: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    let mut start = 0;
    ends.map(|end| {
        let (head, tail) = std::mem::take(&mut data).split_at_mut((end - start) * row_len);
        (start, data) = (end, tail);
        head
    })
    .collect()
}
