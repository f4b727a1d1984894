//! The 2-D Fourier transform of the logits (paper section 4.1, figure 4 right).

use serde::{Deserialize, Serialize};

use crate::analysis::modular::grid::GridLogits;
use crate::maths::fft::RealFft;
use crate::maths::fourier::{freq_of, n_freqs};

/// A component counts as significant when its norm is above this fraction of the largest but the constant.
/// On trained models the four of each key frequency stand ten times above the rest.
const SIGNIFICANT: f64 = 0.25;

/// What a 2-D spectrum amounts to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogitSpectrum {
    /// The significant components, largest first: more than a quarter of the largest.
    pub significant: Vec<Component>,
    /// The share of the squared norm, without the constant, that the 2 × 2 blocks
    /// {cos, sin} × {cos, sin} of the key frequencies hold.
    pub key_block_share: f64,
    /// The norms by frequencies of a and b ([`by_freqs`]): row i for a, from 0 to (p - 1) / 2. Empty in a snapshot,
    /// whose fields hold the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_freq: Vec<Vec<f64>>,
}

/// One product of basis rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// The basis row in a: 0 const, 2k-1 cos, 2k sin.
    pub row_a: usize,
    /// The basis row in b.
    pub row_b: usize,
    /// The norm of its coefficients over the answers c.
    pub norm: f64,
}

/// The norms over c of the logits' 2-D Fourier coefficients, p × p: row i for a, column j for b.
pub fn norms(logits: &GridLogits) -> Vec<f64> {
    let p = logits.p();
    let mut fft = RealFft::new(p);
    let mut sum_sq = vec![0.0; p * p];
    let mut grid = vec![0.0; p * p];
    for c in 0..p {
        for (value, row) in grid.iter_mut().zip(logits.values().chunks_exact(p)) {
            *value = row[c];
        }
        fft.transform_grid(&mut grid);
        for (sum, value) in sum_sq.iter_mut().zip(&grid) {
            *sum += value * value;
        }
    }
    sum_sq.into_iter().map(f64::sqrt).collect()
}

/// The norms by frequencies i of a and j of b from 0 to (p - 1) / 2, row-major: cosines and sines together.
pub fn by_freqs(p: usize, norms: &[f64]) -> Vec<f64> {
    let n = n_freqs(p) + 1;
    let mut sum_sq = vec![0.0; n * n];
    for (place, norm) in norms.iter().enumerate() {
        sum_sq[freq_of(place / p) * n + freq_of(place % p)] += norm * norm;
    }
    sum_sq.into_iter().map(f64::sqrt).collect()
}

/// Reads the norms for given key frequencies.
pub fn summary(p: usize, norms: &[f64], key_freqs: &[usize]) -> LogitSpectrum {
    let components = norms[1..].iter().enumerate().map(|(i, &norm)| {
        let place = i + 1;
        Component { row_a: place / p, row_b: place % p, norm }
    });
    let largest = norms[1..].iter().copied().fold(0.0, f64::max);
    let mut significant: Vec<_> = components.clone().filter(|c| c.norm > SIGNIFICANT * largest).collect();
    significant.sort_by(|x, y| y.norm.total_cmp(&x.norm));
    let in_block =
        |c: &Component| freq_of(c.row_a) == freq_of(c.row_b) && key_freqs.contains(&freq_of(c.row_a));
    let total: f64 = components.clone().map(|c| c.norm * c.norm).sum();
    let blocks: f64 = components.filter(in_block).map(|c| c.norm * c.norm).sum();
    let key_block_share = if total > 0.0 { blocks / total } else { 0.0 };
    let by_freq = by_freqs(p, norms).chunks_exact(n_freqs(p) + 1).map(<[f64]>::to_vec).collect();
    LogitSpectrum { significant, key_block_share, by_freq }
}

#[cfg(test)]
mod tests {
    use super::{norms, summary};
    use crate::analysis::modular::grid::GridLogits;
    use crate::maths::fourier::freq_of;

    #[test]
    fn planted_cosines_make_two_by_two_blocks() {
        let p = 13;
        let w = std::f64::consts::TAU / p as f64;
        let logits = GridLogits::from_fn(p, |a, b, c| {
            let wave = |k: usize| (w * (k * (a + b + p - c)) as f64).cos();
            7.0 + 3.0 * wave(2) + 2.0 * wave(5)
        });
        let norms = norms(&logits);
        let found = summary(p, &norms, &[2, 5]);
        assert_eq!(found.significant.len(), 8, "four for each frequency");
        assert!((found.key_block_share - 1.0).abs() < 1e-13, "nothing else");
        // Each of the four holds a quarter of α² p³ / 2.
        for component in &found.significant {
            let alpha = if freq_of(component.row_a) == 2 { 3.0 } else { 2.0_f64 };
            let expected = (alpha * alpha * 13.0_f64.powi(3) / 8.0).sqrt();
            assert!((component.norm - expected).abs() < 1e-11, "{component:?}, not {expected}");
        }
        // A frequency's block together holds α² p³ / 2; the constant 7 holds 49 p³.
        assert_eq!((found.by_freq.len(), found.by_freq[0].len()), (7, 7), "0 to 6");
        for (i, norm) in found.by_freq.concat().into_iter().enumerate() {
            let expected = match (i / 7, i % 7) {
                (0, 0) => 49.0 * 13.0_f64.powi(3),
                (2, 2) => 9.0 * 13.0_f64.powi(3) / 2.0,
                (5, 5) => 4.0 * 13.0_f64.powi(3) / 2.0,
                _ => 0.0,
            };
            assert!((norm - expected.sqrt()).abs() < 1e-10, "frequencies {}, {}: {norm}", i / 7, i % 7);
        }
        assert!(
            (summary(p, &norms, &[2]).key_block_share - 9.0 / 13.0).abs() < 1e-13,
            "one frequency's share"
        );
    }
}
