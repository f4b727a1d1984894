//! The only file that makes devices.

use std::sync::{Mutex, OnceLock};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;

use super::folded_gpu;
use crate::error::{LabError, Result};

/// A graphics processor that answers.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// Burn's handle.
    pub device: Device,
    /// The handles below Burn's.
    pub setup: WgpuSetup,
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
    folded_gpu::check_arithmetic(&setup).await?;
    Ok(Gpu { device, setup, name, software })
}
