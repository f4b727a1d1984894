//! What a file turns out to be, told by its bytes and not by its name.

use std::sync::Arc;

use crate::analysis::modular::paper_experiment::paper_experiment_for;
use crate::analysis::modular::report::Report;
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;
use crate::engine::state_file::StateFile;
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::model::safetensors::WeightsFile;
use crate::protocol::capsule::{self, Capsule, Saved, archive};

/// The largest file that is read: a capsule of the longest run stays far below it.
pub const MAX_FILE_BYTES: f64 = 256e6;

/// A file that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A capsule, a packed run of `grok train`, or its `state.safetensors`: a run.
    Run(Box<Capsule>),
    /// Weights in either layout.
    Weights {
        /// The experiment that the file tells, or the paper's with a model of this shape.
        config: Box<ExperimentConfig>,
        /// The step the file tells.
        step: Option<usize>,
        /// The file.
        file: Arc<Vec<u8>>,
    },
    /// `metrics.csv`.
    Rows(Vec<MetricsRow>),
    /// `report.json`.
    Report(Box<Report>),
    /// `config.json`.
    Config(Box<ExperimentConfig>),
}

/// What the page can read, for messages.
const KNOWN: &str = "a capsule or a zip of a run, safetensors weights in either layout, metrics.csv, report.json \
                     or config.json as grok writes them";

/// Reads a file.
///
/// # Errors
/// [`LabError::Content`] if it is none of those the page knows, or damaged.
pub fn read(bytes: Vec<u8>) -> Result<Found> {
    if bytes.is_empty() {
        return Err(LabError::content("file", format!("it is empty; the page reads {KNOWN}")));
    }
    if bytes.starts_with(archive::SIGNATURE) || bytes.starts_with(b"PK\x05\x06") {
        return Ok(Found::Run(Box::new(Capsule::from_bytes(&bytes)?)));
    }
    if is_safetensors(&bytes) {
        return weights_or_state(bytes);
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(LabError::content("file", format!("it is of an unknown kind; the page reads {KNOWN}")));
    };
    // Some programs put a mark of the byte order first.
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.bytes().next() {
        Some(b'{' | b'[') => report_or_config(text),
        _ if text.starts_with("step,") => Ok(Found::Rows(capsule::read_metrics(text)?)),
        _ => Err(LabError::content("file", format!("it is of an unknown kind; the page reads {KNOWN}"))),
    }
}

/// Eight bytes of length, then JSON. A file that was cut short still begins like this.
fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.len() > 8 && bytes[8] == b'{' && !bytes.starts_with(b"{")
}

fn weights_or_state(bytes: Vec<u8>) -> Result<Found> {
    let weights = WeightsFile::from_bytes(&bytes)?;
    if let Some(config) = &weights.config {
        let shape = ModelShape::new(&config.data, &config.model);
        if let Ok(StateFile { state, engine }) = StateFile::from_bytes(&bytes, &shape) {
            let mut capsule = Capsule::new(config.clone());
            capsule.head.engine = Some(engine);
            capsule.state = Some(Saved { step: state.step, state: Arc::new(bytes) });
            return Ok(Found::Run(Box::new(capsule)));
        }
    }
    let step = weights.step;
    let config = match weights.config {
        Some(config) => config,
        None => {
            let config = paper_experiment_for(weights.weights.shape())?;
            config.validate()?;
            config
        }
    };
    Ok(Found::Weights { config: Box::new(config), step, file: Arc::new(bytes) })
}

fn report_or_config(text: &str) -> Result<Found> {
    if let Ok(report) = serde_json::from_str::<Report>(text) {
        return Ok(Found::Report(Box::new(report)));
    }
    match serde_json::from_str::<ExperimentConfig>(text) {
        Ok(config) => {
            config.validate()?;
            Ok(Found::Config(Box::new(config)))
        }
        Err(_) => {
            let reason = format!("this JSON is neither a report nor a configuration; the page reads {KNOWN}");
            Err(LabError::content("file", reason))
        }
    }
}

#[cfg(test)]
#[path = "opened_file_tests.rs"]
mod tests;
