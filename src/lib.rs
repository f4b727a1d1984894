//! Grokking Lab: train the transformer of "Progress measures for grokking via mechanistic
//! interpretability" (Nanda et al., ICLR 2023), watch it grok and take it apart.

#![expect(non_snake_case, reason = "weights carry the field's names: W_E, W_pos, W_Q")]

pub mod analysis;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod engine;
pub mod error;
pub mod maths;
pub mod model;
#[cfg(feature = "figures")]
pub mod plot;
pub mod protocol;
pub mod task;
#[cfg(feature = "page")]
pub mod ui;
#[cfg(feature = "worker")]
pub mod worker;
