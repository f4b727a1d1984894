//! The names of the transformer's activations.

use std::fmt;

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
