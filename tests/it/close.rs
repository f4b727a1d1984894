//! Comparing numbers: NaN first, then absolute and relative tolerance, then the first bad index.

/// How far two numbers may lie apart: `absolute + relative * |expected|`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    pub absolute: f64,
    pub relative: f64,
}

/// Fails at the first element that is not a number or too far off.
pub(crate) fn assert_close(what: &str, got: &[f64], expected: &[f64], tolerance: Tolerance) {
    assert_eq!(got.len(), expected.len(), "{what}: number of elements");
    if let Some(i) = got.iter().position(|x| x.is_nan()) {
        panic!("{what}: element {i} is not a number, expected {}", expected[i]);
    }
    let Tolerance { absolute, relative } = tolerance;
    let bad = got.iter().zip(expected).position(|(g, e)| (g - e).abs() > absolute + relative * e.abs());
    if let Some(i) = bad {
        panic!(
            "{what}: element {i} is {}, expected {} (allowed {absolute} + {relative} relative)",
            got[i], expected[i]
        );
    }
}
