//! Devices: the CPU, and the one GPU that the whole program shares. No other file makes devices.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;

use super::folded_gpu::check_arithmetic;
use super::oneshot::{self, Dropped, Sender};
use crate::error::{FailedDevice, LabError, Result};

/// A GPU that has passed the self-test. Clones share it.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// Burn's handle.
    pub device: Device,
    /// The wgpu handles below Burn's.
    pub setup: WgpuSetup,
    /// The name of the adapter, or of the graphics API if it has none.
    pub name: String,
    /// Whether it is a software adapter, which runs on the CPU (SwiftShader, lavapipe).
    pub is_software: bool,
}

/// This machine's CPU, for Burn.
pub fn cpu() -> Device {
    Device::flex()
}

/// The GPU. The first call starts it, which takes about half a second, and runs the self-test; later calls return the
/// same GPU, because Burn starts it only once per program. A call during the start waits for it. After
/// [`mark_gpu_untrusted`] the self-test is repeated.
///
/// # Errors
/// [`LabError::Device`] if there is no adapter, or if the self-test ([`folded_gpu::check_arithmetic`]) fails.
pub async fn gpu() -> Result<Gpu> {
    loop {
        let initialised = {
            let mut registry = lock_registry();
            match &registry.gpu {
                _ if registry.is_initialising => {
                    let (sender, receiver) = oneshot::channel();
                    registry.waiting.push(sender);
                    receiver
                }
                Some(gpu) if registry.is_trusted => return Ok(gpu.clone()),
                _ => {
                    registry.is_initialising = true;
                    break;
                }
            }
        };
        // Whether it succeeded or failed, the registry tells what to do next.
        let _: std::result::Result<(), Dropped> = initialised.await;
    }
    let _guard = InitGuard;
    let started = lock_registry().gpu.clone();
    let gpu = match started {
        Some(gpu) => gpu,
        None => start_gpu().await?,
    };
    lock_registry().gpu = Some(gpu.clone());
    check_arithmetic(&gpu.setup).await?;
    lock_registry().is_trusted = true;
    Ok(gpu)
}

/// Marks the GPU untrusted because it failed in a run: the next call of [`gpu`] repeats the self-test.
pub fn mark_gpu_untrusted() {
    lock_registry().is_trusted = false;
}

/// The state of the program's one GPU.
struct GpuRegistry {
    /// The GPU, once started.
    gpu: Option<Gpu>,
    /// Whether it has passed the self-test and not failed since.
    is_trusted: bool,
    /// Whether a call is starting or testing it now.
    is_initialising: bool,
    /// The calls that wait for that.
    waiting: Vec<Sender<()>>,
}

fn lock_registry() -> MutexGuard<'static, GpuRegistry> {
    static REGISTRY: Mutex<GpuRegistry> =
        Mutex::new(GpuRegistry { gpu: None, is_trusted: false, is_initialising: false, waiting: Vec::new() });
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held by the call that starts or tests the GPU. Its drop wakes the waiting calls, also if that call fails or its
/// future is dropped.
struct InitGuard;

impl Drop for InitGuard {
    fn drop(&mut self) {
        let waiting = {
            let mut registry = lock_registry();
            registry.is_initialising = false;
            std::mem::take(&mut registry.waiting)
        };
        waiting.into_iter().for_each(|sender| sender.send(()));
    }
}

async fn start_gpu() -> Result<Gpu> {
    let failed = |reason: String| LabError::device(FailedDevice::Gpu, reason);
    let (device, setup) =
        Device::wgpu_options().init_with_setup_async().await.map_err(|e| failed(e.to_string()))?;
    let info = setup.adapter.get_info();
    let is_software = info.device_type == burn::tensor::wgpu::wgpu::DeviceType::Cpu
        || ["swiftshader", "llvmpipe", "lavapipe"]
            .iter()
            .any(|known| info.name.to_lowercase().contains(known));
    let name = if info.name.is_empty() { format!("{:?}", info.backend) } else { info.name };
    Ok(Gpu { device, setup, name, is_software })
}
