//! The kernels and their source text.
//!
//! # Why WGSL
//!
//! Text is compiled by the browser alone. The same product written for CubeCL takes 170 ms of its compiler in
//! WebAssembly and a second of Chromium's software adapter, which receives the product as single assignments; as
//! text it takes 4 ms and 25 ms. All kernels together must compile within two seconds. Also, CubeCL creates pipelines
//! without checks in a browser, so that a driver that refuses one ends the worker; here a refusal is an error, and
//! another engine takes over.

use std::fmt::Write;

/// One kernel; each file in `wgsl/` states its equations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// X, q and kq from the weights.
    Embed,
    /// Matrix products within the arena.
    Product,
    /// The attention pattern and u of every pair.
    PairInputs,
    /// logits += n W_out_U.
    Logits,
    /// The losses, and d_logits in place of the logits.
    Loss,
    /// The losses only.
    Score,
    /// d_W_out_U over each split of the pairs.
    DWoutU,
    /// d_u of the neurons, in place of their inputs.
    DHidden,
    /// d_T, and d_base for each a, from d_u.
    DTables,
    /// The gradient of the attention pattern, from d_u.
    DPattern,
    /// d_s, d_base and d_W_out_U from their terms.
    Reduce,
    /// The gradient of W_E and W_pos from d_X; the step's entry in the ring of losses.
    EmbedBackward,
    /// The update of weights and moments.
    AdamW,
}

/// All kernels of a run.
pub(super) const ALL: [Kernel; 13] = [
    Kernel::Embed,
    Kernel::Product,
    Kernel::PairInputs,
    Kernel::Logits,
    Kernel::Loss,
    Kernel::Score,
    Kernel::DWoutU,
    Kernel::DHidden,
    Kernel::DTables,
    Kernel::DPattern,
    Kernel::Reduce,
    Kernel::EmbedBackward,
    Kernel::AdamW,
];

/// Side of the tiles of products of tables: small, so that a large GPU has many of them to work on.
pub(super) const TABLE_TILE: usize = 32;

/// Side of the tiles of products over pairs: 64 on a graphics card, with twice the arithmetic for each word read of
/// 32. On a software adapter a large tile gains nothing and takes long to compile: Chromium's takes a second for each
/// of the three such kernels, at 32 0.15 s. The bits are the same.
pub(super) fn pair_tile(is_software: bool) -> usize {
    if is_software { TABLE_TILE } else { 64 }
}

impl Kernel {
    /// The name in messages of drivers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Product => "product",
            Self::PairInputs => "pair_inputs",
            Self::Logits => "logits",
            Self::Loss => "loss",
            Self::Score => "score",
            Self::DWoutU => "d_W_out_U",
            Self::DHidden => "d_hidden",
            Self::DTables => "d_tables",
            Self::DPattern => "d_pattern",
            Self::Reduce => "reduce",
            Self::EmbedBackward => "embed_backward",
            Self::AdamW => "adamw",
        }
    }

    /// The complete WGSL text: constants, `common.wgsl` and the kernel, products over pairs in tiles of `pair_tile`.
    pub(super) fn source(self, constants: &str, pair_tile: usize) -> String {
        let body = match self {
            Self::Embed => include_str!("wgsl/embed.wgsl").into(),
            Self::Product => product(TABLE_TILE, "arena[i]", "arena[i]", "arena[i] = x;"),
            Self::PairInputs => include_str!("wgsl/pair_inputs.wgsl").into(),
            Self::Logits => product(pair_tile, "neuron(hidden[i]).value", "arena[i]", "logits[i] += x;"),
            Self::Loss => loss(true),
            Self::Score => loss(false),
            Self::DWoutU => product(pair_tile, "logits[i]", "neuron(hidden[i]).value", "arena[i] = x;"),
            Self::DHidden => {
                product(pair_tile, "logits[i]", "arena[i]", "hidden[i] = x * neuron(hidden[i]).slope;")
            }
            Self::DTables => include_str!("wgsl/d_tables.wgsl").into(),
            Self::DPattern => include_str!("wgsl/d_pattern.wgsl").into(),
            Self::Reduce => include_str!("wgsl/reduce.wgsl").into(),
            Self::EmbedBackward => include_str!("wgsl/embed_backward.wgsl").into(),
            Self::AdamW => include_str!("wgsl/adamw.wgsl").into(),
        };
        [constants, include_str!("wgsl/common.wgsl"), &body].join("\n")
    }
}

fn loss(gradient: bool) -> String {
    format!("const GRADIENT = {gradient};\n{}", include_str!("wgsl/loss.wgsl"))
}

/// The product kernel for tiles of `side`. `load_a` and `load_b` are expressions for word `i` of either matrix,
/// `store` is a statement that stores `x` as word `i` of the result.
///
/// Each sum is a variable of its own: not every driver would keep an array in registers.
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
