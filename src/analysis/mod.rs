//! From weights to findings: everything the paper measures, on the host, in float64.
//!
//! Definitions follow paper section 2 and its published code. The same weights and split give the same
//! report in the page, in the worker and in `grok`.

pub mod context;
pub mod domain;
pub mod effective_rank;
pub mod general;
pub mod gradient_shape;
pub mod measure;
pub mod milestones;
pub mod modular;
pub mod phases;
pub mod lead_times;
pub mod progress;
pub mod signals;
pub mod checkpoint;
pub mod checkpoint_measures;
pub mod verdict;
