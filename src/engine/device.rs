//! The only file that makes devices.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;

use super::folded_gpu;
use super::oneshot::{Dropped, Receiver, Sender};
use crate::error::{FailedDevice, LabError, Result};

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
    pub is_software: bool,
}

/// This machine's processor.
pub fn cpu() -> Device {
    Device::flex()
}

/// The GPU, started at the first call and shared by all later ones: Burn starts it only once. Who calls
/// while it is being started waits. After [`suspect_gpu`] it has to compute the test product again.
///
/// # Errors
/// [`LabError::Device`] if there is no adapter, or if a small product comes out wrong.
pub async fn gpu() -> Result<Gpu> {
    loop {
        let waiting = {
            let mut place = registry();
            match &place.known {
                _ if place.is_initialising => {
                    let (sender, signal) = Receiver::new();
                    place.waiting.push(sender);
                    signal
                }
                Some(gpu) if place.is_trusted => return Ok(gpu.clone()),
                _ => {
                    place.is_initialising = true;
                    break;
                }
            }
        };
        // However it ended: look again.
        let _: std::result::Result<(), Dropped> = waiting.await;
    }
    let _turn = InitGuard;
    let known = registry().known.clone();
    let gpu = match known {
        Some(gpu) => gpu,
        None => start_gpu().await?,
    };
    registry().known = Some(gpu.clone());
    folded_gpu::check_arithmetic(&gpu.setup).await?;
    registry().is_trusted = true;
    Ok(gpu)
}

/// Tells that the GPU failed in a run: who asks for it next gets it only if it still computes.
pub fn mark_gpu_untrusted() {
    registry().is_trusted = false;
}

/// What is known of the GPU.
struct GpuRegistry {
    known: Option<Gpu>,
    /// It computed the test product, and has not failed since.
    is_trusted: bool,
    /// Someone is starting or testing it.
    is_initialising: bool,
    /// Who waits for that.
    waiting: Vec<Sender<()>>,
}

fn registry() -> MutexGuard<'static, GpuRegistry> {
    static PLACE: Mutex<GpuRegistry> = Mutex::new(GpuRegistry {
        known: None,
        is_trusted: false,
        is_initialising: false,
        waiting: Vec::new(),
    });
    PLACE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held by whoever starts or tests the GPU; given up even if that is broken off.
struct InitGuard;

impl Drop for InitGuard {
    fn drop(&mut self) {
        let waiting = {
            let mut place = registry();
            place.is_initialising = false;
            std::mem::take(&mut place.waiting)
        };
        waiting.into_iter().for_each(|sender| sender.send(()));
    }
}

async fn start_gpu() -> Result<Gpu> {
    let failed = |reason: String| LabError::device(FailedDevice::Gpu, reason);
    let (device, setup) =
        Device::wgpu_options().init_with_setup_async().await.map_err(|e| failed(e.to_string()))?;
    let info = setup.adapter.get_info();
    let software = info.device_type == burn::tensor::wgpu::wgpu::DeviceType::Cpu
        || ["swiftshader", "llvmpipe", "lavapipe"]
            .iter()
            .any(|known| info.name.to_lowercase().contains(known));
    let name = if info.name.is_empty() { format!("{:?}", info.backend) } else { info.name };
    Ok(Gpu { device, setup, name, is_software: software })
}
