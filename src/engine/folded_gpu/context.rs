//! Buffers, pipelines and submits on one device.
//!
//! The device is Burn's own, whose wgpu handles Burn gives out for this. Everything a step needs is made
//! once: a step is encoded without a new object but its command buffer, and submitted whole.

use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::wgpu::wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayoutDescriptor, BindGroupLayoutEntry,
    BindingResource, BindingType, Buffer, BufferAsyncError, BufferBinding, BufferBindingType,
    BufferDescriptor, BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline,
    ComputePipelineDescriptor, Device, Error, ErrorFilter, ErrorScopeGuard, MapMode,
    PipelineCompilationOptions, PipelineLayoutDescriptor, Queue, ShaderModuleDescriptor, ShaderSource,
    ShaderStages,
};

use super::kernels::Kernel;
use super::plan::Dispatch;
use crate::engine::oneshot::{Dropped, Receiver};
use crate::error::{FailedDevice, LabError, Result};

/// Apart in the uniform buffer: the largest alignment a device may ask for.
const PARAMS_STRIDE: usize = 256;

/// The storage buffers in the order of their bindings, from 1 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferId {
    /// Weights, gradient and tables.
    Arena,
    /// First moments, then second moments.
    Moments,
    /// By pair: inputs of the neurons.
    Hidden,
    /// By pair: logits.
    Logits,
    /// The step counter, losses and scores.
    Record,
    /// Pairs by number.
    Index,
    /// Jobs of the products.
    Jobs,
    /// Numbers of AdamW by step.
    Rates,
}

const PARTS: [BufferId; 8] = [
    BufferId::Arena,
    BufferId::Moments,
    BufferId::Hidden,
    BufferId::Logits,
    BufferId::Record,
    BufferId::Index,
    BufferId::Jobs,
    BufferId::Rates,
];

/// What is to be made.
#[derive(Debug)]
pub struct ContextDescriptor<'a> {
    /// Words of 32 bits in each buffer, in the order of [`Part`].
    pub sizes: [usize; 8],
    /// Numbers of single dispatches.
    pub params: &'a [[u32; 4]],
    /// The constants in front of every kernel.
    pub constants: &'a str,
    /// Which kernels.
    pub kernels: &'a [Kernel],
    /// Side of a tile for products over pairs.
    pub pair_tile: usize,
}

/// A run's objects on a device.
#[derive(Debug)]
pub struct Context {
    device: Device,
    queue: Queue,
    buffers: Vec<Buffer>,
    params: Buffer,
    staging: Buffer,
    bind_group: BindGroup,
    pipelines: Vec<(Kernel, ComputePipeline)>,
}

impl Context {
    /// Makes buffers and pipelines.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device refuses a buffer or a kernel.
    pub async fn new(setup: &WgpuSetup, blueprint: &ContextDescriptor<'_>) -> Result<Self> {
        check_limits(&setup.device)?;
        let device = &setup.device;
        let scopes = Scopes::open(device);
        let context = Self::build(setup, blueprint);
        scopes.close("it refuses a kernel or a buffer").await?;
        Ok(context)
    }

    fn build(setup: &WgpuSetup, blueprint: &ContextDescriptor<'_>) -> Self {
        let device = setup.device.clone();
        let buffer = |label, words: usize, usage| {
            let size = (words.max(4) * size_of::<u32>()) as u64;
            device.create_buffer(&BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let names = ["arena", "moments", "hidden", "logits", "record", "index", "jobs", "rates"];
        let buffers: Vec<_> = names
            .into_iter()
            .zip(blueprint.sizes)
            .map(|(name, words)| buffer(name, words, storage))
            .collect();
        let n_params = blueprint.params.len() * PARAMS_STRIDE / size_of::<u32>();
        let params = buffer("params", n_params, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        let largest_read = blueprint.sizes[..5].iter().copied().max().unwrap_or(0).min(MAX_READ_WORDS);
        let staging = buffer("staging", largest_read, BufferUsages::MAP_READ | BufferUsages::COPY_DST);

        let entry = |binding, ty, has_dynamic_offset| BindGroupLayoutEntry {
            binding,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        };
        let mut entries = vec![entry(0, BufferBindingType::Uniform, true)];
        for (part, binding) in PARTS.into_iter().zip(1..) {
            let read_only = matches!(part, BufferId::Index | BufferId::Jobs | BufferId::Rates);
            entries.push(entry(binding, BufferBindingType::Storage { read_only }, false));
        }
        let layout =
            device.create_bind_group_layout(&BindGroupLayoutDescriptor { label: None, entries: &entries });
        let of_params = BufferBinding { buffer: &params, offset: 0, size: std::num::NonZero::new(16) };
        let mut resources = vec![BindGroupEntry { binding: 0, resource: BindingResource::Buffer(of_params) }];
        for (buffer, binding) in buffers.iter().zip(1..) {
            resources.push(BindGroupEntry { binding, resource: buffer.as_entire_binding() });
        }
        let bind_group = device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: &layout,
            entries: &resources,
        });
        let pipeline_layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipelines = blueprint.kernels.iter().map(|&kernel| {
            let module = device.create_shader_module(ShaderModuleDescriptor {
                label: Some(kernel.name()),
                source: ShaderSource::Wgsl(kernel.source(blueprint.constants, blueprint.pair_tile).into()),
            });
            let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
                label: Some(kernel.name()),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some("main"),
                // Every kernel writes its workgroup's memory before it reads it.
                compilation_options: PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            });
            (kernel, pipeline)
        });
        let pipelines = pipelines.collect();
        let context =
            Self { device, queue: setup.queue.clone(), buffers, params, staging, bind_group, pipelines };
        for (i, params) in blueprint.params.iter().enumerate() {
            let at = (i * PARAMS_STRIDE) as u64;
            context.queue.write_buffer(&context.params, at, &to_bytes(params, |x| x.to_le_bytes()));
        }
        context
    }

    /// Writes words from a place on. It happens after all that was submitted.
    pub fn write_words(&self, part: BufferId, at: usize, words: &[u32]) {
        let bytes = to_bytes(words, |x| x.to_le_bytes());
        self.queue.write_buffer(self.buffer(part), (at * size_of::<u32>()) as u64, &bytes);
    }

    /// Writes floats from a place on. It happens after all that was submitted.
    pub fn write(&self, part: BufferId, at: usize, values: &[f32]) {
        let bytes = to_bytes(values, |x| x.to_le_bytes());
        self.queue.write_buffer(self.buffer(part), (at * size_of::<f32>()) as u64, &bytes);
    }

    /// Runs lists of dispatches, each so many times over, and waits until they are done and the floats `len` from
    /// place `at` of a part have been read: one submit.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device is lost.
    pub async fn run(
        &self,
        lists: &[(&[Dispatch], usize)],
        (part, at, len): (BufferId, usize, usize),
    ) -> Result<Vec<f32>> {
        let scopes = Scopes::open(&self.device);
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor { label: None });
        if !lists.is_empty() {
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            for dispatch in lists.iter().flat_map(|&(list, times)| (0..times).flat_map(move |_| list)) {
                pass.set_pipeline(self.pipeline(dispatch.kernel));
                pass.set_bind_group(0, &self.bind_group, &[(dispatch.params * PARAMS_STRIDE) as u32]);
                pass.dispatch_workgroups(dispatch.groups[0] as u32, dispatch.groups[1] as u32, 1);
            }
        }
        let bytes = |words: usize| (words * size_of::<f32>()) as u64;
        let (first, rest) = (len.min(MAX_READ_WORDS), len.saturating_sub(MAX_READ_WORDS));
        encoder.copy_buffer_to_buffer(self.buffer(part), bytes(at), &self.staging, 0, bytes(first));
        self.queue.submit([encoder.finish()]);
        let mapped = self.ask_for_map(first);
        // Both answers are on their way; what the device says of the submit is the better reason.
        scopes.close("it broke off").await?;
        let mut values = self.map(first, mapped).await?;
        let mut left = rest;
        while left > 0 {
            let n = left.min(MAX_READ_WORDS);
            let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor { label: None });
            let begin = bytes(at + len - left);
            encoder.copy_buffer_to_buffer(self.buffer(part), begin, &self.staging, 0, bytes(n));
            self.queue.submit([encoder.finish()]);
            values.extend(self.map(n, self.ask_for_map(n)).await?);
            left -= n;
        }
        Ok(values)
    }

    /// Asks for `len` floats at the head of the staging buffer.
    fn ask_for_map(&self, len: usize) -> Receiver<Result<(), BufferAsyncError>> {
        let (sender, signal) = Receiver::new();
        self.staging.map_async(MapMode::Read, range(len), move |outcome| sender.send(outcome));
        signal
    }

    /// The floats that were asked for, once the device has written them.
    async fn map(&self, len: usize, mapped: Receiver<Result<(), BufferAsyncError>>) -> Result<Vec<f32>> {
        let failed = |reason: String| LabError::device(FailedDevice::Gpu, reason);
        // A browser calls back by itself; elsewhere someone has to wait.
        #[cfg(not(target_arch = "wasm32"))]
        self.device
            .poll(burn::tensor::wgpu::wgpu::PollType::wait_indefinitely())
            .map_err(|e| failed(e.to_string()))?;
        match mapped.await {
            Ok(outcome) => outcome.map_err(|e| failed(format!("reading from the device: {e}")))?,
            Err(Dropped) => return Err(failed("the device was lost before it could be read".into())),
        }
        let view = self.staging.get_mapped_range(range(len)).map_err(|e| failed(e.to_string()))?;
        let to_float = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let values = view.chunks_exact(size_of::<f32>()).map(to_float).collect();
        drop(view);
        self.staging.unmap();
        Ok(values)
    }

    fn buffer(&self, part: BufferId) -> &Buffer {
        &self.buffers[part as usize]
    }

    fn pipeline(&self, kernel: Kernel) -> &ComputePipeline {
        let found = self.pipelines.iter().find(|(built, _)| *built == kernel);
        &found.expect("dispatches name kernels of the blueprint").1
    }
}

impl Drop for Context {
    /// At once: a browser would wait for its garbage collector.
    fn drop(&mut self) {
        for buffer in self.buffers.iter().chain([&self.params, &self.staging]) {
            buffer.destroy();
        }
    }
}

/// Longer reads are cut: 4 MiB at a time.
const MAX_READ_WORDS: usize = 1 << 20;

fn check_limits(device: &Device) -> Result<()> {
    let limits = device.limits();
    if limits.max_storage_buffers_per_shader_stage < 8 || limits.max_compute_invocations_per_workgroup < 256 {
        return Err(LabError::device(
            FailedDevice::Gpu,
            "it has less than the limits that WebGPU guarantees",
        ));
    }
    Ok(())
}

/// The bytes of the first floats of a buffer.
fn range(len: usize) -> std::ops::Range<u64> {
    0..(len * size_of::<f32>()) as u64
}

/// Catches what the device says of the calls between opening and closing: uncaught it would stop the
/// program.
struct Scopes([ErrorScopeGuard; 3]);

impl Scopes {
    fn open(device: &Device) -> Self {
        let filters = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal];
        Self(filters.map(|filter| device.push_error_scope(filter)))
    }

    /// # Errors
    /// [`LabError::Device`] with the first error there was.
    async fn close(self, what: &str) -> Result<()> {
        let Self([validation, memory, internal]) = self;
        // The innermost first; all are closed before the first is waited for.
        for error in [internal.pop(), memory.pop(), validation.pop()] {
            if let Some(error) = error.await {
                return Err(failure(what, &error));
            }
        }
        Ok(())
    }
}

fn failure(what: &str, error: &Error) -> LabError {
    // The first line says what; the others repeat the source.
    let text = error.to_string();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given");
    LabError::device(FailedDevice::Gpu, format!("{what}: {line}"))
}

fn to_bytes<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}
