//! Whether the heads do the same: the cosine between their patterns, and how their entropies differ (arXiv 2605.20441; the
//! abstract names both, the definitions are this lab's reading).

use super::pattern::AttentionPattern;

/// What the heads of the first block have in common, over all pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadSimilarity {
    /// The mean over pairs of heads of the cosine of their patterns, each a vector of the weights on a, b and "=" of all
    /// p² pairs; 1 of a single head.
    pub cosine: f64,
    /// The standard deviation over heads of the mean entropy of their patterns, in nats; 0 of a single head.
    pub entropy_deviation: f64,
}

impl HeadSimilarity {
    /// Compares the heads. It costs a softmax of three numbers for each head and pair.
    pub fn new(pattern: &AttentionPattern) -> Self {
        let (n_heads, p) = (pattern.n_heads(), pattern.scores().cols() / 2);
        let mut products = vec![0.0; n_heads * n_heads];
        let mut entropies = vec![0.0; n_heads];
        let mut weights = vec![[0.0; 3]; n_heads];
        for (a, b) in (0..p).flat_map(|a| (0..p).map(move |b| (a, b))) {
            for (head, weights) in weights.iter_mut().enumerate() {
                *weights = pattern.weights(head, a, b);
                let terms = weights.iter().filter(|weight| **weight > 0.0);
                entropies[head] -= terms.map(|weight| weight * libm::log(*weight)).sum::<f64>();
            }
            for (i, of_one) in weights.iter().enumerate() {
                for (j, of_other) in weights.iter().enumerate().take(i + 1) {
                    let product: f64 = of_one.iter().zip(of_other).map(|(x, y)| x * y).sum();
                    products[i * n_heads + j] += product;
                }
            }
        }
        let norm = |head: usize| products[head * (n_heads + 1)].sqrt();
        let pairs = (0..n_heads).flat_map(|i| (0..i).map(move |j| (i, j)));
        let cosines: Vec<f64> = pairs.map(|(i, j)| products[i * n_heads + j] / (norm(i) * norm(j))).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        entropies.iter_mut().for_each(|entropy| *entropy /= (p * p) as f64);
        let middle = mean(&entropies);
        let squares: Vec<f64> = entropies.iter().map(|entropy| (entropy - middle).powi(2)).collect();
        let cosine = if cosines.is_empty() { 1.0 } else { mean(&cosines) };
        Self { cosine, entropy_deviation: mean(&squares).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::HeadSimilarity;
    use crate::analysis::modular::attention::pattern::AttentionPattern;
    use crate::maths::matrix::Matrix;

    /// Heads that see position 0 alone, position 1 alone, or all three alike, for p = 3.
    fn heads(kinds: &[usize]) -> AttentionPattern {
        let score = |h: usize, i: usize| match kinds[h] {
            2 => 0.0,
            position if i / 3 == position => 0.0,
            _ => f64::NEG_INFINITY,
        };
        AttentionPattern::from_scores(Matrix::from_fn(kinds.len(), 7, score))
    }

    #[test]
    fn planted_patterns_have_their_cosine_and_their_entropies() {
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        };
        let opposite = HeadSimilarity::new(&heads(&[0, 1]));
        close(opposite.cosine, 0.0);
        close(opposite.entropy_deviation, 0.0);
        let same = HeadSimilarity::new(&heads(&[2, 2, 2]));
        close(same.cosine, 1.0);
        // One head has the entropy 0, the other ln 3; the cosine of (1, 0, 0) and a third each is 1/√3.
        let mixed = HeadSimilarity::new(&heads(&[0, 2]));
        close(mixed.cosine, 3.0_f64.sqrt().recip());
        close(mixed.entropy_deviation, 3.0_f64.ln() / 2.0);
        // The pairs (0, 1), (0, 2), (1, 2) of three.
        close(HeadSimilarity::new(&heads(&[0, 1, 2])).cosine, 2.0 / 3.0 / 3.0_f64.sqrt());
        let alone = HeadSimilarity::new(&heads(&[1]));
        close(alone.cosine, 1.0);
        close(alone.entropy_deviation, 0.0);
    }
}
