//! Why a claim cannot be judged.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};

/// What a claim lacks. Files have it as its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotApplicableReason {
    /// The claim is about the last weights, and there is no report on them.
    NoReport,
    /// The claim is about the course of the run, and its measures do not compare: they were not all taken with the
    /// same key frequencies.
    MixedFreqs,
    /// Something else, in words, with the command that would change it if there is one.
    Other(String),
}

const NO_REPORT: &str = "no report on the last weights";
const MIXED_FREQS: &str = "the checkpoints are not all measured with the same key frequencies";

impl NotApplicableReason {
    /// The reason in words.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NoReport => NO_REPORT,
            Self::MixedFreqs => MIXED_FREQS,
            Self::Other(words) => words,
        }
    }
}

impl fmt::Display for NotApplicableReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for NotApplicableReason {
    /// From the text in a file.
    fn from(words: String) -> Self {
        match words.as_str() {
            NO_REPORT => Self::NoReport,
            MIXED_FREQS => Self::MixedFreqs,
            _ => Self::Other(words),
        }
    }
}

/// For a field that may have no reason: files have an empty text there.
pub(super) fn serialize<S: Serializer>(
    reason: &Option<NotApplicableReason>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_ref().map_or("", NotApplicableReason::as_str))
}

/// As [`serialize`] writes it.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<NotApplicableReason>, D::Error> {
    let words = String::deserialize(deserializer)?;
    Ok((!words.is_empty()).then(|| words.into()))
}

#[cfg(test)]
mod tests {
    use super::NotApplicableReason;
    use crate::analysis::verdict::{Outcome, Row};

    #[test]
    fn reasons_are_written_as_they_always_were_and_read_as_what_they_are() {
        for (text, reason) in [
            ("", None),
            ("no report on the last weights", Some(NotApplicableReason::NoReport)),
            (
                "the checkpoints are not all measured with the same key frequencies",
                Some(NotApplicableReason::MixedFreqs),
            ),
            ("p = 59", Some(NotApplicableReason::Other("p = 59".into()))),
        ] {
            let row = Row {
                number: 4,
                outcome: Outcome::NotApplicable,
                measured: String::new(),
                beyond: String::new(),
                reason,
            };
            let json = format!(
                r#"{{"number":4,"outcome":"not_applicable","measured":"","beyond":"","reason":"{text}"}}"#
            );
            assert_eq!(serde_json::to_string(&row).expect("plain data"), json);
            assert_eq!(serde_json::from_str::<Row>(&json).expect("it was saved so"), row);
        }
    }
}
