//! The numbers on the circles of the embedding (paper section 4.1).

use super::{Circle, narrow};
use crate::maths::fourier::{FourierBasis, cos_index, sin_index};
use crate::maths::matrix::{Matrix, add_scaled, dot, sum_sq};
use crate::model::{Param, Weights};

/// A sine's direction that lies along the cosine's up to this part of its length has no side of its own: the
/// numbers lie on a line.
const FLAT: f64 = 1e-9;

/// The circles of some frequencies.
pub(super) fn circles(weights: &Weights, freqs: &[usize]) -> Vec<Circle> {
    let shape = weights.shape();
    let W_E = weights.get(Param::W_E);
    let tokens = Matrix::from_fn(shape.p, shape.d_model, |x, d| W_E[d * shape.d_vocab + x]);
    let basis = FourierBasis::new(shape.p);
    freqs.iter().map(|&freq| circle(&tokens, &basis, freq)).collect()
}

fn circle(tokens: &Matrix, basis: &FourierBasis, freq: usize) -> Circle {
    let direction = |row: usize| {
        let mut sum = vec![0.0; tokens.cols()];
        for (x, &wave) in basis.row(row).iter().enumerate() {
            add_scaled(&mut sum, wave, tokens.row(x));
        }
        sum
    };
    let (mut cos, mut sin) = (direction(cos_index(freq)), direction(sin_index(freq)));
    make_unit(&mut cos, 0.0);
    let (whole, along) = (sum_sq(&sin).sqrt(), dot(&cos, &sin));
    add_scaled(&mut sin, -along, &cos);
    make_unit(&mut sin, FLAT * whole);
    let along = |axis: &[f64]| -> Vec<f64> { (0..tokens.rows()).map(|x| dot(tokens.row(x), axis)).collect() };
    Circle { freq, x: narrow(&along(&cos)), y: narrow(&along(&sin)) }
}

/// Divides by the length; what is no longer than `least` becomes 0.
fn make_unit(direction: &mut [f64], least: f64) {
    let length = sum_sq(direction).sqrt();
    let factor = if length > least { length.recip() } else { 0.0 };
    direction.iter_mut().for_each(|x| *x *= factor);
}
