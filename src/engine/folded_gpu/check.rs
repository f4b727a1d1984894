//! A self-test of a device: one product of matrices of small integers, compared with the exact result.

use burn::tensor::wgpu::WgpuSetup;

use super::context::{BufferId, Context, ContextDescriptor};
use super::job_table::{JobTable, Matrix, ProductJob};
use super::kernels::{Kernel, TABLE_TILE};
use super::layout::GpuLayout;
use super::plan::Dispatch;
use crate::config::Preset;
use crate::error::{FailedDevice, LabError, Result};
use crate::model::ModelShape;

/// Rows, depth and columns: no multiples of a tile, and more than one tile of rows and of columns.
const SIZES: [usize; 3] = [40, 21, 37];

/// Multiplies two matrices with the engine's own kernel, so that a driver that compiles it wrongly is found before
/// it trains. Compiles one pipeline and allocates a few kilobytes, freed at the end.
///
/// # Errors
/// [`LabError::Device`] if the device refuses the kernel or an entry is wrong.
pub async fn check_arithmetic(setup: &WgpuSetup) -> Result<()> {
    let [rows, depth, cols] = SIZES;
    let a: Vec<f32> = (0..rows * depth).map(|i| (i % 7) as f32).collect();
    let b: Vec<f32> = (0..depth * cols).map(|i| (i % 5) as f32 - 2.0).collect();
    let c_offset = a.len() + b.len();
    let (left, right) = (Matrix::new(0, depth), Matrix::new(a.len(), cols));
    let mut table = JobTable::default();
    let group = table.add(TABLE_TILE, &[ProductJob::new(SIZES, left, right, Matrix::new(c_offset, cols))]);

    // The kernel uses neither the other buffers nor most constants, but its bind group names them.
    let config = Preset::Tiny.config();
    let layout = GpuLayout::new(&ModelShape::new(&config.data, &config.model), 1, 1);
    let context = Context::new(
        setup,
        &ContextDescriptor {
            sizes: [c_offset + rows * cols, 4, 4, 4, 4, 4, table.words.len(), 4],
            params: &[[group.first as u32, 0, 0, 0]],
            constants: &layout.constants(&config.optim),
            kernels: &[Kernel::Product],
            pair_tile: TABLE_TILE,
        },
    )
    .await?;
    context.write_words(BufferId::Jobs, 0, &table.words);
    context.write(BufferId::Arena, 0, &a);
    context.write(BufferId::Arena, a.len(), &b);
    let dispatch = Dispatch { kernel: Kernel::Product, params: 0, groups: [group.n_tiles, 1] };
    let got = context.run(&[(&[dispatch], 1)], (BufferId::Arena, c_offset, rows * cols)).await?;
    // Sums of small integers are exact in float32, in any order.
    let exact = |i: usize| (0..depth).map(|k| a[i / cols * depth + k] * b[k * cols + i % cols]).sum::<f32>();
    match (0..got.len()).find(|&i| (got[i] - exact(i)).abs() > 0.0 || got[i].is_nan()) {
        None => Ok(()),
        Some(i) => Err(LabError::device(
            FailedDevice::Gpu,
            format!(
                "a test product is wrong at element {i} ({}): the driver cannot be trusted, use the CPU",
                got[i]
            ),
        )),
    }
}
