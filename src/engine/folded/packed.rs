//! Several matrices as one array of floats, padding included: the payload of messages between workers of the
//! same program.

use crate::error::{FailedDevice, LabError, Result};

/// Allocates one array of all values, matrix by matrix.
pub(super) fn concat<const N: usize>(mats: [&[f32]; N]) -> Vec<f32> {
    mats.concat()
}

/// Overwrites the matrices with what [`concat`] returned elsewhere.
///
/// # Errors
/// [`LabError::Device`] if `packed` has another length.
pub(super) fn copy_into<const N: usize>(mats: [&mut [f32]; N], packed: &[f32]) -> Result<()> {
    for_each(mats, packed, |own, from| own.copy_from_slice(from))
}

/// Adds what [`concat`] returned elsewhere to the matrices.
///
/// # Errors
/// [`LabError::Device`] if `packed` has another length.
pub(super) fn add_into<const N: usize>(mats: [&mut [f32]; N], packed: &[f32]) -> Result<()> {
    for_each(mats, packed, |own, from| own.iter_mut().zip(from).for_each(|(x, y)| *x += y))
}

fn for_each<const N: usize>(
    mats: [&mut [f32]; N],
    mut packed: &[f32],
    each: impl Fn(&mut [f32], &[f32]),
) -> Result<()> {
    let expected: usize = mats.iter().map(|mat| mat.len()).sum();
    if packed.len() != expected {
        let reason = format!("sent {} numbers instead of {expected}", packed.len());
        return Err(LabError::device(FailedDevice::PeerWorker, reason));
    }
    for own in mats {
        let (from, rest) = packed.split_at(own.len());
        each(own, from);
        packed = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{add_into, concat, copy_into};

    #[test]
    fn values_travel_to_their_places_and_add_up() {
        let packed = concat([&[1.0, 1.5], &[-2.0]]);
        let (mut a, mut b) = ([0.0; 2], [0.0; 1]);
        copy_into([&mut a, &mut b], &packed).expect("as many numbers");
        add_into([&mut a, &mut b], &packed).expect("as many numbers");
        assert_eq!((a, b), ([2.0, 3.0], [-4.0]));
        let error = add_into([&mut a], &packed).expect_err("too many").to_string();
        assert!(error.contains("sent 3 numbers instead of 2"), "{error}");
    }
}
