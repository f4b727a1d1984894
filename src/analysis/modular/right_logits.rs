//! The right answer's logit over all pairs: how far it stands out, and what it depends on.

use super::grid::GridLogits;

/// The mean over all pairs of the right answer's logit minus the mean of the others (Varma et al. 2023): what the
/// parameters' norm is spent on.
pub fn logit_scale(logits: &GridLogits) -> f64 {
    let p = logits.p();
    let scale = |(a, b): (usize, usize)| {
        let row = logits.row(a, b);
        let right = row[(a + b) % p];
        let others = row.iter().sum::<f64>() - right;
        right - others / (p - 1) as f64
    };
    pairs(p).map(scale).sum::<f64>() / (p * p) as f64
}

/// The mean over all pairs of the right answer's logit minus the largest other.
pub fn mean_margin(logits: &GridLogits) -> f64 {
    let margins = logits.margins();
    margins.iter().sum::<f64>() / margins.len() as f64
}

/// The distance irrelevance of Zhong et al. (2023): with `L[s, d]` the right answer's logit at `s = a + b` and
/// `d = a - b` mod p, the mean over d of the standard deviation over s, divided by the standard deviation of all. Near 1 if
/// the logit depends on the sum alone, low if it depends on the distance; none if it is the same everywhere.
pub fn distance_irrelevance(logits: &GridLogits) -> Option<f64> {
    let p = logits.p();
    let right = |s: usize, d: usize| {
        // 2 has an inverse modulo an odd p: a = (s + d) / 2, b = (s - d) / 2.
        let half = p.div_ceil(2);
        let (a, b) = ((s + d) * half % p, (s + p - d) * half % p);
        logits.row(a, b)[s]
    };
    let all: Vec<f64> = (0..p * p).map(|i| right(i % p, i / p)).collect();
    let total = deviation(&all);
    let within = all.chunks(p).map(deviation).sum::<f64>() / p as f64;
    (total > 0.0).then(|| within / total)
}

fn pairs(p: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..p * p).map(move |i| (i / p, i % p))
}

/// The standard deviation of all there are: divided by n.
fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{distance_irrelevance, logit_scale, mean_margin};
    use crate::analysis::modular::grid::GridLogits;

    const P: usize = 13;

    #[test]
    fn the_scale_is_that_of_what_was_planted() {
        let planted = GridLogits::from_fn(P, |a, b, c| if (a + b) % P == c { 5.0 } else { 2.0 });
        assert!((logit_scale(&planted) - 3.0).abs() < 1e-12, "{}", logit_scale(&planted));
    }

    #[test]
    fn the_mean_margin_counts_the_largest_other_alone() {
        // Right by 3 over the next answer where a is 0, wrong by 1 elsewhere.
        let planted = GridLogits::from_fn(P, |a, b, c| match (c + 2 * P - a - b) % P {
            0 => 5.0,
            1 if a == 0 => 2.0,
            1 => 6.0,
            _ => 0.0,
        });
        let expected = (3.0 - (P - 1) as f64) / P as f64;
        assert!((mean_margin(&planted) - expected).abs() < 1e-12, "{}", mean_margin(&planted));
    }

    #[test]
    fn what_depends_on_the_sum_alone_is_one_and_on_the_distance_alone_zero() {
        let of = |f: &dyn Fn(usize, usize) -> f64| {
            distance_irrelevance(&GridLogits::from_fn(
                P,
                |a, b, c| if (a + b) % P == c { f(a, b) } else { 0.0 },
            ))
        };
        let wave = |x: usize| (TAU * 3.0 * x as f64 / P as f64).cos();
        let sum = of(&|a, b| wave((a + b) % P)).expect("it varies");
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        let distance = of(&|a, b| wave((a + P - b) % P)).expect("it varies");
        assert!(distance.abs() < 1e-12, "{distance}");
        assert_eq!(of(&|_, _| 1.0), None, "it does not vary");
    }
}
