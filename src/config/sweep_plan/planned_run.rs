//! A run of a sweep before it is run: its configuration, and the name that follows from it.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use crate::config::ExperimentConfig;

/// A line of `plan.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedRun {
    /// Sixteen hexadecimal digits: the SipHash-2-4, with a key of zeros, of the configuration as JSON.
    pub id: String,
    /// The experiment.
    pub config: ExperimentConfig,
}

impl PlannedRun {
    /// Names a run.
    pub fn new(config: ExperimentConfig) -> Self {
        Self { id: id(&config), config }
    }

    /// Whether the name is the configuration's: a line that somebody changed by hand has a wrong one.
    pub fn is_consistent(&self) -> bool {
        self.id == id(&self.config)
    }
}

fn id(config: &ExperimentConfig) -> String {
    let mut hasher = SipHasher24::new();
    hasher.write(&serde_json::to_vec(config).expect("plain data with text keys"));
    format!("{:016x}", hasher.finish())
}
