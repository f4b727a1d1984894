// What all kernels share: the buffers, exp, and the neurons' non-linearity.
// The sizes and the places in the arena are constants written in front of this text.

// Numbers of one dispatch; each kernel says what they mean.
@group(0) @binding(0) var<uniform> params: vec4u;
// Weights, gradient and everything that is not per pair.
@group(0) @binding(1) var<storage, read_write> arena: array<f32>;
// First moments, then second moments.
@group(0) @binding(2) var<storage, read_write> moments: array<f32>;
// CAPACITY x M: the neurons' inputs, then their gradient.
@group(0) @binding(3) var<storage, read_write> hidden: array<f32>;
// CAPACITY x O: the logits, then their gradient.
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
// The step counter, the ring of losses and the scores of single workgroups.
@group(0) @binding(5) var<storage, read_write> record: array<f32>;
// Where each number occurs, and the answers.
@group(0) @binding(6) var<storage, read> index: array<u32>;
// Tiles and jobs of the products.
@group(0) @binding(7) var<storage, read> jobs: array<u32>;
// For each update: 1 - lr decay, lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t).
@group(0) @binding(8) var<storage, read> rates: array<vec4f>;

// exp(x) for x <= 0 within 2 units in the last place: WGSL's own may be off by 2 |x| of them.
fn exp_of(x: f32) -> f32 {
    if (x < -87.0) { return 0.0; }
    let n = round(x * 1.44269504);
    // ln 2 in two parts, so that the difference keeps its digits.
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

// The gradient of the inputs of pair number `pair`: of its neurons, then of its skip to the logits.
fn d_input(pair: u32, j: u32) -> f32 {
    if (j < M) { return hidden[pair * M + j]; }
    return logits[pair * O + (j - M)];
}
