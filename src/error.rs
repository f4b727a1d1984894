//! Every way the lab can fail, each saying what was tried, what was wrong and what is allowed.
//!
//! A [`LabError`] is what functions return. An [`ErrorReport`] is what is told of it to another worker: its
//! [`ErrorKind`], by which the code decides, and its message, which only people read.

use std::fmt;

use serde::{Deserialize, Serialize};
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
        /// What failed.
        device: FailedDevice,
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
    /// A message between the page and its workers could not be sent, read or answered.
    #[error("message between page and worker: {0}")]
    Protocol(String),
    /// The page and a worker are of different builds.
    #[error(
        "the page and its worker are of different builds (protocol versions {theirs} and {ours}): one of them \
         is an old copy, reload the page without the cache"
    )]
    Version {
        /// The protocol version of the side that sent the message.
        theirs: u32,
        /// The protocol version of the side that received it.
        ours: u32,
    },
    /// The browser's storage failed.
    #[error("cannot {action} this browser's storage: {reason}")]
    Storage {
        /// What was tried: `use`, `open`, `write to`.
        action: &'static str,
        /// What is wrong with it.
        fault: StorageFault,
        /// The same in words, with what can be done.
        reason: String,
    },
}

/// What fails in [`LabError::Device`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedDevice {
    /// This machine's processor: its memory or its threads.
    Cpu,
    /// A graphics processor or its driver.
    Gpu,
    /// Whatever Burn computes on; the message says what Burn says.
    Backend,
    /// One of the web workers that share a training step.
    PeerWorker,
}

impl fmt::Display for FailedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Gpu => "GPU",
            Self::Backend => "the device of Burn",
            Self::PeerWorker => "a worker that shares the steps",
        })
    }
}

/// What is wrong with the browser's storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageFault {
    /// It has no room left.
    Full,
    /// This page may not keep anything.
    Forbidden,
    /// It does not answer in time.
    Silent,
    /// Something else; the message has the browser's words.
    Other,
}

/// What kind of failure there was. The code decides by it, never by the words of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// [`LabError::Setting`].
    Setting,
    /// [`LabError::File`].
    File,
    /// [`LabError::Content`].
    Content,
    /// [`LabError::Device`].
    Device(FailedDevice),
    /// [`LabError::Training`].
    Training,
    /// [`LabError::Protocol`].
    Protocol,
    /// [`LabError::Version`].
    Version,
    /// [`LabError::Storage`].
    Storage(StorageFault),
    /// A worker's program could not be fetched or compiled.
    WorkerNotLoaded,
    /// A worker's program panicked, or the browser ended it.
    WorkerStopped,
}

/// A failure as it is told to another worker, or kept to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// What the code decides by.
    pub kind: ErrorKind,
    /// What was tried, what was wrong, what is allowed: for people.
    pub message: String,
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
    pub fn device(device: FailedDevice, reason: impl ToString) -> Self {
        Self::Device { device, reason: reason.to_string() }
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. } => ErrorKind::Setting,
            Self::File { .. } => ErrorKind::File,
            Self::Content { .. } => ErrorKind::Content,
            Self::Device { device, .. } => ErrorKind::Device(*device),
            Self::Training { .. } => ErrorKind::Training,
            Self::Protocol(_) => ErrorKind::Protocol,
            Self::Version { .. } => ErrorKind::Version,
            Self::Storage { fault, .. } => ErrorKind::Storage(*fault),
        }
    }
}

impl ErrorReport {
    /// A failure of a kind, in words.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<&LabError> for ErrorReport {
    fn from(error: &LabError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

impl From<LabError> for ErrorReport {
    fn from(error: LabError) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The result of anything in the lab that can fail.
pub type Result<T, E = LabError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::{ErrorKind, ErrorReport, FailedDevice, LabError, StorageFault};

    #[test]
    fn a_report_keeps_kind_and_words_over_the_border() {
        let errors = [
            (LabError::setting("p", 4, "an odd prime"), ErrorKind::Setting),
            (LabError::content("weights", "cut short"), ErrorKind::Content),
            (LabError::device(FailedDevice::Gpu, "it is lost"), ErrorKind::Device(FailedDevice::Gpu)),
            (LabError::Training { step: 3, reason: "NaN".into() }, ErrorKind::Training),
            (LabError::Version { theirs: 4, ours: 5 }, ErrorKind::Version),
            (
                LabError::Storage { action: "use", fault: StorageFault::Full, reason: "it is full".into() },
                ErrorKind::Storage(StorageFault::Full),
            ),
        ];
        for (error, kind) in errors {
            let report = ErrorReport::from(&error);
            assert_eq!((report.kind, &report.message), (kind, &error.to_string()));
            let text = serde_json::to_string(&report).expect("plain data");
            assert_eq!(serde_json::from_str::<ErrorReport>(&text).expect("it was just written"), report);
        }
    }
}
