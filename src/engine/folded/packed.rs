//! Matrices in one piece, padding included: what workers of the same program send each other.

use super::matrix::Mat;
use crate::error::{LabError, Result};

/// All values, matrix by matrix.
pub fn pack<const N: usize>(mats: [&Mat; N]) -> Vec<f32> {
    mats.map(Mat::data).concat()
}

/// Takes over what [`pack`] gave.
///
/// # Errors
/// [`LabError::Device`] if it is not of this size.
pub fn unpack<const N: usize>(mats: [&mut Mat; N], packed: &[f32]) -> Result<()> {
    for_each(mats, packed, |own, from| own.copy_from_slice(from))
}

/// Adds what [`pack`] gave.
///
/// # Errors
/// [`LabError::Device`] if it is not of this size.
pub fn add<const N: usize>(mats: [&mut Mat; N], packed: &[f32]) -> Result<()> {
    for_each(mats, packed, |own, from| own.iter_mut().zip(from).for_each(|(x, y)| *x += y))
}

fn for_each<const N: usize>(
    mats: [&mut Mat; N],
    mut packed: &[f32],
    each: impl Fn(&mut [f32], &[f32]),
) -> Result<()> {
    let expected: usize = mats.iter().map(|mat| mat.data().len()).sum();
    if packed.len() != expected {
        let reason = format!("sent {} numbers instead of {expected}", packed.len());
        return Err(LabError::device("a worker", reason));
    }
    for mat in mats {
        let own = mat.data_mut();
        let (from, rest) = packed.split_at(own.len());
        each(own, from);
        packed = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{add, pack, unpack};
    use crate::engine::folded::matrix::Mat;

    #[test]
    fn values_travel_to_their_places_and_add_up() {
        let [mut a, mut b] = [(3, 5), (1, 40)].map(|(rows, cols)| Mat::zeros(rows, cols));
        (a.row_mut(2)[4], b.row_mut(0)[39]) = (1.5, -2.0);
        let packed = pack([&a, &b]);
        let [mut c, mut d] = [(3, 5), (1, 40)].map(|(rows, cols)| Mat::zeros(rows, cols));
        unpack([&mut c, &mut d], &packed).expect("as many numbers");
        add([&mut c, &mut d], &packed).expect("as many numbers");
        assert_eq!((c.row(2)[4], d.row(0)[39]), (3.0, -4.0));
        assert_eq!(pack([&c, &d]).iter().filter(|&&x| x != 0.0).count(), 2);
        let error = add([&mut c], &packed).expect_err("too many").to_string();
        assert!(error.contains("numbers instead of"), "{error}");
    }
}
