//! Ranges of numbers, and the words for them.

use crate::format::group_thousands;

/// The numbers that are accepted. Nothing that is no number lies in a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// Less than this.
    Below(f64),
    /// This or less.
    AtMost(f64),
    /// More than this.
    Above(f64),
    /// This or more.
    AtLeast(f64),
    /// From the first to the second, both included.
    Between(f64, f64),
    /// Around the first, by the second at most.
    PlusMinus(f64, f64),
    /// This alone.
    Exactly(f64),
}

/// What the numbers of a range are, which decides how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A pure number or a loss in nats.
    Plain,
    /// A fraction, written in per cent.
    Percent,
    /// A step of the run.
    Step,
    /// A number of steps.
    Steps,
    /// A multiple of something that is named after it.
    Times,
}

impl Range {
    /// Whether a number lies in the range.
    pub fn contains(self, value: f64) -> bool {
        match self {
            Self::Below(limit) => value < limit,
            Self::AtMost(limit) => value <= limit,
            Self::Above(limit) => value > limit,
            Self::AtLeast(limit) => value >= limit,
            Self::Between(low, high) => (low..=high).contains(&value),
            Self::PlusMinus(center, tolerance) => (value - center).abs() <= tolerance,
            Self::Exactly(only) => value == only,
        }
    }

    /// The range in words: `at least 3`, `94 to 99 %`, `by step 400`, `below 1.2 times`.
    pub fn words(self, unit: Unit) -> String {
        let number = |value: f64| match unit {
            Unit::Percent => plain(100.0 * value),
            _ => plain(value),
        };
        let numbers = match self {
            Self::Below(limit) | Self::AtMost(limit) | Self::Above(limit) | Self::AtLeast(limit) => {
                number(limit)
            }
            Self::Between(low, high) => format!("{} to {}", number(low), number(high)),
            Self::PlusMinus(center, tolerance) => format!("{} ± {}", number(center), number(tolerance)),
            Self::Exactly(only) => number(only),
        };
        let before = match (self, unit) {
            (Self::Below(_), Unit::Step) => "before step ",
            (Self::AtMost(_), Unit::Step) => "by step ",
            (Self::Above(_), Unit::Step) => "after step ",
            (Self::AtLeast(_), Unit::Step) => "from step ",
            (_, Unit::Step) => "at step ",
            // "below the model's" rather than "below 1 times the model's".
            (Self::Below(1.0), Unit::Times) => return "below".to_owned(),
            (Self::Above(1.0), Unit::Times) => return "above".to_owned(),
            (Self::Below(_), _) => "below ",
            (Self::AtMost(_), _) => "at most ",
            (Self::Above(_), _) => "above ",
            (Self::AtLeast(_), _) => "at least ",
            _ => "",
        };
        let after = match unit {
            Unit::Plain | Unit::Step => "",
            Unit::Percent => " %",
            Unit::Steps => " steps",
            Unit::Times => " times",
        };
        format!("{before}{numbers}{after}")
    }
}

/// A limit with the digits it was given: `0.8`, `3,300`, `1e-4`.
fn plain(value: f64) -> String {
    // What the product by 100 added in the last place.
    let rounded: f64 = format!("{value:.12e}").parse().unwrap_or(value);
    if rounded == 0.0 || rounded.abs() >= 1e-3 {
        group_thousands(&rounded.to_string())
    } else {
        format!("{rounded:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Range, Unit};

    #[test]
    fn ends_belong_to_a_range_or_not_as_its_words_say() {
        for (range, inside, outside) in [
            (Range::Below(2.0), 1.9, 2.0),
            (Range::AtMost(2.0), 2.0, 2.1),
            (Range::Above(2.0), 2.1, 2.0),
            (Range::AtLeast(2.0), 2.0, 1.9),
            (Range::Between(1.0, 2.0), 2.0, 0.9),
            (Range::PlusMinus(10.0, 2.0), 8.0, 12.5),
            (Range::Exactly(2.0), 2.0, 1.9),
        ] {
            assert!(range.contains(inside) && !range.contains(outside), "{range:?}");
            assert!(!range.contains(f64::NAN), "{range:?}: nothing was measured");
        }
    }

    #[test]
    fn the_words_follow_the_kind_of_number() {
        for (range, unit, words) in [
            (Range::Below(1e-5), Unit::Plain, "below 1e-5"),
            (Range::Between(3_300.0, 3_900.0), Unit::Plain, "3,300 to 3,900"),
            (Range::PlusMinus(1_781.0, 30.0), Unit::Plain, "1,781 ± 30"),
            (Range::Exactly(0.0), Unit::Plain, "0"),
            (Range::Below(0.012), Unit::Percent, "below 1.2 %"),
            (Range::Between(0.94, 0.99), Unit::Percent, "94 to 99 %"),
            (Range::Exactly(1.0), Unit::Percent, "100 %"),
            (Range::AtMost(400.0), Unit::Step, "by step 400"),
            (Range::Below(1_200.0), Unit::Step, "before step 1,200"),
            (Range::Between(4e3, 2e4), Unit::Step, "at step 4,000 to 20,000"),
            (Range::AtLeast(1e4), Unit::Steps, "at least 10,000 steps"),
            (Range::Below(1.2), Unit::Times, "below 1.2 times"),
            (Range::Below(1.0), Unit::Times, "below"),
        ] {
            assert_eq!(range.words(unit), words);
        }
    }
}
