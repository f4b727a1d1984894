//! Normally distributed numbers, the same bits on every machine: the logarithm and the cosine
//! come from `libm`, not from the platform.

use std::f64::consts::TAU;

use super::mt19937::Mt19937;

/// A source of independent standard normal numbers (Box and Muller 1958).
#[derive(Debug)]
pub struct NormalSource {
    uniform: Mt19937,
    spare: Option<f64>,
}

impl NormalSource {
    /// A source that gives the same numbers for the same seed.
    pub fn new(seed: u32) -> Self {
        Self { uniform: Mt19937::new(seed), spare: None }
    }

    /// The next number, of mean 0 and variance 1.
    pub fn draw(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // 1 - u lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - self.uniform.next_f64())).sqrt();
        let angle = TAU * self.uniform.next_f64();
        self.spare = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }
}

#[cfg(test)]
mod tests {
    use super::NormalSource;

    #[test]
    fn moments_of_a_standard_normal() {
        let mut source = NormalSource::new(1);
        let draws: Vec<f64> = (0..100_000).map(|_| source.draw()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5;
        let fourth = draws.iter().map(|x| x.powi(4)).sum::<f64>() / 1e5;
        // Four standard errors at 100,000 draws.
        assert!(mean.abs() < 0.013, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.018, "variance {variance}");
        assert!((fourth - 3.0).abs() < 0.13, "fourth moment {fourth}");
    }
}
