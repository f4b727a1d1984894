//! Which engine runs, on what, and why: told to the page and saved with every state.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::{DeviceChoice, Precision};

/// Which engine runs, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// The implementation.
    pub engine: EngineKind,
    /// Where it computes.
    pub device: DeviceKind,
    /// The device in words, for example an adapter's name.
    pub device_name: String,
    /// Width of its floating point numbers.
    pub precision: Precision,
    /// Why this engine and not a faster one, for people to read; none if it is the fastest.
    #[serde(with = "empty_text_is_none")]
    pub reason: Option<String>,
}

/// An implementation of the training step. Unlike
/// [`EngineChoice`](crate::config::EngineChoice) it is what a run got, not what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// The hand-derived step over the folded algebra.
    Folded,
    /// The hand-derived step of any model.
    General,
    /// Burn's automatic differentiation, over the folded forward where the model allows it.
    Autodiff,
    /// Burn's automatic differentiation over the transformer as written.
    Literal,
}

/// What computes a run. Unlike [`DeviceChoice`] it is what a run got, not what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// This machine's processor.
    Cpu,
    /// A graphics processor.
    Gpu,
}

impl fmt::Display for EngineKind {
    /// The name of the setting that asks for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Folded => "folded",
            Self::General => "general",
            Self::Autodiff => "autodiff",
            Self::Literal => "literal",
        })
    }
}

impl fmt::Display for DeviceKind {
    /// `CPU` or `GPU`, as in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cpu => "CPU",
            Self::Gpu => "GPU",
        })
    }
}

impl From<DeviceKind> for DeviceChoice {
    /// The choice that asks for this device.
    fn from(device: DeviceKind) -> Self {
        match device {
            DeviceKind::Cpu => Self::Cpu,
            DeviceKind::Gpu => Self::Gpu,
        }
    }
}

/// Files have always had an empty text where there is no reason.
mod empty_text_is_none {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text.as_deref().unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        Ok(Some(String::deserialize(deserializer)?).filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceKind, EngineInfo, EngineKind};
    use crate::config::Precision;

    #[test]
    fn what_was_saved_when_these_were_texts_reads_and_is_written_the_same() {
        let named = |engine, device, precision, reason: Option<&str>| EngineInfo {
            engine,
            device,
            device_name: "a device".into(),
            precision,
            reason: reason.map(str::to_owned),
        };
        for (engine, device, precision, reason, info) in [
            ("folded", "gpu", "f32", "", named(EngineKind::Folded, DeviceKind::Gpu, Precision::F32, None)),
            (
                "autodiff",
                "cpu",
                "f64",
                "as asked",
                named(EngineKind::Autodiff, DeviceKind::Cpu, Precision::F64, Some("as asked")),
            ),
            ("general", "cpu", "f64", "", named(EngineKind::General, DeviceKind::Cpu, Precision::F64, None)),
            ("literal", "cpu", "f32", "", named(EngineKind::Literal, DeviceKind::Cpu, Precision::F32, None)),
        ] {
            let text = format!(
                r#"{{"engine":"{engine}","device":"{device}","device_name":"a device","precision":"{precision}","reason":"{reason}"}}"#
            );
            assert_eq!(serde_json::from_str::<EngineInfo>(&text).expect("it was saved so"), info);
            assert_eq!(serde_json::to_string(&info).expect("plain data"), text);
        }
        let unknown = r#"{"engine":"warp","device":"cpu","device_name":"","precision":"f32","reason":""}"#;
        assert!(serde_json::from_str::<EngineInfo>(unknown).is_err(), "no engine is made up");
    }
}
