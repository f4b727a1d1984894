//! The forward pass on all p² pairs, in float64 on the host.
//!
//! Everything is read at "=" in the last block: the neurons, and the logits of the residual stream that goes
//! around them. Then `logits = N W_Lᵀ + skip + bias` with W_L the neuron-logit map (paper section 4.2).

mod activation;
mod attention_edit;
mod block;
mod folded;
mod host_model;
mod literal;
mod neuron_table;
mod product;

pub(in crate::analysis) use activation::{activated, activation_slope};
pub use attention_edit::AttentionEdit;
pub use block::Block;
pub use host_model::HostModel;
pub use neuron_table::{NeuronTable, activations};
pub use product::TiledMatrix;
