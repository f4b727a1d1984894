//! The values of a setting in a plan: one, a list, or a range.

use serde::Deserialize;
use toml::Value;

use crate::config::settings::{Kind, Setting};
use crate::error::{LabError, Result};

/// The most values of a range: more would not fit any plan.
const MAX_VALUES: usize = 1_000_000;

/// Significant digits of a range's values: 0.3, not 0.30000000000000004.
const DIGITS: usize = 6;

/// A range, as a plan has it: `{ from = 0.1, to = 10, n = 5, scale = "log" }`, or `{ from = 0, n = 25 }` for whole numbers
/// one after the other.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueRange {
    from: f64,
    to: Option<f64>,
    n: usize,
    #[serde(default)]
    scale: RangeScale,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RangeScale {
    #[default]
    Linear,
    Log,
}

/// One value, as text that the setting reads.
///
/// # Errors
/// [`LabError::Content`] if it is none.
pub(super) fn one(setting: &Setting, value: &Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(is_on) => Ok(is_on.to_string()),
        Value::Array(_) | Value::Table(_) => {
            Err(refused(setting, "one value is allowed here; what varies stands in [cross] or [[zip]]"))
        }
        Value::Datetime(_) => Err(refused(setting, "a date is no value of a setting")),
    }
}

/// Several values: a list, or a range.
///
/// # Errors
/// [`LabError::Content`] if it is neither, or empty.
pub(super) fn all(setting: &Setting, values: &Value) -> Result<Vec<String>> {
    let texts = match values {
        Value::Array(values) => values.iter().map(|value| one(setting, value)).collect::<Result<Vec<_>>>()?,
        Value::Table(_) => range(setting, values)?,
        _ => {
            let allowed =
                "a list is asked for here, or a range: { from = 0.1, to = 10, n = 5, scale = \"log\" }";
            return Err(refused(setting, allowed));
        }
    };
    if texts.is_empty() { Err(refused(setting, "its list is empty")) } else { Ok(texts) }
}

fn range(setting: &Setting, value: &Value) -> Result<Vec<String>> {
    let range: ValueRange = value.clone().try_into().map_err(|error: toml::de::Error| {
        refused(setting, format!("{}; a range has from, to, n and scale", error.message()))
    })?;
    let ValueRange { from, to, n, scale } = range;
    let is_whole = match setting.kind {
        Kind::Integer { .. } => true,
        Kind::Decimal { .. } => false,
        _ => return Err(refused(setting, "only numbers have ranges; give a list")),
    };
    if n > MAX_VALUES {
        return Err(refused(setting, format!("n = {n} values; at most {MAX_VALUES} are allowed")));
    }
    let to = match to {
        Some(to) => to,
        None if is_whole => from + n.saturating_sub(1) as f64,
        None => return Err(refused(setting, "a range of decimals has from, to and n")),
    };
    if matches!(scale, RangeScale::Log) && !(from > 0.0 && to > 0.0) {
        return Err(refused(setting, format!("a logarithmic range lies above 0, not from {from} to {to}")));
    }
    let at = |i: usize| {
        let part = if n > 1 { i as f64 / (n - 1) as f64 } else { 0.0 };
        match scale {
            RangeScale::Linear => from + part * (to - from),
            RangeScale::Log => from * (to / from).powf(part),
        }
    };
    let texts = (0..n).map(|i| {
        let value = at(i);
        if is_whole { value.round().to_string() } else { rounded(value).to_string() }
    });
    Ok(texts.collect())
}

/// The number with [`DIGITS`] significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

fn refused(setting: &Setting, reason: impl std::fmt::Display) -> LabError {
    LabError::content("plan", format!("{}: {reason}", setting.name))
}

#[cfg(test)]
mod tests {
    use toml::Value;

    use super::all;
    use crate::config::settings::{self, Setting};

    fn values(setting: &Setting, text: &str) -> Result<Vec<String>, String> {
        let table: toml::Table = toml::from_str(&format!("x = {text}")).unwrap();
        let value: &Value = &table["x"];
        all(setting, value).map_err(|error| error.to_string())
    }

    #[test]
    fn ranges_are_even_on_their_scale_and_have_short_numbers() {
        let of = |setting, text| values(setting, text).unwrap().join(" ");
        assert_eq!(of(&settings::WEIGHT_DECAY, "{ from = 0, to = 1, n = 11 }"), {
            "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1"
        });
        assert_eq!(
            of(&settings::LR, "{ from = 1e-4, to = 1e-2, n = 3, scale = \"log\" }"),
            "0.0001 0.001 0.01"
        );
        assert_eq!(of(&settings::SEED, "{ from = 10, n = 3 }"), "10 11 12");
        assert_eq!(
            of(&settings::EPOCHS, "{ from = 100, to = 10000, n = 3, scale = \"log\" }"),
            "100 1000 10000"
        );
        assert_eq!(of(&settings::SEED, "{ from = 7, n = 1 }"), "7");
        assert_eq!(of(&settings::SPLIT, "[\"torch:1\"]"), "torch:1");
    }

    #[test]
    fn what_is_no_range_is_refused_with_what_is_allowed() {
        for (setting, text, words) in [
            (&settings::LR, "{ from = 0, to = 1, n = 3, scale = \"log\" }", "above 0"),
            (&settings::LR, "{ from = 0.1, n = 3 }", "from, to and n"),
            (&settings::LR, "{ from = 0.1, to = 1, n = 3, step = 1 }", "step"),
            (&settings::LR, "{ from = 0.1, to = 1, n = 3, scale = \"cubic\" }", "cubic"),
            (&settings::LR, "{ from = 0.1, to = 1, n = 0 }", "empty"),
            (&settings::SEED, "{ from = 0, n = 1000001 }", "at most 1000000"),
            (&settings::ENGINE, "{ from = 0, n = 2 }", "only numbers"),
            (&settings::LR, "0.1", "a list is asked for"),
            (&settings::LR, "[[0.1]]", "one value"),
            (&settings::LR, "[1979-05-27]", "date"),
        ] {
            let said = values(setting, text).expect_err("it is refused");
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
