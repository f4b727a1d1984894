//! The two layouts of published weights, and the model's sizes as the tensors give them.

use std::collections::BTreeMap;

use super::container::{NamedTensor, wrong};
use crate::config::Activation;
use crate::error::Result;
use crate::model::shape::{ModelShape, Param};
use crate::model::weights::Weights;

/// The most blocks that are read. Training allows 8; published models have 1 or 2.
const MAX_LAYERS: usize = 16;

/// How the tensors of a file lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightLayout {
    /// The paper's published code: every matrix is output × input, W_O is d_model × (head · d_head).
    PaperCode,
    /// TransformerLens: every matrix is input × output, W_O is head × d_head × d_model.
    TransformerLens,
}

/// What a model does that its tensors do not show: fields of [`ModelShape`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) activation: Activation,
    pub(super) causal: bool,
    pub(super) residual_scale: f64,
}

/// Whether a name is one of a model's tensors. Causal masks and the like are not: they are constants
/// that some programs store.
pub(super) fn is_tensor(name: &str) -> bool {
    !(name.ends_with(".attn.mask") || name.ends_with(".attn.IGNORE") || name.starts_with("optim."))
}

/// Builds weights from the tensors of a file.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if a tensor is missing, unknown or of a shape
/// that does not fit the others.
pub(super) fn assemble(mut tensors: BTreeMap<String, NamedTensor>, form: Form) -> Result<Weights> {
    let (shape, layout) = infer(&tensors, form)?;
    check(&tensors, &shape, layout)?;
    let mut weights = Weights::zeros(shape.clone());
    for param in shape.params() {
        if let Some(tensor) = tensors.remove(&param.name()) {
            from_stored(&shape, param, layout, &tensor.values, weights.get_mut(param));
        }
    }
    for tensor in tensors.values() {
        check_left_over(tensor, &shape)?;
    }
    Ok(weights)
}

/// Checks that every parameter is there in the size that the others ask for. The sizes come from different
/// tensors, so that a small file may describe a huge model: nothing is allocated for it before this.
fn check(tensors: &BTreeMap<String, NamedTensor>, shape: &ModelShape, layout: WeightLayout) -> Result<()> {
    for param in shape.params() {
        let name = param.name();
        match tensors.get(&name) {
            Some(tensor) => expect_dims(tensor, &stored_dims(shape, param, layout))?,
            None if matches!(param, Param::b_in(_) | Param::b_out(_)) => {}
            None => return Err(wrong(format!("{name} is missing"))),
        }
    }
    match shape.checked_n_values() {
        Some(_) => Ok(()),
        None => Err(wrong("more values than this machine can count")),
    }
}

/// The weights as the tensors of a file, in the flat order of [`ModelShape::params`].
pub(super) fn disassemble(weights: &Weights, layout: WeightLayout) -> Vec<NamedTensor> {
    let shape = weights.shape();
    let tensor = |param: Param| {
        let mut values = vec![0.0; shape.len(param)];
        to_stored(shape, param, layout, weights.get(param), &mut values);
        NamedTensor { name: param.name(), dims: stored_dims(shape, param, layout), values }
    };
    shape.params().into_iter().map(tensor).collect()
}

/// Reads the sizes off the tensors. The rank of W_O tells the layouts apart, whatever the sizes.
fn infer(tensors: &BTreeMap<String, NamedTensor>, form: Form) -> Result<(ModelShape, WeightLayout)> {
    let Form { activation, causal, residual_scale } = form;
    let dims = |param: Param| -> Result<&[usize]> {
        let name = param.name();
        tensors.get(&name).map(|t| t.dims.as_slice()).ok_or_else(|| {
            let found: Vec<_> = tensors.keys().take(4).cloned().collect();
            wrong(format!("{name} is missing; the file begins with {found:?}"))
        })
    };
    let (layout, width) = match *dims(Param::W_O(0))? {
        [d_model, _] => (WeightLayout::PaperCode, d_model),
        [_, _, d_model] => (WeightLayout::TransformerLens, d_model),
        ref other => {
            return Err(wrong(format!(
                "blocks.0.attn.W_O has shape {other:?}; allowed are 2 or 3 dimensions"
            )));
        }
    };
    let (n_ctx, d_model) = match *dims(Param::W_pos)? {
        [n_ctx, d_model] if d_model == width => (n_ctx, d_model),
        ref other => {
            return Err(wrong(format!(
                "pos_embed.W_pos has shape {other:?}; it must be [positions, {width}]"
            )));
        }
    };
    let (n_heads, d_head) = match (dims(Param::W_Q(0))?, layout) {
        ([n_heads, d_head, _], WeightLayout::PaperCode)
        | ([n_heads, _, d_head], WeightLayout::TransformerLens) => (*n_heads, *d_head),
        (other, _) => {
            return Err(wrong(format!("blocks.0.attn.W_Q has shape {other:?}; allowed are 3 dimensions")));
        }
    };
    let pair = |param: Param, layout: WeightLayout| match (dims(param)?, layout) {
        ([outer, inner], WeightLayout::PaperCode) | ([inner, outer], WeightLayout::TransformerLens) => {
            Ok((*outer, *inner))
        }
        (other, _) => Err(wrong(format!("{} has shape {other:?}; allowed are 2 dimensions", param.name()))),
    };
    let (_, d_vocab) = pair(Param::W_E, layout)?;
    let d_mlp =
        if tensors.keys().any(|name| name.contains(".mlp.")) { pair(Param::W_in(0), layout)?.0 } else { 0 };
    // Both layouts store the unembedding as d_model × d_vocab_out.
    let (_, d_vocab_out) = pair(Param::W_U, WeightLayout::PaperCode)?;

    let sizes = [n_ctx, d_model, n_heads, d_head, d_vocab, d_vocab_out];
    if sizes.contains(&0) {
        return Err(wrong(format!(
            "n_ctx, d_model, n_heads, d_head, d_vocab and d_vocab_out are {sizes:?}; none may be 0"
        )));
    }
    let n_layers = (0..).take_while(|&l| tensors.contains_key(&Param::W_O(l).name())).count();
    if n_layers > MAX_LAYERS {
        return Err(wrong(format!("{n_layers} blocks; allowed are {MAX_LAYERS}")));
    }
    let shape = ModelShape {
        n_ctx,
        n_layers,
        d_model,
        n_heads,
        d_head,
        d_mlp,
        d_vocab,
        d_vocab_out,
        activation,
        causal,
        residual_scale,
    };
    Ok((shape, layout))
}

fn expect_dims(tensor: &NamedTensor, dims: &[usize]) -> Result<()> {
    if tensor.dims == dims {
        return Ok(());
    }
    Err(wrong(format!("{} has shape {:?}; the other tensors ask for {dims:?}", tensor.name, tensor.dims)))
}

/// Biases that the model has not are accepted when they are zero, as in models that were trained
/// with frozen biases; anything else would be lost.
fn check_left_over(tensor: &NamedTensor, shape: &ModelShape) -> Result<()> {
    let frozen = |l: usize| ["b_Q", "b_K", "b_V", "b_O"].map(|bias| format!("blocks.{l}.attn.{bias}"));
    let known =
        tensor.name == "unembed.b_U" || (0..shape.n_layers).flat_map(frozen).any(|name| name == tensor.name);
    if !known {
        return Err(wrong(format!(
            "{} is not a tensor of a transformer with {} blocks, without LayerNorm",
            tensor.name, shape.n_layers
        )));
    }
    if tensor.values.iter().any(|&v| v != 0.0) {
        return Err(wrong(format!("{} is not zero, and this model has no such bias", tensor.name)));
    }
    Ok(())
}

/// The dimensions of a parameter in a file.
fn stored_dims(shape: &ModelShape, param: Param, layout: WeightLayout) -> Vec<usize> {
    let mut dims = shape.dims(param);
    if layout == WeightLayout::TransformerLens {
        match param {
            Param::W_O(_) => return vec![shape.n_heads, shape.d_head, shape.d_model],
            _ if is_transposed(param) => {
                let rank = dims.len();
                dims.swap(rank - 2, rank - 1);
            }
            _ => {}
        }
    }
    dims
}

/// Whether TransformerLens swaps the last two dimensions; for W_O, d_model × (head, d_head) becomes
/// (head, d_head) × d_model, which is the same swap of the two outer groups.
fn is_transposed(param: Param) -> bool {
    !matches!(param, Param::W_pos | Param::W_U | Param::b_in(_) | Param::b_out(_))
}

fn from_stored(shape: &ModelShape, param: Param, layout: WeightLayout, stored: &[f64], out: &mut [f64]) {
    let dims = shape.dims(param);
    match (layout, dims.as_slice()) {
        (WeightLayout::TransformerLens, &[.., rows, cols]) if is_transposed(param) => {
            transpose(stored, out, cols, rows);
        }
        _ => out.copy_from_slice(stored),
    }
}

fn to_stored(shape: &ModelShape, param: Param, layout: WeightLayout, values: &[f64], stored: &mut [f64]) {
    let dims = shape.dims(param);
    match (layout, dims.as_slice()) {
        (WeightLayout::TransformerLens, &[.., rows, cols]) if is_transposed(param) => {
            transpose(values, stored, rows, cols);
        }
        _ => stored.copy_from_slice(values),
    }
}

/// Transposes each `rows` × `cols` matrix of a stack.
fn transpose(from: &[f64], to: &mut [f64], rows: usize, cols: usize) {
    for (from, to) in from.chunks_exact(rows * cols).zip(to.chunks_exact_mut(rows * cols)) {
        for (i, row) in from.chunks_exact(cols).enumerate() {
            for (j, &value) in row.iter().enumerate() {
                to[j * rows + i] = value;
            }
        }
    }
}
