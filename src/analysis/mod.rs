//! From weights to findings: everything the paper measures, on the host, in float64.
//!
//! Definitions follow paper section 2 and its published code. The same weights and split give the same
//! report in the page, in the worker and in `grok`.

pub mod embedding;
