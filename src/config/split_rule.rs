//! The name of a split: `python:SEED` or `torch:SEED`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::LabError;

/// Which pseudo-random order of the p² pairs decides what is trained on.
///
/// ```
/// use grokking_lab::config::SplitRule;
///
/// let rule: SplitRule = "torch:598".parse()?;
/// assert_eq!(rule, SplitRule::Torch(598));
/// assert_eq!(SplitRule::Python(0).to_string(), "python:0");
/// assert!("numpy:1".parse::<SplitRule>().is_err());
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SplitRule {
    /// CPython's `random.seed(seed)` and `random.shuffle` of the row-major pairs: the paper's.
    Python(u32),
    /// `torch.randperm(p²)` on the CPU after `torch.manual_seed(seed)`: that of the runs of
    /// Chughtai, Chan and Nanda (2023).
    Torch(u32),
}

impl SplitRule {
    /// The form of a rule, in words.
    pub const FORM: &'static str = "python:SEED or torch:SEED with SEED from 0 to 4294967295";

    /// Reads `RULE:SEED` or `RULE:SEED:FRAC`; the fraction, if there is one, comes back beside
    /// the rule.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the text has another form.
    pub fn parse_with_frac(text: &str) -> Result<(Self, Option<f64>), LabError> {
        let wrong = || {
            let allowed = format!("allowed is {}; an option of grok may add :FRAC", Self::FORM);
            LabError::setting("split", text, allowed)
        };
        let mut parts = text.split(':');
        let (rule, seed, frac) = (parts.next(), parts.next(), parts.next());
        let seed: u32 = seed.and_then(|s| s.parse().ok()).ok_or_else(wrong)?;
        let frac = frac.map(|f| f.parse().map_err(|_| wrong())).transpose()?;
        match (rule, parts.next()) {
            (Some("python"), None) => Ok((Self::Python(seed), frac)),
            (Some("torch"), None) => Ok((Self::Torch(seed), frac)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for SplitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Python(seed) => write!(f, "python:{seed}"),
            Self::Torch(seed) => write!(f, "torch:{seed}"),
        }
    }
}

impl FromStr for SplitRule {
    type Err = LabError;

    fn from_str(text: &str) -> Result<Self, LabError> {
        match Self::parse_with_frac(text)? {
            (rule, None) => Ok(rule),
            (_, Some(_)) => Err(LabError::setting(
                "split",
                text,
                "here the fraction has a setting of its own: write python:SEED or torch:SEED",
            )),
        }
    }
}

impl TryFrom<String> for SplitRule {
    type Error = LabError;

    fn try_from(text: String) -> Result<Self, LabError> {
        text.parse()
    }
}

impl From<SplitRule> for String {
    fn from(rule: SplitRule) -> Self {
        rule.to_string()
    }
}
