//! Weights as planes of bytes: exact, and smaller than the floats side by side.

use super::container::wrong;
use crate::error::Result;

/// The bytes of 32-bit floats, plane after plane: all exponents first, then the mantissas from high to low, with
/// the sign in the lowest bit. Exponents of weights are much alike, and pack to a third.
pub(super) fn to_planes(values: &[f64]) -> Vec<u8> {
    let bits = |value: &f64| (*value as f32).to_bits().rotate_left(1).to_be_bytes();
    (0..4).flat_map(|plane| values.iter().map(move |value| bits(value)[plane])).collect()
}

/// The floats of some planes.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if there are not exactly `n` of them, or one is not
/// finite.
pub(super) fn from_planes(planes: &[u8], n: usize) -> Result<Vec<f64>> {
    if n.checked_mul(4) != Some(planes.len()) {
        return Err(wrong(format!("{} bytes of weights, where {n} weights are needed", planes.len())));
    }
    let float = |i: usize| {
        let bytes = [planes[i], planes[n + i], planes[2 * n + i], planes[3 * n + i]];
        f32::from_bits(u32::from_be_bytes(bytes).rotate_right(1))
    };
    let values: Vec<f64> = (0..n).map(|i| f64::from(float(i))).collect();
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(wrong(format!("a weight is {value}; every weight must be finite"))),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::{from_planes, to_planes};

    #[test]
    fn every_bit_of_a_float_comes_back() {
        let values: Vec<f64> = [0.0, -0.0, 1.0, -1.5, f32::MIN_POSITIVE, 1e-42, -3.4e38, 0.1]
            .into_iter()
            .map(|value: f32| f64::from(value))
            .collect();
        let back = from_planes(&to_planes(&values), values.len()).unwrap();
        for (i, (b, v)) in back.iter().zip(&values).enumerate() {
            assert_eq!(b.to_bits(), v.to_bits(), "place {i}: {b} instead of {v}");
        }
    }

    #[test]
    fn a_wrong_number_of_bytes_and_infinite_weights_are_refused() {
        assert!(from_planes(&[0; 9], 2).is_err() && from_planes(&[0; 8], usize::MAX).is_err());
        assert!(from_planes(&to_planes(&[f64::INFINITY]), 1).is_err());
    }
}
