//! Every way the lab can fail, each saying what was tried, what was wrong and what is allowed.

use thiserror::Error;

/// The one error type of the library.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LabError {
    /// A setting is outside what the lab can run.
    #[error("{field} = {value}: {allowed}")]
    Setting {
        /// The setting's name as the user writes it, for example `frac_train`.
        field: &'static str,
        /// What was given.
        value: String,
        /// What is allowed, as a sentence that follows the value.
        allowed: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {reason}")]
    File {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// The file's path as the user gave it.
        path: String,
        /// Why it failed.
        reason: String,
    },
    /// A file holds something else than the weights, state or table that was asked for.
    #[error("{what}: {reason}")]
    Content {
        /// The thing that was being read, for example `weights.safetensors`.
        what: String,
        /// What is wrong with it and what is allowed.
        reason: String,
    },
    /// No device could be had, or the device failed.
    #[error("{device}: {reason}")]
    Device {
        /// The device that was asked for: `WebGPU`, `CPU`.
        device: String,
        /// Why it cannot be used, and what can.
        reason: String,
    },
    /// Training left the numbers a float can hold.
    #[error("training stopped at step {step}: {reason}")]
    Training {
        /// The update after which it was noticed.
        step: usize,
        /// What was seen.
        reason: String,
    },
    /// The page and its worker do not understand each other.
    #[error("message between page and worker: {0}")]
    Protocol(String),
}

impl LabError {
    /// A setting outside its range; `allowed` completes the sentence "`field` = `value`: …".
    pub fn setting(field: &'static str, value: impl ToString, allowed: impl Into<String>) -> Self {
        Self::Setting { field, value: value.to_string(), allowed: allowed.into() }
    }

    /// A file operation that the system refused.
    pub fn file(action: &'static str, path: impl AsRef<std::path::Path>, reason: impl ToString) -> Self {
        Self::File { action, path: path.as_ref().display().to_string(), reason: reason.to_string() }
    }

    /// Content that is not what was asked for.
    pub fn content(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Content { what: what.into(), reason: reason.to_string() }
    }

    /// A device that cannot be used.
    pub fn device(device: impl Into<String>, reason: impl ToString) -> Self {
        Self::Device { device: device.into(), reason: reason.to_string() }
    }
}

/// The result of anything in the lab that can fail.
pub type Result<T, E = LabError> = std::result::Result<T, E>;
