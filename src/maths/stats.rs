//! Losses and the few statistics of the paper.

use super::exp::exp;

/// The cross-entropy `-log softmax(logits)[answer]` of one prompt, in nats.
///
/// # Panics
/// If the answer is no index of the logits.
pub fn cross_entropy(logits: &[f64], answer: usize) -> f64 {
    loss_and_margin(logits, answer).0
}

/// The cross-entropy of one prompt, and its margin: the answer's logit minus the largest other one,
/// positive where the model is right.
///
/// The loss is log1p of the sum over the wrong answers, so that one of 1e-300 keeps its digits.
///
/// ```
/// use grokking_lab::maths::stats::loss_and_margin;
///
/// let (loss, margin) = loss_and_margin(&[0.0, 0.0, 0.0, 0.0], 2);
/// assert!((loss - 4.0_f64.ln()).abs() < 1e-15 && margin == 0.0, "a guess among four");
/// let (loss, margin) = loss_and_margin(&[0.0, 100.0], 1);
/// assert!(loss > 3.7e-44 && loss < 3.8e-44 && margin == 100.0, "1 - p is far below the precision of p");
/// ```
///
/// # Panics
/// If the answer is no index of the logits.
pub fn loss_and_margin(logits: &[f64], answer: usize) -> (f64, f64) {
    let (before, after) = (&logits[..answer], &logits[answer + 1..]);
    let top = max(before).max(max(after));
    let own = logits[answer];
    let loss = if top <= own {
        libm::log1p(sum_exp(before, own) + sum_exp(after, own))
    } else {
        let others = sum_exp(before, top) + sum_exp(after, top);
        (top - own) + libm::log(others + exp(own - top))
    };
    (loss, own - top)
}

/// The answer's logit minus the largest other one.
///
/// # Panics
/// If the answer is no index of the logits.
pub fn margin(logits: &[f64], answer: usize) -> f64 {
    logits[answer] - max(&logits[..answer]).max(max(&logits[answer + 1..]))
}

/// The Gini coefficient `Σ_i (2i - n - 1) v_(i) / (n Σ v)` of non-negative values sorted ascending: 0 if
/// all are equal, near 1 if few hold everything (Hurley and Rickard 2009). 0 if all values are 0.
///
/// ```
/// use grokking_lab::maths::stats::gini;
///
/// assert_eq!(gini(&[3.0, 3.0, 3.0, 3.0]), 0.0);
/// assert_eq!(gini(&[0.0, 0.0, 0.0, 8.0]), 0.75, "(n - 1) / n if one value holds everything");
/// ```
pub fn gini(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let total: f64 = sorted.iter().sum();
    if total == 0.0 {
        return 0.0;
    }
    let weighted: f64 = sorted.iter().enumerate().map(|(i, v)| (2.0 * (i + 1) as f64 - n - 1.0) * v).sum();
    weighted / (n * total)
}

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The value below which a part of some ascending values lies: linear between the two that are nearest (type 7 of Hyndman
/// and Fan, numpy's own); NaN of none.
///
/// ```
/// use grokking_lab::maths::stats::quantile;
///
/// let values = [1.0, 2.0, 4.0, 8.0];
/// assert_eq!([0.0, 0.25, 0.5, 1.0].map(|part| quantile(&values, part)), [1.0, 1.75, 3.0, 8.0]);
/// ```
pub fn quantile(ascending: &[f64], part: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return f64::NAN };
    let place = part.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    ascending[below] + (place - below as f64) * (ascending[above] - ascending[below])
}

/// The middle value, or the mean of the two; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 { 0.0 } else { (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0 }
}

/// Spearman's rank correlation of two lists of equal length, equal values sharing their mean rank; NaN of fewer than two
/// values or of equal ones.
pub fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (ranks(x), ranks(y));
    let (mean_x, mean_y) = (mean(&x), mean(&y));
    let (mut both, mut of_x, mut of_y) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(&y) {
        let (x, y) = (x - mean_x, y - mean_y);
        (both, of_x, of_y) = (both + x * y, of_x + x * x, of_y + y * y);
    }
    both / (of_x * of_y).sqrt()
}

/// For each value the number of smaller ones plus half that of equal others.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let smaller = values.iter().filter(|other| *other < value).count() as f64;
        let equal = values.iter().filter(|other| *other == value).count() as f64;
        smaller + (equal - 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

/// The place of the largest value, the first of equals; `None` of nothing.
pub fn argmax(values: &[f64]) -> Option<usize> {
    (0..values.len()).reduce(|best, i| if values[i] > values[best] { i } else { best })
}

/// In eight interleaved maxima: `max` of a whole slice in order would wait for itself.
fn max(values: &[f64]) -> f64 {
    let mut tops = [f64::NEG_INFINITY; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for i in 0..8 {
            tops[i] = if block[i] > tops[i] { block[i] } else { tops[i] };
        }
    }
    // Not `f64::max`, which WebAssembly has to call.
    rest.iter().chain(&tops).fold(f64::NEG_INFINITY, |top, &v| if v > top { v } else { top })
}

/// Σ exp(v - shift).
fn sum_exp(values: &[f64], shift: f64) -> f64 {
    let mut sums = [0.0; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for i in 0..8 {
            sums[i] += exp(block[i] - shift);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|v| exp(v - shift)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::{argmax, cross_entropy, gini, loss_and_margin, median, rank_correlation};

    #[test]
    fn rank_correlation_looks_at_the_order_alone() {
        let x = [0.25, 0.3, 0.4, 0.5];
        assert!((rank_correlation(&x, &[2e4, 7e3, 2e3, 7e2]) + 1.0).abs() < 1e-15, "the other way round");
        assert!(
            (rank_correlation(&x, &[1.0, 3.0, 2.0, 4.0]) - 0.8).abs() < 1e-15,
            "1 - 6 Σd² / (n (n² - 1))"
        );
        let tied = rank_correlation(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0]);
        assert!((tied - 0.75_f64.sqrt()).abs() < 1e-15, "{tied}");
        assert!(rank_correlation(&[1.0, 1.0], &[1.0, 2.0]).is_nan(), "no order");
    }

    #[test]
    fn cross_entropy_of_known_logits() {
        let uniform = vec![3.0; 113];
        assert!((cross_entropy(&uniform, 7) - 113.0_f64.ln()).abs() < 1e-14, "uniform");
        let mut sure = vec![0.0; 101];
        sure[5] = 60.0;
        let expected = 100.0 * (-60.0_f64).exp();
        assert!((cross_entropy(&sure, 5) / expected - 1.0).abs() < 1e-13, "far below the rounding of 1");
        assert!((cross_entropy(&sure, 6) - 60.0).abs() < 1e-13, "confidently wrong");
        sure[6] = 2000.0;
        assert_eq!(cross_entropy(&sure, 5), 1940.0, "no overflow");
    }

    #[test]
    fn cross_entropy_equals_the_log_softmax() {
        let logits: Vec<f64> = (0..113).map(|i| 5.0 * f64::from(i * i).sin()).collect();
        let log_sum = logits.iter().map(|l| l.exp()).sum::<f64>().ln();
        for answer in 0..113 {
            let (loss, expected) = (cross_entropy(&logits, answer), log_sum - logits[answer]);
            assert!((loss - expected).abs() < 1e-13, "answer {answer}: {loss} instead of {expected}");
        }
    }

    #[test]
    fn gini_of_known_values() {
        assert!(gini(&[2.0; 9]).abs() < 1e-15, "all equal");
        assert!((gini(&[0.0, 0.0, 0.0, 5.0]) - 0.75).abs() < 1e-15, "one of n holds all: 1 - 1/n");
        assert!((gini(&[3.0, 1.0, 2.0]) - 2.0 / 9.0).abs() < 1e-15, "by hand");
        assert_eq!(gini(&[0.0; 4]), 0.0, "nothing to share");
    }

    #[test]
    fn margin_median_and_argmax() {
        assert_eq!(loss_and_margin(&[1.0, 7.0, 4.0], 1).1, 3.0, "right");
        assert_eq!(loss_and_margin(&[1.0, 7.0, 4.0], 2).1, -3.0, "wrong");
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0])), (2.0, 2.5), "odd and even");
        assert_eq!((argmax(&[1.0, 3.0, 3.0]), argmax(&[])), (Some(1), None), "first of equals");
    }
}
