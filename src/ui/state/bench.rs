//! How the timing of the engines stands.

use crate::protocol::Timing;

/// How the bench stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bench {
    /// Whether the worker is at it.
    pub running: bool,
    /// What was measured, in the order of the engines.
    pub timings: Vec<Timing>,
    /// Why an engine was not measured, in words.
    pub failures: Vec<String>,
}
