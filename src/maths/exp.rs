//! The exponential as plain arithmetic: the same bits on every machine, and a loop over it becomes
//! vector instructions, which a call into a platform's library does not.

use std::f64::consts::LOG2_E;

/// ln 2 in two parts, the first with so few bits that its product with an exponent is exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Adding 1.5 · 2⁵² leaves a float's integer part, rounded to nearest, in its low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The least argument that gives a normal number.
const LOWEST: f64 = -708.0;

/// 1/13!, 1/12!, … 1/0!: the Taylor series, whose next term is below 5e-18 for |r| ≤ ln 2 / 2.
const INVERSE_FACTORIALS: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
    1.0,
    1.0,
];

/// exp(x) for x ≤ 700, to 2 units in the last place. Below -708 it is exp(-708) ≈ 3e-308, which no sum
/// with a term of size 1 notices.
pub fn exp(x: f64) -> f64 {
    // Not `max`: that would turn NaN into a number.
    let x = if x < LOWEST { LOWEST } else { x };
    let shifted = x * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let polynomial = INVERSE_FACTORIALS.iter().fold(0.0, |sum, coefficient| sum * r + coefficient);
    // The exponent's bits begin at bit 52; those of ROUND itself fall off the top.
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    polynomial * scale
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_libm() {
        for i in -140_000..=140_000 {
            let x = f64::from(i) * 0.005;
            let (value, expected) = (exp(x), libm::exp(x));
            assert!((value - expected).abs() <= 1e-15 * expected, "exp({x}): {value} instead of {expected}");
        }
        assert_eq!(exp(0.0), 1.0, "exactly one at 0");
    }

    #[test]
    fn very_small_arguments_vanish() {
        for x in [-709.0, -1e4, f64::MIN, f64::NEG_INFINITY] {
            assert!((0.0..1e-307).contains(&exp(x)), "exp({x}) = {}", exp(x));
        }
        assert!(exp(f64::NAN).is_nan(), "NaN stays NaN");
    }
}
