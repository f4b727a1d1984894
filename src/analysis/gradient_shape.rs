//! Whether a gradient is that of many parameters or of few. Both numbers are this lab's own reading of what the literature
//! calls the dimension of a gradient; neither is the exponent D of the work on dimensional criticality, which takes a
//! family of trained networks.

/// The largest entries that the tail index looks at: a hundredth of all, Hill's usual choice.
const TAIL: f64 = 0.01;

/// `(Σ g²)² / (n Σ g⁴)`: 1 if all n entries are equal, 1/n if one is all there is, 1/3 for normal ones; none of a gradient
/// that is zero.
pub fn participation_ratio(gradient: &[f64]) -> Option<f64> {
    let (mut sum, mut sum_sq) = (0.0, 0.0);
    for square in gradient.iter().map(|g| g * g) {
        sum += square;
        sum_sq += square * square;
    }
    (sum_sq > 0.0).then(|| sum * sum / (sum_sq * gradient.len() as f64))
}

/// Hill's estimate of the exponent α of `P(|g| > x) ~ x^-α` from the largest hundredth of the entries; the smaller, the
/// heavier the tail. None of fewer than 200 entries, or if those of the tail are equal or zero.
pub fn hill_tail_index(gradient: &[f64]) -> Option<f64> {
    let n_tail = (gradient.len() as f64 * TAIL) as usize;
    if n_tail < 2 {
        return None;
    }
    let mut sizes: Vec<f64> = gradient.iter().map(|g| g.abs()).collect();
    let (larger, threshold, _) = sizes.select_nth_unstable_by(n_tail, |a, b| b.total_cmp(a));
    let mean_log = larger.iter().map(|size| (size / *threshold).ln()).sum::<f64>() / n_tail as f64;
    (*threshold > 0.0 && mean_log > 0.0).then(|| mean_log.recip())
}

#[cfg(test)]
mod tests {
    use super::{hill_tail_index, participation_ratio};

    #[test]
    fn equal_entries_take_part_equally() {
        assert_eq!(participation_ratio(&[2.0, -2.0, 2.0, 2.0]), Some(1.0));
        assert_eq!(participation_ratio(&[0.0, 3.0, 0.0, 0.0]), Some(0.25));
        assert_eq!(participation_ratio(&[0.0; 4]), None);
    }

    #[test]
    fn the_index_of_a_planted_tail_comes_out() {
        // The quantiles of a Pareto distribution with exponent 2.5, signs alternating.
        let n = 100_000;
        let entry = |i: usize| {
            let size = ((i as f64 + 0.5) / f64::from(n)).powf(-1.0 / 2.5);
            if i.is_multiple_of(2) { size } else { -size }
        };
        let gradient: Vec<f64> = (0..n as usize).map(entry).collect();
        let found = hill_tail_index(&gradient).expect("it has a tail");
        assert!((found - 2.5).abs() < 0.03, "{found}");
        assert_eq!(hill_tail_index(&gradient[..100]), None, "too few");
        assert_eq!(hill_tail_index(&[1.0; 1000]), None, "no tail");
    }
}
