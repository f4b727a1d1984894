// Common to all kernels: the buffers, exp, and the neurons' non-linearity. Sizes and offsets into the arena are
// constants in front of this text (`GpuLayout::constants`). Equations use the symbols of docs/engine.md; d_x is the
// gradient of the mean train loss with respect to x.

// Parameters of one dispatch; each kernel says what they mean.
@group(0) @binding(0) var<uniform> params: vec4u;
// Weights, gradient, and all tables and sums: see `BufferOffsets`.
@group(0) @binding(1) var<storage, read_write> arena: array<f32>;
// First moments, then second moments.
@group(0) @binding(2) var<storage, read_write> moments: array<f32>;
// Pairs x M: u, the inputs of the neurons, then their gradient.
@group(0) @binding(3) var<storage, read_write> hidden: array<f32>;
// Pairs x O: u past the neurons, then the logits, then their gradient.
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
// The step counter, the ring of losses, and the score sums of the loss kernel's workgroups.
@group(0) @binding(5) var<storage, read_write> record: array<f32>;
// The pairs of each table row, and b and answer of each pair.
@group(0) @binding(6) var<storage, read> index: array<u32>;
// Tiles and jobs of the products.
@group(0) @binding(7) var<storage, read> jobs: array<u32>;
// For each update: 1 - lr decay, lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t), 0.
@group(0) @binding(8) var<storage, read> coefficients: array<vec4f>;

// exp(x) for x <= 0 within 2 units in the last place (Cephes expf): WGSL allows its own 3 + 2 |x| of them.
fn exp_of(x: f32) -> f32 {
    if (x < -87.0) { return 0.0; }
    let n = round(x * 1.44269504);
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    let r = (x - n * 0.693359375) + n * 2.12194440e-4;
    var tail = 1.9875691500e-4;
    tail = tail * r + 1.3981999507e-3;
    tail = tail * r + 8.3334519073e-3;
    tail = tail * r + 4.1665795894e-2;
    tail = tail * r + 1.6666665459e-1;
    tail = tail * r + 5.0000001201e-1;
    let power = bitcast<f32>((i32(n) + 127) << 23u);
    return (tail * r * r + r + 1.0) * power;
}

struct Neuron { value: f32, slope: f32 }

fn relu(x: f32) -> Neuron {
    return Neuron(max(x, 0.0), select(0.0, 1.0, x > 0.0));
}

// x Phi(x) and Phi(x) + x phi(x); Phi by Abramowitz and Stegun 7.1.26, 1.5e-7 absolute.
fn gelu(x: f32) -> Neuron {
    let z = abs(x) * 0.70710678;
    let t = 1.0 / (z * 0.3275911 + 1.0);
    let bell = exp_of(-z * z);
    let series = ((((1.0614054 * t - 1.4531521) * t + 1.4214138) * t - 0.28449672) * t + 0.2548296) * t;
    let tail = 0.5 * series * bell;
    let normal = select(tail, 1.0 - tail, x > 0.0);
    return Neuron(x * normal, x * bell * 0.3989423 + normal);
}

// Column j of d_u = [ d_n * sigma'(u) | d_logits ] of a pair.
fn d_u(pair: u32, j: u32) -> f32 {
    if (j < M) { return hidden[pair * M + j]; }
    return logits[pair * O + (j - M)];
}
