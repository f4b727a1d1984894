//! What a setting holds: its type, its allowed values, and where in the configuration it stands.

use super::{DecimalRange, IntegerRange};
use crate::config::ExperimentConfig;
use crate::error::Result;

/// A setting's type and its place in the configuration, as a pair of functions that get and set it.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "`get` reads the field of the configuration, `set` writes it")]
pub enum Kind {
    /// A whole number. `set` is only given numbers in `range`, which the field's type can hold.
    Integer { range: IntegerRange, get: fn(&ExperimentConfig) -> u64, set: fn(&mut ExperimentConfig, u64) },
    /// Any number.
    Decimal { range: DecimalRange, get: fn(&ExperimentConfig) -> f64, set: fn(&mut ExperimentConfig, f64) },
    /// Text of a form that is described in words; `set` refuses what has another.
    Text {
        form: &'static str,
        get: fn(&ExperimentConfig) -> String,
        set: fn(&mut ExperimentConfig, &str) -> Result<()>,
    },
    /// One of some values; `set` returns false for what is none of them.
    Choice {
        options: &'static [ChoiceOption],
        get: fn(&ExperimentConfig) -> &'static str,
        set: fn(&mut ExperimentConfig, &str) -> bool,
    },
    /// Yes or no.
    Switch { get: fn(&ExperimentConfig) -> bool, set: fn(&mut ExperimentConfig, bool) },
}

/// A value that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChoiceOption {
    /// The value in links and on the command line.
    pub value: &'static str,
    /// Other spellings of it.
    pub aliases: &'static [&'static str],
    /// The words in the page's menu.
    pub label: &'static str,
}

/// A switch as a choice, for the page's menu.
const OFF_AND_ON: &[ChoiceOption] = &[
    ChoiceOption { value: "false", aliases: &[], label: "no" },
    ChoiceOption { value: "true", aliases: &[], label: "yes" },
];

impl Kind {
    /// The values of a choice or a switch; none for what is typed in.
    pub fn options(&self) -> Option<&'static [ChoiceOption]> {
        match self {
            Self::Choice { options, .. } => Some(options),
            Self::Switch { .. } => Some(OFF_AND_ON),
            Self::Integer { .. } | Self::Decimal { .. } | Self::Text { .. } => None,
        }
    }

    /// The value in a configuration as text.
    pub(super) fn read(&self, config: &ExperimentConfig) -> String {
        match self {
            Self::Integer { get, .. } => get(config).to_string(),
            Self::Decimal { get, .. } => decimal_text(get(config)),
            Self::Text { get, .. } => get(config),
            Self::Choice { get, .. } => get(config).to_owned(),
            Self::Switch { get, .. } => get(config).to_string(),
        }
    }

    /// Writes text into a configuration and returns whether it was allowed.
    pub(super) fn write(&self, config: &mut ExperimentConfig, text: &str) -> bool {
        match self {
            Self::Integer { range, set, .. } => {
                let value = text.parse().ok().filter(|&value| range.contains(value));
                value.map(|value| set(config, value)).is_some()
            }
            Self::Decimal { range, set, .. } => {
                let value = text.parse().ok().filter(|&value| range.contains(value));
                value.map(|value| set(config, value)).is_some()
            }
            Self::Text { set, .. } => set(config, text).is_ok(),
            Self::Choice { set, .. } => set(config, text),
            Self::Switch { set, .. } => text.parse().map(|value| set(config, value)).is_ok(),
        }
    }

    /// Whether the value in a configuration is allowed; types see to it where there is no range.
    pub(super) fn is_allowed(&self, config: &ExperimentConfig) -> bool {
        match self {
            Self::Integer { range, get, .. } => range.contains(get(config)),
            Self::Decimal { range, get, .. } => range.contains(get(config)),
            Self::Text { .. } | Self::Choice { .. } | Self::Switch { .. } => true,
        }
    }

    /// The allowed values in words.
    pub(super) fn allowed(&self, unit: &str) -> String {
        match self {
            Self::Integer { range, .. } => range.describe(unit),
            Self::Decimal { range, .. } => range.to_string(),
            Self::Text { form, .. } => (*form).to_owned(),
            Self::Choice { options, .. } => {
                let texts: Vec<String> = options.iter().map(ChoiceOption::text).collect();
                format!("one of {}", texts.join(", "))
            }
            Self::Switch { .. } => "true or false".to_owned(),
        }
    }
}

impl ChoiceOption {
    /// The value and its other spellings.
    fn text(&self) -> String {
        match self.aliases {
            [] => self.value.to_owned(),
            aliases => format!("{} (or {})", self.value, aliases.join(", ")),
        }
    }
}

/// The shortest text that reads back as the same number.
fn decimal_text(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { value.to_string() }
}
