//! One neuron that is fed the same wave of a and of b: `N(a, b) = ReLU(cos(w_k a + φ) + cos(w_k b + φ))`.
//!
//! By `cos u + cos v = 2 cos((u + v)/2) cos((u − v)/2)` its input is a product of a wave of a + b and one of a − b, with
//! half the frequency each; squared, as the ReLU does roughly, it has the waves `cos(w_k (a + b) + 2φ)` and
//! `cos(w_k (a − b))`. The second does not depend on φ, so neurons of other phases can cancel it. Pure.

use std::f64::consts::{SQRT_2, TAU};

/// What a neuron is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neuron {
    /// The modulus.
    pub(super) p: usize,
    /// The frequency k.
    pub(super) freq: usize,
    /// The phase φ, in radians.
    pub(super) phase: f64,
    /// Whether its input goes through the ReLU.
    pub(super) has_relu: bool,
}

impl Neuron {
    /// Its values; shape [p, p], row a, column b.
    pub(super) fn values(self) -> Vec<f64> {
        let Self { p, freq, phase, has_relu } = self;
        // The angle is taken modulo a whole turn first, so that equal angles give equal bits.
        let wave: Vec<f64> = (0..p).map(|x| (TAU * (freq * x % p) as f64 / p as f64 + phase).cos()).collect();
        let value = |i: usize| {
            let input = wave[i / p] + wave[i % p];
            if has_relu { input.max(0.0) } else { input }
        };
        (0..p * p).map(value).collect()
    }

    /// The fraction of its variance over all pairs that lies along `cos, sin w_k(a + b)`, from 0 to 1; 0 of a neuron that
    /// is the same on all pairs.
    pub(super) fn sum_wave_fraction(self) -> f64 {
        let (p, values) = (self.p, self.values());
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        if variance <= 0.0 {
            return 0.0;
        }
        // √2/p cos and √2/p sin of w_k(a + b) have length 1 on the grid of pairs.
        let (mut along_cos, mut along_sin) = (0.0, 0.0);
        for (i, value) in values.iter().enumerate() {
            let turns = (self.freq * (i / p + i % p) % p) as f64 / p as f64;
            let (sin, cos) = (TAU * turns).sin_cos();
            along_cos += SQRT_2 / p as f64 * cos * value;
            along_sin += SQRT_2 / p as f64 * sin * value;
        }
        (along_cos.powi(2) + along_sin.powi(2)) / variance
    }
}

#[cfg(test)]
mod tests {
    use super::Neuron;

    fn neuron(freq: usize, phase: f64, has_relu: bool) -> Neuron {
        Neuron { p: 113, freq, phase, has_relu }
    }

    #[test]
    fn the_relu_makes_the_wave_of_the_sum() {
        // The fraction with a ReLU was computed with Python's floats by the same sums.
        for (freq, phase, expected) in
            [(1, 0.0, 0.108_710_313_67), (14, 1.0, 0.108_710_516_31), (41, 0.3, 0.108_719_560_17)]
        {
            let before = neuron(freq, phase, false).sum_wave_fraction();
            assert!(before < 1e-20, "k = {freq}: {before} before the ReLU");
            let after = neuron(freq, phase, true).sum_wave_fraction();
            assert!((after - expected).abs() < 1e-9, "k = {freq}: {after}, expected {expected}");
        }
    }

    #[test]
    fn it_is_largest_on_a_ridge_where_both_waves_are() {
        let (k, p) = (14, 113);
        let values = neuron(k, 0.0, true).values();
        assert_eq!(values.len(), p * p);
        assert_eq!(values[0], 2.0, "cos 0 + cos 0");
        for a in 0..p {
            for b in 0..p {
                assert_eq!(
                    values[a * p + b].to_bits(),
                    values[b * p + a].to_bits(),
                    "{a} + {b} is {b} + {a}"
                );
                assert!(values[a * p + b] >= 0.0, "a ReLU");
            }
        }
    }
}
