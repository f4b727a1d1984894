//! Threads: natively a pool of fixed size, in a browser the one thread there is.
//!
//! Work is split into jobs that write to memory of their own, each with a fixed order of sums: the bits depend
//! neither on the number of threads nor on their timing.

use super::matrix::ViewMut;
use super::simd::SimdLevel;
use super::simd::product::Product;
use super::simd::product_wide::ProductWide;
use crate::error::Result;
#[cfg(not(target_arch = "wasm32"))]
use crate::error::{FailedDevice, LabError};

/// Products of fewer multiply-adds run on one thread: they take about as long as waking another.
#[cfg(not(target_arch = "wasm32"))]
const MIN_PARALLEL_MULTIPLY_ADDS: usize = 100_000;

/// The instruction set and the threads of an engine.
#[derive(Debug)]
pub(in crate::engine) struct ComputePool {
    simd: SimdLevel,
    #[cfg(not(target_arch = "wasm32"))]
    pool: Option<rayon::ThreadPool>,
}

#[cfg(not(target_arch = "wasm32"))]
impl ComputePool {
    /// Starts `threads` threads, or as many as the machine offers for 0; none for 1, where the caller's thread
    /// does the work.
    ///
    /// # Errors
    /// [`LabError::Device`](crate::error::LabError::Device) if the system refuses the threads.
    pub(in crate::engine) fn new(simd: SimdLevel, threads: usize) -> Result<Self> {
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
    pub(in crate::engine) fn threads(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Runs `work` on a thread of the pool, from which [`Self::for_each`] starts jobs without another hand-over.
    pub(in crate::engine) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Calls `work` with the index and the value of each item, on all threads, and waits for the last.
    pub(in crate::engine) fn for_each<T: Send>(
        &self,
        items: &mut [T],
        work: impl Fn(usize, &mut T) + Sync + Send,
    ) {
        use rayon::prelude::*;
        if self.pool.is_some() {
            items.par_iter_mut().enumerate().with_max_len(1).for_each(|(i, item)| work(i, item));
        } else {
            items.iter_mut().enumerate().for_each(|(i, item)| work(i, item));
        }
    }

    /// Computes a product, its rows split among the threads.
    pub(in crate::engine) fn product(&self, product: Product<'_>) {
        let Product { a, b, list, c, add } = product;
        let multiply_adds = c.rows * c.cols * a.cols;
        let Some(pool) = self.pool.as_ref().filter(|_| multiply_adds >= MIN_PARALLEL_MULTIPLY_ADDS) else {
            return self.simd.run(Product { a, b, list, c, add });
        };
        // Two jobs per thread even out unequal speeds; 12 rows fill register blocks of 4 and of 6.
        let rows = c.rows.div_ceil(2 * pool.current_num_threads()).next_multiple_of(12);
        let (cols, stride) = (c.cols, c.stride);
        let mut jobs: Vec<_> = c.data.chunks_mut(rows * stride).take(c.rows.div_ceil(rows)).collect();
        self.for_each(&mut jobs, |i, data| {
            let n = rows.min(c.rows - i * rows);
            let c = ViewMut { data, rows: n, cols, stride };
            self.simd.run(Product { a: a.take_rows(i * rows, n), b, list, c, add });
        });
    }
}

#[cfg(target_arch = "wasm32")]
impl ComputePool {
    /// The one thread; `_threads` is ignored.
    ///
    /// # Errors
    /// None.
    pub(in crate::engine) fn new(simd: SimdLevel, _threads: usize) -> Result<Self> {
        Ok(Self { simd })
    }

    /// Number of threads.
    pub(in crate::engine) fn threads(&self) -> usize {
        1
    }

    /// Runs `work`.
    pub(in crate::engine) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        work()
    }

    /// Calls `work` with the index and the value of each item, in order.
    pub(in crate::engine) fn for_each<T: Send>(
        &self,
        items: &mut [T],
        work: impl Fn(usize, &mut T) + Sync + Send,
    ) {
        items.iter_mut().enumerate().for_each(|(i, item)| work(i, item));
    }

    /// Computes a product.
    pub(in crate::engine) fn product(&self, product: Product<'_>) {
        self.simd.run(product);
    }
}

impl ComputePool {
    /// Computes a product summed in float64, its rows split among the threads.
    pub(in crate::engine) fn product_wide(&self, product: ProductWide<'_>) {
        let ProductWide { a, b, c } = product;
        // Three register blocks of four rows: small enough to give many threads a job.
        const ROWS_PER_JOB: usize = 12;
        let (rows, cols, stride) = (c.rows, c.cols, c.stride);
        let mut jobs: Vec<_> =
            c.data.chunks_mut(ROWS_PER_JOB * stride).take(rows.div_ceil(ROWS_PER_JOB)).collect();
        self.for_each(&mut jobs, |i, data| {
            let n = ROWS_PER_JOB.min(rows - i * ROWS_PER_JOB);
            let c = ViewMut { data, rows: n, cols, stride };
            self.simd.run(ProductWide { a: a.take_rows(i * ROWS_PER_JOB, n), b, c });
        });
    }

    /// The instruction set.
    pub(in crate::engine) fn simd(&self) -> SimdLevel {
        self.simd
    }
}

/// Splits a slice of rows of `row_len` values into consecutive parts that end before the given row numbers.
pub(in crate::engine) fn split_rows<T>(
    mut data: &mut [T],
    row_len: usize,
    ends: impl Iterator<Item = usize>,
) -> Vec<&mut [T]> {
    let mut start = 0;
    ends.map(|end| {
        let (head, tail) = std::mem::take(&mut data).split_at_mut((end - start) * row_len);
        (start, data) = (end, tail);
        head
    })
    .collect()
}
