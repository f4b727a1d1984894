//! The kernels: which there are, and their text.
//!
//! # Why WGSL
//!
//! As text they are compiled by the browser alone. The same product written for CubeCL takes 170 ms
//! of its compiler in WebAssembly and a second of Chromium's software adapter, which gets the
//! product as single assignments; as text 4 ms and 25 ms. All kernels must be there within two
//! seconds. And in a browser CubeCL creates pipelines unchecked, so that a driver that refuses one
//! ends the worker; here it is an error, and another engine takes over.

use std::fmt::Write;

/// One kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// X, Q and K Q from the weights.
    Embed,
    /// Products of matrices in the arena.
    Product,
    /// Attention pattern, inputs of neurons and logits by pair.
    Mix,
    /// Logits from the neurons.
    Logits,
    /// Losses, and the gradient of the logits.
    Loss,
    /// Losses only.
    Score,
    /// The gradient of W_out_U by parts.
    DWoutU,
    /// The gradient of the neurons' inputs.
    DHidden,
    /// Gradients by pair to gradients by row.
    Collect,
    /// The gradient of the attention pattern.
    Slopes,
    /// The gradient of scores and of `base`; parts of dW_out_U to the whole.
    Sums,
    /// The gradient of the embeddings; the ring of losses.
    EmbedBackward,
    /// The update.
    AdamW,
}

/// All kernels of a run.
pub const ALL: [Kernel; 13] = [
    Kernel::Embed,
    Kernel::Product,
    Kernel::Mix,
    Kernel::Logits,
    Kernel::Loss,
    Kernel::Score,
    Kernel::DWoutU,
    Kernel::DHidden,
    Kernel::Collect,
    Kernel::Slopes,
    Kernel::Sums,
    Kernel::EmbedBackward,
    Kernel::AdamW,
];

/// Side of a tile for products of tables: many small tiles keep a large GPU busy.
pub const TABLE_TILE: usize = 32;

/// Side of a tile for products over pairs. On a graphics card 64: twice the arithmetic for each number
/// read. Where the processor plays one, a large tile gains nothing and takes long to compile: Chromium's
/// software adapter builds each of the three such kernels in a second, at 32 in 0.15 s. The bits are the same.
pub fn pair_tile(is_software: bool) -> usize {
    if is_software { TABLE_TILE } else { 64 }
}

impl Kernel {
    /// The name in a driver's messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Product => "product",
            Self::Mix => "mix",
            Self::Logits => "logits",
            Self::Loss => "loss",
            Self::Score => "score",
            Self::DWoutU => "d_W_out_U",
            Self::DHidden => "d_hidden",
            Self::Collect => "collect",
            Self::Slopes => "slopes",
            Self::Sums => "sums",
            Self::EmbedBackward => "embed_backward",
            Self::AdamW => "adamw",
        }
    }

    /// The whole text, with the constants of a run in front and products over pairs in tiles of
    /// `pair_tile`.
    pub fn source(self, constants: &str, pair_tile: usize) -> String {
        let body = match self {
            Self::Embed => include_str!("wgsl/embed.wgsl").into(),
            Self::Product => product(TABLE_TILE, "arena[i]", "arena[i]", "arena[i] = x;"),
            Self::Mix => include_str!("wgsl/mix.wgsl").into(),
            Self::Logits => product(pair_tile, "neuron(hidden[i]).value", "arena[i]", "logits[i] += x;"),
            Self::Loss => with_gradient(true),
            Self::Score => with_gradient(false),
            Self::DWoutU => product(pair_tile, "logits[i]", "neuron(hidden[i]).value", "arena[i] = x;"),
            Self::DHidden => {
                product(pair_tile, "logits[i]", "arena[i]", "hidden[i] = x * neuron(hidden[i]).slope;")
            }
            Self::Collect => include_str!("wgsl/collect.wgsl").into(),
            Self::Slopes => include_str!("wgsl/slopes.wgsl").into(),
            Self::Sums => include_str!("wgsl/sums.wgsl").into(),
            Self::EmbedBackward => include_str!("wgsl/embed_backward.wgsl").into(),
            Self::AdamW => include_str!("wgsl/adamw.wgsl").into(),
        };
        [constants, include_str!("wgsl/common.wgsl"), &body].join("\n")
    }
}

fn with_gradient(gradient: bool) -> String {
    format!("const GRADIENT = {gradient};\n{}", include_str!("wgsl/loss.wgsl"))
}

/// The product kernel for tiles of `side`, reading by two expressions in the index `i` and storing by
/// a statement in `i` and `x`.
///
/// The sums are variables of their own: not every driver would keep an array in registers.
fn product(side: usize, load_a: &str, load_b: &str, store: &str) -> String {
    let n = side / 32;
    let (mut declare, mut multiply, mut sums) = (String::new(), String::new(), String::new());
    for g in 0..n {
        let _ = writeln!(multiply, "let a{g} = a_tile[a_from + {g}u * 8u];");
        let _ = writeln!(multiply, "let b{g} = b_tile[b_from + {g}u * 8u];");
    }
    for (g, component) in (0..n).flat_map(|g| ["x", "y", "z", "w"].map(|component| (g, component))) {
        for w in 0..n {
            let _ = writeln!(declare, "var sum{g}{component}{w} = vec4f(0.0);");
            let _ = writeln!(multiply, "sum{g}{component}{w} += a{g}.{component} * b{w};");
            let _ = write!(sums, "sum{g}{component}{w}, ");
        }
    }
    let body = include_str!("wgsl/product.wgsl")
        .replace("//DECLARE", &declare)
        .replace("//MULTIPLY", &multiply)
        .replace("//SUMS", &sums);
    format!(
        "const SIDE = {n}u;
fn load_a(i: u32) -> f32 {{ return {load_a}; }}
fn load_b(i: u32) -> f32 {{ return {load_b}; }}
fn store_c(i: u32, x: f32) {{ {store} }}
{body}"
    )
}
