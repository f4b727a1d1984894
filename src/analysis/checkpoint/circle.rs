//! The numbers on the circles of the embedding (paper section 4.1).

use serde::{Deserialize, Serialize};

use crate::analysis::modular::modulus::modulus;
use crate::maths::fourier::{FourierBasis, cos_index, sin_index};
use crate::maths::matrix::{Matrix, add_scaled, dot, sum_sq};
use crate::model::{Param, Weights};

/// The numbers 0 … p - 1 in the plane in which the embedding turns with one frequency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Circle {
    /// The frequency k.
    pub freq: usize,
    /// Along the direction W_E cos(w_k), made a unit vector; length p.
    pub x: Vec<f32>,
    /// Along what of W_E sin(w_k) is at right angles to it, made a unit vector; length p.
    pub y: Vec<f32>,
}

/// Single precision is enough to be drawn.
pub(super) fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

/// A sine's direction that lies along the cosine's up to this part of its length has no side of its own: the
/// numbers lie on a line.
const FLAT: f64 = 1e-9;

/// The circles of some frequencies.
pub(super) fn circles(weights: &Weights, freqs: &[usize]) -> Vec<Circle> {
    let shape = weights.shape();
    let W_E = weights.get(Param::W_E);
    let tokens = Matrix::from_fn(modulus(shape), shape.d_model, |x, d| W_E[d * shape.d_vocab + x]);
    let basis = FourierBasis::new(modulus(shape));
    freqs.iter().map(|&freq| circle(&tokens, &basis, freq)).collect()
}

impl Circle {
    /// The mean distance of the numbers from the middle, and its standard deviation as a part of that mean: 0 on a
    /// perfect circle, 0.35 for points spread evenly over a disc.
    ///
    /// ```
    /// use grokking_lab::analysis::checkpoint::Circle;
    ///
    /// let square = Circle { freq: 1, x: vec![1.0, 0.0, -1.0, 0.0], y: vec![0.0, 1.0, 0.0, -1.0] };
    /// assert_eq!(square.roundness(), (1.0, 0.0));
    /// ```
    pub fn roundness(&self) -> (f64, f64) {
        let points = self.x.iter().zip(&self.y);
        let radii: Vec<f64> = points.map(|(&x, &y)| f64::from(x).hypot(f64::from(y))).collect();
        let n = radii.len().max(1) as f64;
        let mean = radii.iter().sum::<f64>() / n;
        let variance = radii.iter().map(|radius| (radius - mean).powi(2)).sum::<f64>() / n;
        (mean, if mean > 0.0 { variance.sqrt() / mean } else { 0.0 })
    }
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

#[cfg(test)]
mod tests {
    use super::Circle;

    #[test]
    fn a_circle_is_round_and_a_line_is_not() {
        let ring = |y: f32| {
            let angle = |i: i32| i as f32 * std::f32::consts::TAU / 8.0;
            Circle {
                freq: 1,
                x: (0..8).map(|i| angle(i).cos()).collect(),
                y: (0..8).map(|i| y * angle(i).sin()).collect(),
            }
        };
        let (radius, spread) = ring(1.0).roundness();
        assert!((radius - 1.0).abs() < 1e-6 && spread < 1e-6, "{radius} {spread}");
        assert!(ring(0.0).roundness().1 > 0.5, "points on a line");
        assert_eq!(Circle { freq: 1, x: Vec::new(), y: Vec::new() }.roundness(), (0.0, 0.0));
    }
}
