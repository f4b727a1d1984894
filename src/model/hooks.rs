//! Every activation has a name; whoever passes an [`Observer`] to the forward pass sees them.

use std::fmt;

use burn::tensor::{DType, Tensor, Transaction};

use crate::error::{FailedDevice, LabError, Result};

/// An activation of the transformer, named as TransformerLens names it.
///
/// Dimensions: n examples, n_ctx positions. A model of attention only has none of [`Self::Pre`], [`Self::Post`] and
/// [`Self::MlpOut`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    /// Token embedding, n × n_ctx × d_model.
    Embed,
    /// Positional embedding, n_ctx × d_model.
    PosEmbed,
    /// Residual stream before a block, n × n_ctx × d_model.
    ResidPre(usize),
    /// Queries, n × n_ctx × n_heads × d_head.
    Q(usize),
    /// Keys, n × n_ctx × n_heads × d_head.
    K(usize),
    /// Values, n × n_ctx × n_heads × d_head.
    V(usize),
    /// Scores after scaling and masking, n × n_heads × n_ctx (to) × n_ctx (from).
    AttnScores(usize),
    /// Attention pattern: softmax of the scores, same dimensions.
    Pattern(usize),
    /// Values weighted by the pattern, n × n_ctx × n_heads × d_head.
    Z(usize),
    /// Output of attention, n × n_ctx × d_model.
    AttnOut(usize),
    /// Residual stream between attention and MLP, n × n_ctx × d_model.
    ResidMid(usize),
    /// Neurons before the non-linearity, n × n_ctx × d_mlp.
    Pre(usize),
    /// Neurons after it, n × n_ctx × d_mlp.
    Post(usize),
    /// Output of the MLP, n × n_ctx × d_model.
    MlpOut(usize),
    /// Residual stream after a block, n × n_ctx × d_model.
    ResidPost(usize),
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Embed => f.write_str("hook_embed"),
            Self::PosEmbed => f.write_str("hook_pos_embed"),
            Self::ResidPre(l) => write!(f, "blocks.{l}.hook_resid_pre"),
            Self::Q(l) => write!(f, "blocks.{l}.attn.hook_q"),
            Self::K(l) => write!(f, "blocks.{l}.attn.hook_k"),
            Self::V(l) => write!(f, "blocks.{l}.attn.hook_v"),
            Self::AttnScores(l) => write!(f, "blocks.{l}.attn.hook_attn_scores"),
            Self::Pattern(l) => write!(f, "blocks.{l}.attn.hook_pattern"),
            Self::Z(l) => write!(f, "blocks.{l}.attn.hook_z"),
            Self::AttnOut(l) => write!(f, "blocks.{l}.hook_attn_out"),
            Self::ResidMid(l) => write!(f, "blocks.{l}.hook_resid_mid"),
            Self::Pre(l) => write!(f, "blocks.{l}.mlp.hook_pre"),
            Self::Post(l) => write!(f, "blocks.{l}.mlp.hook_post"),
            Self::MlpOut(l) => write!(f, "blocks.{l}.hook_mlp_out"),
            Self::ResidPost(l) => write!(f, "blocks.{l}.hook_resid_post"),
        }
    }
}

/// Sees every activation as the forward pass makes it.
pub trait Observer {
    /// Called once for each hook, in the order of computation.
    fn see<const D: usize>(&mut self, hook: Hook, activation: &Tensor<D>);
}

/// Sees nothing.
impl Observer for () {
    fn see<const D: usize>(&mut self, _: Hook, _: &Tensor<D>) {}
}

/// Keeps every activation on the device.
#[derive(Debug, Default)]
pub struct ActivationCache {
    entries: Vec<(Hook, Vec<usize>, Tensor<1>)>,
}

/// One activation on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    /// Which one.
    pub hook: Hook,
    /// Its dimensions, as [`Hook`] documents them.
    pub dims: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f64>,
}

impl Observer for ActivationCache {
    fn see<const D: usize>(&mut self, hook: Hook, activation: &Tensor<D>) {
        let dims = activation.dims().to_vec();
        let n: usize = dims.iter().product();
        self.entries.push((hook, dims, activation.clone().reshape([n])));
    }
}

impl ActivationCache {
    /// Reads all activations in one transfer, in the order of computation.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device fails.
    pub async fn read(self) -> Result<Vec<Activation>> {
        let mut transaction = Transaction::default();
        let mut heads = Vec::new();
        for (hook, dims, values) in self.entries {
            transaction = transaction.register(values);
            heads.push((hook, dims));
        }
        let data =
            transaction.execute_async().await.map_err(|e| LabError::device(FailedDevice::Backend, e))?;
        Ok(heads
            .into_iter()
            .zip(data)
            .map(|((hook, dims), data)| Activation {
                hook,
                dims,
                values: data.convert_dtype(DType::F64).iter::<f64>().collect(),
            })
            .collect())
    }
}
