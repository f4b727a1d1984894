//! Buffers, pipelines and submits on one device.
//!
//! The device is Burn's, through the wgpu handles that Burn hands out. All buffers, pipelines and the one bind group
//! are made once; a step creates nothing but its command buffer.

use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::wgpu::wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingResource, BindingType, Buffer, BufferAsyncError, BufferBinding,
    BufferBindingType, BufferDescriptor, BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor,
    ComputePipeline, ComputePipelineDescriptor, Device, Error, ErrorFilter, ErrorScopeGuard, MapMode,
    PipelineCompilationOptions, PipelineLayoutDescriptor, Queue, ShaderModuleDescriptor, ShaderSource,
    ShaderStages,
};

use super::kernels::Kernel;
use super::plan::Dispatch;
use crate::engine::oneshot::{self, Dropped, Receiver};
use crate::error::{FailedDevice, LabError, Result};

/// Bytes from one dispatch's parameters to the next: the largest alignment that a device may require of a dynamic
/// offset.
const PARAMS_STRIDE: usize = 256;

/// The storage buffers, in the order of their bindings from 1 on. Eight is the most that every WebGPU device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BufferId {
    /// Weights, gradient, tables and sums, at [`BufferOffsets`](super::layout::BufferOffsets).
    Arena,
    /// First moments, then second moments.
    Moments,
    /// Pairs × d_mlp: inputs of the neurons, then their gradient.
    Hidden,
    /// Pairs × d_vocab_out: logits, then their gradient.
    Logits,
    /// The step counter, the ring of losses, and the score sums of single workgroups.
    Record,
    /// The pairs of each table row, and b and answer of each pair: [`PairIndex`](super::pair_index::PairIndex).
    Index,
    /// Products and their tiles: [`JobTable`](super::job_table::JobTable).
    Jobs,
    /// Factors of AdamW for each step, four floats a step.
    Coefficients,
}

const BUFFER_IDS: [BufferId; 8] = [
    BufferId::Arena,
    BufferId::Moments,
    BufferId::Hidden,
    BufferId::Logits,
    BufferId::Record,
    BufferId::Index,
    BufferId::Jobs,
    BufferId::Coefficients,
];

/// What [`Context::new`] makes.
#[derive(Debug)]
pub(super) struct ContextDescriptor<'a> {
    /// Size of each buffer in words of 32 bits, in the order of [`BufferId`].
    pub sizes: [usize; 8],
    /// Parameters of single dispatches.
    pub params: &'a [[u32; 4]],
    /// WGSL constants, written in front of every kernel.
    pub constants: &'a str,
    /// The kernels to compile.
    pub kernels: &'a [Kernel],
    /// Side of the tiles of products over pairs.
    pub pair_tile: usize,
}

/// The buffers and pipelines of one run on a device. The memory is freed when it is dropped.
#[derive(Debug)]
pub(super) struct Context {
    device: Device,
    queue: Queue,
    buffers: Vec<Buffer>,
    params: Buffer,
    staging: Buffer,
    bind_group: BindGroup,
    pipelines: Vec<(Kernel, ComputePipeline)>,
}

impl Context {
    /// Allocates all buffers, zero, and compiles all pipelines: the slow part of starting a run.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device refuses a buffer or a kernel.
    pub(super) async fn new(setup: &WgpuSetup, descriptor: &ContextDescriptor<'_>) -> Result<Self> {
        check_limits(&setup.device)?;
        let device = &setup.device;
        let scopes = ErrorScopes::open(device);
        let context = Self::build(setup, descriptor);
        scopes.close("it refuses a kernel or a buffer").await?;
        Ok(context)
    }

    fn build(setup: &WgpuSetup, descriptor: &ContextDescriptor<'_>) -> Self {
        let device = setup.device.clone();
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let names = ["arena", "moments", "hidden", "logits", "record", "index", "jobs", "coefficients"];
        let sizes = names.into_iter().zip(descriptor.sizes);
        let buffers: Vec<_> = sizes.map(|(name, words)| buffer(&device, name, words, storage)).collect();
        let n_params = descriptor.params.len() * PARAMS_STRIDE / size_of::<u32>();
        let params = buffer(&device, "params", n_params, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        let largest_read = descriptor.sizes[..5].iter().copied().max().unwrap_or(0).min(MAX_READ_WORDS);
        let reading = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = buffer(&device, "staging", largest_read, reading);

        let layout = bind_group_layout(&device);
        let bind_group = bind_group(&device, &layout, &params, &buffers);
        let pipelines = pipelines(&device, &layout, descriptor);
        let context =
            Self { device, queue: setup.queue.clone(), buffers, params, staging, bind_group, pipelines };
        for (i, params) in descriptor.params.iter().enumerate() {
            let offset = (i * PARAMS_STRIDE) as u64;
            context.queue.write_buffer(&context.params, offset, &to_bytes(params, u32::to_le_bytes));
        }
        context
    }

    /// Writes words to a buffer from word `offset` on, after everything submitted so far.
    pub(super) fn write_words(&self, id: BufferId, offset: usize, words: &[u32]) {
        let bytes = to_bytes(words, u32::to_le_bytes);
        self.queue.write_buffer(self.buffer(id), (offset * size_of::<u32>()) as u64, &bytes);
    }

    /// Writes floats to a buffer from word `offset` on, after everything submitted so far.
    pub(super) fn write(&self, id: BufferId, offset: usize, values: &[f32]) {
        let bytes = to_bytes(values, f32::to_le_bytes);
        self.queue.write_buffer(self.buffer(id), (offset * size_of::<f32>()) as u64, &bytes);
    }

    /// Runs lists of dispatches, each as often as its number says, then reads `len` floats of a buffer from word
    /// `offset` on. One submit, one wait; reads above 4 MiB take further submits.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device is lost.
    pub(super) async fn run(
        &self,
        lists: &[(&[Dispatch], usize)],
        (id, offset, len): (BufferId, usize, usize),
    ) -> Result<Vec<f32>> {
        let scopes = ErrorScopes::open(&self.device);
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
        encoder.copy_buffer_to_buffer(self.buffer(id), bytes(offset), &self.staging, 0, bytes(first));
        self.queue.submit([encoder.finish()]);
        let mapped = self.request_map(first);
        // If both fail, the error of the submit is the cause and that of the map a consequence: report the former.
        scopes.close("it broke off").await?;
        let mut values = self.read_mapped(first, mapped).await?;
        let mut n_left = rest;
        while n_left > 0 {
            let n = n_left.min(MAX_READ_WORDS);
            let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor { label: None });
            let begin = bytes(offset + len - n_left);
            encoder.copy_buffer_to_buffer(self.buffer(id), begin, &self.staging, 0, bytes(n));
            self.queue.submit([encoder.finish()]);
            values.extend(self.read_mapped(n, self.request_map(n)).await?);
            n_left -= n;
        }
        Ok(values)
    }

    /// Requests that the first `len` floats of the staging buffer be mapped for reading.
    fn request_map(&self, len: usize) -> Receiver<Result<(), BufferAsyncError>> {
        let (sender, receiver) = oneshot::channel();
        self.staging.map_async(MapMode::Read, range(len), move |outcome| sender.send(outcome));
        receiver
    }

    /// Waits for [`Self::request_map`] and copies the floats.
    async fn read_mapped(
        &self,
        len: usize,
        mapped: Receiver<Result<(), BufferAsyncError>>,
    ) -> Result<Vec<f32>> {
        let failed = |reason: String| LabError::device(FailedDevice::Gpu, reason);
        // A browser runs the callback by itself; natively it runs inside `poll`.
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

    fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id as usize]
    }

    fn pipeline(&self, kernel: Kernel) -> &ComputePipeline {
        let found = self.pipelines.iter().find(|(built, _)| *built == kernel);
        &found.expect("dispatches use kernels of the descriptor").1
    }
}

impl Drop for Context {
    /// Frees the memory now: in a browser it would otherwise stay until the garbage collector runs.
    fn drop(&mut self) {
        for buffer in self.buffers.iter().chain([&self.params, &self.staging]) {
            buffer.destroy();
        }
    }
}

/// Floats of the staging buffer: longer reads take several copies of 4 MiB.
const MAX_READ_WORDS: usize = 1 << 20;

/// A buffer of a number of 32-bit words, zero.
fn buffer(device: &Device, label: &str, words: usize, usage: BufferUsages) -> Buffer {
    let size = (words.max(4) * size_of::<u32>()) as u64;
    device.create_buffer(&BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
}

/// The parameters of a dispatch at binding 0, then the storage buffers in the order of [`BufferId`].
fn bind_group_layout(device: &Device) -> BindGroupLayout {
    let entry = |binding, ty, has_dynamic_offset| BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    };
    let mut entries = vec![entry(0, BufferBindingType::Uniform, true)];
    for (id, binding) in BUFFER_IDS.into_iter().zip(1..) {
        let read_only = matches!(id, BufferId::Index | BufferId::Jobs | BufferId::Coefficients);
        entries.push(entry(binding, BufferBindingType::Storage { read_only }, false));
    }
    device.create_bind_group_layout(&BindGroupLayoutDescriptor { label: None, entries: &entries })
}

fn bind_group(device: &Device, layout: &BindGroupLayout, params: &Buffer, buffers: &[Buffer]) -> BindGroup {
    let of_params = BufferBinding { buffer: params, offset: 0, size: std::num::NonZero::new(16) };
    let mut resources = vec![BindGroupEntry { binding: 0, resource: BindingResource::Buffer(of_params) }];
    for (buffer, binding) in buffers.iter().zip(1..) {
        resources.push(BindGroupEntry { binding, resource: buffer.as_entire_binding() });
    }
    device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &resources })
}

/// Compiles each kernel.
fn pipelines(
    device: &Device,
    layout: &BindGroupLayout,
    descriptor: &ContextDescriptor<'_>,
) -> Vec<(Kernel, ComputePipeline)> {
    let layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    let compile = |&kernel: &Kernel| {
        let module = device.create_shader_module(ShaderModuleDescriptor {
            label: Some(kernel.name()),
            source: ShaderSource::Wgsl(kernel.source(descriptor.constants, descriptor.pair_tile).into()),
        });
        let pipeline = device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(kernel.name()),
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            // Every kernel writes workgroup memory before it reads it.
            compilation_options: PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        (kernel, pipeline)
    };
    descriptor.kernels.iter().map(compile).collect()
}

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

/// The byte range of the first `len` floats of a buffer.
fn range(len: usize) -> std::ops::Range<u64> {
    0..(len * size_of::<f32>()) as u64
}

/// Collects the device's errors about all calls between opening and closing. An error outside of a scope ends the
/// program.
struct ErrorScopes([ErrorScopeGuard; 3]);

impl ErrorScopes {
    fn open(device: &Device) -> Self {
        let filters = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal];
        Self(filters.map(|filter| device.push_error_scope(filter)))
    }

    /// # Errors
    /// [`LabError::Device`] with the first error, after the words `what`.
    async fn close(self, what: &str) -> Result<()> {
        let Self([validation, memory, internal]) = self;
        // Scopes are a stack: the last one opened is closed first, and all before the first wait.
        for error in [internal.pop(), memory.pop(), validation.pop()] {
            if let Some(error) = error.await {
                return Err(failure(what, &error));
            }
        }
        Ok(())
    }
}

fn failure(what: &str, error: &Error) -> LabError {
    // The first line is the message; the others repeat the shader source.
    let text = error.to_string();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given");
    LabError::device(FailedDevice::Gpu, format!("{what}: {line}"))
}

fn to_bytes<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}
