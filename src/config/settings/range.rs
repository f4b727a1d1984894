//! Allowed ranges of numbers: one value checks a number and says in words what it checks.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use crate::maths::modular::is_prime;

/// Allowed whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerRange {
    /// The smallest.
    pub min: u64,
    /// The largest.
    pub max: u64,
    /// Whether only odd primes are allowed.
    pub odd_primes_only: bool,
}

impl IntegerRange {
    /// All whole numbers from `min` to `max`, both included.
    pub const fn new(min: u64, max: u64) -> Self {
        Self { min, max, odd_primes_only: false }
    }

    /// The odd primes up to `max`.
    pub const fn odd_primes(max: u64) -> Self {
        Self { min: 3, max, odd_primes_only: true }
    }

    /// Whether a number is allowed.
    pub fn contains(&self, value: u64) -> bool {
        let is_in_range = (self.min..=self.max).contains(&value);
        is_in_range && (!self.odd_primes_only || (value % 2 == 1 && is_prime(value as usize)))
    }

    /// The range in words, with what the number counts, if anything.
    pub fn describe(&self, unit: &str) -> String {
        let Self { min, max, odd_primes_only } = self;
        match (odd_primes_only, unit) {
            (true, _) => format!("an odd prime from {min} to {max}"),
            (false, "") => format!("a whole number from {min} to {max}"),
            (false, unit) => format!("a whole number of {unit} from {min} to {max}"),
        }
    }
}

/// Allowed decimal numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecimalRange {
    /// The lower end.
    pub low: Bound<f64>,
    /// The upper end.
    pub high: Bound<f64>,
}

impl DecimalRange {
    /// Whether a number is allowed; NaN never is.
    pub fn contains(&self, value: f64) -> bool {
        (self.low, self.high).contains(&value)
    }
}

impl fmt::Display for DecimalRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Bound::{Excluded, Included, Unbounded};
        match (self.low, self.high) {
            (Included(low), Included(high)) => write!(f, "a number from {low} to {high}"),
            (Included(low), Excluded(high)) => write!(f, "a number of at least {low} and below {high}"),
            (Excluded(low), Included(high)) => write!(f, "a number above {low} and up to {high}"),
            (Excluded(low), Excluded(high)) => write!(f, "a number strictly between {low} and {high}"),
            (Included(low), Unbounded) => write!(f, "a number of at least {low}"),
            (Excluded(low), Unbounded) => write!(f, "a number above {low}"),
            (Unbounded, Included(high)) => write!(f, "a number of at most {high}"),
            (Unbounded, Excluded(high)) => write!(f, "a number below {high}"),
            (Unbounded, Unbounded) => write!(f, "a number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound::{Excluded, Included};

    use super::{DecimalRange, IntegerRange};

    #[test]
    fn odd_primes_are_no_other_numbers() {
        let range = IntegerRange::odd_primes(11);
        let allowed: Vec<u64> = (0..20).filter(|&n| range.contains(n)).collect();
        assert_eq!(allowed, [3, 5, 7, 11]);
        assert_eq!(range.describe(""), "an odd prime from 3 to 11");
        assert_eq!(IntegerRange::new(0, 9).describe("steps"), "a whole number of steps from 0 to 9");
    }

    #[test]
    fn nothing_that_is_no_number_lies_in_a_range() {
        let range = DecimalRange { low: Included(0.0), high: Excluded(1.0) };
        assert!(range.contains(0.0) && range.contains(0.5));
        for value in [1.0, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!range.contains(value), "{value}");
        }
        assert_eq!(range.to_string(), "a number of at least 0 and below 1");
    }
}
