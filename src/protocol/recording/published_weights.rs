//! The steps whose weights are published beside the recorded run, so that sums can be asked and parts ablated there too.

/// Ascending: initial weights, memorised, the plateau, the circuit as it forms, and cleanup. The last weights are in the
/// recording itself.
pub const PUBLISHED_STEPS: [usize; 7] = [0, 200, 1_500, 3_000, 6_400, 8_300, 10_700];

/// The name of a file of weights: safetensors of 16-bit floats.
pub fn file_name(step: usize) -> String {
    format!("step-{step:06}.safetensors")
}
