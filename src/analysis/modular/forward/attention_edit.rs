//! What an ablation changes in the attention.

use serde::{Deserialize, Serialize};

/// What is changed in the attention (paper appendix A.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttentionEdit {
    /// Heads whose output is set to zero, in every block.
    pub removed_heads: Vec<usize>,
    /// Whether the residual stream passes around the attention.
    pub skip: bool,
    /// Whether "=" attends to itself; if not, its softmax runs over a and b only.
    pub to_eq: bool,
}

impl Default for AttentionEdit {
    /// Nothing is changed.
    fn default() -> Self {
        Self { removed_heads: Vec::new(), skip: true, to_eq: true }
    }
}
