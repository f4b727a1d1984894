//! The only file that makes devices.

use std::sync::{Mutex, OnceLock};

use burn::tensor::{Device, Tensor};

use crate::error::{LabError, Result};

/// A graphics processor that answers.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// Burn's handle.
    pub device: Device,
    /// The adapter in words.
    pub name: String,
    /// Whether the processor plays the GPU (SwiftShader, lavapipe).
    pub software: bool,
}

/// This machine's processor.
pub fn cpu() -> Device {
    Device::flex()
}

/// The GPU, started at the first call and shared by all later ones: Burn starts it only once.
///
/// # Errors
/// [`LabError::Device`] if there is no adapter, or if a small product comes out wrong.
pub async fn gpu() -> Result<Gpu> {
    static STARTED: OnceLock<Mutex<Option<Gpu>>> = OnceLock::new();
    let started = STARTED.get_or_init(Mutex::default);
    let known = started.lock().expect("no one panics while holding it").clone();
    if let Some(gpu) = known {
        return Ok(gpu);
    }
    let gpu = start_gpu().await?;
    *started.lock().expect("no one panics while holding it") = Some(gpu.clone());
    Ok(gpu)
}

async fn start_gpu() -> Result<Gpu> {
    let failed = |reason: String| LabError::device("GPU", reason);
    let (device, setup) =
        Device::wgpu_options().init_with_setup_async().await.map_err(|e| failed(e.to_string()))?;
    let info = setup.adapter.get_info();
    let software = info.device_type == burn::tensor::wgpu::wgpu::DeviceType::Cpu
        || ["swiftshader", "llvmpipe", "lavapipe"]
            .iter()
            .any(|known| info.name.to_lowercase().contains(known));
    let name = if info.name.is_empty() { format!("{:?}", info.backend) } else { info.name };
    check_arithmetic(&device).await?;
    Ok(Gpu { device, name, software })
}

/// Multiplies two small matrices and compares with the exact answer: a driver that compiles a
/// kernel badly is found here and not in the losses.
async fn check_arithmetic(device: &Device) -> Result<()> {
    const N: usize = 8;
    let values =
        |f: fn(usize) -> f32| burn::tensor::TensorData::new((0..N * N).map(f).collect::<Vec<_>>(), [N, N]);
    let left = Tensor::<2>::from_data(values(|i| (i % 7) as f32), device);
    let right = Tensor::<2>::from_data(values(|i| (i % 5) as f32 - 2.0), device);
    let data = left.matmul(right).into_data_async().await.map_err(|e| LabError::device("GPU", e))?;
    // Sums of small integers are exact in float32, in any order.
    let wrong = data.iter::<f32>().enumerate().find(|&(i, got)| {
        let want: i64 =
            (0..N).map(|k| ((i / N * N + k) % 7) as i64 * (((k * N + i % N) % 5) as i64 - 2)).sum();
        (got - want as f32).abs() > 0.0
    });
    match wrong {
        None => Ok(()),
        Some((i, got)) => Err(LabError::device(
            "GPU",
            format!(
                "a test product is wrong at element {i} ({got}): the driver cannot be trusted, use the CPU"
            ),
        )),
    }
}
