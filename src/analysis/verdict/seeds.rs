//! The place of a measured value among the seeds of the paper's run that the project keeps.

use super::seed_values::SEED_VALUES;
use crate::format::count;

/// Where a value lies among those of the kept seeds, in words; none if they have no such value.
///
/// `claim` is the claim's number and `criterion` the place of the quantity among its criteria.
pub fn place_among_seeds(claim: usize, criterion: usize, value: f64) -> Option<String> {
    let place = SEED_VALUES.iter().find(|(of, at, _)| (*of, *at) == (claim, criterion));
    let values = place.map(|(_, _, values)| *values).filter(|values| !values.is_empty())?;
    // The table keeps three digits.
    let near = |other: f64| (value - other).abs() <= 5e-3 * other.abs();
    let below = values.iter().filter(|&&other| f64::from(other) < value && !near(f64::from(other))).count();
    let above = values.iter().filter(|&&other| f64::from(other) > value && !near(f64::from(other))).count();
    let n = count(values.len());
    Some(match (below, above) {
        _ if value.is_nan() => format!("reached by all {n} seeds"),
        (0, 0) => format!("as in all {n} seeds"),
        (0, _) => format!("at or below the least of {n} seeds"),
        (_, 0) => format!("at or above the largest of {n} seeds"),
        (below, above) => format!("above {below} and below {above} of {n} seeds"),
    })
}
